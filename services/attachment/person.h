/* person.h - the state of one person as the attachment service keeps it: attachments, counted changes, applications
 * in flight (the lock), applications closed lately.
 * Role:      inside services/attachment only. Pure functions on one PersonState being rewritten.
 * Invariant: at most one attachment and one application in flight per profile.
 * Memory:    the state is a deep copy in the batch arena: free to change. Threads: the runtime's. */
#ifndef CLINIC_ATTACHMENT_PERSON_H
#define CLINIC_ATTACHMENT_PERSON_H
#include "runtime/svc.h"
#include "domain/pb.h"

#define PERSON_CLOSED_MAX 8 /* applications closed that stay known, beside those that attachments rest on */

typedef PB(PersonState) person_t;
typedef PB(Profile) profile_t;

/* Where an application stands by this state. */
enum standing {
    STANDING_UNKNOWN,
    STANDING_IN_FLIGHT,
    STANDING_WITHDRAWN_EARLY, /* withdrawn before it arrived here */
    STANDING_ATTACHED,        /* an attachment in force rests on it */
    STANDING_CLOSED,
};
enum standing person_standing(const person_t *s, const uint8_t id[16]);
/* How the application ended, while it is remembered; UNSPECIFIED = it is not, or has not ended. */
PB(Outcome) person_outcome(const person_t *s, const uint8_t id[16]);

const PB(Attachment) *person_attachment(const person_t *s, profile_t profile); /* NULL = none */
PB(InFlight) *person_in_flight(const person_t *s, profile_t profile);          /* NULL = none */
PB(InFlight) *person_in_flight_by_id(const person_t *s, const char *application_id);

/* The lock of a profile; takes f (arena). The profile must be free. */
void person_lock(person_t *s, PB(InFlight) *f, struct arena *mem);
void person_unlock(person_t *s, const PB(InFlight) *f);
/* Put a in place of the profile's attachment, whose basis stays known as a closed application; takes a (arena). */
void person_attach(person_t *s, PB(Attachment) *a, struct arena *mem);
void person_drop_change(person_t *s, size_t i);
void person_add_change(person_t *s, profile_t profile, uint32_t at_s, const uint8_t id[16], struct arena *mem);
/* OUTCOME_UNSPECIFIED = withdrawn before arrival: such entries are kept until the application arrives. */
void person_close(person_t *s, const uint8_t id[16], PB(Outcome) outcome, struct arena *mem);

/* When the person wants a SVC_DUE event: the earliest repeat of a reservation, ms UTC; 0 = never. */
int64_t person_due_ms(const void *state);
int64_t in_flight_due_ms(const PB(InFlight) *f);

ProtobufCBinaryData person_id_bytes(const uint8_t id[16], struct arena *mem);
#endif
