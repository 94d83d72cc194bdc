/* Reading with the marks it relies on: one script call per partition, all in one round trip. */
#include <stdio.h>
#include "runtime/store_redis_impl.h"
#include "wire/wire.h"

enum { KEYS_AT_ONCE = 2000 }; /* of one script call: others are served in between */

struct call {
    int32_t part;
    const size_t *gets; /* indexes */
    size_t gets_n;
};

static void send_read(struct store_redis *s, const struct store_reading *q, const struct call *c)
{
    size_t marks = 0;
    store_call_start(s, STORE_READ, c->gets_n + 1);
    redis_cmd_add_str(&s->cmd, store_mark_key(s, c->part));
    for (size_t i = 0; i < c->gets_n; i++) {
        const struct store_get *g = &q->gets[c->gets[i]];
        redis_cmd_add(&s->cmd, store_bucket_key(s, c->part, g->table, g->key));
    }
    for (size_t i = 0; i < q->exp_n; i++)
        marks += q->exp[i].part == c->part;
    redis_cmd_add_i64(&s->cmd, s->mem, (int64_t)marks);
    for (size_t i = 0; i < q->exp_n; i++) {
        if (q->exp[i].part != c->part)
            continue;
        redis_cmd_add_str(&s->cmd, topics[q->exp[i].topic].name);
        redis_cmd_add_i64(&s->cmd, s->mem, q->exp[i].mark);
    }
    for (size_t i = 0; i < c->gets_n; i++)
        redis_cmd_add(&s->cmd, q->gets[c->gets[i]].key);
    redis_send(&s->conn, &s->cmd);
}

/* Index of the nth expectation of a partition. */
static size_t expectation(const struct store_reading *q, int32_t part, long long nth)
{
    size_t i = 0;
    for (; i < q->exp_n; i++)
        if (q->exp[i].part == part && --nth == 0)
            break;
    must(i < q->exp_n);
    return i;
}

static void take_values(const struct store_reading *q, const struct call *c, const redisReply *r)
{
    for (size_t i = 0; i < c->gets_n; i++) {
        const redisReply *v = i < r->elements ? r->element[i] : NULL;
        bool found = v && v->type == REDIS_REPLY_STRING;
        struct bytes *to = &q->gets[c->gets[i]].val;
        *to = found ? bytes_of(arena_dup(q->mem, v->str, (size_t)v->len), (size_t)v->len) : (struct bytes){0};
    }
}

/* True: *ret_stale not set. */
static bool take_reply(const struct store_reading *q, const struct call *c, const redisReply *r)
{
    if (r->type == REDIS_REPLY_INTEGER) {
        *q->ret_stale = expectation(q, c->part, r->integer);
        return false;
    }
    take_values(q, c, r);
    return true;
}

/* The parts named, each once. */
static size_t parts_of(struct store_redis *s, const struct store_reading *q, int32_t **ret)
{
    int32_t *parts = arena_alloc(s->mem, (q->exp_n + q->gets_n + 1) * sizeof(*parts));
    size_t n = 0;
    for (size_t i = 0; i < q->exp_n + q->gets_n; i++) {
        int32_t part = i < q->exp_n ? q->exp[i].part : q->gets[i - q->exp_n].part;
        size_t at = 0;
        while (at < n && parts[at] != part)
            at++;
        parts[at] = part;
        n += at == n;
    }
    *ret = parts;
    return n;
}

static size_t plan(struct store_redis *s, const struct store_reading *q, struct call **ret)
{
    int32_t *parts;
    size_t parts_n = parts_of(s, q, &parts), n = 0, used = 0;
    struct call *calls = arena_alloc(s->mem, (parts_n + q->gets_n / KEYS_AT_ONCE + 1) * sizeof(*calls));
    size_t *gets = arena_alloc(s->mem, (q->gets_n + 1) * sizeof(*gets));
    for (size_t p = 0; p < parts_n; p++) {
        struct call c = {parts[p], gets + used, 0};
        for (size_t i = 0; i < q->gets_n; i++) {
            if (q->gets[i].part != parts[p])
                continue;
            if (c.gets_n == KEYS_AT_ONCE) {
                calls[n++] = c;
                c = (struct call){parts[p], gets + used, 0};
            }
            gets[used++] = i;
            c.gets_n++;
        }
        calls[n++] = c;
    }
    *ret = calls;
    return n;
}

bool store_redis_read(struct store_redis *s, struct store_reading *q, struct err *e)
{
    struct call *calls;
    size_t n = plan(s, q, &calls);
    bool fresh = true;
    for (size_t i = 0; i < n; i++)
        send_read(s, q, &calls[i]);
    for (size_t i = 0; i < n; i++) {
        redisReply *r;
        if (!redis_receive(&s->conn, &r, e))
            return false;
        if (fresh)
            fresh = take_reply(q, &calls[i], r);
        freeReplyObject(r);
    }
    if (fresh)
        return true;
    const struct store_expect *x = &q->exp[*q->ret_stale];
    return err_set(e, ERR_STALE, "STORE-STALE", "%s/%d is not at %lld", topics[x->topic].name, (int)x->part,
                   (long long)x->mark);
}
