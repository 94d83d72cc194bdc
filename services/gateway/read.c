#include "gateway.h"
#include "services/intake/intake.h"
#include "tables.h"

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
    int64_t mark;
    bool has_all;
    if (!s->ops->mark(s, part, source, &mark, e) || !gw_caught_up(w->gw, source, part, mark, &has_all, e))
        return false;
    return has_all || err_set(e, ERR_STALE, "GATEWAY-REBUILD", "the projection is being rebuilt");
}

bool gw_read(struct gw_worker *w, struct store *s, int table, int source, const char *key,
             const ProtobufCMessageDescriptor *d, const void **ret, struct err *e)
{
    if (!gw_fetch(w, s, table, key, d, ret, e))
        return false;
    if (*ret)
        return true;
    /* Once more when complete: the record may have come in between. */
    return is_complete(w, s, source, gw_partition(w->gw, key), e) && gw_fetch(w, s, table, key, d, ret, e);
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
