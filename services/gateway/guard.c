#include "gateway.h"

#define AWAY_MIN_MS 1000
#define PROBE_MS    10000 /* longest that one probe may take */

bool gw_redis_enter(struct gw *gw, int64_t *ret_started_ms, struct err *e)
{
    long long now_ms = gw->tick_ms(), until_ms = atomic_load(&gw->redis_away_until_ms);
    *ret_started_ms = now_ms;
    if (until_ms == 0 ||
        (now_ms >= until_ms && atomic_compare_exchange_strong(&gw->redis_away_until_ms, &until_ms, now_ms + PROBE_MS)))
        return true;
    return err_set(e, ERR_RETRY, "GATEWAY-REDIS", "Redis did not answer a moment ago");
}

bool gw_redis_leave(struct gw *gw, int64_t started_ms, bool is_good)
{
    int64_t now_ms = gw->tick_ms(), took_ms = now_ms - started_ms;
    atomic_store(&gw->redis_away_until_ms, is_good ? 0 : now_ms + (took_ms > AWAY_MIN_MS ? took_ms : AWAY_MIN_MS));
    return is_good;
}
