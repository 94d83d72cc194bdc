/* The suite of store.h on a real Redis, and what only a server shows. */
#include "ports.h"
#include "redis_server.h"
#include "runtime/store_redis.h"

static void fresh(void) { redis_server_do("FLUSHALL"); }
static void nothing(void) {}
static void flush(void) { redis_server_do("FLUSHALL"); }

static struct store *open_store(void)
{
    struct store *s = NULL;
    struct err e;
    OK(store_redis_open(redis_server_url(), "contract", ports_tables, PORTS_TABLES, &s, &e));
    return s;
}

static const struct store_env env = {
    .name = "store, Redis", .fresh = fresh, .tidy = nothing, .open = open_store, .flush = flush};

int main(void)
{
    if (!redis_server_start(NULL)) {
        puts("skipped: no redis-server");
        return 77;
    }
    int failed = ports_store_run(&env) + redis_claims_run() + redis_only_run();
    redis_server_stop();
    return failed != 0;
}
