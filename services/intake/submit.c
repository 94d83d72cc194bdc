#include <string.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/digest.h"
#include "domain/gate.h"
#include "domain/policy.h"
#include "domain/status.h"
#include "domain/term.h"
#include "domain/trail.h"
#include "domain/validate.h"
#include "flow.h"

#define MOSCOW_OFFSET_MIN 180 /* to tell the day of receipt before the rule set is known */

/* One submission while it is handled. */
struct submission {
    const struct svc_event *ev;
    struct svc_call *call;
    const struct intake *in;
    const PB(Application) * app;   /* as it came */
    PB(Personal) * personal;       /* opened */
    const struct ruleset *rules;
    char id[37];
    char person_ref[PERSON_REF_LEN + 1];
    uint8_t fingerprint[DIGEST_BYTES];
    PB(Case) * the_case;
};

void intake_plan_submitted(const struct svc_event *ev, struct svc_plan *p)
{
    const PB(Application) *app = ev->msg;
    char id[37];
    if (intake_owns(ev, app->source, app->external_ref, id))
        svc_read(p, TABLE_APPLICATION, bytes_str(arena_strdup(ev->arena, id)));
}

static bool open_personal(struct submission *s, struct err *e)
{
    switch (s->app->personal_block_case) {
    case CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL:
        s->personal = s->app->personal;
        return true;
    case CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED:
        return seal_open(s->in->keys, s->app->sealed, s->id, s->ev->arena, &s->personal, e);
    default:
        return err_set(e, ERR_INPUT, "personal", "must be given");
    }
}

static bool check_fields(struct submission *s, struct err *e)
{
    s->rules = ruleset_find(s->in->rules, s->app->region);
    struct date today = date_of_ms(s->ev->now_ms, MOSCOW_OFFSET_MIN);
    if (s->rules) {
        struct rule_ctx at = rules_for(s->rules, s->ev->now_ms, s->app);
        today = date_of_days(at.day);
    }
    return validate_application(s->in->rules, s->app, s->personal, today, e);
}

/* Fields that the contract does not know could say anything about anybody in clear, at any length. */
static void drop_unknown(ProtobufCMessage *m)
{
    m->n_unknown_fields = 0;
    m->unknown_fields = NULL;
}

static void copy_evidence(const struct submission *s, PB(Application) * a)
{
    a->evidence = arena_dup(s->ev->arena, s->app->evidence, a->n_evidence * sizeof *a->evidence);
    for (size_t i = 0; i < a->n_evidence; i++) {
        a->evidence[i] = arena_dup(s->ev->arena, s->app->evidence[i], sizeof *a->evidence[i]);
        drop_unknown(&a->evidence[i]->base);
    }
}

/* A copy of the application whose personal data are sealed: nothing else leaves this file. */
static PB(Application) * sealed_copy(const struct submission *s)
{
    PB(Application) *a = arena_dup(s->ev->arena, s->app, sizeof *a);
    drop_unknown(&a->base);
    copy_evidence(s, a);
    if (a->personal_block_case == CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL) {
        a->sealed = seal_personal(s->in->keys, s->personal, s->id, s->ev->arena);
        a->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    } else {
        a->sealed = arena_dup(s->ev->arena, s->app->sealed, sizeof *a->sealed);
        drop_unknown(&a->sealed->base);
    }
    return a;
}

/* A portal keyed the record its own way: one hop to the owner of the application, who sees every repeat of it. */
static void send_to_owner(const struct submission *s)
{
    svc_emit(s->call, TOPIC_INTAKE_INBOX, bytes_str(s->id), EV_APPLICATION_SUBMITTED, sealed_copy(s), s->id);
    svc_count(s->call, COUNT_APPLICATIONS, "rekeyed");
}

static void name_person(struct submission *s)
{
    const PB(Personal) *p = s->personal;
    char normal[POLICY_NORMAL_MAX];
    if (!policy_normal(p->policy_form, p->policy_series, p->policy_number, normal, NULL, NULL))
        policy_raw(p->policy_series, p->policy_number, normal);
    person_ref_of(s->in->keys, normal, s->person_ref);
}

/* End of the term. A year that the calendar lacks must not stop the door: weekdays alone stand in, and are counted
 * for the alarm. */
static int64_t due_at_ms(const struct submission *s, const struct rule_ctx *at)
{
    int64_t due_ms;
    struct err e;
    if (term_due(at, s->in->calendar, s->ev->now_ms, &due_ms, &e))
        return due_ms;
    svc_count(s->call, COUNT_CALENDAR, NULL);
    int32_t day = at->day;
    for (int left = term_days(at); left > 0;)
        if (date_weekday(++day) < 5)
            left--;
    return date_end_ms(day, at->utc_offset_min);
}

static void enter(struct submission *s, PB(Status) status)
{
    PB(Case) *c = s->the_case;
    trail_add(s->ev->arena, &c->trail, &c->n_trail, status, s->ev->now_ms);
}

static void open_case(struct submission *s)
{
    PB(Case) *c = ARENA_NEW(s->ev->arena, PB(Case));
    clinic__attach__v1__case__init(c);
    c->application_id = arena_strdup(s->ev->arena, s->id);
    c->person_ref = arena_strdup(s->ev->arena, s->person_ref);
    c->application = sealed_copy(s);
    c->received_at_ms = s->ev->now_ms;
    c->rule_set = ruleset_ref(s->ev->arena, s->rules);
    s->the_case = c;
    enter(s, PB_STATUS(RECEIVED));
}

static PB(ApplicationState) * state_of(const struct submission *s)
{
    const PB(Case) *c = s->the_case;
    PB(ApplicationState) *t = ARENA_NEW(s->ev->arena, PB(ApplicationState));
    clinic__attach__v1__application_state__init(t);
    t->person_ref = c->person_ref;
    t->fingerprint = (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(s->ev->arena, s->fingerprint, DIGEST_BYTES)};
    t->source = s->app->source;
    t->external_ref = s->app->external_ref;
    t->trail = c->trail;
    t->n_trail = c->n_trail;
    t->due_at_ms = c->due_at_ms;
    t->clinic_id = s->app->clinic_id;
    t->profile = s->app->profile;
    t->rule_set = c->rule_set;
    return t;
}

static void notify(const struct submission *s, const PB(ApplicationState) * state, const char *milestone)
{
    PB(NotificationRequested) *n = ARENA_NEW(s->ev->arena, PB(NotificationRequested));
    clinic__attach__v1__notification_requested__init(n);
    n->case_ = s->the_case;
    n->outcome = state->outcome;
    n->reasons = state->reasons;
    n->n_reasons = state->n_reasons;
    n->milestone = (char *)milestone;
    svc_emit(s->call, TOPIC_NOTIFICATION_INBOX, bytes_str(s->the_case->person_ref), EV_NOTIFICATION_REQUESTED, n, s->id);
}

/* Every step so far was made in this one move. */
static void announce(const struct submission *s, const PB(ApplicationState) * state)
{
    PB(ApplicationStatusChanged) *m = status_changed(s->ev->arena, s->the_case, s->the_case->n_trail);
    m->outcome = state->outcome;
    m->reasons = state->reasons;
    m->n_reasons = state->n_reasons;
    m->clinic_id = state->clinic_id;
    m->profile = state->profile;
    m->rule_set = state->rule_set;
    svc_put(s->call, TABLE_APPLICATION, bytes_str(s->the_case->application_id), state);
    svc_emit(s->call, TOPIC_APPLICATION, bytes_str(state->person_ref), EV_STATUS_CHANGED, m, s->id);
}

/* the reason is told at once; nothing of it goes further. */
static void close_gated(struct submission *s, struct finding why)
{
    open_case(s);
    enter(s, PB_STATUS(GATED));
    PB(ApplicationState) *state = state_of(s);
    state->outcome = PB_OUTCOME(GATED);
    state->reasons = ARENA_ARRAY(s->ev->arena, PB(Reason) *, 1);
    state->reasons[0] = reason_msg(s->ev->arena, why);
    state->n_reasons = 1;
    state->forget_at_ms = s->ev->now_ms + s->in->retention_ms;
    announce(s, state);
    notify(s, state, "N-02");
    svc_count(s->call, COUNT_APPLICATIONS, "gated");
}

static void register_case(struct submission *s, const struct rule_ctx *at)
{
    open_case(s);
    enter(s, PB_STATUS(REGISTERED));
    enter(s, PB_STATUS(VERIFYING_IDENTITY));
    s->the_case->due_at_ms = due_at_ms(s, at);
    PB(ApplicationState) *state = state_of(s);
    announce(s, state);
    PB(ApplicationRegistered) *m = ARENA_NEW(s->ev->arena, PB(ApplicationRegistered));
    clinic__attach__v1__application_registered__init(m);
    m->case_ = s->the_case;
    svc_emit(s->call, TOPIC_IDENTITY_INBOX, bytes_str(state->person_ref), EV_APPLICATION_REGISTERED, m, s->id);
    notify(s, state, "N-01");
    svc_count(s->call, COUNT_APPLICATIONS, "registered");
}

/* one application whatever is repeated; the same reference with other content is somebody's mistake. */
static struct svc_verdict repeat(const struct submission *s, const PB(ApplicationState) * known)
{
    struct bytes was = bytes_of(known->fingerprint.data, known->fingerprint.len);
    if (bytes_eq(was, bytes_of(s->fingerprint, DIGEST_BYTES))) {
        svc_count(s->call, COUNT_APPLICATIONS, "repeated");
        return SVC_DONE;
    }
    svc_count(s->call, COUNT_APPLICATIONS, "conflicting");
    return svc_rejected(SVC_REJECT_CONFLICT, "external_ref: stands for another application already");
}

struct svc_verdict intake_submitted(const struct svc_event *ev, struct svc_call *c)
{
    struct submission s = {.ev = ev, .call = c, .in = ev->conf, .app = ev->msg};
    struct err e;
    bool is_owner = intake_owns(ev, s.app->source, s.app->external_ref, s.id);
    if (!open_personal(&s, &e) || !check_fields(&s, &e)) {
        svc_count(c, COUNT_APPLICATIONS, "invalid");
        return intake_invalid(ev, &e);
    }
    if (!is_owner) {
        send_to_owner(&s);
        return SVC_DONE;
    }
    application_fingerprint(s.in->keys, s.app, s.personal, ev->arena, s.fingerprint);
    const PB(ApplicationState) *known = svc_get(c, TABLE_APPLICATION, bytes_str(s.id));
    if (known)
        return repeat(&s, known);
    name_person(&s);
    struct rule_ctx at = rules_for(s.rules, ev->now_ms, s.app);
    struct finding gate = gate_check(&at, s.app, s.personal);
    if (gate.id != REASON_NONE)
        close_gated(&s, gate);
    else
        register_case(&s, &at);
    return SVC_DONE;
}
