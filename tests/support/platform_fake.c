#include "support/platform_fake.h"
#include <stdio.h>
#include <stdlib.h>
#include "base/log.h"

#define TURNS_MAX 200000

struct member {
    const struct svc_def *def;
    struct platform *platform;
    struct store_table tables[16];
    size_t tables_n;
    const void *svc_conf;
    struct fake_db *db;
    struct runtime *rt;
    struct bus *bus;
    struct store *store;
    void (*on_outbound)(void *ctx, const void *msg, const char *trace);
    void *outbound_ctx;
    bool held;
};
struct platform {
    struct fake_cluster *c;
    struct runtime_conf conf;
    const struct keyring *keys;
    struct member m[PLATFORM_SERVICES];
    int n;
};

struct platform *platform_new(int32_t partitions, int64_t now_ms)
{
    struct platform *p = calloc(1, sizeof *p);
    must(p);
    log_open("platform", getenv("CLINIC_TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
    p->c = fake_cluster_new(partitions, now_ms);
    p->conf = (struct runtime_conf){
        .batch_max_records = 100, .batch_max_bytes = 4 << 20, .gather_max_ms = 10, .gather_patient_ms = 20, .record_max_bytes = 65536,
        .tick_ms = 1, .partitions = partitions, .instance = "0",
    };
    return p;
}

static void outbound(void *ctx, enum event_id type, struct bytes packed, const char *trace, int64_t begun_ms)
{
    struct member *m = ctx;
    (void)begun_ms;
    if (!m->on_outbound)
        return;
    ProtobufCMessage *msg = protobuf_c_message_unpack(events[type].msg, NULL, packed.n, packed.p);
    must(msg);
    m->on_outbound(m->outbound_ctx, msg, trace);
    protobuf_c_message_free_unpacked(msg, NULL);
}

static void start(struct member *m)
{
    struct platform *p = m->platform;
    struct runtime_deps d = {
        .def = m->def, .conf = &p->conf, .svc_conf = m->svc_conf, .keys = p->keys, .now_ms = fake_now_ms,
        .mono_ms = fake_mono_ms, .sleep_ms = fake_sleep_ms, .now_ctx = p->c, .outbound = outbound, .outbound_ctx = m,
    };
    m->rt = runtime_new(&d);
    struct bus_conf bc = {.service = m->def->name, .instance = "0", .inbox = (int)m->def->inbox,
                          .facts = (int)m->def->facts, .listener = runtime_listener(m->rt)};
    m->bus = fake_bus_open(p->c, &bc, NULL);
    m->store = fake_store_open(m->db, NULL);
    runtime_start(m->rt, m->bus, m->store);
}

static void stop(struct member *m)
{
    runtime_free(m->rt);
    fake_bus_kill(m->bus);
    m->store->ops->close(m->store);
}

int platform_add(struct platform *p, const struct svc_def *def, const void *svc_conf)
{
    must(p->n < PLATFORM_SERVICES);
    struct member *m = &p->m[p->n];
    m->def = def;
    m->platform = p;
    m->svc_conf = svc_conf;
    for (; def->tables[m->tables_n].name; m->tables_n++) {
        const struct svc_table *t = &def->tables[m->tables_n];
        must(m->tables_n < 16);
        m->tables[m->tables_n] =
            (struct store_table){t->name, t->source < 0 ? (int)def->facts : t->source, t->bucket_bits};
    }
    m->db = fake_db_new(m->tables, m->tables_n);
    start(m);
    return p->n++;
}

void platform_free(struct platform *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n; i++) {
        stop(&p->m[i]);
        fake_db_free(p->m[i].db);
    }
    fake_cluster_free(p->c);
    free(p);
}

void platform_set_keys(struct platform *p, const struct keyring *keys) { p->keys = keys; }

void platform_on_outbound(struct platform *p, int service, void (*fn)(void *ctx, const void *msg, const char *trace),
                          void *ctx)
{
    p->m[service].on_outbound = fn;
    p->m[service].outbound_ctx = ctx;
}

struct fake_cluster *platform_cluster(struct platform *p) { return p->c; }
struct fake_db *platform_db(struct platform *p, int service) { return p->m[service].db; }
int64_t platform_now(const struct platform *p) { return fake_now_ms(p->c); }

void platform_restart(struct platform *p, int service)
{
    stop(&p->m[service]);
    start(&p->m[service]);
}

static void turn(struct member *m)
{
    struct err e = {0};
    if (runtime_turn(m->rt, 1, &e))
        return;
    fprintf(stderr, "%s: %s %s\n", m->def->name, e.code, e.text);
    must(!"runtime ended");
}

/* Quiet: a whole round in which nobody had anything in hand. What one does may give work to those before it. */
void platform_run(struct platform *p)
{
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        bool quiet = true;
        for (int i = 0; i < p->n; i++) {
            if (p->m[i].held)
                continue;
            turn(&p->m[i]);
            quiet = quiet && runtime_is_idle(p->m[i].rt);
        }
        if (quiet)
            return;
    }
    must(!"platform never quiet");
}

void platform_hold(struct platform *p, int service, bool held)
{
    must(service >= 0 && service < p->n);
    p->m[service].held = held;
}

void platform_advance(struct platform *p, int64_t ms)
{
    fake_advance(p->c, ms);
    platform_run(p);
}

static void earliest(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    int64_t *next = ctx;
    (void)part;
    (void)key;
    (void)val;
    if (due_ms && (!*next || due_ms < *next))
        *next = due_ms;
}

int64_t platform_next_due(struct platform *p)
{
    int64_t next = 0;
    for (int i = 0; i < p->n; i++)
        for (size_t t = 0; t < p->m[i].tables_n; t++)
            fake_db_each(p->m[i].db, (int)t, earliest, &next);
    return next;
}

struct decoding {
    const ProtobufCMessageDescriptor *desc;
    void (*fn)(void *ctx, int32_t part, struct bytes key, const void *msg);
    void *ctx;
};

static void decode(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    const struct decoding *d = ctx;
    (void)due_ms;
    ProtobufCMessage *msg = protobuf_c_message_unpack(d->desc, NULL, val.n, val.p);
    must(msg);
    d->fn(d->ctx, part, key, msg);
    protobuf_c_message_free_unpacked(msg, NULL);
}

void platform_each(struct platform *p, int service, int table,
                   void (*fn)(void *ctx, int32_t part, struct bytes key, const void *msg), void *ctx)
{
    struct decoding d = {events[p->m[service].def->tables[table].type].msg, fn, ctx};
    fake_db_each(p->m[service].db, table, decode, &d);
}

struct wanted {
    struct bytes key;
    struct arena *mem;
    const ProtobufCMessageDescriptor *desc;
    const void *found;
};

static void find(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    struct wanted *w = ctx;
    (void)part;
    (void)due_ms;
    if (bytes_eq(w->key, key))
        w->found = protobuf_c_message_unpack(w->desc, arena_pb(w->mem), val.n, val.p);
}

const void *platform_get(struct platform *p, int service, int table, struct bytes key, struct arena *mem)
{
    struct wanted w = {key, mem, events[p->m[service].def->tables[table].type].msg, NULL};
    fake_db_each(p->m[service].db, table, find, &w);
    return w.found;
}
