/* seen.c - collecting what concerns a scenario; see seen.h. */
#include "seen_impl.h"
#include <string.h>

struct seen *seen_new(const struct world *w, struct arena *mem)
{
    struct seen *s = ARENA_NEW(mem, struct seen);
    s->w = w;
    s->mem = mem;
    return s;
}

/* Facts keys are table/key, where the key of a reservation is clinic/application. */
static struct bytes owner_of(int topic, struct bytes key)
{
    const char *p = key.p, *end = p + key.n;
    if (topic != TOPIC_ATTACHMENT_FACTS && topic != TOPIC_CAPACITY_FACTS)
        return key;
    const char *slash = key.n ? memchr(p, '/', key.n) : NULL;
    if (!slash)
        return bytes_of("", 0);
    const char *second = memchr(slash + 1, '/', (size_t)(end - slash - 1));
    return bytes_of(slash + 1, (size_t)((second ? second : end) - slash - 1));
}

static void push(struct seen *s, struct seen_list *l, void *msg)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        void **fresh = ARENA_ARRAY(s->mem, void *, cap);
        if (l->n)
            memcpy(fresh, l->msgs, l->n * sizeof *fresh);
        l->msgs = fresh;
        l->cap = cap;
    }
    l->msgs[l->n++] = msg;
}

static void keep_fact(struct seen *s, int event, struct bytes key, struct bytes value)
{
    char *text = arena_printf(s->mem, "%.*s", (int)key.n, (const char *)key.p);
    struct seen_fact *f = NULL;
    for (size_t i = 0; i < s->facts.n && !f; i++)
        if (strcmp(((struct seen_fact *)s->facts.msgs[i])->key, text) == 0)
            f = s->facts.msgs[i];
    if (!f) {
        f = ARENA_NEW(s->mem, struct seen_fact);
        f->key = text;
        push(s, &s->facts, f);
    }
    f->event = event;
    f->msg = value.p ? protobuf_c_message_unpack(events[event].msg, arena_pb(s->mem), value.n, value.p) : NULL;
}

static void push_notices(struct seen *s, const PB(NotificationIssued) * m)
{
    for (size_t i = 0; i < m->n_notices; i++) {
        struct seen_notice *n = ARENA_NEW(s->mem, struct seen_notice);
        *n = (struct seen_notice){m->application_id, m->notices[i]};
        push(s, &s->notices, n);
    }
}

void seen_add(struct seen *s, int topic, struct bytes key, const char *type, size_t type_len, struct bytes value)
{
    int event = event_by_type(type, type_len);
    if (!key.p || !world_knows_key(s->w, owner_of(topic, key)))
        return;
    if (topic == TOPIC_ATTACHMENT_FACTS || topic == TOPIC_CAPACITY_FACTS) {
        if (event >= 0 || !value.p)
            keep_fact(s, event, key, value);
        return;
    }
    if (event < 0 || !value.p || (topic == TOPIC_ATTACHMENT_INBOX && event != EV_WITHDRAWAL_REQUESTED))
        return;
    void *msg = protobuf_c_message_unpack(events[event].msg, arena_pb(s->mem), value.n, value.p);
    must(msg != NULL);
    if (event == EV_STATUS_CHANGED)
        push(s, &s->statuses, msg);
    else if (event == EV_WITHDRAWAL_REQUESTED)
        push(s, &s->asked_back, msg);
    else if (event == EV_ATTACHMENT_CHANGED)
        push(s, &s->changes, msg);
    else if (event == EV_NOTIFICATION_ISSUED)
        push_notices(s, msg);
}

const void *seen_fact(const struct seen *s, const char *table, const char *key)
{
    size_t n = strlen(table);
    for (size_t i = 0; i < s->facts.n; i++) {
        const struct seen_fact *f = s->facts.msgs[i];
        if (strncmp(f->key, table, n) == 0 && f->key[n] == '/' && strcmp(f->key + n + 1, key) == 0)
            return f->msg;
    }
    return NULL;
}

/* --- soundness --- */

static bool say(char *why, size_t cap, const char *fmt, ...) PRINTF(3, 4);
static bool say(char *why, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, cap, fmt, ap);
    va_end(ap);
    return false;
}

static bool one_outcome(const struct seen *s, size_t app, char *why, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < s->statuses.n; i++) {
        const PB(ApplicationStatusChanged) *m = s->statuses.msgs[i];
        n += m->outcome && !m->sla_breached && strcmp(m->application_id, s->w->apps[app].id) == 0;
    }
    return n <= 1 || say(why, cap, "%s has %zu outcomes", s->w->scn->apps[app], n);
}

static bool same_notice(const struct seen_notice *x, const struct seen_notice *y)
{
    const PB(Notice) *a = x->notice, *b = y->notice;
    return strcmp(x->application_id, y->application_id) == 0 && strcmp(a->milestone, b->milestone) == 0 &&
           a->channel == b->channel && strcmp(a->recipient, b->recipient) == 0 && strcmp(a->state, b->state) == 0 &&
           a->attempts == b->attempts;
}

/* Nothing is said of an application after its outcome, but for an alarm. */
static bool outcome_is_last(const struct seen *s, size_t app, char *why, size_t cap)
{
    bool closed = false;
    for (size_t i = 0; i < s->statuses.n; i++) {
        const PB(ApplicationStatusChanged) *m = s->statuses.msgs[i];
        if (m->sla_breached || strcmp(m->application_id, s->w->apps[app].id) != 0)
            continue;
        if (closed)
            return say(why, cap, "%s has a status after its outcome", s->w->scn->apps[app]);
        closed = m->outcome != PB_OUTCOME(UNSPECIFIED);
    }
    return true;
}

static bool no_notice_twice(const struct seen *s, char *why, size_t cap)
{
    for (size_t i = 0; i < s->notices.n; i++)
        for (size_t j = 0; j < i; j++) {
            const PB(Notice) *m = ((const struct seen_notice *)s->notices.msgs[i])->notice;
            if (same_notice(s->notices.msgs[i], s->notices.msgs[j]))
                return say(why, cap, "notice %s on channel %d to %s is %s twice", m->milestone, (int)m->channel,
                           m->recipient, m->state);
        }
    return true;
}

static uint32_t held(const struct seen *s, const char *clinic, uint32_t doctor)
{
    uint32_t n = 0;
    size_t len = strlen(clinic);
    for (size_t i = 0; i < s->facts.n; i++) {
        const struct seen_fact *f = s->facts.msgs[i];
        const char *rest = f->key + strlen("reservation/");
        if (f->msg && f->event == EV_STATE_RESERVATION && strncmp(rest, clinic, len) == 0 && rest[len] == '/')
            n += ((const PB(Reservation) *)f->msg)->doctor_id == doctor;
    }
    return n;
}

static bool places_add_up(const struct seen *s, size_t clinic, char *why, size_t cap)
{
    const char *id = s->w->clinic_ids[clinic];
    const PB(ClinicPlaces) *p = seen_fact(s, "places", id);
    for (uint32_t doctor = 0; doctor < 16; doctor++) {
        uint32_t used = 0, n = held(s, id, doctor);
        for (size_t i = 0; p && i < p->n_doctors; i++)
            if (p->doctors[i]->doctor_id == doctor)
                used = p->doctors[i]->used;
        if (used != n)
            return say(why, cap, "%s, doctor %u: %u places used, %u held", s->w->scn->clinics[clinic], doctor, used, n);
    }
    return true;
}

static bool attachment_holds(const struct seen *s, const PB(Attachment) *a)
{
    char id[37];
    uuid_to_text(a->basis.data, id);
    const PB(Reservation) *r = seen_fact(s, "reservation", arena_printf(s->mem, "%s/%s", a->clinic_id, id));
    return r && (!a->doctor_id || a->doctor_id == r->doctor_id);
}

static bool attachments_hold(const struct seen *s, char *why, size_t cap)
{
    size_t attachments = 0, places = 0;
    for (size_t i = 0; i < s->facts.n; i++) {
        const struct seen_fact *f = s->facts.msgs[i];
        if (!f->msg)
            continue;
        places += f->event == EV_STATE_RESERVATION;
        const PB(PersonState) *p = f->event == EV_STATE_PERSON ? f->msg : NULL;
        for (size_t j = 0; p && j < p->n_attachments; j++, attachments++)
            if (!attachment_holds(s, p->attachments[j]))
                return say(why, cap, "an attachment at %s holds no place", p->attachments[j]->clinic_id);
        if (p && p->n_in_flight)
            return say(why, cap, "an application is still in flight");
    }
    return attachments == places || say(why, cap, "%zu attachments, %zu places", attachments, places);
}

bool seen_sound(const struct seen *s, char *why, size_t cap)
{
    for (size_t i = 0; i < s->w->scn->apps_n; i++)
        if (!one_outcome(s, i, why, cap) || !outcome_is_last(s, i, why, cap))
            return false;
    for (size_t i = 0; i < s->w->scn->clinics_n; i++)
        if (!places_add_up(s, i, why, cap))
            return false;
    return no_notice_twice(s, why, cap) && attachments_hold(s, why, cap);
}
