/* fixture.h - a gateway on fakes: a log that keeps what it is given and answers when told, a cache and a store in
 * memory that can go away, a clock that stands still. Header only: each test program has its own. */
#ifndef CLINIC_TEST_GATEWAY_FIXTURE_H
#define CLINIC_TEST_GATEWAY_FIXTURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <cmocka.h>
#include "domain/pb.h"
#include "domain/ruleset.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/gateway/answer.h"
#include "services/gateway/catalogue.h"
#include "services/gateway/idem.h"
#include "services/gateway/tables.h"
#include "services/intake/intake.h"
#include "support/keyring_test.h"

#define PARTITIONS 6
#define NOW_MS     1778576400000LL /* 2026-05-12T09:00:00Z */
#define KEPT_MAX   64

/* --- a table of named bytes --- */
struct kept {
    char name[128];
    char *p;
    size_t n;
};
struct shelf {
    struct kept items[KEPT_MAX];
    size_t n;
};

static inline struct kept *shelf_find(struct shelf *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].name, name) == 0)
            return &s->items[i];
    return NULL;
}

static inline void shelf_put(struct shelf *s, const char *name, const void *p, size_t n)
{
    struct kept *k = shelf_find(s, name);
    if (!k) {
        assert_true(s->n < KEPT_MAX);
        k = &s->items[s->n++];
        snprintf(k->name, sizeof k->name, "%s", name);
    }
    free(k->p);
    k->p = malloc(n + 1);
    memcpy(k->p, p, n);
    k->n = n;
}

static inline void shelf_clear(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->items[i].p);
    memset(s, 0, sizeof *s);
}

/* --- store --- */
struct fake_store {
    struct store base; /* first */
    struct shelf shelf; /* "<part>/<table>/<key>" */
    bool is_down;
    int64_t mark; /* of every partition */
    size_t reads;
    void (*on_mark)(void *ctx);   /* what happens while the mark is asked for; NULL = nothing */
    void *on_mark_ctx;
};

static inline const char *store_name(int32_t part, int table, struct bytes key)
{
    static char name[128];
    snprintf(name, sizeof name, "%d/%d/%.*s", part, table, (int)key.n, (const char *)key.p);
    return name;
}

static inline bool fake_read(struct store *s, const struct store_expect *exp, size_t exp_n, struct store_get *gets,
                             size_t gets_n, struct arena *mem, size_t *ret_stale, struct err *e)
{
    struct fake_store *f = (struct fake_store *)s;
    (void)exp, (void)exp_n, (void)ret_stale;
    f->reads++;
    if (f->is_down)
        return err_set(e, ERR_RETRY, "FAKE", "store is away");
    for (size_t i = 0; i < gets_n; i++) {
        struct kept *k = shelf_find(&f->shelf, store_name(gets[i].part, gets[i].table, gets[i].key));
        gets[i].val = k ? bytes_of(arena_dup(mem, k->p, k->n), k->n) : (struct bytes){0};
    }
    return true;
}

static inline bool fake_mark(struct store *s, int32_t part, int topic, int64_t *ret, struct err *e)
{
    struct fake_store *f = (struct fake_store *)s;
    (void)part, (void)topic;
    if (f->is_down)
        return err_set(e, ERR_RETRY, "FAKE", "store is away");
    if (f->on_mark)
        f->on_mark(f->on_mark_ctx);
    *ret = f->mark;
    return true;
}

/* The cursor is the index of the next item; 0 again at the end. Two items a step, so that pages are joined. */
static inline bool fake_scan(struct store *s, int32_t part, int table, uint64_t *cursor, struct arena *mem,
                             struct store_get *out, size_t max, size_t *ret_n, struct err *e)
{
    struct fake_store *f = (struct fake_store *)s;
    char prefix[32];
    int len = snprintf(prefix, sizeof prefix, "%d/%d/", part, table);
    size_t n = 0, i = *cursor;
    if (f->is_down)
        return err_set(e, ERR_RETRY, "FAKE", "store is away");
    for (; i < f->shelf.n && n < max && n < 2; i++) {
        const struct kept *k = &f->shelf.items[i];
        if (strncmp(k->name, prefix, (size_t)len) == 0)
            out[n++] = (struct store_get){.part = part, .table = table, .key = bytes_str(arena_strdup(mem, k->name + len)),
                                          .val = bytes_of(k->p, k->n)};
    }
    *cursor = i < f->shelf.n ? i : 0;
    *ret_n = n;
    return true;
}

static const struct store_ops fake_store_ops = {.read = fake_read, .mark = fake_mark, .scan = fake_scan};

/* --- log --- */
struct fake_log {
    bool is_down, refuses, holds; /* holds: the answer comes by log_answer() */
    size_t sent;
    int64_t end;                  /* of every log */
    int32_t partition;
    int topic;
    char key[64];
    uint8_t value[8192];
    size_t value_n;
    struct shelf headers;
    pub_done *done;
    void *done_ctx;
};

static inline bool fake_send(void *ctx, const struct bus_out *o, pub_done *done, void *done_ctx, struct err *e)
{
    struct fake_log *l = ctx;
    if (l->refuses)
        return err_set(e, ERR_RETRY, "FAKE", "queue is full");
    l->sent++;
    l->partition = o->partition;
    l->topic = o->topic;
    snprintf(l->key, sizeof l->key, "%.*s", (int)o->key.n, (const char *)o->key.p);
    assert_true(o->value.n <= sizeof l->value);
    memcpy(l->value, o->value.p, o->value.n);
    l->value_n = o->value.n;
    shelf_clear(&l->headers);
    for (size_t i = 0; i < o->headers_n; i++)
        shelf_put(&l->headers, o->headers[i].name, o->headers[i].value.p, o->headers[i].value.n);
    l->done = done;
    l->done_ctx = done_ctx;
    if (!l->holds)
        done(done_ctx, true);
    return true;
}

static inline bool fake_is_up(void *ctx) { return !((struct fake_log *)ctx)->is_down; }

static inline bool fake_high(void *ctx, int topic, int32_t part, int64_t *ret, struct err *e)
{
    struct fake_log *l = ctx;
    (void)topic, (void)part;
    *ret = l->end;
    return !l->is_down || err_set(e, ERR_RETRY, "FAKE", "broker is away");
}

static inline const char *log_header(struct fake_log *l, const char *name)
{
    static char text[160];
    struct kept *k = shelf_find(&l->headers, name);
    if (!k)
        return "";
    snprintf(text, sizeof text, "%.*s", (int)k->n, k->p);
    return text;
}

/* --- cache --- */
struct fake_cache {
    bool is_down, is_anothers; /* claims are held by another process */
    struct shelf shelf;
};

static inline bool fake_take(void *ctx, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e)
{
    struct fake_cache *c = ctx;
    (void)name, (void)ttl_ms;
    if (c->is_down)
        return err_set(e, ERR_RETRY, "FAKE", "cache is away");
    *ret_mine = !c->is_anothers;
    return true;
}

static inline bool fake_put(void *ctx, const char *name, struct bytes value, int64_t ttl_ms, struct err *e)
{
    struct fake_cache *c = ctx;
    assert_true(ttl_ms > 0);
    if (c->is_down)
        return err_set(e, ERR_RETRY, "FAKE", "cache is away");
    shelf_put(&c->shelf, name, value.p, value.n);
    return true;
}

static inline bool fake_get(void *ctx, const char *name, struct bytes *ret, struct err *e)
{
    struct fake_cache *c = ctx;
    if (c->is_down)
        return err_set(e, ERR_RETRY, "FAKE", "cache is away");
    struct kept *k = shelf_find(&c->shelf, name);
    *ret = k ? bytes_of(memcpy(malloc(k->n + 1), k->p, k->n), k->n) : (struct bytes){0};
    return true;
}

/* --- the gateway --- */
struct fixture {
    struct gw gw;
    struct gw_worker w;
    struct fake_store intake, attachment, capacity;
    struct fake_log log;
    struct fake_cache cache;
    char dir[64];
};

static int64_t fixture_tick_ms = 1000;
static inline int64_t fixture_now(void) { return NOW_MS; }
static inline int64_t fixture_tick(void) { return fixture_tick_ms; }
static size_t fixture_finished_n;
static inline void fixture_finished(struct gw_req *r)
{
    (void)r;
    fixture_finished_n++;
}
static struct gw_worker *fixture_worker;
static inline void fixture_again(struct gw *gw, struct gw_req *r)
{
    (void)gw;
    void (*step)(struct gw_worker *, struct gw_req *) = r->after_ack;
    r->after_ack = NULL;
    step(fixture_worker, r);
}

static inline void write_file(const char *dir, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline void fixture_load(struct fixture *f)
{
    struct err e = {0};
    struct keyring *keys = NULL;
    struct rulesets *rules;
    char path[128];
    snprintf(f->dir, sizeof f->dir, "/tmp/clinic-gateway-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    write_file(f->dir, "rules.ini", "[federal]\nversion = 1\n[RU-MOW : federal]\nversion = 1\nregion = 77\n");
    snprintf(path, sizeof path, "%s/keyring", f->dir);
    if (!keyring_test_write(path, &e) || !keyring_load(path, &keys, &e))
        fail_msg("keyring: %s", e.text);
    snprintf(path, sizeof path, "%s/rules.ini", f->dir);
    if (!rulesets_load_file(path, &rules, &e))
        fail_msg("rules: %s", e.text);
    f->gw.keys = keys;
    f->gw.rules = rules;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_load(f);
    f->intake.base.ops = f->attachment.base.ops = f->capacity.base.ops = &fake_store_ops;
    f->gw.log = (struct gw_log){fake_send, fake_is_up, fake_high, &f->log};
    f->gw.cache = (struct gw_cache){fake_take, fake_put, fake_get, &f->cache};
    f->gw.partitions = PARTITIONS;
    f->gw.publish_ms = 5000;
    f->gw.retry_after_s = 5;
    f->gw.idempotency_ms = 86400000;
    f->gw.clinics_ms = 5000;
    f->gw.now_ms = fixture_now;
    f->gw.tick_ms = fixture_tick;
    f->gw.finished = fixture_finished;
    f->gw.again = fixture_again;
    f->gw.waits = gw_waits_new();
    f->gw.recent = gw_recent_new();
    f->gw.running = gw_running_new();
    f->gw.catalogue = gw_catalogue_new();
    f->gw.ends = gw_ends_new(PARTITIONS);
    f->intake.mark = f->attachment.mark = f->capacity.mark = f->log.end = 7;
    f->w = (struct gw_worker){&f->gw, &f->intake.base, &f->attachment.base, &f->capacity.base,
                              arena_new(64u << 20, 1u << 20)};
    fixture_worker = &f->w;
    fixture_finished_n = 0;
    fixture_tick_ms = 1000;
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[96];
    gw_waits_free(f->gw.waits);
    gw_recent_free(f->gw.recent);
    gw_running_free(f->gw.running);
    gw_catalogue_free(f->gw.catalogue);
    gw_ends_free(f->gw.ends);
    arena_free(f->w.mem);
    shelf_clear(&f->intake.shelf);
    shelf_clear(&f->attachment.shelf);
    shelf_clear(&f->capacity.shelf);
    shelf_clear(&f->cache.shelf);
    shelf_clear(&f->log.headers);
    keyring_free((struct keyring *)f->gw.keys);
    rulesets_free((struct rulesets *)f->gw.rules);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    int rc = system(command);
    free(f);
    return rc;
}

/* --- requests --- */
#define VALUES_MAX 8
struct test_req {
    struct gw_req base; /* first */
    const char *names[VALUES_MAX], *values[VALUES_MAX];
    size_t n;
};

static inline const char *test_get(const struct gw_req *r, enum gw_part part, const char *name)
{
    const struct test_req *t = (const struct test_req *)r;
    (void)part;
    for (size_t i = 0; i < t->n; i++)
        if (strcasecmp(t->names[i], name) == 0)
            return t->values[i];
    return NULL;
}

/* Headers and query parameters: name, value, ..., NULL. The caller ends with gw_req_fini(). */
static inline struct test_req *ask(struct fixture *f, const char *method, const char *path, const char *body, ...)
{
    struct test_req *t = calloc(1, sizeof *t);
    const char *allow;
    t->base.route = gw_route_find(method, path, t->base.id, &allow);
    assert_non_null(t->base.route);
    t->base.path = path;
    t->base.get = test_get;
    if (body) {
        t->base.body = strdup(body);
        t->base.body_n = strlen(body);
    }
    va_list ap;
    va_start(ap, body);
    for (const char *name; (name = va_arg(ap, const char *)); t->n++) {
        assert_true(t->n < VALUES_MAX);
        t->names[t->n] = name;
        t->values[t->n] = va_arg(ap, const char *);
    }
    va_end(ap);
    ce_child_traceparent(gw_parent(&t->base), "test", t->base.trace);
    t->base.route->handle(&f->w, &t->base);
    return t;
}

static inline void end(struct test_req *t)
{
    gw_req_fini(&t->base);
    free(t);
}

static inline json_t *answer_json(const struct test_req *t)
{
    json_t *j = json_loads(t->base.answer.body, 0, NULL);
    assert_non_null(j);
    return j;
}

static inline void assert_problem(const struct test_req *t, int status, const char *type, const char *pointer)
{
    json_t *j = answer_json(t);
    assert_int_equal(t->base.answer.status, status);
    assert_string_equal(t->base.answer.content_type, "application/problem+json");
    assert_int_equal(json_integer_value(json_object_get(j, "status")), status);
    const char *given = json_string_value(json_object_get(j, "type"));
    assert_string_equal(given + strlen(GW_PROBLEM_TYPE), type);
    assert_int_equal(strlen(json_string_value(json_object_get(j, "trace_id"))), 32);
    if (pointer) {
        json_t *first = json_array_get(json_object_get(j, "errors"), 0);
        assert_string_equal(json_string_value(json_object_get(first, "pointer")), pointer);
        assert_true(strlen(json_string_value(json_object_get(first, "message"))) > 0);
    }
    json_decref(j);
}

static inline void store_message(struct fixture *f, struct fake_store *s, const struct svc_def *def, const char *table,
                                 const char *key, const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *p = malloc(n + 1);
    protobuf_c_message_pack(m, p);
    shelf_put(&s->shelf, store_name(gw_partition(&f->gw, key), gw_table(def, table), bytes_str(key)), p, n);
    free(p);
}
#endif
