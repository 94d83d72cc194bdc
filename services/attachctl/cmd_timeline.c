/* cmd_timeline.c - attachctl timeline ID: find the person by intake's facts, then read only the partitions concerned. */
#include <stdlib.h>
#include <string.h>
#include "services/attachctl/show.h"
#include "services/attachctl/timeline.h"
#include "clinic/attach/v1/case.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"

#define CLINICS_MAX 8

struct search {
    struct ctl *c;
    struct bus *bus;
    struct arena *mem;
    const char *id;
    uint8_t uuid[16]; /* the same, as states hold it */
    struct timeline t;
    char clinics[CLINICS_MAX][64]; /* whose partitions of capacity are to be read */
    size_t clinics_n;
    bool known;
    struct { /* records of inboxes found: dead letters name them */
        int topic;
        int32_t partition;
        int64_t offset;
    } seen[64];
    size_t seen_n;
};

static bool has(struct bytes b, const char *text)
{
    return b.p && memmem(b.p, b.n, text, strlen(text)) != NULL;
}

/* By the headers; facts and commands by their keys; what an old producer left without headers by the id in the bytes. */
static bool concerns(const struct search *s, const struct bus_rec *r)
{
    if (bytes_eq(r->ce_subject, bytes_str(s->id)) || has(r->key, s->id))
        return true;
    for (size_t i = 0; i < r->headers_n; i++)
        if (strcmp(r->headers[i].name, "ce_correlationid") == 0 && bytes_eq(r->headers[i].value, bytes_str(s->id)))
            return true;
    if (r->topic == TOPIC_ATTACHMENT_FACTS)
        return s->t.person_ref[0] && has(r->key, s->t.person_ref) && r->value.p &&
               (has(r->value, s->id) || memmem(r->value.p, r->value.n, s->uuid, sizeof s->uuid));
    return r->topic != TOPIC_INTAKE_INBOX && r->ce_subject.n == 0 && has(r->value, s->id);
}

static bool letter_of(const struct search *s, const struct bus_rec *r)
{
    ProtobufCMessage *m = ctl_rec_event(r) == EV_DEAD_LETTER ? show_unpack(r, s->mem) : NULL;
    char origin[160];
    for (size_t i = 0; m && i < s->seen_n; i++) {
        snprintf(origin, sizeof origin, "%s/%d/%lld", topics[s->seen[i].topic].name, (int)s->seen[i].partition,
                 (long long)s->seen[i].offset);
        if (strcmp(((const Clinic__Attach__V1__DeadLetter *)m)->origin, origin) == 0)
            return true;
    }
    return false;
}

static void note_clinic(struct search *s, const char *clinic)
{
    if (!clinic || !clinic[0])
        return;
    for (size_t i = 0; i < s->clinics_n; i++)
        if (strcmp(s->clinics[i], clinic) == 0)
            return;
    if (s->clinics_n < CLINICS_MAX)
        snprintf(s->clinics[s->clinics_n++], 64, "%s", clinic);
}

/* What messages tell about where to look further, and how it ended. */
static void learn(struct search *s, int event, const ProtobufCMessage *m)
{
    if (event == EV_STATE_APPLICATION) {
        const Clinic__Attach__V1__ApplicationState *a = (const void *)m;
        snprintf(s->t.person_ref, sizeof s->t.person_ref, "%s", a->person_ref);
        s->t.due_ms = a->due_at_ms ? a->due_at_ms : s->t.due_ms;
        s->t.closed = a->outcome != 0;
        s->known = true;
        note_clinic(s, a->clinic_id);
    } else if (event == EV_STATUS_CHANGED) {
        const Clinic__Attach__V1__ApplicationStatusChanged *a = (const void *)m;
        s->t.closed = s->t.closed || a->outcome != 0;
        note_clinic(s, a->clinic_id);
    } else if (event == EV_ATTACHMENT_CHANGED) {
        const Clinic__Attach__V1__AttachmentChanged *a = (const void *)m;
        note_clinic(s, a->new_clinic_id);
        note_clinic(s, a->old_clinic_id);
    }
}

static void copy_header(const struct bus_rec *r, const char *name, char *to, size_t room)
{
    for (size_t i = 0; i < r->headers_n; i++)
        if (strcmp(r->headers[i].name, name) == 0)
            snprintf(to, room, "%.*s", (int)r->headers[i].value.n, (const char *)r->headers[i].value.p);
}

static bool on_record(void *ctx, const struct bus_rec *r)
{
    struct search *s = ctx;
    r = ctl_rec_open(r, s->mem);
    if (concerns(s, r) || letter_of(s, r)) {
        int event = ctl_rec_event(r);
        ProtobufCMessage *m = show_unpack(r, s->mem);
        if (m)
            learn(s, event, m);
        struct timeline_entry e = {.time_ms = ctl_rec_time(r), .topic = r->topic, .partition = r->partition,
                                   .offset = r->offset, .event = event, .tombstone = !r->value.p,
                                   .facts = strdup(show_facts(event, m, s->mem))};
        snprintf(e.id, sizeof e.id, "%.*s", (int)r->ce_id.n, (const char *)r->ce_id.p);
        copy_header(r, "ce_causationid", e.cause, sizeof e.cause);
        timeline_add(&s->t, &e);
        if (s->seen_n < sizeof s->seen / sizeof *s->seen) {
            s->seen[s->seen_n].topic = r->topic;
            s->seen[s->seen_n].partition = r->partition;
            s->seen[s->seen_n++].offset = r->offset;
        }
    }
    arena_reset(s->mem);
    return true;
}

/* The partition of a key in each topic of a list ended by TOPIC_N. */
static bool read_for(struct search *s, const char *key, const enum topic_id *list, struct err *e)
{
    for (; *list != TOPIC_N; list++) {
        int32_t parts = ctl_partitions(s->bus, *list, e);
        if (parts < 0 || !ctl_read(s->bus, *list, wire_partition(bytes_str(key), parts), 0, on_record, s, NULL, e))
            return false;
    }
    return true;
}

static const enum topic_id by_application[] = {TOPIC_INTAKE_FACTS, TOPIC_INTAKE_INBOX, TOPIC_INTAKE_DLQ, TOPIC_N};
static const enum topic_id by_person[] = {TOPIC_APPLICATION, TOPIC_ATTACHMENT, TOPIC_IDENTITY_INBOX, TOPIC_IDENTITY_FACTS,
                                          TOPIC_IDENTITY_DLQ, TOPIC_POLICY_INBOX, TOPIC_POLICY_FACTS, TOPIC_POLICY_DLQ,
                                          TOPIC_ATTACHMENT_INBOX, TOPIC_ATTACHMENT_FACTS, TOPIC_ATTACHMENT_DLQ,
                                          TOPIC_NOTIFICATION_INBOX, TOPIC_NOTIFICATION_FACTS, TOPIC_NOTIFICATION_DLQ,
                                          TOPIC_NOTIFICATION, TOPIC_N};
static const enum topic_id by_clinic[] = {TOPIC_CAPACITY_INBOX, TOPIC_CAPACITY_FACTS, TOPIC_CAPACITY_DLQ, TOPIC_N};

/* Each capacity partition once, though two clinics may share it. */
static bool read_clinics(struct search *s, struct err *e)
{
    int32_t parts = ctl_partitions(s->bus, TOPIC_CAPACITY_INBOX, e), read[CLINICS_MAX];
    if (parts < 0)
        return false;
    for (size_t i = 0; i < s->clinics_n; i++) {
        bool again = false;
        read[i] = wire_partition(bytes_str(s->clinics[i]), parts);
        for (size_t j = 0; j < i; j++)
            again = again || read[j] == read[i];
        if (!again && !read_for(s, s->clinics[i], by_clinic, e))
            return false;
    }
    return true;
}

static int finish(struct search *s)
{
    if (s->t.n == 0) {
        fprintf(stderr, "attachctl: nothing is known of application %s\n", s->id);
        return CTL_FOUND;
    }
    timeline_sort(&s->t);
    int64_t now = ctl_now_ms();
    if (s->c->json) {
        ctl_print(timeline_json(&s->t, now));
    } else {
        timeline_print(&s->t, now, stdout);
    }
    return CTL_OK;
}

int cmd_timeline(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {CTL_OPTIONS, {NULL}};
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0)
        if (!ctl_option(c, argv[0], opt, &code))
            return code;
    uint8_t uuid[16];
    if (optind + 1 != argc || !uuid_to_bytes(argv[optind], uuid))
        return ctl_usage(argv[0]);
    char id[37];
    uuid_to_text(uuid, id); /* as the platform writes it */
    struct search s = {.c = c, .id = id};
    memcpy(s.uuid, uuid, sizeof uuid);
    memcpy(s.t.application_id, id, sizeof id);
    struct err e = {0};
    if (!bus_kafka_open_reader(c->conf, "attachctl", &s.bus, &e))
        return ctl_fail(&e);
    s.mem = arena_new(64u << 20, 1u << 20);
    bool good = read_for(&s, id, by_application, &e);
    if (good && s.t.person_ref[0])
        good = read_for(&s, s.t.person_ref, by_person, &e) && read_clinics(&s, &e);
    code = good ? finish(&s) : ctl_fail(&e);
    s.bus->ops->close(s.bus);
    arena_free(s.mem);
    timeline_free(&s.t);
    return code;
}
