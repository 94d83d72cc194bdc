/* Questions without a mark check: marks themselves, due records, scans. */
#include <stdio.h>
#include <stdlib.h>
#include "runtime/store_redis_impl.h"
#include "wire/wire.h"

enum { BUCKETS_AT_ONCE = 1024 };

int64_t redis_reply_i64(const redisReply *r)
{
    if (r->type == REDIS_REPLY_INTEGER)
        return r->integer;
    return r->type == REDIS_REPLY_STRING ? strtoll(r->str, NULL, 10) : 0;
}

/* Data in another layout than ours cannot be found by us: as good as absent. */
bool store_redis_mark(struct store_redis *s, int32_t part, int topic, int64_t *ret, struct err *e)
{
    redisReply *r;
    redis_cmd_start(&s->cmd, "HMGET");
    redis_cmd_add_str(&s->cmd, store_mark_key(s, part));
    redis_cmd_add_str(&s->cmd, topics[topic].name);
    redis_cmd_add_str(&s->cmd, store_layout_field(s, topic));
    if (!redis_call(&s->conn, &s->cmd, &r, e))
        return false;
    bool ours = r->elements == 2 && r->element[0]->type == REDIS_REPLY_STRING &&
                r->element[1]->type == REDIS_REPLY_STRING &&
                strcmp(r->element[1]->str, store_layout(s, topic)) == 0;
    *ret = ours ? redis_reply_i64(r->element[0]) : -1;
    freeReplyObject(r);
    return true;
}

static void send_range(struct store_redis *s, const struct store_duty *q, const char *from, const char *to, size_t limit)
{
    redis_cmd_start(&s->cmd, "ZRANGEBYSCORE");
    redis_cmd_add_str(&s->cmd, store_due_key(s, q->part));
    redis_cmd_add_str(&s->cmd, from);
    redis_cmd_add_str(&s->cmd, to);
    redis_cmd_add_str(&s->cmd, "WITHSCORES");
    redis_cmd_add_str(&s->cmd, "LIMIT");
    redis_cmd_add_str(&s->cmd, "0");
    redis_cmd_add_i64(&s->cmd, s->mem, (int64_t)limit);
    redis_send(&s->conn, &s->cmd);
}

static int table_of(const struct store_redis *s, const char *name)
{
    for (size_t i = 0; i < s->tables_n; i++)
        if (strcmp(s->tables[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* "<table> NUL <key>", score. A table of another version is passed over. */
static void take_due(struct store_redis *s, const struct store_duty *q, const redisReply *r)
{
    *q->ret_n = 0;
    for (size_t i = 0; i + 1 < r->elements && *q->ret_n < q->limit; i += 2) {
        const redisReply *m = r->element[i];
        size_t name_n = strlen(m->str);
        int table = table_of(s, m->str);
        if (table < 0 || name_n >= (size_t)m->len)
            continue;
        size_t n = (size_t)m->len - name_n - 1;
        q->out[(*q->ret_n)++] = (struct store_due){
            .table = table,
            .key = bytes_of(arena_dup(q->mem, m->str + name_n + 1, n), n),
            .due_ms = redis_reply_i64(r->element[i + 1]),
        };
    }
}

bool store_redis_due(struct store_redis *s, struct store_duty *q, struct err *e)
{
    redisReply *due, *later;
    const char *now = arena_printf(s->mem, "%lld", (long long)q->now_ms);
    const char *after = arena_printf(s->mem, "(%lld", (long long)q->now_ms);
    send_range(s, q, "-inf", now, q->limit + 1);
    send_range(s, q, after, "+inf", 1);
    if (!redis_receive(&s->conn, &due, e))
        return false;
    if (!redis_receive(&s->conn, &later, e)) {
        freeReplyObject(due);
        return false;
    }
    take_due(s, q, due);
    const redisReply *first = due->elements > 2 * q->limit ? due->element[2 * q->limit + 1]
                              : later->elements == 2     ? later->element[1]
                                                         : NULL;
    *q->ret_next = first ? redis_reply_i64(first) : 0;
    freeReplyObject(due);
    freeReplyObject(later);
    return true;
}

static void take_records(const struct store_scan *q, const redisReply *r)
{
    for (size_t i = 2; i + 1 < r->elements; i += 2) {
        const redisReply *k = r->element[i], *v = r->element[i + 1];
        must(*q->ret_n < q->max);
        q->out[(*q->ret_n)++] = (struct store_get){
            .part = q->part,
            .table = q->table,
            .key = bytes_of(arena_dup(q->mem, k->str, (size_t)k->len), (size_t)k->len),
            .val = bytes_of(arena_dup(q->mem, v->str, (size_t)v->len), (size_t)v->len),
        };
    }
}

/* Cursor: bucket in the upper half, records of it already given in the lower. */
bool store_redis_scan(struct store_redis *s, struct store_scan *q, struct err *e)
{
    uint32_t bucket = (uint32_t)(*q->cursor >> 32), skip = (uint32_t)*q->cursor, end = store_buckets(s, q->table);
    *q->ret_n = 0;
    while (bucket < end && *q->ret_n == 0) {
        uint32_t stop = end - bucket > BUCKETS_AT_ONCE ? bucket + BUCKETS_AT_ONCE : end;
        redisReply *r;
        store_call_start(s, STORE_SCAN, 0);
        redis_cmd_add_str(&s->cmd, store_table_prefix(s, q->part, q->table));
        redis_cmd_add_i64(&s->cmd, s->mem, bucket);
        redis_cmd_add_i64(&s->cmd, s->mem, skip);
        redis_cmd_add_i64(&s->cmd, s->mem, stop);
        redis_cmd_add_i64(&s->cmd, s->mem, (int64_t)q->max);
        if (!redis_call(&s->conn, &s->cmd, &r, e))
            return false;
        must(r->type == REDIS_REPLY_ARRAY && r->elements >= 2);
        bucket = (uint32_t)redis_reply_i64(r->element[0]);
        skip = (uint32_t)redis_reply_i64(r->element[1]);
        take_records(q, r);
        freeReplyObject(r);
    }
    *q->cursor = bucket < end ? (uint64_t)bucket << 32 | skip : 0;
    return true;
}
