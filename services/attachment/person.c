/* person.c - see person.h. Arrays are grown by copying: they hold a handful of entries. */
#include "services/attachment/person.h"
#include "wire/seal.h"

#define REPEAT_FIRST_MS  60000  /* a healthy answer takes a fraction of a second */
#define REPEAT_DOUBLINGS 6      /* then once in 64 minutes */

static bool same_id(ProtobufCBinaryData a, const uint8_t id[16]) { return a.len == 16 && memcmp(a.data, id, 16) == 0; }

ProtobufCBinaryData person_id_bytes(const uint8_t id[16], struct arena *mem)
{
    return (ProtobufCBinaryData){16, arena_dup(mem, id, 16)};
}

/* A copy of array `old` of n pointers with x appended. */
static void *appended(struct arena *mem, void *old, size_t n, void *x)
{
    void **fresh = arena_alloc(mem, (n + 1) * sizeof *fresh);
    if (n)
        memcpy(fresh, old, n * sizeof *fresh);
    fresh[n] = x;
    return fresh;
}

static void drop(void *array, size_t *n, size_t i)
{
    void **p = array;
    memmove(p + i, p + i + 1, (*n - i - 1) * sizeof *p);
    --*n;
}

const PB(Attachment) *person_attachment(const person_t *s, profile_t profile)
{
    for (size_t i = 0; i < s->n_attachments; i++)
        if (s->attachments[i]->profile == profile)
            return s->attachments[i];
    return NULL;
}

PB(InFlight) *person_in_flight(const person_t *s, profile_t profile)
{
    for (size_t i = 0; i < s->n_in_flight; i++)
        if (s->in_flight[i]->profile == profile)
            return s->in_flight[i];
    return NULL;
}

PB(InFlight) *person_in_flight_by_id(const person_t *s, const char *application_id)
{
    for (size_t i = 0; i < s->n_in_flight; i++)
        if (strcmp(s->in_flight[i]->case_->application_id, application_id) == 0)
            return s->in_flight[i];
    return NULL;
}

enum standing person_standing(const person_t *s, const uint8_t id[16])
{
    char text[37];
    uuid_to_text(id, text);
    if (person_in_flight_by_id(s, text))
        return STANDING_IN_FLIGHT;
    for (size_t i = 0; i < s->n_attachments; i++)
        if (same_id(s->attachments[i]->basis, id))
            return STANDING_ATTACHED;
    for (size_t i = 0; i < s->n_closed; i++)
        if (same_id(s->closed[i]->application, id))
            return s->closed[i]->outcome ? STANDING_CLOSED : STANDING_WITHDRAWN_EARLY;
    for (size_t i = 0; i < s->n_changes; i++)
        if (same_id(s->changes[i]->basis, id))
            return STANDING_CLOSED;
    return STANDING_UNKNOWN;
}

PB(Outcome) person_outcome(const person_t *s, const uint8_t id[16])
{
    for (size_t i = 0; i < s->n_closed; i++)
        if (same_id(s->closed[i]->application, id))
            return s->closed[i]->outcome;
    enum standing standing = person_standing(s, id); /* else it is the basis of an attachment or of a counted change */
    return standing == STANDING_ATTACHED || standing == STANDING_CLOSED ? PB_OUTCOME(APPROVED)
                                                                        : PB_OUTCOME(UNSPECIFIED);
}

void person_lock(person_t *s, PB(InFlight) *f, struct arena *mem)
{
    must(!person_in_flight(s, f->profile));
    s->in_flight = appended(mem, s->in_flight, s->n_in_flight++, f);
}

void person_unlock(person_t *s, const PB(InFlight) *f)
{
    for (size_t i = 0; i < s->n_in_flight; i++)
        if (s->in_flight[i] == f) {
            drop(s->in_flight, &s->n_in_flight, i);
            return;
        }
    must(!"an application in flight");
}

void person_attach(person_t *s, PB(Attachment) *a, struct arena *mem)
{
    for (size_t i = 0; i < s->n_attachments; i++)
        if (s->attachments[i]->profile == a->profile) {
            PB(Attachment) *old = s->attachments[i];
            s->attachments[i] = a;
            if (old->basis.len == 16)
                person_close(s, old->basis.data, PB_OUTCOME(APPROVED), mem);
            return;
        }
    s->attachments = appended(mem, s->attachments, s->n_attachments++, a);
}

void person_drop_change(person_t *s, size_t i) { drop(s->changes, &s->n_changes, i); }

void person_add_change(person_t *s, profile_t profile, uint32_t at_s, const uint8_t id[16], struct arena *mem)
{
    PB(CountedChange) *x = arena_alloc(mem, sizeof *x);
    clinic__attach__v1__counted_change__init(x);
    x->profile = profile;
    x->at_s = at_s;
    x->basis = person_id_bytes(id, mem);
    s->changes = appended(mem, s->changes, s->n_changes++, x);
}

/* Oldest settled entry goes first; one that still waits for its application stays, it always arrives. */
static void bound_closed(person_t *s)
{
    size_t settled = 0, oldest = 0;
    for (size_t i = s->n_closed; i-- > 0;)
        if (s->closed[i]->outcome) {
            settled++;
            oldest = i;
        }
    if (settled > PERSON_CLOSED_MAX)
        drop(s->closed, &s->n_closed, oldest);
}

void person_close(person_t *s, const uint8_t id[16], PB(Outcome) outcome, struct arena *mem)
{
    for (size_t i = 0; i < s->n_closed; i++)
        if (same_id(s->closed[i]->application, id)) {
            drop(s->closed, &s->n_closed, i);
            break;
        }
    PB(ClosedApplication) *x = arena_alloc(mem, sizeof *x);
    clinic__attach__v1__closed_application__init(x);
    x->application = person_id_bytes(id, mem);
    x->outcome = outcome;
    s->closed = appended(mem, s->closed, s->n_closed++, x);
    bound_closed(s);
}

int64_t in_flight_due_ms(const PB(InFlight) *f)
{
    uint32_t doublings = f->asked_n > REPEAT_DOUBLINGS ? REPEAT_DOUBLINGS : f->asked_n;
    if (doublings)
        doublings--;
    return f->asked_at_ms + ((int64_t)REPEAT_FIRST_MS << doublings);
}

int64_t person_due_ms(const void *state)
{
    const person_t *s = state;
    int64_t first = 0;
    for (size_t i = 0; i < s->n_in_flight; i++) {
        int64_t at = in_flight_due_ms(s->in_flight[i]);
        if (!first || at < first)
            first = at;
    }
    return first;
}
