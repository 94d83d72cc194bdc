/* audit.c - tables of the audit, and which file looks at which record. */
#include "services/attachctl/audit.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "services/attachctl/audit_impl.h"
#include "wire/seal.h"

#define RECORD_RESERVE (64u << 20)
#define RECORD_KEEP (1u << 20)

const char *const audit_kind_name[AUDIT_KIND_N] = {
#define X(id, name, text) [AUDIT_##id] = (name),
    AUDIT_KINDS(X)
#undef X
};
const char *const audit_kind_text[AUDIT_KIND_N] = {
#define X(id, name, text) [AUDIT_##id] = (text),
    AUDIT_KINDS(X)
#undef X
};

struct audit *audit_new(const struct audit_conf *c)
{
    struct audit *a = calloc(1, sizeof *a);
    must(a);
    a->conf = *c;
    a->mem = arena_new(RECORD_RESERVE, RECORD_KEEP);
    a->last_topic = -1;
    lastmap_init(&a->last);
    htab_init(&a->apps, sizeof(struct app), 16);
    htab_init(&a->holds, sizeof(struct hold), 17);
    htab_init(&a->doctors, sizeof(struct doctor), 8);
    htab_init(&a->sent, 8, 8);
    htab_init(&a->accepted, 16, 8);
    htab_init(&a->clinics, 20, 16);
    htab_init(&a->inbox, sizeof(struct inbox_ref), 16);
    return a;
}

void audit_free(struct audit *a)
{
    if (!a)
        return;
    enum { TABLES = 7 };
    struct htab *tables[TABLES] = {&a->apps, &a->holds, &a->doctors, &a->sent, &a->accepted, &a->clinics, &a->inbox};
    for (size_t i = 0; i < TABLES; i++)
        htab_free(tables[i]);
    lastmap_free(&a->last);
    for (size_t i = 0; i < a->clinics_n; i++)
        free(a->clinic_names[i]);
    for (size_t i = 0; i < a->rules_n; i++)
        free(a->rules[i]);
    free(a->clinic_names);
    free(a->changes);
    arena_free(a->mem);
    free(a);
}

void audit_find(struct audit *a, enum audit_kind kind, const char *who, const char *fmt, ...)
{
    char detail[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    a->sum.findings[kind]++;
    a->sum.findings_n++;
    if (a->conf.finding)
        a->conf.finding(a->conf.ctx, kind, who, detail);
}

void *audit_unpack(struct audit *a, int event, struct bytes value)
{
    if (event < 0 || !value.p)
        return NULL;
    return protobuf_c_message_unpack(events[event].msg, arena_pb(a->mem), value.n, value.p);
}

struct app *audit_app(struct audit *a, const char *application_id)
{
    uint8_t id[16];
    if (!uuid_to_bytes(application_id, id))
        return NULL;
    return htab_put(&a->apps, id, NULL);
}

uint32_t audit_clinic(struct audit *a, const char *clinic_id)
{
    uint8_t digest[16];
    bool fresh;
    htab_digest(bytes_str(clinic_id), digest);
    uint8_t *e = htab_put(&a->clinics, digest, &fresh);
    uint32_t index;
    if (!fresh) {
        memcpy(&index, e + 16, sizeof index);
        return index;
    }
    a->clinic_names = realloc(a->clinic_names, (a->clinics_n + 1) * sizeof *a->clinic_names);
    must(a->clinic_names);
    a->clinic_names[a->clinics_n] = strdup(clinic_id);
    index = (uint32_t)++a->clinics_n;
    memcpy(e + 16, &index, sizeof index);
    return index;
}

const char *audit_clinic_name(const struct audit *a, uint32_t clinic)
{
    return clinic ? a->clinic_names[clinic - 1] : "none";
}

struct doctor *audit_doctor(struct audit *a, uint32_t clinic, uint32_t doctor)
{
    uint32_t key[2] = {clinic, doctor};
    return htab_put(&a->doctors, key, NULL);
}

struct hold *audit_hold(struct audit *a, const uint8_t id[16], uint8_t profile)
{
    uint8_t key[17];
    memcpy(key, id, 16);
    key[16] = profile;
    return htab_put(&a->holds, key, NULL);
}

uint8_t audit_rule(struct audit *a, const PB(RuleSetRef) * r)
{
    if (!r || !r->id[0])
        return 0;
    for (size_t i = 0; i < a->rules_n; i++)
        if (strcmp(a->rules[i], r->id) == 0)
            return (uint8_t)(i + 1);
    if (a->rules_n == 255)
        return 0;
    a->rules[a->rules_n++] = strdup(r->id);
    return (uint8_t)a->rules_n;
}

void audit_change(struct audit *a, const char *person_ref, uint8_t profile, uint32_t at_s, const uint8_t basis[16])
{
    if (a->changes_n == a->changes_cap) {
        a->changes_cap = a->changes_cap ? 2 * a->changes_cap : 1024;
        a->changes = realloc(a->changes, a->changes_cap * sizeof *a->changes);
        must(a->changes);
    }
    struct change *c = &a->changes[a->changes_n++];
    *c = (struct change){.at_s = at_s, .profile = profile};
    htab_digest(bytes_str(person_ref), c->person);
    memcpy(c->basis, basis, 16);
    snprintf(c->ref, sizeof c->ref, "%s", person_ref);
}

uint32_t audit_milestone_bit(const char *m)
{
    if (m[0] != 'N' || m[1] != '-' || m[2] < '0' || m[2] > '9' || m[3] < '0' || m[3] > '9' || m[4])
        return 0;
    int n = (m[2] - '0') * 10 + (m[3] - '0');
    return n < 32 ? 1u << n : 0;
}

/* Events older than the first record of a shortened topic are not there to be judged by. */
static void note_horizon(struct audit *a, const struct audit_rec *r)
{
    bool fresh = a->last_topic != r->topic || a->last_partition != r->partition;
    a->last_topic = r->topic;
    a->last_partition = r->partition;
    bool public = r->topic == TOPIC_APPLICATION || r->topic == TOPIC_NOTIFICATION;
    if (fresh && public && r->offset > 0 && r->time_ms > a->horizon_ms)
        a->horizon_ms = r->time_ms;
}

void audit_feed(struct audit *a, const struct audit_rec *r)
{
    a->sum.records++;
    if (topics[r->topic].cleanup == 'C') {
        lastmap_put(&a->last, r->key, r->event, r->value);
        return;
    }
    note_horizon(a, r);
    audit_event(a, r);
    arena_reset(a->mem);
}

void audit_partition_end(struct audit *a, int topic)
{
    if (topics[topic].cleanup != 'C')
        return;
    struct bytes key, value;
    int event;
    for (size_t i = 0; lastmap_next(&a->last, &i, &key, &event, &value);) {
        char *text = arena_printf(a->mem, "%.*s", (int)key.n, (const char *)key.p);
        audit_fact(a, topic, text, event, value);
        arena_reset(a->mem);
    }
    lastmap_free(&a->last);
    lastmap_init(&a->last);
}

struct audit_sum audit_finish(struct audit *a)
{
    audit_judge(a);
    return a->sum;
}
