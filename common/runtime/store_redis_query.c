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

static void send_range(struct store_redis *s, const char *set, const char *from, const char *to, size_t limit)
{
    redis_cmd_start(&s->cmd, "ZRANGEBYSCORE");
    redis_cmd_add_str(&s->cmd, set);
    redis_cmd_add_str(&s->cmd, from);
    redis_cmd_add_str(&s->cmd, to);
    redis_cmd_add_str(&s->cmd, "WITHSCORES");
    redis_cmd_add_str(&s->cmd, "LIMIT");
    redis_cmd_add_str(&s->cmd, "0");
    redis_cmd_add_i64(&s->cmd, s->mem, (int64_t)limit);
    redis_send(&s->conn, &s->cmd);
}

/* What a table has: those due, one more than wanted, and the first of the others. Replies are pairs of key and time. */
struct due_list {
    redisReply *due, *later;
    size_t at; /* pairs of .due that were taken */
};

/* Key and time; NULL = all are taken. */
static redisReply **due_head(const struct due_list *l)
{
    return 2 * l->at < l->due->elements ? &l->due->element[2 * l->at] : NULL;
}

/* The table whose next due record is the earliest; -1 = none is left. */
static int earliest(const struct due_list *lists, size_t n)
{
    int best = -1;
    int64_t best_ms = 0;
    for (size_t t = 0; t < n; t++) {
        redisReply **head = due_head(&lists[t]);
        int64_t at = head ? redis_reply_i64(head[1]) : 0;
        if (!head || (best >= 0 && at >= best_ms))
            continue;
        best = (int)t;
        best_ms = at;
    }
    return best;
}

static int64_t first_left(const struct due_list *lists, size_t n)
{
    int64_t first = 0;
    for (size_t t = 0; t < n; t++) {
        redisReply **head = due_head(&lists[t]), *later = lists[t].later;
        int64_t at = head ? redis_reply_i64(head[1]) : later->elements == 2 ? redis_reply_i64(later->element[1]) : 0;
        if (at && (!first || at < first))
            first = at;
    }
    return first;
}

static void take_due(const struct store_duty *q, struct due_list *lists, size_t n)
{
    int t;
    for (*q->ret_n = 0; *q->ret_n < q->limit && (t = earliest(lists, n)) >= 0; lists[t].at++) {
        redisReply **head = due_head(&lists[t]);
        size_t key_n = (size_t)head[0]->len;
        q->out[(*q->ret_n)++] = (struct store_due){
            .table = t,
            .key = bytes_of(arena_dup(q->mem, head[0]->str, key_n), key_n),
            .due_ms = redis_reply_i64(head[1]),
        };
    }
    *q->ret_next = first_left(lists, n);
}

static bool receive_lists(struct store_redis *s, struct due_list *lists, struct err *e)
{
    for (size_t t = 0; t < s->tables_n; t++)
        if (!redis_receive(&s->conn, &lists[t].due, e) || !redis_receive(&s->conn, &lists[t].later, e))
            return false;
    return true;
}

bool store_redis_due(struct store_redis *s, struct store_duty *q, struct err *e)
{
    struct due_list *lists = ARENA_ARRAY(s->mem, struct due_list, s->tables_n);
    const char *now = arena_printf(s->mem, "%lld", (long long)q->now_ms);
    const char *after = arena_printf(s->mem, "(%lld", (long long)q->now_ms);
    for (size_t t = 0; t < s->tables_n; t++) {
        const char *set = store_due_key(s, q->part, (int)t);
        send_range(s, set, "-inf", now, q->limit + 1);
        send_range(s, set, after, "+inf", 1);
    }
    bool ok = receive_lists(s, lists, e);
    if (ok)
        take_due(q, lists, s->tables_n);
    for (size_t t = 0; t < s->tables_n; t++) {
        freeReplyObject(lists[t].due); /* NULL is fine */
        freeReplyObject(lists[t].later);
    }
    return ok;
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
