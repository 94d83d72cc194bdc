#include "runtime/store_redis.h"
#include <stdlib.h>
#include <string.h>
#include "runtime/store_redis_impl.h"

enum { MEM_RESERVE_BYTES = 1 << 30, MEM_KEEP_BYTES = 1 << 20 };

static struct store_redis *of(struct store *s) { return (struct store_redis *)s; }

/* Ready for one attempt. */
static bool start(struct store_redis *s, struct err *e)
{
    must(!s->applying);
    arena_reset(s->mem);
    s->conn.lost_scripts = false;
    return redis_conn_up(&s->conn, e);
}

/* A server that forgot its scripts (SCRIPT FLUSH, a restart behind a proxy) gets them at the next connect: once more. */
#define ATTEMPT(s, call) ((start(s, e) && (call)) || ((s)->conn.lost_scripts && start(s, e) && (call)))

static bool sr_read(struct store *st, const struct store_expect *exp, size_t exp_n, struct store_get *gets,
                    size_t gets_n, struct arena *mem, size_t *ret_stale, struct err *e)
{
    struct store_redis *s = of(st);
    struct store_reading q = {exp, exp_n, gets, gets_n, mem, ret_stale};
    return start(s, e) && store_redis_read(s, &q, e);
}

static bool sr_apply(struct store *st, struct store_batch *batches, size_t n, struct err *e)
{
    struct store_redis *s = of(st);
    return ATTEMPT(s, store_redis_apply(s, batches, n, e));
}

static bool sr_apply_begin(struct store *st, struct store_batch *batches, size_t n, struct err *e)
{
    struct store_redis *s = of(st);
    s->applying = start(s, e) && store_redis_apply_begin(s, batches, n, e);
    return s->applying;
}

static bool sr_apply_end(struct store *st, int *ret, size_t n, struct err *e)
{
    struct store_redis *s = of(st);
    must(s->applying);
    s->applying = false;
    return store_redis_apply_end(s, ret, n, e);
}

static bool sr_mark(struct store *st, int32_t part, int topic, int64_t *ret, struct err *e)
{
    struct store_redis *s = of(st);
    return start(s, e) && store_redis_mark(s, part, topic, ret, e);
}

static bool sr_wipe(struct store *st, int32_t part, int topic, struct err *e)
{
    struct store_redis *s = of(st);
    return start(s, e) && store_redis_wipe(s, part, topic, e);
}

static bool sr_due(struct store *st, int32_t part, int64_t now_ms, size_t limit, struct arena *mem,
                   struct store_due *out, size_t *ret_n, int64_t *ret_next, struct err *e)
{
    struct store_redis *s = of(st);
    struct store_duty q = {part, now_ms, limit, mem, out, ret_n, ret_next};
    return start(s, e) && store_redis_due(s, &q, e);
}

static bool sr_scan(struct store *st, int32_t part, int table, uint64_t *cursor, struct arena *mem,
                    struct store_get *out, size_t max, size_t *ret_n, struct err *e)
{
    struct store_redis *s = of(st);
    struct store_scan q = {part, table, cursor, mem, out, max, ret_n};
    must(max > 0);
    return ATTEMPT(s, store_redis_scan(s, &q, e));
}

static bool sr_ping(struct store *st, struct err *e)
{
    struct store_redis *s = of(st);
    redisReply *r;
    if (!start(s, e))
        return false;
    redis_cmd_start(&s->cmd, "PING");
    if (!redis_call(&s->conn, &s->cmd, &r, e))
        return false;
    freeReplyObject(r);
    return true;
}

static void sr_close(struct store *st)
{
    struct store_redis *s = of(st);
    if (!s)
        return;
    redis_conn_fini(&s->conn);
    redis_cmd_fini(&s->cmd);
    arena_free(s->mem);
    free(s->service);
    free(s);
}

static const struct store_ops ops = {
    .read = sr_read,
    .apply = sr_apply,
    .apply_begin = sr_apply_begin,
    .apply_end = sr_apply_end,
    .mark = sr_mark,
    .wipe = sr_wipe,
    .due = sr_due,
    .scan = sr_scan,
    .ping = sr_ping,
    .close = sr_close,
};

bool store_redis_open(const char *url, const char *service, const struct store_table *tables, size_t tables_n,
                      struct store **ret, struct err *e)
{
    struct store_redis *s = calloc(1, sizeof(*s));
    must(s);
    s->store.ops = &ops;
    s->tables = tables;
    s->tables_n = tables_n;
    s->service = strdup(service);
    s->mem = arena_new(MEM_RESERVE_BYTES, MEM_KEEP_BYTES);
    must(s->service);
    store_redis_scripts(s->scripts);
    if (!redis_conn_init(&s->conn, url, s->scripts, STORE_SCRIPTS, e)) {
        sr_close(&s->store);
        return false;
    }
    *ret = &s->store;
    return true;
}
