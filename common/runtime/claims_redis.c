/* Claims: who may act, once; and small values with a term. */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/redis_conn.h"
#include "runtime/store_redis.h"

struct claims {
    pthread_mutex_t lock;   /* guards all below */
    struct redis_conn conn;
    struct redis_cmd cmd;
    struct arena *mem;
    char *service;
    char token[33];         /* of this process, random */
};

bool claims_open(const char *url, const char *service, struct claims **ret, struct err *e)
{
    unsigned char raw[16];
    struct claims *c = calloc(1, sizeof(*c));
    must(c && sodium_init() >= 0);
    if (!redis_conn_init(&c->conn, url, NULL, 0, e)) {
        redis_conn_fini(&c->conn);
        free(c);
        return false;
    }
    must(pthread_mutex_init(&c->lock, NULL) == 0);
    c->service = strdup(service);
    must(c->service);
    c->mem = arena_new(1 << 24, 1 << 16);
    randombytes_buf(raw, sizeof raw);
    sodium_bin2hex(c->token, sizeof c->token, raw, sizeof raw);
    *ret = c;
    return true;
}

static void start(struct claims *c, const char *verb, const char *kind, const char *name)
{
    arena_reset(c->mem);
    redis_cmd_start(&c->cmd, verb);
    redis_cmd_add_str(&c->cmd, arena_printf(c->mem, "{%s}:%s:%s", c->service, kind, name));
}

static bool call(struct claims *c, redisReply **ret, struct err *e)
{
    return redis_conn_up(&c->conn, e) && redis_call(&c->conn, &c->cmd, ret, e);
}

/* Who holds it? Also answers a repeat after a lost reply: our own token. */
static bool is_ours(struct claims *c, const char *name, bool *ret_mine, struct err *e)
{
    redisReply *r;
    start(c, "GET", "claim", name);
    if (!call(c, &r, e))
        return false;
    *ret_mine = r->type == REDIS_REPLY_STRING && strcmp(r->str, c->token) == 0;
    freeReplyObject(r);
    return true;
}

static bool take(struct claims *c, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e)
{
    redisReply *r;
    start(c, "SET", "claim", name);
    redis_cmd_add_str(&c->cmd, c->token);
    redis_cmd_add_str(&c->cmd, "NX");
    redis_cmd_add_str(&c->cmd, "PX");
    redis_cmd_add_i64(&c->cmd, c->mem, ttl_ms);
    if (!call(c, &r, e))
        return false;
    bool taken = r->type == REDIS_REPLY_STATUS;
    freeReplyObject(r);
    if (taken)
        *ret_mine = true;
    return taken || is_ours(c, name, ret_mine, e);
}

bool claims_take(struct claims *c, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e)
{
    pthread_mutex_lock(&c->lock);
    bool ok = take(c, name, ttl_ms, ret_mine, e);
    pthread_mutex_unlock(&c->lock);
    return ok;
}

bool claims_put(struct claims *c, const char *name, struct bytes value, int64_t ttl_ms, struct err *e)
{
    redisReply *r;
    pthread_mutex_lock(&c->lock);
    start(c, "SET", "value", name);
    redis_cmd_add(&c->cmd, value);
    redis_cmd_add_str(&c->cmd, "PX");
    redis_cmd_add_i64(&c->cmd, c->mem, ttl_ms);
    bool ok = call(c, &r, e);
    pthread_mutex_unlock(&c->lock);
    if (ok)
        freeReplyObject(r);
    return ok;
}

bool claims_get(struct claims *c, const char *name, struct bytes *ret, struct err *e)
{
    redisReply *r;
    pthread_mutex_lock(&c->lock);
    start(c, "GET", "value", name);
    bool ok = call(c, &r, e);
    pthread_mutex_unlock(&c->lock);
    if (!ok)
        return false;
    *ret = (struct bytes){0};
    if (r->type == REDIS_REPLY_STRING) {
        char *copy = malloc((size_t)r->len + 1);
        must(copy);
        memcpy(copy, r->str, (size_t)r->len + 1);
        *ret = bytes_of(copy, (size_t)r->len);
    }
    freeReplyObject(r);
    return true;
}

static bool read_server(const redisReply *r, struct claims_server *ret, struct err *e)
{
    const char *text = r->type == REDIS_REPLY_STRING ? r->str : "";
    const char *id = strstr(text, "run_id:"), *clock = strstr(text, "server_time_usec:");
    long long us;
    if (!id || !clock || sscanf(id, "run_id:%40[0-9a-f]", ret->run_id) != 1 ||
        sscanf(clock, "server_time_usec:%lld", &us) != 1)
        return err_set(e, ERR_RETRY, "REDIS-INFO", "the server does not tell its run id and its time");
    ret->now_ms = us / 1000;
    return true;
}

bool claims_server(struct claims *c, struct claims_server *ret, struct err *e)
{
    redisReply *r;
    pthread_mutex_lock(&c->lock);
    redis_cmd_start(&c->cmd, "INFO");
    redis_cmd_add_str(&c->cmd, "server");
    bool ok = call(c, &r, e);
    pthread_mutex_unlock(&c->lock);
    if (!ok)
        return false;
    ok = read_server(r, ret, e);
    freeReplyObject(r);
    return ok;
}

void claims_close(struct claims *c)
{
    if (!c)
        return;
    redis_conn_fini(&c->conn);
    redis_cmd_fini(&c->cmd);
    arena_free(c->mem);
    pthread_mutex_destroy(&c->lock);
    free(c->service);
    free(c);
}
