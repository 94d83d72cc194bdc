/* bus_fake_log.c - topics: append, visibility, compaction. */
#include <stdlib.h>
#include "support/bus_fake_impl.h"

static struct bytes own(struct bytes b)
{
    if (!b.p)
        return (struct bytes){0};
    void *p = malloc(b.n ? b.n : 1);
    must(p);
    if (b.n)
        memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

static void free_rec(struct fake_rec *r)
{
    free((void *)(uintptr_t)r->key.p);
    free((void *)(uintptr_t)r->value.p);
    for (size_t i = 0; i < r->headers_n; i++) {
        free((void *)(uintptr_t)r->headers[i].name);
        free((void *)(uintptr_t)r->headers[i].value.p);
    }
    free(r->headers);
    *r = (struct fake_rec){.offset = r->offset, .is_gone = true, .txn = r->txn};
}

static void own_headers(struct fake_rec *r, const struct bus_out *o)
{
    r->headers_n = o->headers_n;
    r->headers = calloc(o->headers_n + 1, sizeof *r->headers);
    must(r->headers);
    for (size_t i = 0; i < o->headers_n; i++)
        r->headers[i] = (struct bus_header){strdup(o->headers[i].name), own(o->headers[i].value)};
}

struct fake_rec *fake_append(struct fake_cluster *c, int topic, int32_t part, const struct bus_out *o,
                             struct fake_txn *txn)
{
    must(topic >= 0 && topic < TOPIC_N && part >= 0 && part < c->partitions);
    struct fake_log *l = &c->logs[topic][part];
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        l->v = realloc(l->v, l->cap * sizeof *l->v);
        must(l->v);
    }
    struct fake_rec *r = &l->v[l->n];
    *r = (struct fake_rec){.offset = (int64_t)l->n++, .txn = txn, .is_marker = !o};
    r->time_ms = o && o->time_ms && topics[topic].time == 'P' ? o->time_ms : c->now_ms;
    if (o) {
        r->key = own(o->key);
        r->value = own(o->value);
        own_headers(r, o);
    }
    return r;
}

int64_t fake_publish(struct fake_cluster *c, const struct bus_out *o)
{
    int32_t part = o->partition >= 0 ? o->partition : wire_partition(o->key, c->partitions);
    return fake_append(c, o->topic, part, o, NULL)->offset;
}

int64_t fake_publish_event(struct fake_cluster *c, int topic, struct bytes key, enum event_id type, const void *msg,
                           const char *id, const char *subject)
{
    struct arena *mem = arena_new(4 << 20, 4096);
    struct ce ce = {.event = type, .id = id ? id : "test", .source = "/clinic/test", .subject = subject, .time_ms = c->now_ms};
    size_t n = protobuf_c_message_get_packed_size(msg);
    uint8_t *packed = arena_alloc(mem, n + 1);
    struct bus_out o = {.topic = topic, .partition = -1, .key = key};
    o.value = bytes_of(packed, protobuf_c_message_pack(msg, packed));
    o.headers = ce_headers(&ce, mem, &o.headers_n);
    int64_t offset = fake_publish(c, &o);
    arena_free(mem);
    return offset;
}

int64_t fake_end(const struct fake_cluster *c, int topic, int32_t part) { return (int64_t)c->logs[topic][part].n; }

int64_t fake_stable(const struct fake_cluster *c, int topic, int32_t part)
{
    const struct fake_log *l = &c->logs[topic][part];
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].txn && l->v[i].txn->state == TXN_OPEN)
            return (int64_t)i;
    return (int64_t)l->n;
}

bool fake_is_visible(const struct fake_rec *r)
{
    return !r->is_marker && !r->is_gone && (!r->txn || r->txn->state == TXN_DONE);
}

static void fill_header(struct bus_rec *out, const struct bus_header *h)
{
    const struct {
        const char *name;
        struct bytes *to;
    } known[] = {{"content-type", &out->content_type},   {"ce_type", &out->ce_type},
                 {"ce_id", &out->ce_id},                 {"ce_source", &out->ce_source},
                 {"ce_subject", &out->ce_subject},       {"ce_time", &out->ce_time},
                 {"ce_expirytime", &out->ce_expirytime}, {"traceparent", &out->traceparent},
                 {"tracestate", &out->tracestate},       {"ce_traceparent", &out->ce_traceparent},
                 {"ce_tracestate", &out->ce_tracestate}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(h->name, known[i].name) == 0)
            *known[i].to = h->value;
}

void fake_fill(const struct fake_rec *r, int topic, int32_t part, struct bus_rec *out)
{
    *out = (struct bus_rec){.topic = topic, .partition = part, .offset = r->offset, .time_ms = r->time_ms,
                            .key = r->key, .value = r->value, .headers = r->headers, .headers_n = r->headers_n};
    for (size_t i = 0; i < r->headers_n; i++)
        fill_header(out, &r->headers[i]);
}

void fake_each(struct fake_cluster *c, int topic, int32_t part, void (*fn)(void *ctx, const struct bus_rec *r),
               void *ctx)
{
    int64_t stable = fake_stable(c, topic, part);
    for (int64_t i = 0; i < stable; i++) {
        struct bus_rec rec;
        if (!fake_is_visible(&c->logs[topic][part].v[i]))
            continue;
        fake_fill(&c->logs[topic][part].v[i], topic, part, &rec);
        fn(ctx, &rec);
    }
}

void fake_compact(struct fake_cluster *c, int topic)
{
    for (int32_t p = 0; p < c->partitions; p++) {
        struct fake_log *l = &c->logs[topic][p];
        int64_t stable = fake_stable(c, topic, p);
        for (int64_t i = 0; i < stable; i++) {
            bool is_last = fake_is_visible(&l->v[i]);
            for (int64_t k = i + 1; k < stable && is_last; k++)
                is_last = !fake_is_visible(&l->v[k]) || !bytes_eq(l->v[i].key, l->v[k].key);
            if (!is_last && !l->v[i].is_marker)
                free_rec(&l->v[i]);
        }
    }
}

void fake_recreate_topic(struct fake_cluster *c, int topic)
{
    for (int32_t p = 0; p < c->partitions; p++) {
        struct fake_log *l = &c->logs[topic][p];
        for (size_t i = 0; i < l->n; i++)
            free_rec(&l->v[i]);
        l->n = 0;
    }
}

void fake_logs_free(struct fake_cluster *c)
{
    for (int t = 0; t < TOPIC_N; t++) {
        fake_recreate_topic(c, t);
        for (int32_t p = 0; p < c->partitions; p++)
            free(c->logs[t][p].v);
    }
}
