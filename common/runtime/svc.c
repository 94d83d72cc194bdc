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
