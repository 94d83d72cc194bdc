/* judge.c - may an application lead to an attachment: another one in flight (the lock), the same clinic, the
 * limit of changes. Asked when the lock is taken and again when the place is held. */
#include "domain/limit.h"
#include "domain/papers.h"
#include "services/attachment/room.h"

static bool in_force(const PB(Attachment) *x, int64_t now_ms)
{
    return x && (x->effective_to_s == 0 || (int64_t)x->effective_to_s * 1000 > now_ms);
}

/* Rules of the case; one that is no longer loaded is judged by the federal rules. */
static const struct ruleset *rules_of(const struct att_conf *conf, const PB(Case) *k)
{
    const struct ruleset *set = k->rule_set ? ruleset_find(conf->rules, k->rule_set->id) : NULL;
    return set ? set : ruleset_federal(conf->rules);
}

static struct finding approval(const PB(Case) *k, const PB(Attachment) *old, bool first, const struct limit_result *l)
{
    if (!old)
        return finding_of(REASON_OK_ATTACHED_FIRST, NULL);
    if (!first && l->verdict == LIMIT_EXEMPT && k->application->reason == PB_CHANGE(MOVED))
        return finding_of(REASON_OK_ATTACHED, "RESIDENCE");
    if (!first && l->verdict == LIMIT_EXEMPT && k->application->reason == PB_CHANGE(STAY_CHANGED))
        return finding_of(REASON_OK_ATTACHED, "STAY");
    return finding_of(REASON_OK_ATTACHED, NULL);
}

struct judgement att_judge(const struct att *a, const PB(Case) *k)
{
    const PB(Application) *app = k->application;
    const struct ruleset *set = rules_of(a->conf, k);
    const PB(Attachment) *old = person_attachment(a->now, app->profile);
    const PB(InFlight) *f = person_in_flight(a->now, app->profile);
    bool first = !in_force(old, a->ev->now_ms); /* nothing is changed: one that ran out does not count */
    struct judgement j = {.rule_set = ruleset_ref(a->ev->arena, set)};
    if (f && strcmp(f->case_->application_id, k->application_id) != 0) {
        j.stop = finding_of(REASON_APPLICATION_IN_PROGRESS, NULL);
        return j;
    }
    if (!first && strcmp(old->clinic_id, app->clinic_id) == 0) {
        j.stop = finding_of(REASON_ALREADY_ATTACHED_SAME, NULL);
        return j;
    }
    struct rule_ctx at = rules_at(set, a->ev->now_ms, channel_of(app->source), app->profile);
    struct limit_ask ask = {
        .profile = app->profile,
        .reason = app->reason,
        .first = first,
        .has_move_proof = papers_has(app, PB_DOC(MOVE_PROOF)) || papers_has(app, PB_DOC(TEMP_REG)),
    };
    struct limit_result l = limit_check(&at, a->now->changes, a->now->n_changes, &ask);
    j.stop = l.finding;
    j.ok = approval(k, old, first, &l);
    j.counted = l.verdict == LIMIT_COUNTED;
    return j;
}

/* A change is forgotten only when no rule set's window reaches it: the next application may come from another region. */
void att_prune(const struct att *a, person_t *s)
{
    for (size_t i = s->n_changes; i-- > 0;) {
        bool stale = true;
        for (size_t r = 0; stale && r < rulesets_n(a->conf->rules); r++) {
            struct rule_ctx at = rules_at(ruleset_at(a->conf->rules, r), a->ev->now_ms, CHANNEL_NONE,
                                          s->changes[i]->profile);
            stale = limit_is_stale(&at, s->changes[i]);
        }
        if (stale)
            person_drop_change(s, i);
    }
}

void att_reserve(const struct att *a, const PB(Case) *k)
{
    const PB(Application) *app = k->application;
    struct rule_ctx at = rules_at(rules_of(a->conf, k), a->ev->now_ms, channel_of(app->source), app->profile);
    PB(Reserve) m = CLINIC__ATTACH__V1__RESERVE__INIT;
    m.application_id = k->application_id;
    m.person_ref = k->person_ref;
    m.clinic_id = app->clinic_id;
    m.profile = app->profile;
    m.doctor_id = app->doctor_id;
    m.residence_district = k->residence_district;
    m.exempt_resident = rule_on(&at, RULE_CAPACITY_EXEMPT_REGISTERED);
    m.online = channel_is_online(channel_of(app->source));
    m.insurer_id = k->insurer_id;
    m.rule_set = k->rule_set;
    svc_emit(a->c, TOPIC_CAPACITY_INBOX, bytes_str(app->clinic_id), EV_RESERVE, &m, k->application_id);
}
