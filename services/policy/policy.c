/* policy: is the policy good for this application? Form, registration in the region, status, term, holder, insurer by
 * the register of policies (domain.md 2.4; ). Pure. */
#include "services/policy/policy.h"
#include <string.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/digest.h"
#include "domain/policy.h"
#include "services/stage/stage.h"

#define POLICY_STATUS(x) CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_##x

enum { TABLE_POLICY };

/* One case while it is checked. */
struct check {
    struct stage s;
    const PB(PolicyRecord) * record; /* NULL = not in the register */
};

static void plan_verified(const struct svc_event *ev, struct svc_plan *p)
{
    stage_plan(p, TABLE_POLICY, ((const PB(IdentityVerified) *)ev->msg)->case_);
}

/* --- rules, in the order they are told to the citizen --- */

static struct finding check_status(const struct check *k)
{
    /* A certificate stands for a policy that is being made. */
    bool in_production = k->record->status == POLICY_STATUS(IN_PRODUCTION) && k->record->form == PB_FORM(TEMP_CERT);
    if (k->record->status == POLICY_STATUS(ACTIVE) || in_production)
        return FINDING_NONE;
    return finding_of(REASON_POLICY_NOT_ACTIVE, NULL);
}

/* What the number did not tell, the register does: a time-limited policy has 16 digits too. */
static struct finding check_form(const struct check *k)
{
    if (!channel_is_online(k->s.at.channel))
        return FINDING_NONE;
    if (policy_is_temporary(k->record->form))
        return finding_of(REASON_POLICY_TEMPORARY_NOT_ONLINE, NULL);
    if (k->record->form == PB_FORM(OLD))
        return finding_of(REASON_POLICY_OLD_FORM_NOT_ONLINE, NULL);
    return FINDING_NONE;
}

/* A term kills temporary papers only: an expired policy of a citizen stays valid. */
static struct finding check_term(const struct check *k)
{
    bool is_limited = policy_is_temporary(k->record->form) && k->record->valid_until_day != 0;
    if (is_limited && (int32_t)k->record->valid_until_day < k->s.at.day)
        return finding_of(REASON_POLICY_TEMP_EXPIRED, NULL);
    return FINDING_NONE;
}

/* Stale data at the insurer is expected, not fraud. */
static struct finding check_holder(const struct check *k, const struct policy_digest *given)
{
    struct bytes name = bytes_of(k->record->holder_name.data, k->record->holder_name.len);
    struct bytes birth = bytes_of(k->record->holder_birth.data, k->record->holder_birth.len);
    if (!bytes_eq(name, bytes_of(given->holder_name, DIGEST_BYTES)))
        return finding_of(REASON_POLICY_DATA_MISMATCH, "NAME");
    if (!bytes_eq(birth, bytes_of(given->holder_birth, DIGEST_BYTES)))
        return finding_of(REASON_POLICY_DATA_MISMATCH, "BIRTH_DATE");
    return FINDING_NONE;
}

/* The region where the policy is registered now, not the first digits of its number. */
static bool is_of_region(const struct check *k)
{
    const char *region = ruleset_region(k->s.at.set);
    return region[0] == '\0' || strcmp(region, k->record->region) == 0;
}

static struct finding check_region(const struct check *k)
{
    enum rule_id rule = channel_is_online(k->s.at.channel) ? RULE_POLICY_REGION_ONLINE : RULE_POLICY_REGION_IN_PERSON;
    if (!is_of_region(k) && rule_is(&k->s.at, rule, W_BLOCK))
        return finding_of(REASON_POLICY_OTHER_REGION, NULL);
    return FINDING_NONE;
}

static struct finding first_problem(const struct check *k, const struct policy_digest *given)
{
    if (!k->record)
        return finding_of(REASON_POLICY_NOT_FOUND, NULL);
    struct finding f = check_status(k);
    if (f.id == REASON_NONE)
        f = check_form(k);
    if (f.id == REASON_NONE)
        f = check_term(k);
    if (f.id == REASON_NONE)
        f = check_region(k);
    if (f.id == REASON_NONE)
        f = check_holder(k, given);
    return f;
}

/* --- passing on ---
 * No status is announced here: the decider takes the application up next and may end it without asking the clinic. The
 * stage CHECKING_CAPACITY is its to tell, with the question to capacity. */

static void add_finding(struct check *k, enum reason_id id)
{
    PB(Case) *c = k->s.the_case;
    PB(Reason) **longer = ARENA_ARRAY(k->s.ev->arena, PB(Reason) *, c->n_findings + 1);
    for (size_t i = 0; i < c->n_findings; i++)
        longer[i] = c->findings[i];
    longer[c->n_findings++] = reason_msg(k->s.ev->arena, finding_of(id, NULL));
    c->findings = longer;
}

/* In person nothing is gated any more: what a region blocks there is a refusal in writing (appendix D). */
static void stop(struct check *k, struct finding why)
{
    PB(Outcome) outcome = reason_outcome(why.id);
    bool is_gate = outcome == PB_OUTCOME(GATED) && !channel_is_online(k->s.at.channel);
    stage_stop(&k->s, why, is_gate ? PB_OUTCOME(REFUSED) : outcome);
}

/* a policy of the region opens the territorial programme too. */
static void fill_case(struct check *k)
{
    PB(Case) *c = k->s.the_case;
    const PB(PolicyRecord) *r = k->record;
    must(r != NULL);
    c->insurer_id = r->insurer_id;
    c->scope = CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_BASIC_AND_TERRITORIAL;
    if (!is_of_region(k)) {
        c->scope = CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_BASIC;
        add_finding(k, REASON_OK_BASIC_PROGRAMME);
    }
    if (policy_is_temporary(r->form) && r->valid_until_day)
        c->policy_valid_until_ms = date_end_ms((int32_t)r->valid_until_day, k->s.at.utc_offset_min);
}

static void pass(struct check *k)
{
    fill_case(k);
    PB(PolicyVerified) m = CLINIC__ATTACH__V1__POLICY_VERIFIED__INIT;
    m.case_ = k->s.the_case;
    stage_pass(&k->s, TOPIC_ATTACHMENT_INBOX, EV_POLICY_VERIFIED, &m);
}

static struct svc_verdict handle_verified(const struct svc_event *ev, struct svc_call *c)
{
    const PB(IdentityVerified) *m = ev->msg;
    struct check k = {.s = {.ev = ev, .call = c, .in = ev->conf}};
    struct policy_digest given;
    struct err e;
    if (!stage_open(&k.s, m->case_, &e) ||
        !policy_digests(k.s.in->keys, k.s.personal, ev->arena, &given, &e))
        return stage_invalid(ev, &e);
    k.record = svc_get(c, TABLE_POLICY, bytes_str(m->case_->person_ref));
    struct finding f = first_problem(&k, &given);
    if (f.id == REASON_NONE)
        pass(&k);
    else
        stop(&k, f);
    return SVC_DONE;
}

/* --- descriptor --- */

static const struct svc_output outputs[] = {
    {TOPIC_ATTACHMENT_INBOX, EV_POLICY_VERIFIED},
    {TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED},
    {TOPIC_N},
};

static const struct svc_table tables[] = {
    [TABLE_POLICY] = {.name = "policy", .type = EV_REGISTRY_POLICY, .source = TOPIC_REGISTRY_POLICY},
    {0},
};

static const struct svc_handler handlers[] = {
    {EV_IDENTITY_VERIFIED, -1, plan_verified, handle_verified},
    {0},
};

static const struct svc_metric metrics[] = {
    [STAGE_CHECKS] = {"clinic_policy_checks_total", "result", "policy checks by result: verified or the reason"},
    {0},
};

const struct svc_def policy_svc = {
    .name = "policy",
    .summary = "checks form, region, status, term, holder and insurer against the register of policies",
    .inbox = TOPIC_POLICY_INBOX,
    .facts = TOPIC_POLICY_FACTS,
    .dlq = TOPIC_POLICY_DLQ,
    .outputs = outputs,
    .tables = tables,
    .handlers = handlers,
    .metrics = metrics,
    .init = stage_init,
};
