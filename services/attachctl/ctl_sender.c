#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "services/attachctl/ctl_access.h"
#include "services/attachctl/retry.h"
#include "services/attachctl/sender.h"

#define RECORD_MAX (1 << 20)
#define SCRATCH_BYTES (1 << 22)
#define QUEUE_WAIT_MS 20
#define FLUSH_MS 60000

struct sender {
    struct pub *pub; /* or in one transaction: */
    struct bus *txn;
    int32_t partitions[TOPIC_N]; /* 0 = missing */
    struct arena *mem;
    uint8_t *packed;
    atomic_ulong failed;
};

static bool new_sender(struct ctl *c, struct sender **ret, struct err *e)
{
    struct topic_plan plan[TOPIC_N];
    if (!ctl_topics_plan(c->conf, 0, plan, e))
        return false;
    struct sender *s = calloc(1, sizeof *s);
    must(s);
    for (int i = 0; i < TOPIC_N; i++)
        s->partitions[plan[i].topic] = plan[i].exists ? plan[i].partitions : 0;
    s->mem = arena_new(SCRATCH_BYTES, SCRATCH_BYTES);
    s->packed = malloc(RECORD_MAX);
    must(s->packed);
    *ret = s;
    return true;
}

bool sender_open(struct ctl *c, struct sender **ret, struct err *e)
{
    struct sender *s;
    if (!new_sender(c, &s, e))
        return false;
    if (!pub_open(c->conf, "attachctl", &s->pub, e)) {
        sender_close(s);
        return false;
    }
    *ret = s;
    return true;
}

static bool has_topic(const struct sender *s, enum topic_id topic, struct err *e)
{
    return s->partitions[topic] ||
           err_set(e, ERR_INPUT, "CTL-TOPIC", "%s is missing: attachctl topics apply", topics[topic].name);
}

/* Opening the id ends what was left open under it, which the coordinator may still be busy with. */
static bool begin(struct sender *s, struct err *e)
{
    struct retry r = {0};
    bool good;
    do
        good = s->txn->ops->recreate(s->txn, e);
    while (!good && retry_again(&r, e));
    return good && s->txn->ops->begin(s->txn, e);
}

bool sender_open_txn(struct ctl *c, const char *id, const enum topic_id *outputs, int timeout_ms, struct sender **ret,
                     struct err *e)
{
    struct sender *s;
    bool good = new_sender(c, &s, e);
    if (!good)
        return false;
    for (const enum topic_id *t = outputs; good && *t != TOPIC_N; t++)
        good = has_topic(s, *t, e);
    if (!good || !bus_kafka_open_writer(c->conf, id, outputs, timeout_ms, &s->txn, e) || !begin(s, e)) {
        sender_close(s);
        return false;
    }
    *ret = s;
    return true;
}

static void on_done(void *ctx, bool ok)
{
    struct sender *s = ctx;
    if (!ok)
        atomic_fetch_add(&s->failed, 1);
}

static bool queue(struct sender *s, const struct bus_out *out, struct err *e)
{
    struct err full = {0};
    if (s->txn)
        return s->txn->ops->produce(s->txn, out, e);
    while (!pub_send(s->pub, out, on_done, s, &full)) {
        struct err wait;
        if (full.cls != ERR_RETRY) {
            *e = full;
            return false;
        }
        if (atomic_load(&s->failed))
            return err_set(e, ERR_RETRY, "CTL-SEND", "the broker does not take what was sent");
        (void)!pub_flush(s->pub, QUEUE_WAIT_MS, &wait);
    }
    return true;
}

bool sender_put(struct sender *s, enum topic_id topic, enum event_id event, struct bytes key, const void *msg,
                const char *id, const char *subject, struct err *e)
{
    must(svc_may_emit(ctl_outputs, topic, event));
    if (!has_topic(s, topic, e))
        return false;
    size_t n = protobuf_c_message_get_packed_size(msg);
    if (n > RECORD_MAX)
        return err_set(e, ERR_INPUT, "CTL-SIZE", "record of %zu bytes", n);
    protobuf_c_message_pack(msg, s->packed);
    struct ce ce = {.event = event, .id = id, .source = "/clinic/attachctl", .subject = subject, .time_ms = ctl_now_ms()};
    char span[CE_TRACEPARENT_BYTES];
    ce_child_traceparent("", subject[0] ? subject : id, span);
    ce.traceparent = span;
    struct bus_out out = {.topic = topic, .partition = wire_partition(key, s->partitions[topic]), .key = key,
                          .value = bytes_of(s->packed, n)};
    out.headers = ce_headers(&ce, s->mem, &out.headers_n);
    bool good = queue(s, &out, e);
    arena_reset(s->mem);
    return good;
}

bool sender_flush(struct sender *s, uint64_t *ret_failed, struct err *e)
{
    bool good = pub_flush(s->pub, FLUSH_MS, e);
    uint64_t failed = atomic_load(&s->failed);
    if (ret_failed)
        *ret_failed = failed;
    if (good && failed)
        return err_set(e, ERR_RETRY, "CTL-SEND", "%llu records did not reach the broker", (unsigned long long)failed);
    return good;
}

bool sender_commit(struct sender *s, struct err *e) { return s->txn->ops->commit(s->txn, e); }
bool sender_abort(struct sender *s, struct err *e) { return s->txn->ops->abort(s->txn, e); }

void sender_close(struct sender *s)
{
    if (!s)
        return;
    pub_close(s->pub);
    if (s->txn)
        s->txn->ops->close(s->txn);
    arena_free(s->mem);
    free(s->packed);
    free(s);
}
