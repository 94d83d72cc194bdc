/* Writing: apply and wipe. */
#include <stdio.h>
#include "runtime/store_redis_impl.h"
#include "wire/wire.h"

enum { UNLINK_AT_ONCE = 256 };

/* The kinds of the puts, see the script. */
static struct bytes kinds_of(struct store_redis *s, const struct store_batch *b)
{
    char *kinds = arena_alloc(s->mem, 2 * b->n + 1);
    for (size_t i = 0; i < b->n; i++) {
        kinds[2 * i] = !b->puts[i].val.p ? 'X' : b->puts[i].due_ms > 0 ? 'D' : 'P';
        kinds[2 * i + 1] = (char)(b->puts[i].table + 1);
    }
    return bytes_of(kinds, 2 * b->n);
}

static void send_apply(struct store_redis *s, const struct store_batch *b)
{
    struct redis_cmd *cmd = &s->cmd;
    store_call_start(s, STORE_APPLY, b->n + 2);
    redis_cmd_add_str(cmd, store_mark_key(s, b->part));
    redis_cmd_add_str(cmd, store_due_key(s, b->part));
    for (size_t i = 0; i < b->n; i++)
        redis_cmd_add(cmd, store_bucket_key(s, b->part, b->puts[i].table, b->puts[i].key));
    redis_cmd_add_str(cmd, topics[b->topic].name);
    redis_cmd_add_i64(cmd, s->mem, b->prev);
    redis_cmd_add_i64(cmd, s->mem, b->next);
    redis_cmd_add_str(cmd, store_layout_field(s, b->topic));
    redis_cmd_add_str(cmd, store_layout(s, b->topic));
    redis_cmd_add_i64(cmd, s->mem, (int64_t)s->tables_n);
    for (size_t i = 0; i < s->tables_n; i++)
        redis_cmd_add_str(cmd, s->tables[i].name);
    redis_cmd_add(cmd, kinds_of(s, b));
    for (size_t i = 0; i < b->n; i++) {
        const struct store_put *p = &b->puts[i];
        redis_cmd_add(cmd, p->key);
        if (p->val.p)
            redis_cmd_add(cmd, p->val);
        if (p->val.p && p->due_ms > 0)
            redis_cmd_add_i64(cmd, s->mem, p->due_ms);
    }
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
    store_call_start(s, STORE_UNDUE, 1);
    redis_cmd_add_str(&s->cmd, store_due_key(s, part));
    redis_cmd_add_str(&s->cmd, s->tables[table].name);
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
