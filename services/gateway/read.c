#include "gateway.h"
#include "services/intake/intake.h"
#include "tables.h"

/* How far a projection may be behind the end of its facts and still count as complete: what is in flight in normal
 * work, and markers of transactions. More than that is a rebuild. */
#define LAG_MAX    20000

int32_t gw_partition(const struct gw *gw, const char *key) { return wire_partition(bytes_str(key), gw->partitions); }

bool gw_fetch(struct gw_worker *w, struct store *s, int table, const char *key, const ProtobufCMessageDescriptor *d,
              const void **ret, struct err *e)
{
    struct store_get get = {.part = gw_partition(w->gw, key), .table = table, .key = bytes_str(key)};
    size_t stale;
    int64_t started_ms;
    *ret = NULL;
    if (!gw_redis_enter(w->gw, &started_ms, e) ||
        !gw_redis_leave(w->gw, started_ms, s->ops->read(s, NULL, 0, &get, 1, w->mem, &stale, e)))
        return false;
    if (get.val.p)
        *ret = protobuf_c_message_unpack(d, arena_pb(w->mem), get.val.n, get.val.p);
    return *ret || !get.val.p || err_set(e, ERR_RETRY, "GATEWAY-RECORD", "a record of the projection does not decode");
}

/* Nothing there: is the projection of this partition complete, so that nothing means no such record? */
static bool is_complete(struct gw_worker *w, struct store *s, int source, int32_t part, struct err *e)
{
    int64_t mark, end;
    if (!s->ops->mark(s, part, source, &mark, e))
        return false;
    if (!gw_end(w->gw, source, part, &end, e))
        return mark >= 0; /* the broker is away: what was applied so far has to do */
    if ((mark < 0 ? 0 : mark) + LAG_MAX < end || (mark < 0 && end > 0))
        return err_set(e, ERR_STALE, "GATEWAY-REBUILD", "the projection is being rebuilt");
    return true;
}

bool gw_read(struct gw_worker *w, struct store *s, int table, int source, const char *key,
             const ProtobufCMessageDescriptor *d, const void **ret, struct err *e)
{
    if (!gw_fetch(w, s, table, key, d, ret, e))
        return false;
    return *ret || is_complete(w, s, source, gw_partition(w->gw, key), e);
}

bool gw_read_application(struct gw_worker *w, const char *id, bool must_be_sure,
                         const Clinic__Attach__V1__ApplicationState **ret, struct err *e)
{
    const void *found;
    const ProtobufCMessageDescriptor *d = &clinic__attach__v1__application_state__descriptor;
    int table = gw_table(&intake_svc, "application");
    bool is_read = must_be_sure ? gw_read(w, w->intake, table, (int)intake_svc.facts, id, d, &found, e)
                                : gw_fetch(w, w->intake, table, id, d, &found, e);
    *ret = found;
    return is_read;
}
