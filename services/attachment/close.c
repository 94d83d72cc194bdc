/* close.c - see close.h. */
#include "services/attachment/close.h"
#include "domain/channel.h"
#include "domain/status.h"
#include "domain/trail.h"

static const struct {
    PB(Status) status;
    const char *milestone; /* of a portal; notification's table says what goes with it */
} of_outcome[] = {
    [PB_OUTCOME(APPROVED)] = {PB_STATUS(ATTACHED), "N-06"},
    [PB_OUTCOME(REFUSED)] = {PB_STATUS(REFUSED), "N-08"},
    [PB_OUTCOME(RETURNED)] = {PB_STATUS(AWAITING_DOCUMENTS), "N-05"},
    [PB_OUTCOME(WITHDRAWN)] = {PB_STATUS(WITHDRAWN), "N-03"},
    [PB_OUTCOME(GATED)] = {PB_STATUS(GATED), "N-03"},
    [PB_OUTCOME(EXPIRED)] = {PB_STATUS(EXPIRED), "N-03"},
};

PB(Status) att_status_of(PB(Outcome) outcome)
{
    must(outcome < sizeof of_outcome / sizeof *of_outcome);
    return of_outcome[outcome].status;
}

struct ending att_ending_of(struct arena *mem, struct finding f)
{
    struct ending e = {.outcome = reason_outcome(f.id), .reasons_n = 1};
    e.reasons = ARENA_ARRAY(mem, PB(Reason) *, 1);
    e.reasons[0] = reason_msg(mem, f);
    return e;
}

static void tell_intake(struct svc_call *c, const PB(Case) *k, const struct ending *e, int64_t decided_at_ms)
{
    PB(ApplicationClosed) m = CLINIC__ATTACH__V1__APPLICATION_CLOSED__INIT;
    m.application_id = k->application_id;
    m.outcome = e->outcome;
    m.reasons = e->reasons;
    m.n_reasons = e->reasons_n;
    m.trail = k->trail;
    m.n_trail = k->n_trail;
    m.decided_at_ms = decided_at_ms;
    svc_emit(c, TOPIC_INTAKE_INBOX, bytes_str(k->application_id), EV_APPLICATION_CLOSED, &m, k->application_id);
}

static void tell_public(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k, const struct ending *e,
                        size_t entered)
{
    PB(ApplicationStatusChanged) *m = status_changed(ev->arena, k, entered);
    m->outcome = e->outcome;
    m->reasons = e->reasons;
    m->n_reasons = e->reasons_n;
    m->clinic_id = k->application->clinic_id;
    m->profile = k->application->profile;
    m->rule_set = e->rule_set ? e->rule_set : k->rule_set;
    m->over_capacity = e->over_capacity;
    m->counted = e->counted;
    if (e->begun) {
        m->doctor_id = e->begun->doctor_id;
        m->scope = e->begun->scope;
    }
    svc_emit(c, TOPIC_APPLICATION, bytes_str(k->person_ref), EV_STATUS_CHANGED, m, k->application_id);
}

static void tell_parties(struct svc_call *c, PB(Case) *k, const struct ending *e, const char *milestone)
{
    PB(NotificationRequested) m = CLINIC__ATTACH__V1__NOTIFICATION_REQUESTED__INIT;
    m.case_ = k;
    m.outcome = e->outcome;
    m.reasons = e->reasons;
    m.n_reasons = e->reasons_n;
    m.milestone = (char *)milestone;
    m.alternatives = e->alternatives;
    m.n_alternatives = e->alternatives_n;
    m.clinic = e->clinic;
    m.alternative_cards = e->alternative_cards;
    m.n_alternative_cards = e->alternative_cards_n;
    if (e->ended)
        m.old_clinic_id = e->ended->clinic_id;
    if (e->begun) {
        m.doctor_id = e->begun->doctor_id;
        m.effective_from_ms = (int64_t)e->begun->effective_from_s * 1000;
    }
    svc_emit(c, TOPIC_NOTIFICATION_INBOX, bytes_str(k->person_ref), EV_NOTIFICATION_REQUESTED, &m, k->application_id);
}

static void tell_change(struct svc_call *c, const PB(Case) *k, const struct ending *e)
{
    PB(AttachmentChanged) m = CLINIC__ATTACH__V1__ATTACHMENT_CHANGED__INIT;
    m.person_ref = k->person_ref;
    m.profile = e->begun->profile;
    m.application_id = k->application_id;
    m.new_clinic_id = e->begun->clinic_id;
    m.new_doctor_id = e->begun->doctor_id;
    if (e->ended)
        m.old_clinic_id = e->ended->clinic_id;
    m.insurer_id = k->insurer_id;
    m.effective_from_ms = (int64_t)e->begun->effective_from_s * 1000;
    m.effective_to_ms = (int64_t)e->begun->effective_to_s * 1000;
    m.counted = e->counted;
    m.scope = e->begun->scope;
    svc_emit(c, TOPIC_ATTACHMENT, bytes_str(k->person_ref), EV_ATTACHMENT_CHANGED, &m, k->application_id);
}

void att_announce_step(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k)
{
    svc_emit(c, TOPIC_APPLICATION, bytes_str(k->person_ref), EV_STATUS_CHANGED, status_changed(ev->arena, k, 1),
             k->application_id);
}

/* An approval attaches at once: the decision is passed through, and so is the question to the old clinic, which does not
 * hold it up (P-01, P-02). */
static PB(Case) *finished(const struct svc_event *ev, const PB(Case) *k, const struct ending *e)
{
    PB(Case) *done = arena_dup(ev->arena, k, sizeof *k);
    if (e->begun)
        trail_add(ev->arena, &done->trail, &done->n_trail, PB_STATUS(APPROVED), ev->now_ms);
    if (e->ended && strcmp(e->ended->clinic_id, e->begun->clinic_id) != 0)
        trail_add(ev->arena, &done->trail, &done->n_trail, PB_STATUS(RECONCILING_OLD_CLINIC), ev->now_ms);
    trail_add(ev->arena, &done->trail, &done->n_trail, att_status_of(e->outcome), ev->now_ms);
    return done;
}

/* For the notices: of the trail the status that was left and the one that was entered. */
static PB(Case) *change_of(struct arena *mem, const PB(Case) *before, const PB(Case) *done)
{
    PB(Case) *k = arena_dup(mem, done, sizeof *k);
    k->trail = ARENA_ARRAY(mem, PB(Step) *, 2);
    k->n_trail = 0;
    if (before->n_trail)
        k->trail[k->n_trail++] = before->trail[before->n_trail - 1];
    k->trail[k->n_trail++] = done->trail[done->n_trail - 1];
    return k;
}

void att_announce(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k, const struct ending *e)
{
    const char *milestone = of_outcome[e->outcome].milestone;
    if (e->begun && !channel_is_online(channel_of(k->application->source)))
        milestone = "N-07"; /* told by the clinic, not by the portal */
    PB(Case) *done = finished(ev, k, e);
    tell_intake(c, done, e, ev->now_ms);
    tell_public(ev, c, done, e, done->n_trail - k->n_trail);
    if (e->begun)
        tell_change(c, done, e);
    if (milestone)
        tell_parties(c, change_of(ev->arena, k, done), e, milestone);
}

void att_announce_again(const struct svc_event *ev, struct svc_call *c, const PB(Case) *k, PB(Outcome) outcome)
{
    struct ending e = {.outcome = outcome};
    tell_intake(c, trail_case(ev->arena, k, att_status_of(outcome), ev->now_ms), &e, 0);
}
