/* Writing: apply and wipe. */
#include <stdio.h>
#include "runtime/store_redis_impl.h"
#include "wire/wire.h"

enum { UNLINK_AT_ONCE = 256 };

/* Calls add() for each table of the order that is written to. */
static void each_table(struct store_redis *s, const struct store_batch *b, const struct store_order *o,
                       void (*add)(struct store_redis *, const struct store_batch *, const struct store_order *, int, size_t))
{
    size_t from = 0;
    for (int t = 0; t < (int)s->tables_n; t++) {
        const size_t *c = o->counts[t];
        if (c[STORE_GONE] + c[STORE_NEVER_DUE] + c[STORE_TIMED] > 0)
            add(s, b, o, t, from);
        from += c[STORE_GONE] + c[STORE_NEVER_DUE] + c[STORE_TIMED];
    }
}

static void add_keys(struct store_redis *s, const struct store_batch *b, const struct store_order *o, int table, size_t from)
{
    const size_t *c = o->counts[table], n = c[STORE_GONE] + c[STORE_NEVER_DUE] + c[STORE_TIMED];
    redis_cmd_add_str(&s->cmd, store_due_key(s, b->part, table));
    for (size_t i = from; i < from + n; i++)
        redis_cmd_add(&s->cmd, store_bucket_key(s, b->part, table, o->all[i].hash));
}

static void add_args(struct store_redis *s, const struct store_batch *b, const struct store_order *o, int table, size_t from)
{
    const size_t *c = o->counts[table];
    size_t put = from + c[STORE_GONE], timed = put + c[STORE_NEVER_DUE], end = timed + c[STORE_TIMED];
    (void)b;
    for (int kind = 0; kind < STORE_KINDS; kind++)
        redis_cmd_add_i64(&s->cmd, s->mem, (int64_t)c[kind]);
    for (size_t i = from; i < end; i++)
        redis_cmd_add(&s->cmd, o->all[i].put->key);
    for (size_t i = put; i < end; i++)
        redis_cmd_add(&s->cmd, o->all[i].put->val);
    for (size_t i = timed; i < end; i++)
        redis_cmd_add_str(&s->cmd, arena_i64(s->mem, o->all[i].put->due_ms));
}

static size_t tables_written(const struct store_redis *s, const struct store_order *o)
{
    size_t n = 0;
    for (size_t t = 0; t < s->tables_n; t++)
        n += o->counts[t][STORE_GONE] + o->counts[t][STORE_NEVER_DUE] + o->counts[t][STORE_TIMED] > 0;
    return n;
}

static void send_apply(struct store_redis *s, const struct store_batch *b)
{
    struct redis_cmd *cmd = &s->cmd;
    struct store_order o;
    store_order(s, b, &o);
    store_call_start(s, STORE_APPLY, 1 + tables_written(s, &o) + o.n);
    redis_cmd_add_str(cmd, store_mark_key(s, b->part));
    each_table(s, b, &o, add_keys);
    redis_cmd_add_str(cmd, topics[b->topic].name);
    redis_cmd_add_i64(cmd, s->mem, b->prev);
    redis_cmd_add_i64(cmd, s->mem, b->next);
    redis_cmd_add_str(cmd, store_layout_field(s, b->topic));
    redis_cmd_add_str(cmd, store_layout(s, b->topic));
    each_table(s, b, &o, add_args);
    redis_send(&s->conn, cmd);
}

bool store_redis_apply_begin(struct store_redis *s, const struct store_batch *batches, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        send_apply(s, &batches[i]);
    return redis_flush(&s->conn, e);
}

static bool receive_result(struct store_redis *s, int *ret, struct err *e)
{
    redisReply *r;
    if (!redis_receive(&s->conn, &r, e))
        return false;
    *ret = r->integer == 0 ? STORE_APPLIED : r->integer == 1 ? STORE_DUP : STORE_GAP;
    freeReplyObject(r);
    return true;
}

bool store_redis_apply_end(struct store_redis *s, int *ret, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!receive_result(s, &ret[i], e))
            return false;
    return true;
}

bool store_redis_apply(struct store_redis *s, struct store_batch *batches, size_t n, struct err *e)
{
    if (!store_redis_apply_begin(s, batches, n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        int ret;
        if (!receive_result(s, &ret, e))
            return false;
        batches[i].ret = ret;
    }
    return true;
}

static size_t send_unlinks(struct store_redis *s, int32_t part, int table)
{
    const char *prefix = store_table_prefix(s, part, table);
    size_t sent = 0;
    for (uint32_t b = 0; b < store_buckets(s, table); b += UNLINK_AT_ONCE, sent++) {
        redis_cmd_start(&s->cmd, "UNLINK");
        for (uint32_t i = b; i < b + UNLINK_AT_ONCE && i < store_buckets(s, table); i++)
            redis_cmd_add_str(&s->cmd, arena_printf(s->mem, "%s%04x", prefix, i));
        redis_send(&s->conn, &s->cmd);
    }
    redis_cmd_start(&s->cmd, "UNLINK");
    redis_cmd_add_str(&s->cmd, store_due_key(s, part, table));
    redis_send(&s->conn, &s->cmd);
    return sent + 1;
}

/* The mark goes first: whoever comes after a half-done wipe finds none and wipes again. */
bool store_redis_wipe(struct store_redis *s, int32_t part, int topic, struct err *e)
{
    redis_cmd_start(&s->cmd, "HDEL");
    redis_cmd_add_str(&s->cmd, store_mark_key(s, part));
    redis_cmd_add_str(&s->cmd, topics[topic].name);
    redis_cmd_add_str(&s->cmd, store_layout_field(s, topic));
    redis_send(&s->conn, &s->cmd);
    size_t sent = 1;
    for (size_t t = 0; t < s->tables_n; t++)
        if (s->tables[t].source == topic)
            sent += send_unlinks(s, part, (int)t);
    for (size_t i = 0; i < sent; i++) {
        redisReply *r;
        if (!redis_receive(&s->conn, &r, e))
            return false;
        freeReplyObject(r);
    }
    return true;
}
