#include "clinic/attach/v1/events.pb-c.h"
#include "domain/trail.h"
#include "domain/validate.h"
#include "flow.h"

/* --- withdrawal by the citizen --- */

void intake_plan_withdrawal(const struct svc_event *ev, struct svc_plan *p)
{
    const PB(Withdrawal) *w = ev->msg;
    char id[37];
    if (intake_owns(ev, w->source, w->external_ref, id))
        svc_read(p, TABLE_APPLICATION, bytes_str(arena_strdup(ev->arena, id)));
}

static void ask_to_withdraw(const struct svc_event *ev, struct svc_call *c, const PB(ApplicationState) * known,
                            const char *id)
{
    PB(WithdrawalRequested) *m = ARENA_NEW(ev->arena, PB(WithdrawalRequested));
    clinic__attach__v1__withdrawal_requested__init(m);
    m->application_id = arena_strdup(ev->arena, id);
    m->person_ref = known->person_ref;
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, bytes_str(known->person_ref), EV_WITHDRAWAL_REQUESTED, m, id);
    svc_count(c, COUNT_APPLICATIONS, "withdrawal");
}

struct svc_verdict intake_withdrawal(const struct svc_event *ev, struct svc_call *c)
{
    const PB(Withdrawal) *w = ev->msg;
    char id[37];
    struct err e;
    bool is_owner = intake_owns(ev, w->source, w->external_ref, id);
    if (!validate_withdrawal(w, &e))
        return intake_invalid(ev, &e);
    if (!is_owner) {
        svc_emit(c, TOPIC_INTAKE_INBOX, bytes_str(id), EV_APPLICATION_WITHDRAWAL, w, id);
        return SVC_DONE;
    }
    const PB(ApplicationState) *known = svc_get(c, TABLE_APPLICATION, bytes_str(id));
    if (!known)
        return svc_rejected(SVC_REJECT_INVALID, "external_ref: no such application");
    if (known->outcome == PB_OUTCOME(UNSPECIFIED))
        ask_to_withdraw(ev, c, known, id);
    return SVC_DONE;
}

/* --- the outcome, from the service that decides --- */

void intake_plan_closed(const struct svc_event *ev, struct svc_plan *p)
{
    const PB(ApplicationClosed) *m = ev->msg;
    if (m->application_id[0]) /* without one it is malformed: rejected before anything is read */
        svc_read(p, TABLE_APPLICATION, bytes_str(m->application_id));
}

static bool has_step(const PB(ApplicationState) * state, const PB(Step) * step)
{
    for (size_t i = 0; i < state->n_trail; i++)
        if (state->trail[i]->status == step->status && state->trail[i]->at_ms == step->at_ms)
            return true;
    return false;
}

struct svc_verdict intake_closed(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ApplicationClosed) *m = ev->msg;
    const struct intake *in = ev->conf;
    const PB(ApplicationState) *known =
        m->application_id[0] ? svc_get(c, TABLE_APPLICATION, bytes_str(m->application_id)) : NULL;
    if (!known)
        return svc_rejected(SVC_REJECT_INVALID, "application_id: no such application");
    if (known->outcome != PB_OUTCOME(UNSPECIFIED))
        return SVC_DONE; /* repeated */
    PB(ApplicationState) *state = arena_dup(ev->arena, known, sizeof *state); /* shallow: parts are replaced */
    state->outcome = m->outcome;
    state->reasons = m->reasons;
    state->n_reasons = m->n_reasons;
    state->forget_at_ms = ev->now_ms + in->retention_ms;
    for (size_t i = 0; i < m->n_trail; i++)
        if (!has_step(known, m->trail[i]))
            trail_add(ev->arena, &state->trail, &state->n_trail, m->trail[i]->status, m->trail[i]->at_ms);
    svc_put(c, TABLE_APPLICATION, bytes_str(m->application_id), state);
    return SVC_DONE;
}

/* --- due work: the term has passed, or the record may be forgotten --- */

void intake_plan_due(const struct svc_event *ev, struct svc_plan *p) { svc_read(p, TABLE_APPLICATION, ev->key); }

/* Without a status: the application is in other hands, which have moved it on and may even have ended it meanwhile. */
static PB(ApplicationStatusChanged) * alarm_of(const struct svc_event *ev, const PB(ApplicationState) * state)
{
    PB(ApplicationStatusChanged) *m = ARENA_NEW(ev->arena, PB(ApplicationStatusChanged));
    clinic__attach__v1__application_status_changed__init(m);
    m->source = state->source;
    m->external_ref = state->external_ref;
    m->application_id = ARENA_ARRAY(ev->arena, char, 37);
    application_id_of(state->source, state->external_ref, m->application_id);
    m->at_ms = ev->now_ms;
    m->due_at_ms = state->due_at_ms;
    m->clinic_id = state->clinic_id;
    m->profile = state->profile;
    m->rule_set = state->rule_set;
    m->sla_breached = true;
    return m;
}

/* an alarm, never a decision; the status stays. */
static void raise_alarm(const struct svc_event *ev, struct svc_call *c, const PB(ApplicationState) * known)
{
    PB(ApplicationState) *state = arena_dup(ev->arena, known, sizeof *state); /* shallow: parts are replaced */
    state->sla_breached = true;
    svc_put(c, TABLE_APPLICATION, ev->key, state);
    PB(ApplicationStatusChanged) *m = alarm_of(ev, state);
    svc_emit(c, TOPIC_APPLICATION, bytes_str(state->person_ref), EV_STATUS_CHANGED, m, m->application_id);
    svc_count(c, COUNT_APPLICATIONS, "overdue");
}

struct svc_verdict intake_due(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ApplicationState) *known = svc_get(c, TABLE_APPLICATION, ev->key);
    if (!known)
        return SVC_DONE;
    if (known->outcome != PB_OUTCOME(UNSPECIFIED)) {
        if (known->forget_at_ms && known->forget_at_ms <= ev->now_ms)
            svc_del(c, TABLE_APPLICATION, ev->key);
    } else if (!known->sla_breached && known->due_at_ms <= ev->now_ms) {
        raise_alarm(ev, c, known);
    }
    return SVC_DONE;
}
