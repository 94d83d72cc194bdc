#include "runtime/svc.h"

const char *svc_reject_name(enum svc_reject r)
{
    static const char *const names[] = {
#define X(id, name) [SVC_REJECT_##id] = name,
        SVC_REJECTS(X)
#undef X
    };
    must(r < SVC_REJECT_N);
    return names[r];
}

bool svc_may_emit(const struct svc_output *outputs, enum topic_id topic, enum event_id type)
{
    for (; outputs->topic != TOPIC_N; outputs++)
        if (outputs->topic == topic && outputs->type == type)
            return true;
    return false;
}

size_t svc_output_topics(const struct svc_output *outputs, enum topic_id ret[TOPIC_N + 1])
{
    bool seen[TOPIC_N] = {false};
    size_t n = 0;
    for (; outputs->topic != TOPIC_N; outputs++) {
        if (!seen[outputs->topic])
            ret[n++] = outputs->topic;
        seen[outputs->topic] = true;
    }
    ret[n] = TOPIC_N;
    return n;
}
