/* store_redis.h - store.h on Redis by hiredis. */
#ifndef CLINIC_STORE_REDIS_H
#define CLINIC_STORE_REDIS_H
#include "runtime/store.h"

/* url: redis://[:password@]host:port[/db] or unix:///path. tables: keeps. Connects lazily and reconnects; gives. */
bool store_redis_open(const char *url, const char *service, const struct store_table *tables, size_t tables_n,
                      struct store **ret, struct err *e) MUST_CHECK;

/* Claims of the sender (one connection of its own, thread-safe): *ret_mine = this process may act now.
 * A claim is taken once per name; taking it again from the process that holds it (same token) answers mine. ERR_RETRY. */
struct claims;
bool claims_open(const char *url, const char *service, struct claims **ret, struct err *e) MUST_CHECK;
bool claims_take(struct claims *c, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e) MUST_CHECK;
/* Small values with a term: provider message id -> notice, Idempotency-Key -> answer. *ret malloc'd or NULL. */
bool claims_put(struct claims *c, const char *name, struct bytes value, int64_t ttl_ms, struct err *e) MUST_CHECK;
bool claims_get(struct claims *c, const char *name, struct bytes *ret, struct err *e) MUST_CHECK;
/* Who remembers the claims: the run id of the server, another one after every restart or failover, and its clock. What
 * answers under another id than before may have forgotten, or gone back to a snapshot. */
struct claims_server {
    char run_id[41];
    int64_t now_ms;   /* UTC; of the server, so that a wrong clock of ours does not count */
};
bool claims_server(struct claims *c, struct claims_server *ret, struct err *e) MUST_CHECK;
void claims_close(struct claims *c);
#endif
