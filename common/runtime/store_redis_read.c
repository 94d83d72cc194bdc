/* Reading with the marks it relies on: one MULTI per partition, all in one round trip. What EXEC answers was true at one
 * moment, as the answer of a script would be, and a third cheaper: nothing passes through Lua. */
#include "runtime/store_redis_impl.h"
#include "wire/wire.h"

enum { KEYS_AT_ONCE = 2000 }; /* of one MULTI: others are served in between */

struct call {
    int32_t part;
    const size_t *gets; /* indexes */
    size_t gets_n;
    size_t marks; /* of the expectations, those of this part */
};

static void send_word(struct store_redis *s, const char *verb)
{
    redis_cmd_start(&s->cmd, verb);
    redis_send(&s->conn, &s->cmd);
}

/* Marks, in the order of the expectations. */
static void send_marks(struct store_redis *s, const struct store_reading *q, const struct call *c)
{
    redis_cmd_start(&s->cmd, "HMGET");
    redis_cmd_add_str(&s->cmd, store_mark_key(s, c->part));
    for (size_t i = 0; i < q->exp_n; i++)
        if (q->exp[i].part == c->part)
            redis_cmd_add_str(&s->cmd, topics[q->exp[i].topic].name);
    redis_send(&s->conn, &s->cmd);
}

static void send_read(struct store_redis *s, const struct store_reading *q, const struct call *c)
{
    send_word(s, "MULTI");
    if (c->marks > 0)
        send_marks(s, q, c);
    for (size_t i = 0; i < c->gets_n; i++) {
        const struct store_get *g = &q->gets[c->gets[i]];
        redis_cmd_start(&s->cmd, "HGET");
        redis_cmd_add(&s->cmd, store_bucket_key(s, c->part, g->table, store_hash(g->key)));
        redis_cmd_add(&s->cmd, g->key);
        redis_send(&s->conn, &s->cmd);
    }
    send_word(s, "EXEC");
}

/* The answers of one MULTI up to that of EXEC, which is given. */
static bool receive(struct store_redis *s, const struct call *c, redisReply **ret, struct err *e)
{
    size_t queued = 1 + (c->marks > 0) + c->gets_n;
    for (size_t i = 0; i < queued; i++) {
        if (!redis_receive(&s->conn, ret, e))
            return false;
        freeReplyObject(*ret);
    }
    return redis_receive(&s->conn, ret, e);
}

/* An error within EXEC's answer, and any other answer than one for each command, is not an absent record. */
static bool is_whole(const struct call *c, const redisReply *r, struct err *e)
{
    for (size_t i = 0; i < r->elements; i++)
        if (r->element[i]->type == REDIS_REPLY_ERROR)
            return err_set(e, ERR_FATAL, "STORE-REFUSED", "redis: %s", r->element[i]->str);
    bool ok = r->elements == (c->marks > 0) + c->gets_n && (c->marks == 0 || r->element[0]->elements == c->marks);
    return ok || err_set(e, ERR_FATAL, "STORE-REFUSED", "redis: unexpected answer to EXEC");
}

/* True: all are as expected, *ret_stale not set. An absent mark is 0. */
static bool marks_fit(const struct store_reading *q, const struct call *c, const redisReply *marks)
{
    size_t at = 0;
    for (size_t i = 0; i < q->exp_n; i++) {
        if (q->exp[i].part != c->part || redis_reply_i64(marks->element[at++]) == q->exp[i].mark)
            continue;
        *q->ret_stale = i;
        return false;
    }
    return true;
}

static void take_values(const struct store_reading *q, const struct call *c, redisReply *const *values)
{
    for (size_t i = 0; i < c->gets_n; i++) {
        const redisReply *v = values[i];
        struct bytes *to = &q->gets[c->gets[i]].val;
        *to = v->type == REDIS_REPLY_STRING ? bytes_of(arena_dup(q->mem, v->str, (size_t)v->len), (size_t)v->len)
                                            : (struct bytes){0};
    }
}

/* *fresh: false when a mark differs. */
static bool take_reply(const struct store_reading *q, const struct call *c, const redisReply *r, bool *fresh,
                       struct err *e)
{
    if (!is_whole(c, r, e))
        return false;
    *fresh = c->marks == 0 || marks_fit(q, c, r->element[0]);
    if (*fresh)
        take_values(q, c, r->element + (c->marks > 0));
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

static size_t marks_of(const struct store_reading *q, int32_t part)
{
    size_t n = 0;
    for (size_t i = 0; i < q->exp_n; i++)
        n += q->exp[i].part == part;
    return n;
}

static size_t plan(struct store_redis *s, const struct store_reading *q, struct call **ret)
{
    int32_t *parts;
    size_t parts_n = parts_of(s, q, &parts), n = 0, used = 0;
    struct call *calls = arena_alloc(s->mem, (parts_n + q->gets_n / KEYS_AT_ONCE + 1) * sizeof(*calls));
    size_t *gets = arena_alloc(s->mem, (q->gets_n + 1) * sizeof(*gets));
    for (size_t p = 0; p < parts_n; p++) {
        struct call c = {parts[p], gets + used, 0, marks_of(q, parts[p])};
        for (size_t i = 0; i < q->gets_n; i++) {
            if (q->gets[i].part != parts[p])
                continue;
            if (c.gets_n == KEYS_AT_ONCE) {
                calls[n++] = c;
                c = (struct call){parts[p], gets + used, 0, c.marks};
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
    bool fresh = true, ok = true;
    for (size_t i = 0; i < n; i++)
        send_read(s, q, &calls[i]);
    for (size_t i = 0; i < n; i++) {
        redisReply *r;
        if (!receive(s, &calls[i], &r, e))
            return false;
        if (ok && fresh)
            ok = take_reply(q, &calls[i], r, &fresh, e);
        freeReplyObject(r);
    }
    if (!ok || fresh)
        return ok;
    const struct store_expect *x = &q->exp[*q->ret_stale];
    return err_set(e, ERR_STALE, "STORE-STALE", "%s/%d is not at %lld", topics[x->topic].name, (int)x->part,
                   (long long)x->mark);
}
