#include "services/stage/stage.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/status.h"
#include "domain/trail.h"

bool stage_init(const struct conf *conf, void **ret, struct err *e)
{
    struct stage_conf *in = ARENA_NEW(arena_new(4096, 4096), struct stage_conf); /* for the life of the process */
    if (!rulesets_load_dir(conf_str(conf, "rules.dir"), &in->rules, e) ||
        !keyring_load(conf_str(conf, "keyring.file"), &in->keys, e))
        return false; /* the process ends */
    if (!keyring_can_seal(in->keys) || !keyring_can_name(in->keys))
        return err_set(e, ERR_FATAL, "STAGE-KEYS", "keyring.file: needs the sections [seal] and [pseudonym]");
    *ret = in;
    return true;
}

void stage_plan(struct svc_plan *p, int table, const PB(Case) *c)
{
    if (c && c->person_ref[0])
        svc_read(p, table, bytes_str(c->person_ref));
}

bool stage_open(struct stage *s, const PB(Case) *c, struct err *e)
{
    if (!c || !c->application || !c->rule_set ||
        c->application->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED)
        return err_set(e, ERR_INPUT, "case", "must have an application with sealed data and a rule set");
    if (!c->person_ref[0])
        return err_set(e, ERR_INPUT, "case.person_ref", "must be given");
    const struct ruleset *rules = ruleset_find(s->in->rules, c->rule_set->id);
    if (!rules)
        return err_set(e, ERR_INPUT, "case.rule_set.id", "is not a known rule set");
    if (!seal_open(s->in->keys, c->application->sealed, c->application_id, s->ev->arena, &s->personal, e))
        return false;
    s->the_case = arena_dup(s->ev->arena, c, sizeof *c);
    s->at = rules_for(rules, c->received_at_ms, c->application);
    return true;
}

struct svc_verdict stage_invalid(const struct svc_event *ev, const struct err *e)
{
    return svc_rejected(SVC_REJECT_INVALID, arena_printf(ev->arena, "%s: %s", e->code, e->text));
}

void stage_stop(struct stage *s, struct finding why, PB(Outcome) outcome)
{
    const PB(Case) *c = s->the_case;
    PB(ApplicationStopped) m = CLINIC__ATTACH__V1__APPLICATION_STOPPED__INIT;
    PB(Reason) *reason = reason_msg(s->ev->arena, why);
    m.case_ = s->the_case;
    m.outcome = outcome;
    m.reasons = &reason;
    m.n_reasons = 1;
    svc_emit(s->call, TOPIC_ATTACHMENT_INBOX, bytes_str(c->person_ref), EV_APPLICATION_STOPPED, &m, c->application_id);
    svc_count(s->call, STAGE_CHECKS, reasons[why.id].code);
}

void stage_enter(struct stage *s, PB(Status) next)
{
    s->the_case = trail_case(s->ev->arena, s->the_case, next, s->ev->now_ms);
    const PB(Case) *c = s->the_case;
    svc_emit(s->call, TOPIC_APPLICATION, bytes_str(c->person_ref), EV_STATUS_CHANGED, status_changed(s->ev->arena, c, 1),
             c->application_id);
}

void stage_pass(struct stage *s, enum topic_id topic, enum event_id type, const void *msg)
{
    const PB(Case) *c = s->the_case;
    svc_emit(s->call, topic, bytes_str(c->person_ref), type, msg, c->application_id);
    svc_count(s->call, STAGE_CHECKS, "verified");
}
