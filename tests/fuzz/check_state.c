/* check_state.c - what a service keeps: the projection equals its facts, and the tables agree with one another. */
#include <stdlib.h>
#include <string.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "platform_fuzz.h"
#include "wire/facts.h"

#define CELLS_MAX 4096
#define CLOSED_MAX 64 /* far above what a person may keep of closed applications */

/* --- the projection --- */
struct cell {
    struct bytes key, value;
    int32_t part;
};
struct cells {
    struct cell *v; /* last value of every key of the facts */
    size_t n;
    size_t seen;    /* records of the projection */
    const struct svc_table *table;
};

static struct cell *find(struct cells *c, int32_t part, struct bytes key)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].part == part && bytes_eq(c->v[i].key, key))
            return &c->v[i];
    return NULL;
}

static void on_fact(void *ctx, const struct bus_rec *r)
{
    struct cells *c = ctx;
    struct cell *cell = find(c, r->partition, r->key);
    if (!cell) {
        EXPECT(c->n < CELLS_MAX);
        cell = &c->v[c->n++];
    }
    *cell = (struct cell){r->key, r->value, r->partition};
}

static void on_cell(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    struct cells *c = ctx;
    struct cell *cell = find(c, part, facts_key(c->table->name, key, fuzz_mem()));
    (void)due_ms;
    EXPECT(cell && cell->value.p && bytes_eq(cell->value, val));
    c->seen++;
}

static void check_projection(struct platform *p, const struct svc_def *def)
{
    struct cells c = {.v = ARENA_ARRAY(fuzz_mem(), struct cell, CELLS_MAX)};
    size_t living = 0;
    for (int32_t part = 0; part < fake_partitions(platform_cluster(p)); part++)
        fake_each(platform_cluster(p), (int)def->facts, part, on_fact, &c);
    for (c.table = def->tables; c.table->name; c.table++)
        if (c.table->source < 0)
            fake_db_each(platform_db(p, 0), (int)(c.table - def->tables), on_cell, &c);
    for (size_t i = 0; i < c.n; i++)
        living += c.v[i].value.p != NULL;
    EXPECT(living == c.seen);
}

/* --- capacity: the counter of every doctor is the number of places held --- */
struct count {
    struct platform *p;
    int table;          /* of reservations */
    struct bytes clinic;
    uint32_t doctor, held;
    size_t total;
};

static int table_of(const struct svc_def *def, const char *name)
{
    int i = 0;
    while (strcmp(def->tables[i].name, name) != 0)
        i++;
    return i;
}

static void count_held(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    struct count *c = ctx;
    const PB(Reservation) *r = msg;
    (void)part;
    bool is_his = key.n > c->clinic.n && memcmp(key.p, c->clinic.p, c->clinic.n) == 0 &&
                  ((const char *)key.p)[c->clinic.n] == '/';
    c->held += is_his && r->doctor_id == c->doctor;
}

static void check_places(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    struct count *c = ctx;
    const PB(ClinicPlaces) *places = msg;
    (void)part;
    for (size_t i = 0; i < places->n_doctors; i++) {
        c->clinic = key;
        c->doctor = places->doctors[i]->doctor_id;
        c->held = 0;
        platform_each(c->p, 0, c->table, count_held, c);
        EXPECT(c->held == places->doctors[i]->used);
        c->total += places->doctors[i]->used;
    }
}

static void count_one(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    (void)part, (void)key, (void)msg;
    ++*(size_t *)ctx;
}

static void check_capacity(struct platform *p, const struct svc_def *def)
{
    struct count c = {.p = p, .table = table_of(def, "reservation")};
    size_t held = 0;
    platform_each(p, 0, table_of(def, "places"), check_places, &c);
    platform_each(p, 0, c.table, count_one, &held);
    EXPECT(held == c.total);
}

/* --- attachment: one attachment and one application in flight a profile --- */
static void check_person(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    const PB(PersonState) *s = msg;
    (void)ctx, (void)part, (void)key;
    for (size_t i = 0; i < s->n_attachments; i++)
        for (size_t k = 0; k < i; k++)
            EXPECT(s->attachments[i]->profile != s->attachments[k]->profile);
    for (size_t i = 0; i < s->n_in_flight; i++)
        for (size_t k = 0; k < i; k++)
            EXPECT(s->in_flight[i]->profile != s->in_flight[k]->profile);
    EXPECT(s->n_closed <= CLOSED_MAX);
}

/* --- intake: open with a term, or closed and to be forgotten --- */
static void check_application(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    const PB(ApplicationState) *s = msg;
    (void)ctx, (void)part;
    EXPECT(key.n == 36 && s->n_trail > 0 && s->person_ref[0]);
    EXPECT(s->outcome == PB_OUTCOME(UNSPECIFIED) ? s->due_at_ms > 0 : s->forget_at_ms > 0);
}

/* --- notification: what is settled holds no contacts any more --- */
static void check_notice(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    const PB(NoticeState) *s = msg;
    bool open = false;
    (void)ctx, (void)part, (void)key;
    for (size_t i = 0; i < s->n_channels; i++)
        open |= s->channels[i]->next_at_ms != 0;
    EXPECT(open ? s->request != NULL : s->request == NULL && s->forget_at_ms > 0);
}

void check_state(struct platform *p, const struct svc_def *def)
{
    check_projection(p, def);
    if (def->facts == TOPIC_CAPACITY_FACTS)
        check_capacity(p, def);
    else if (def->facts == TOPIC_ATTACHMENT_FACTS)
        platform_each(p, 0, table_of(def, "person"), check_person, NULL);
    else if (def->facts == TOPIC_INTAKE_FACTS)
        platform_each(p, 0, table_of(def, "application"), check_application, NULL);
    else if (def->facts == TOPIC_NOTIFICATION_FACTS)
        platform_each(p, 0, table_of(def, "notice"), check_notice, NULL);
}
