#include "runtime/redis_conn.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 2000, CALL_TIMEOUT_MS = 5000 };

static bool bad_url(struct err *e, const char *what)
{
    return err_set(e, ERR_FATAL, "STORE-URL", "store url: %s; expected redis://[:password@]host:port[/db] or unix:///path",
                   what);
}

static bool parse_number(const char *s, long max, int *ret)
{
    char *end;
    long v = strtol(s, &end, 10);
    if (*s == '\0' || *end != '\0' || v < 0 || v > max)
        return false;
    *ret = (int)v;
    return true;
}

/* [user][:password]@ ; the last @ counts, a password may hold one. Returns what follows. */
static char *take_login(struct redis_conn *c, char *s)
{
    char *at = strrchr(s, '@');
    if (!at)
        return s;
    *at = '\0';
    char *colon = strchr(s, ':');
    if (colon) {
        *colon = '\0';
        c->password = colon + 1;
    }
    if (*s)
        c->user = s;
    return at + 1;
}

static bool take_host(struct redis_conn *c, char *s, struct err *e)
{
    char *slash = strchr(s, '/');
    if (slash) {
        *slash = '\0';
        if (slash[1] && !parse_number(slash + 1, 1023, &c->db))
            return bad_url(e, "database is not a number");
    }
    char *end = *s == '[' ? strchr(s, ']') : NULL; /* IPv6 */
    char *colon = strrchr(end ? end : s, ':');
    if (colon) {
        *colon = '\0';
        if (!parse_number(colon + 1, 65535, &c->port))
            return bad_url(e, "port is not a number");
    }
    if (end) {
        *end = '\0';
        s++;
    }
    c->host = s;
    return *s ? true : bad_url(e, "no host");
}

static bool parse(struct redis_conn *c, struct err *e)
{
    if (strncmp(c->url, "unix://", 7) == 0 && c->url[7] == '/') {
        c->path = c->url + 7;
        return true;
    }
    if (strncmp(c->url, "rediss://", 9) == 0) /* hiredis 0.14 of Debian 12 has none */
        return bad_url(e, "no TLS in this build, put a tunnel such as stunnel before it");
    if (strncmp(c->url, "redis://", 8) != 0)
        return bad_url(e, "unknown scheme");
    return take_host(c, take_login(c, c->url + 8), e);
}

bool redis_conn_init(struct redis_conn *c, const char *url, struct redis_script *scripts, size_t n, struct err *e)
{
    *c = (struct redis_conn){.port = 6379, .scripts = scripts, .scripts_n = n};
    c->url = strdup(url);
    must(c->url);
    return parse(c, e);
}

void redis_conn_drop(struct redis_conn *c)
{
    if (c->ctx)
        redisFree(c->ctx);
    c->ctx = NULL;
    c->awaited = 0;
}

void redis_conn_fini(struct redis_conn *c)
{
    redis_conn_drop(c);
    free(c->url);
    c->url = NULL;
}

void redis_cmd_start(struct redis_cmd *cmd, const char *verb)
{
    cmd->n = 0;
    redis_cmd_add_str(cmd, verb);
}

void redis_cmd_add(struct redis_cmd *cmd, struct bytes arg)
{
    if (cmd->n == cmd->cap) {
        cmd->cap = cmd->cap ? cmd->cap * 2 : 64;
        cmd->argv = realloc(cmd->argv, cmd->cap * sizeof(*cmd->argv));
        cmd->len = realloc(cmd->len, cmd->cap * sizeof(*cmd->len));
        must(cmd->argv && cmd->len);
    }
    cmd->argv[cmd->n] = arg.n ? arg.p : "";
    cmd->len[cmd->n++] = arg.n;
}

void redis_cmd_add_str(struct redis_cmd *cmd, const char *arg) { redis_cmd_add(cmd, bytes_str(arg)); }

void redis_cmd_add_i64(struct redis_cmd *cmd, struct arena *mem, int64_t v)
{
    redis_cmd_add_str(cmd, arena_printf(mem, "%" PRId64, v));
}

void redis_cmd_fini(struct redis_cmd *cmd)
{
    free(cmd->argv);
    free(cmd->len);
}

/* What the server says while it starts, fails over, saves or is full passes; the rest is for people. */
static enum err_class reply_class(const char *text)
{
    static const char *const passing[] = {
        "LOADING",     "BUSY",    "MASTERDOWN", "READONLY", "TRYAGAIN", "CLUSTERDOWN",
        "OOM command", "MISCONF", "NOREPLICAS", "NOSCRIPT", "max number of clients",
    };
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (strstr(text, passing[i]))
            return ERR_RETRY;
    return ERR_FATAL;
}

static bool refused(struct redis_conn *c, redisReply *r, struct err *e)
{
    enum err_class cls = reply_class(r->str);
    c->lost_scripts = strncmp(r->str, "NOSCRIPT", 8) == 0;
    err_set(e, cls, cls == ERR_RETRY ? "STORE-BUSY" : "STORE-REFUSED", "redis: %s", r->str);
    freeReplyObject(r);
    if (c->awaited > 0 || cls == ERR_RETRY) /* a new connection finds the new master, and loads the scripts */
        redis_conn_drop(c);
    return false;
}

static bool broken(struct redis_conn *c, struct err *e)
{
    err_set(e, ERR_RETRY, "STORE-DOWN", "redis: %s", c->ctx ? c->ctx->errstr : "not connected");
    redis_conn_drop(c);
    return false;
}

static char *put_count(char *to, char sign, size_t n)
{
    char digits[20];
    size_t k = 0;
    *to++ = sign;
    do
        digits[k++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (k > 0)
        *to++ = digits[--k];
    return stpcpy(to, "\r\n");
}

/* As redisAppendCommandArgv(), which formats every number with a printf of its own: a third of what a read costs us. */
static size_t encode(const struct redis_cmd *cmd, char *wire)
{
    char *to = put_count(wire, '*', cmd->n);
    for (size_t i = 0; i < cmd->n; i++) {
        to = put_count(to, '$', cmd->len[i]);
        memcpy(to, cmd->argv[i], cmd->len[i]);
        to = stpcpy(to + cmd->len[i], "\r\n");
    }
    return (size_t)(to - wire);
}

void redis_send(struct redis_conn *c, const struct redis_cmd *cmd)
{
    size_t most = 24 + 26 * cmd->n; /* a count has at most 20 digits */
    for (size_t i = 0; i < cmd->n; i++)
        most += cmd->len[i];
    if (c->ctx) { /* what goes wrong here shows at receiving */
        char few[512], *wire = most <= sizeof few ? few : malloc(most);
        must(wire);
        redisAppendFormattedCommand(c->ctx, wire, encode(cmd, wire));
        if (wire != few)
            free(wire);
    }
    c->awaited++;
}

bool redis_flush(struct redis_conn *c, struct err *e)
{
    int done = 0;
    while (!done)
        if (!c->ctx || redisBufferWrite(c->ctx, &done) != REDIS_OK)
            return broken(c, e);
    return true;
}

bool redis_receive(struct redis_conn *c, redisReply **ret, struct err *e)
{
    redisReply *r = NULL;
    must(c->awaited > 0 || !c->ctx);
    if (!c->ctx || redisGetReply(c->ctx, (void **)&r) != REDIS_OK)
        return broken(c, e);
    c->awaited--;
    if (r->type == REDIS_REPLY_ERROR)
        return refused(c, r, e);
    *ret = r;
    return true;
}

bool redis_call(struct redis_conn *c, const struct redis_cmd *cmd, redisReply **ret, struct err *e)
{
    redis_send(c, cmd);
    return redis_receive(c, ret, e);
}

static bool run(struct redis_conn *c, redisReply **ret, struct err *e, const char *a, const char *b, const char *d)
{
    struct redis_cmd cmd = {0};
    redis_cmd_start(&cmd, a);
    if (b)
        redis_cmd_add_str(&cmd, b);
    if (d)
        redis_cmd_add_str(&cmd, d);
    redisReply *r;
    bool ok = redis_call(c, &cmd, &r, e);
    redis_cmd_fini(&cmd);
    if (ok && ret)
        *ret = r;
    else if (ok)
        freeReplyObject(r);
    return ok;
}

static bool log_in(struct redis_conn *c, struct err *e)
{
    char db[12];
    snprintf(db, sizeof db, "%d", c->db);
    if (c->password && !run(c, NULL, e, "AUTH", c->user ? c->user : c->password, c->user ? c->password : NULL))
        return false;
    return c->db == 0 || run(c, NULL, e, "SELECT", db, NULL);
}

static bool is_pair(const redisReply *r, const char *name)
{
    return r->type == REDIS_REPLY_ARRAY && r->elements == 2 && r->element[0]->type == REDIS_REPLY_STRING &&
           r->element[1]->type == REDIS_REPLY_STRING && strcmp(r->element[0]->str, name) == 0;
}

static bool setting(struct redis_conn *c, const char *name, redisReply **ret, struct err *e)
{
    if (!run(c, ret, e, "CONFIG", "GET", name))
        return false;
    if (is_pair(*ret, name))
        return true;
    freeReplyObject(*ret);
    *ret = NULL;
    return true;
}

/* A server that throws single keys away when memory is short leaves marks that promise data which are gone. */
static bool does_not_evict(struct redis_conn *c, struct err *e)
{
    redisReply *limit, *policy = NULL;
    if (!setting(c, "maxmemory", &limit, e))
        return false;
    bool limited = limit && strcmp(limit->element[1]->str, "0") != 0;
    if (limit)
        freeReplyObject(limit);
    if (!limited)
        return true;
    if (!setting(c, "maxmemory-policy", &policy, e))
        return false;
    bool ok = !policy || strcmp(policy->element[1]->str, "noeviction") == 0 ||
              err_set(e, ERR_FATAL, "STORE-EVICTS", "redis: maxmemory-policy is %s, must be noeviction",
                      policy->element[1]->str);
    if (policy)
        freeReplyObject(policy);
    return ok;
}

/* Managed servers forbid CONFIG; then the policy is the operator's word. */
static bool check_policy(struct redis_conn *c, struct err *e)
{
    struct err ce;
    if (does_not_evict(c, &ce))
        return true;
    if (ce.cls == ERR_FATAL && strcmp(ce.code, "STORE-EVICTS") != 0)
        return true;
    *e = ce;
    return false;
}

static bool load_scripts(struct redis_conn *c, struct err *e)
{
    for (size_t i = 0; i < c->scripts_n; i++) {
        redisReply *r;
        if (!run(c, &r, e, "SCRIPT", "LOAD", c->scripts[i].text))
            return false;
        bool fits = r->type == REDIS_REPLY_STRING && (size_t)r->len < sizeof c->scripts[i].sha;
        if (fits)
            memcpy(c->scripts[i].sha, r->str, (size_t)r->len + 1);
        freeReplyObject(r);
        if (!fits)
            return err_set(e, ERR_FATAL, "STORE-REFUSED", "redis: unexpected answer to SCRIPT LOAD");
    }
    return true;
}

static bool dial(struct redis_conn *c, struct err *e)
{
    struct timeval wait = {CONNECT_TIMEOUT_MS / 1000, CONNECT_TIMEOUT_MS % 1000 * 1000};
    struct timeval call = {CALL_TIMEOUT_MS / 1000, CALL_TIMEOUT_MS % 1000 * 1000};
    c->ctx = c->path ? redisConnectUnixWithTimeout(c->path, wait) : redisConnectWithTimeout(c->host, c->port, wait);
    c->awaited = 0;
    if (!c->ctx || c->ctx->err || redisSetTimeout(c->ctx, call) != REDIS_OK)
        return broken(c, e);
    return true;
}

bool redis_conn_up(struct redis_conn *c, struct err *e)
{
    if (c->ctx && c->awaited == 0)
        return true;
    redis_conn_drop(c); /* a pipeline that was left half read */
    if (dial(c, e) && log_in(c, e) && check_policy(c, e) && load_scripts(c, e))
        return true;
    redis_conn_drop(c);
    return false;
}
