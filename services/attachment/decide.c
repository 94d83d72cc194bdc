/* decide.c - the answer of capacity and the decision: attach, end the old attachment and release its place, all in the
 * effects of one record; or close with capacity's grounds. A late answer gives its place back. */
#include "services/attachment/room.h"

static PB(Attachment) *new_attachment(const struct att *a, const PB(Case) *k, const PB(Reserved) *m)
{
    PB(Attachment) *x = arena_alloc(a->ev->arena, sizeof *x);
    clinic__attach__v1__attachment__init(x);
    x->profile = k->application->profile;
    x->clinic_id = k->application->clinic_id;
    x->doctor_id = m->doctor_id;
    x->basis = person_id_bytes(a->id, a->ev->arena);
    x->effective_from_s = (uint32_t)(a->ev->now_ms / 1000);
    x->effective_to_s = (uint32_t)(k->policy_valid_until_ms / 1000);
    x->scope = k->scope;
    return x;
}

/* Good news found on the way come first, then that of the decision itself. */
static void approval_reasons(const struct att *a, const PB(Case) *k, struct finding ok, struct ending *e)
{
    e->reasons = ARENA_ARRAY(a->ev->arena, PB(Reason) *, k->n_findings + 1);
    for (size_t i = 0; i < k->n_findings; i++) {
        const struct reason_info *r = reason_find(k->findings[i]->code);
        if (r && r->cls == REASON_OK)
            e->reasons[e->reasons_n++] = k->findings[i];
    }
    e->reasons[e->reasons_n++] = reason_msg(a->ev->arena, ok);
}

static void approve(const struct att *a, person_t *s, const PB(Case) *k, const PB(Reserved) *m,
                    const struct judgement *j)
{
    struct ending e = {.outcome = PB_OUTCOME(APPROVED), .rule_set = j->rule_set,
                       .over_capacity = m->over_capacity, .counted = j->counted, .clinic = m->clinic};
    PB(Attachment) *fresh = new_attachment(a, k, m);
    e.begun = fresh;
    e.ended = person_attachment(s, fresh->profile);
    approval_reasons(a, k, j->ok, &e);
    person_attach(s, fresh, a->ev->arena);
    if (j->counted)
        person_add_change(s, fresh->profile, fresh->effective_from_s, a->id, a->ev->arena);
    if (e.ended)
        att_release(a, e.ended);
    att_close(a, s, k, &e);
}

/* The lock is given up with the decision. The rules are asked once more, as of now: a month may have turned or an
 * import may have come since the lock was taken. */
static void decide(const struct att *a, const PB(Reserved) *m)
{
    person_t *s = att_state(a);
    PB(InFlight) *f = person_in_flight_by_id(s, m->application_id);
    struct judgement j = att_judge(a, f->case_);
    person_unlock(s, f);
    att_prune(a, s);
    if (j.stop.id == REASON_NONE) {
        approve(a, s, f->case_, m, &j);
        return;
    }
    struct ending e = att_ending_of(a->ev->arena, j.stop);
    e.rule_set = j.rule_set;
    e.clinic = m->clinic;
    att_cancel(a, m->application_id, m->clinic_id);
    att_close(a, s, f->case_, &e);
}

struct svc_verdict att_on_reserved(const struct svc_event *ev, struct svc_call *c)
{
    const PB(Reserved) *m = ev->msg;
    struct att a;
    const char *why = m->clinic_id[0] ? NULL : "clinic_id: required";
    if (why || !att_open(ev, c, m->person_ref, m->application_id, &a, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    enum standing standing = person_standing(a.now, a.id);
    if (standing == STANDING_IN_FLIGHT) {
        const PB(InFlight) *f = person_in_flight_by_id(a.now, m->application_id);
        if (strcmp(f->case_->application->clinic_id, m->clinic_id) == 0) {
            decide(&a, m);
            return SVC_DONE;
        }
    }
    if (standing != STANDING_ATTACHED) { /* closed meanwhile: the place goes back */
        att_cancel(&a, m->application_id, m->clinic_id);
        svc_count(c, ATT_M_LATE, NULL);
    }
    return SVC_DONE;
}

struct svc_verdict att_on_refused(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ReserveRefused) *m = ev->msg;
    struct att a;
    const char *why = NULL;
    if (m->outcome != PB_OUTCOME(GATED) && m->outcome != PB_OUTCOME(REFUSED) && m->outcome != PB_OUTCOME(RETURNED))
        why = "outcome: must be GATED, REFUSED or RETURNED";
    if (why || !att_open(ev, c, m->person_ref, m->application_id, &a, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    if (person_standing(a.now, a.id) != STANDING_IN_FLIGHT)
        return SVC_DONE; /* a repeat, or withdrawn meanwhile: there is no place to give back */
    person_t *s = att_state(&a);
    PB(InFlight) *f = person_in_flight_by_id(s, m->application_id);
    person_unlock(s, f);
    struct ending e = {.outcome = m->outcome, .reasons = m->reasons, .reasons_n = m->n_reasons,
                       .alternatives = m->alternatives, .alternatives_n = m->n_alternatives, .clinic = m->clinic,
                       .alternative_cards = m->alternative_cards, .alternative_cards_n = m->n_alternative_cards};
    att_close(&a, s, f->case_, &e);
    return SVC_DONE;
}
