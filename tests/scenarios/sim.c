/* sim.c - see sim.h. */
#include "sim.h"
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

#define SERVICES_MAX 4
#define READS_MAX    8

struct state {
    int service, table;
    char key[128];
    struct bytes value; /* owned; .p == NULL = absent */
    struct state *next;
};
struct node {
    struct sim_rec rec;
    struct node *next;
};
struct queue {
    struct node *first, **last;
};
struct service {
    const struct svc_def *def;
    const void *conf;
    struct queue queues[SIM_PARTITIONS];
};
struct sim {
    struct service services[SERVICES_MAX];
    int services_n;
    struct state *states[1024];
    int64_t now_ms;
    struct arena *mem; /* of one call */
    void (*watch)(void *ctx, const struct sim_rec *r, const void *msg);
    void *watch_ctx;
};
struct svc_plan {
    struct {
        int table;
        struct bytes key;
    } reads[READS_MAX];
    size_t n;
};
struct svc_call {
    struct sim *s;
    int service;
    const struct svc_plan *plan;
};

struct sim *sim_new(void)
{
    struct sim *s = calloc(1, sizeof *s);
    must(s);
    s->mem = arena_new((size_t)1 << 28, 1 << 20);
    return s;
}

static void queue_drop(struct queue *q)
{
    struct node *n = q->first;
    q->first = n->next;
    if (!q->first)
        q->last = &q->first;
    free((void *)n->rec.value.p);
    free(n);
}

void sim_free(struct sim *s)
{
    for (int i = 0; i < s->services_n; i++)
        for (int p = 0; p < SIM_PARTITIONS; p++)
            while (s->services[i].queues[p].first)
                queue_drop(&s->services[i].queues[p]);
    for (size_t i = 0; i < sizeof s->states / sizeof *s->states; i++)
        for (struct state *st = s->states[i], *next; st; st = next) {
            next = st->next;
            free((void *)st->value.p);
            free(st);
        }
    arena_free(s->mem);
    free(s);
}

int sim_add(struct sim *s, const struct svc_def *def, const void *svc_conf)
{
    must(s->services_n < SERVICES_MAX);
    struct service *v = &s->services[s->services_n];
    *v = (struct service){.def = def, .conf = svc_conf};
    for (int p = 0; p < SIM_PARTITIONS; p++)
        v->queues[p].last = &v->queues[p].first;
    return s->services_n++;
}

void sim_set_time(struct sim *s, int64_t now_ms) { s->now_ms = now_ms; }

void sim_watch(struct sim *s, void (*fn)(void *ctx, const struct sim_rec *r, const void *msg), void *ctx)
{
    s->watch = fn;
    s->watch_ctx = ctx;
}

/* --- state --- */

static struct state *state_of(struct sim *s, int service, int table, struct bytes key)
{
    uint32_t h = 2166136261u + (uint32_t)(service * 16 + table);
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ ((const uint8_t *)key.p)[i]) * 16777619u;
    struct state **at = &s->states[h % (sizeof s->states / sizeof *s->states)];
    for (; *at; at = &(*at)->next)
        if ((*at)->service == service && (*at)->table == table && bytes_eq(bytes_str((*at)->key), key))
            return *at;
    struct state *fresh = calloc(1, sizeof *fresh);
    must(fresh && key.n < sizeof fresh->key);
    fresh->service = service;
    fresh->table = table;
    memcpy(fresh->key, key.p, key.n);
    return *at = fresh;
}

static struct bytes packed(const void *msg)
{
    size_t n = protobuf_c_message_get_packed_size(msg);
    uint8_t *p = malloc(n + 1);
    must(p);
    protobuf_c_message_pack(msg, p);
    return bytes_of(p, n);
}

static void set(struct state *st, struct bytes value)
{
    free((void *)st->value.p);
    st->value = value;
}

static void *decoded(struct sim *s, enum event_id type, struct bytes value)
{
    void *msg = value.p ? protobuf_c_message_unpack(events[type].msg, arena_pb(s->mem), value.n, value.p) : NULL;
    must(msg || !value.p);
    return msg;
}

/* --- the calls of svc.h --- */

void svc_read(struct svc_plan *p, int table, struct bytes key)
{
    must(p->n < READS_MAX && key.n);
    p->reads[p->n].table = table;
    p->reads[p->n++].key = key;
}

const void *svc_get(struct svc_call *c, int table, struct bytes key)
{
    bool planned = false;
    for (size_t i = 0; i < c->plan->n && !planned; i++)
        planned = c->plan->reads[i].table == table && bytes_eq(c->plan->reads[i].key, key);
    must(planned);
    return decoded(c->s, c->s->services[c->service].def->tables[table].type,
                   state_of(c->s, c->service, table, key)->value);
}

void *svc_take(struct svc_call *c, int table, struct bytes key) { return (void *)(uintptr_t)svc_get(c, table, key); }

void svc_put(struct svc_call *c, int table, struct bytes key, const void *msg)
{
    must(c->s->services[c->service].def->tables[table].source == -1);
    set(state_of(c->s, c->service, table, key), packed(msg));
}

void svc_del(struct svc_call *c, int table, struct bytes key)
{
    set(state_of(c->s, c->service, table, key), (struct bytes){0});
}

void svc_emit(struct svc_call *c, enum topic_id topic, struct bytes key, enum event_id type, const void *msg,
              const char *subject)
{
    char text[64];
    must(svc_may_emit(c->s->services[c->service].def->outputs, topic, type) && key.n && key.n < sizeof text);
    memcpy(text, key.p, key.n);
    text[key.n] = '\0';
    sim_publish(c->s, topic, text, type, msg, subject);
}

void svc_outbound(struct svc_call *c, const void *msg)
{
    (void)c;
    (void)msg;
}

void svc_count(struct svc_call *c, int metric, const char *label)
{
    must(c->s->services[c->service].def->metrics[metric].name);
    must(!label == !c->s->services[c->service].def->metrics[metric].label);
}

int svc_main(const struct svc_def *def, int argc, char **argv)
{
    (void)def;
    (void)argc;
    (void)argv;
    return 2;
}

/* --- records --- */

static void enqueue(struct service *v, const struct sim_rec *r)
{
    struct node *n = calloc(1, sizeof *n);
    must(n);
    n->rec = *r;
    struct queue *q = &v->queues[wire_partition(bytes_str(r->key), SIM_PARTITIONS)];
    *q->last = n;
    q->last = &n->next;
}

static bool feed_tables(struct sim *s, const struct sim_rec *r)
{
    bool fed = false;
    for (int i = 0; i < s->services_n; i++)
        for (int t = 0; s->services[i].def->tables[t].name; t++)
            if (s->services[i].def->tables[t].source == (int)r->topic) {
                uint8_t *copy = malloc(r->value.n + 1);
                must(copy);
                memcpy(copy, r->value.p, r->value.n);
                set(state_of(s, i, t, bytes_str(r->key)), bytes_of(copy, r->value.n));
                fed = true;
            }
    return fed;
}

void sim_publish(struct sim *s, enum topic_id topic, const char *key, enum event_id type, const void *msg,
                 const char *subject)
{
    struct sim_rec r = {.topic = topic, .type = type, .value = packed(msg)};
    must(strlen(key) < sizeof r.key && strlen(subject) < sizeof r.subject);
    strcpy(r.key, key);
    strcpy(r.subject, subject);
    for (int i = 0; i < s->services_n; i++)
        if (s->services[i].def->inbox == topic) {
            enqueue(&s->services[i], &r);
            return;
        }
    if (!feed_tables(s, &r) && s->watch)
        s->watch(s->watch_ctx, &r, msg);
    free((void *)r.value.p);
}

void sim_publish_again(struct sim *s, const struct sim_rec *r)
{
    void *msg = protobuf_c_message_unpack(events[r->type].msg, NULL, r->value.n, r->value.p);
    must(msg);
    sim_publish(s, r->topic, r->key, r->type, msg, r->subject);
    protobuf_c_message_free_unpacked(msg, NULL);
}

static struct queue *waiting(const struct sim *s, size_t i, int *ret_service, int *ret_part)
{
    for (int v = 0; v < s->services_n; v++)
        for (int p = 0; p < SIM_PARTITIONS; p++)
            if (s->services[v].queues[p].first && i-- == 0) {
                *ret_service = v;
                *ret_part = p;
                return (struct queue *)&s->services[v].queues[p];
            }
    return NULL;
}

size_t sim_waiting(const struct sim *s)
{
    size_t n = 0;
    int v, p;
    while (waiting(s, n, &v, &p))
        n++;
    return n;
}

const struct sim_rec *sim_head(const struct sim *s, size_t i)
{
    int v, p;
    return &waiting(s, i, &v, &p)->first->rec;
}

void sim_drop(struct sim *s, size_t i)
{
    int v, p;
    queue_drop(waiting(s, i, &v, &p));
}

static void call(struct sim *s, int service, const struct svc_handler *h, struct svc_event *ev)
{
    struct svc_plan plan = {0};
    struct svc_call c = {s, service, &plan};
    ev->now_ms = s->now_ms;
    ev->arena = s->mem;
    ev->conf = s->services[service].conf;
    ev->partitions = SIM_PARTITIONS;
    ev->ce_id = "";
    if (h->due_table >= 0)
        svc_read(&plan, h->due_table, ev->key);
    h->plan(ev, &plan);
    struct svc_verdict verdict = h->handle(ev, &c);
    must(!verdict.rejected);
    arena_reset(s->mem);
}

void sim_handle(struct sim *s, size_t i, int times)
{
    int service, part;
    struct queue *q = waiting(s, i, &service, &part);
    const struct sim_rec *r = &q->first->rec;
    const struct svc_handler *h = s->services[service].def->handlers;
    while (h->handle && (h->due_table >= 0 || h->type != r->type))
        h++;
    must(h->handle);
    for (int n = 0; n < times; n++) {
        struct svc_event ev = {.type = events[r->type].type, .key = bytes_str(r->key), .subject = r->subject,
                               .partition = part, .msg = decoded(s, r->type, r->value)};
        call(s, service, h, &ev);
    }
    queue_drop(q);
}

static int64_t due_of(struct sim *s, const struct state *st)
{
    const struct svc_table *t = &s->services[st->service].def->tables[st->table];
    return st->value.p && t->due_ms ? t->due_ms(decoded(s, t->type, st->value)) : 0;
}

bool sim_due(struct sim *s)
{
    for (size_t i = 0; i < sizeof s->states / sizeof *s->states; i++)
        for (struct state *st = s->states[i]; st; st = st->next) {
            int64_t at = due_of(s, st);
            const struct svc_handler *h = s->services[st->service].def->handlers;
            while (h->handle && h->due_table != st->table)
                h++;
            if (!at || at > s->now_ms || !h->handle)
                continue;
            struct svc_event ev = {.type = SVC_DUE, .key = bytes_str(st->key), .subject = "",
                                   .partition = wire_partition(bytes_str(st->key), SIM_PARTITIONS),
                                   .msg = decoded(s, s->services[st->service].def->tables[st->table].type, st->value)};
            call(s, st->service, h, &ev);
            return true;
        }
    return false;
}

int64_t sim_next_due(const struct sim *s)
{
    int64_t first = 0;
    for (size_t i = 0; i < sizeof s->states / sizeof *s->states; i++)
        for (struct state *st = s->states[i]; st; st = st->next) {
            int64_t at = due_of((struct sim *)s, st);
            if (at && (!first || at < first))
                first = at;
        }
    return first;
}

void sim_each(struct sim *s, int service, int table, void (*fn)(void *ctx, const char *key, const void *msg), void *ctx)
{
    for (size_t i = 0; i < sizeof s->states / sizeof *s->states; i++)
        for (struct state *st = s->states[i]; st; st = st->next)
            if (st->service == service && st->table == table && st->value.p)
                fn(ctx, st->key, decoded(s, s->services[service].def->tables[table].type, st->value));
}
