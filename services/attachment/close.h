/* close.h - the end of an application: the one place where an outcome leaves this service.
 * Role:   inside services/attachment only. */
#ifndef CLINIC_ATTACHMENT_CLOSE_H
#define CLINIC_ATTACHMENT_CLOSE_H
#include "services/attachment/person.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/reason.h"

struct ending {
    PB(Outcome) outcome;
    PB(Reason) **reasons;      /* arena */
    size_t reasons_n;
    PB(RuleSetRef) *rule_set;  /* the rules the outcome was found under; NULL = those of the case */
    char **alternatives;       /* other clinics, for a refusal for load */
    size_t alternatives_n;
    PB(ClinicCard) *clinic;    /* the clinic applied to, as the notices name it; NULL = capacity did not tell */
    PB(ClinicCard) **alternative_cards;
    size_t alternative_cards_n;
    const PB(Attachment) *begun, *ended; /* of an approval; ended may be NULL */
    bool over_capacity, counted;
};

/* Emit everything that an outcome means to others: to intake, to the public, to the citizen and the parties; and for an
 * approval the change of attachment. State is the caller's business. */
void att_announce(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k, const struct ending *e);

/* Tell the public the last step of the case's trail, on the way to an end (domain/status.h). */
void att_announce_step(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k);

/* Tell intake once more how an application ended that was closed before (a repeat is answered as it was first), and
 * nobody else: what the public and the citizen heard is not said twice. k: the case as it came again, or one with its
 * application_id alone. Grounds are not kept. */
void att_announce_again(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k, PB(Outcome) outcome);

/* Status that stands for an outcome. */
PB(Status) att_status_of(PB(Outcome) outcome);
/* An ending on one ground; the outcome follows from the reason's class. */
struct ending att_ending_of(struct arena *mem, struct finding f);
#endif
