/* lock.c - how an application arrives, takes the lock of its profile and asks for a place; how it is withdrawn; how
 * the question is repeated until answered. Nothing here or elsewhere unlocks without an answer or a withdrawal. */
#include "domain/channel.h"
#include "domain/trail.h"
#include "services/attachment/room.h"

static void lock(const struct att *a, const PB(Case) *k, const struct judgement *j)
{
    person_t *s = att_state(a);
    PB(InFlight) *f = arena_alloc(a->ev->arena, sizeof *f);
    clinic__attach__v1__in_flight__init(f);
    f->profile = k->application->profile;
    f->case_ = trail_case(a->ev->arena, k, PB_STATUS(CHECKING_CAPACITY), a->ev->now_ms);
    f->asked_at_ms = a->ev->now_ms;
    f->asked_n = 1;
    f->counted = j->counted;
    person_lock(s, f, a->ev->arena);
    att_save(a, s);
    att_reserve(a, f->case_);
    att_announce_step(a->ev, a->c, f->case_);
}

/* Heard of again: one that has ended is answered as it was first, one in flight is answered when it ends. */
static void answer_again(const struct att *a, const PB(Case) *k)
{
    PB(Outcome) outcome = person_outcome(a->now, a->id);
    if (!outcome)
        return;
    att_announce_again(a->ev, a->c, k, outcome);
    svc_count(a->c, ATT_M_ANSWERED_AGAIN, NULL);
}

/* An application that the stages before let through (stopped == NULL) or ended. */
static void arrive(const struct att *a, const PB(Case) *k, const struct ending *stopped)
{
    struct ending withdrawn = {.outcome = PB_OUTCOME(WITHDRAWN)};
    enum standing standing = person_standing(a->now, a->id);
    if (standing == STANDING_WITHDRAWN_EARLY) {
        stopped = &withdrawn;
    } else if (standing != STANDING_UNKNOWN) {
        answer_again(a, k); /* a repeat */
        return;
    }
    struct judgement j = {0};
    struct ending found;
    if (!stopped) {
        j = att_judge(a, k);
        if (j.stop.id != REASON_NONE) {
            found = att_ending_of(a->ev->arena, j.stop);
            found.rule_set = j.rule_set;
            stopped = &found;
        }
    }
    if (stopped)
        att_close(a, att_state(a), k, stopped);
    else
        lock(a, k, &j);
}

static const char *bad_case(const PB(Case) *k)
{
    if (!k)
        return "case: required";
    if (!k->application)
        return "case.application: required";
    if (!k->application->clinic_id[0])
        return "case.application.clinic_id: required";
    if (!profile_name(k->application->profile)[0])
        return "case.application.profile: must be a known one";
    return NULL;
}

struct svc_verdict att_on_verified(const struct svc_event *ev, struct svc_call *c)
{
    const PB(PolicyVerified) *m = ev->msg;
    struct att a;
    const char *why = bad_case(m->case_);
    if (why || !att_open(ev, c, m->case_->person_ref, m->case_->application_id, &a, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    arrive(&a, m->case_, NULL);
    return SVC_DONE;
}

struct svc_verdict att_on_stopped(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ApplicationStopped) *m = ev->msg;
    struct att a;
    const char *why = bad_case(m->case_);
    if (!why && m->outcome != PB_OUTCOME(GATED) && m->outcome != PB_OUTCOME(REFUSED) &&
        m->outcome != PB_OUTCOME(RETURNED))
        why = "outcome: must be GATED, REFUSED or RETURNED";
    if (why || !att_open(ev, c, m->case_->person_ref, m->case_->application_id, &a, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    struct ending e = {.outcome = m->outcome, .reasons = m->reasons, .reasons_n = m->n_reasons};
    arrive(&a, m->case_, &e);
    return SVC_DONE;
}

/* Before arrival it is remembered; while waiting it ends the application and gives the place back; after the
 * decision it comes too late and changes nothing: intake is told the decision again. */
struct svc_verdict att_on_withdrawal(const struct svc_event *ev, struct svc_call *c)
{
    const PB(WithdrawalRequested) *m = ev->msg;
    struct att a;
    const char *why;
    if (!att_open(ev, c, m->person_ref, m->application_id, &a, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    enum standing standing = person_standing(a.now, a.id);
    if (standing == STANDING_UNKNOWN) {
        person_t *s = att_state(&a);
        person_close(s, a.id, PB_OUTCOME(UNSPECIFIED), ev->arena);
        att_save(&a, s);
    } else if (standing == STANDING_IN_FLIGHT) {
        person_t *s = att_state(&a);
        PB(InFlight) *f = person_in_flight_by_id(s, m->application_id);
        person_unlock(s, f);
        att_cancel(&a, m->application_id, f->case_->application->clinic_id);
        struct ending e = {.outcome = PB_OUTCOME(WITHDRAWN)};
        att_close(&a, s, f->case_, &e);
    } else {
        PB(Case) k = CLINIC__ATTACH__V1__CASE__INIT;
        k.application_id = m->application_id;
        answer_again(&a, &k);
    }
    return SVC_DONE;
}

/* The question was not answered in time: ask again, less and less often. capacity answers a repeat as it answered first. */
struct svc_verdict att_on_due(const struct svc_event *ev, struct svc_call *c)
{
    struct att a = {.ev = ev, .c = c, .conf = ev->conf, .key = ev->key};
    a.now = svc_get(c, ATT_PERSON, ev->key);
    if (!a.now || !person_due_ms(a.now) || person_due_ms(a.now) > ev->now_ms)
        return SVC_DONE; /* settled earlier in this batch */
    person_t *s = att_state(&a);
    for (size_t i = 0; i < s->n_in_flight; i++) {
        PB(InFlight) *f = s->in_flight[i];
        if (in_flight_due_ms(f) > ev->now_ms)
            continue;
        f->asked_at_ms = ev->now_ms;
        f->asked_n++;
        att_reserve(&a, f->case_);
        svc_count(c, ATT_M_REPEATED, NULL);
    }
    att_save(&a, s);
    return SVC_DONE;
}
