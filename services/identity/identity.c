/* identity: is the applicant who he says he is, and are his papers complete? Finds the category, checks papers and
 * profile against the age, compares with the register of insured persons (domain.md 3, 2.6, 2.7). Pure. */
#include "services/identity/identity.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/digest.h"
#include "domain/document.h"
#include "domain/papers.h"
#include "domain/ruleset.h"
#include "wire/seal.h"

enum { TABLE_PERSON };
enum { COUNT_CHECKS };

struct identity {
    struct rulesets *rules;
    struct keyring *keys;
};

/* One case while it is checked. */
struct check {
    const struct svc_event *ev;
    struct svc_call *call;
    const struct identity *in;
    PB(Case) * the_case; /* shallow copy, to be filled and passed on */
    PB(Personal) * personal;
    const PB(PersonRecord) * record; /* NULL = not in the register */
    struct rule_ctx at;
    struct date birth;
};

static void plan_registered(const struct svc_event *ev, struct svc_plan *p)
{
    const PB(ApplicationRegistered) *m = ev->msg;
    if (m->case_ && m->case_->person_ref[0])
        svc_read(p, TABLE_PERSON, bytes_str(m->case_->person_ref));
}

/* --- the register --- */

static bool same(ProtobufCBinaryData record, const uint8_t given[DIGEST_BYTES])
{
    return bytes_eq(bytes_of(record.data, record.len), bytes_of(given, DIGEST_BYTES));
}

/* First field that differs. SNILS is compared when both sides have one. */
static const char *difference(const PB(PersonRecord) * r, const struct person_digest *d)
{
    if (!same(r->surname, d->surname))
        return "SURNAME";
    if (!same(r->name, d->name))
        return "NAME";
    if (d->has_patronymic ? !same(r->patronymic, d->patronymic) : r->patronymic.len > 0)
        return "PATRONYMIC";
    if (!same(r->birth_date, d->birth_date))
        return "BIRTH_DATE";
    if (d->has_snils && r->snils.len > 0 && !same(r->snils, d->snils))
        return "SNILS";
    return NULL;
}

static struct finding check_register(const struct check *k, const struct person_digest *given)
{
    if (!k->record)
        return finding_of(REASON_IDENTITY_NOT_CONFIRMED, "NOT_FOUND");
    const char *what = difference(k->record, given);
    if (what)
        return finding_of(REASON_IDENTITY_NOT_CONFIRMED, what);
    return k->record->military ? finding_of(REASON_CATEGORY_EXCLUDED, NULL) : FINDING_NONE; /* */
}

/* --- the decision of this stage --- */

/* Identity first: papers of somebody else are not worth discussing. */
static struct finding first_problem(struct check *k, const struct person_digest *given)
{
    const PB(Application) *app = k->the_case->application;
    struct finding f = papers_check(&k->at, app, k->personal, k->the_case->category, k->birth);
    if (f.id == REASON_CATEGORY_EXCLUDED)
        return f;
    struct finding known = check_register(k, given);
    if (known.id != REASON_NONE)
        return known;
    if (f.id != REASON_NONE)
        return f;
    return papers_profile(app->profile, (int)k->the_case->age_years, k->personal->sex);
}

static void add_step(struct check *k)
{
    PB(Case) *c = k->the_case;
    PB(Step) **trail = ARENA_ARRAY(k->ev->arena, PB(Step) *, c->n_trail + 1);
    for (size_t i = 0; i < c->n_trail; i++)
        trail[i] = c->trail[i];
    PB(Step) *s = ARENA_NEW(k->ev->arena, PB(Step));
    clinic__attach__v1__step__init(s);
    s->status = CLINIC__ATTACH__V1__STATUS__STATUS_VERIFYING_IDENTITY;
    s->at_ms = k->ev->now_ms;
    trail[c->n_trail++] = s;
    c->trail = trail;
}

static void stop(struct check *k, struct finding why)
{
    PB(ApplicationStopped) *m = ARENA_NEW(k->ev->arena, PB(ApplicationStopped));
    clinic__attach__v1__application_stopped__init(m);
    m->case_ = k->the_case;
    m->outcome = reason_outcome(why.id);
    m->reasons = ARENA_ARRAY(k->ev->arena, PB(Reason) *, 1);
    m->reasons[0] = reason_msg(k->ev->arena, why);
    m->n_reasons = 1;
    svc_emit(k->call, TOPIC_ATTACHMENT_INBOX, bytes_str(k->the_case->person_ref), EV_APPLICATION_STOPPED, m,
             k->the_case->application_id);
    svc_count(k->call, COUNT_CHECKS, reasons[why.id].code);
}

static void pass(struct check *k)
{
    PB(IdentityVerified) *m = ARENA_NEW(k->ev->arena, PB(IdentityVerified));
    clinic__attach__v1__identity_verified__init(m);
    m->case_ = k->the_case;
    svc_emit(k->call, TOPIC_POLICY_INBOX, bytes_str(k->the_case->person_ref), EV_IDENTITY_VERIFIED, m,
             k->the_case->application_id);
    svc_count(k->call, COUNT_CHECKS, "verified");
}

/* What this stage finds out for the later ones. */
static void fill_case(struct check *k)
{
    PB(Case) *c = k->the_case;
    c->category = papers_category(&k->at, c->application, k->personal, k->birth);
    int age = date_age(k->birth, date_of_days(k->at.day));
    c->age_years = age > 0 ? (uint32_t)age : 0;
    bool is_known = k->record && k->record->residence_district[0] != '\0';
    c->residence_district = is_known ? k->record->residence_district : c->application->residence_district;
    add_step(k);
}

/* The case as intake makes it; a record from elsewhere that lacks a part is a dead letter, not a crash. */
static bool open_case(struct check *k, const PB(Case) * c, struct err *e)
{
    if (!c || !c->application || !c->rule_set ||
        c->application->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED)
        return err_set(e, ERR_INPUT, "case", "must have an application with sealed data and a rule set");
    if (!c->person_ref[0])
        return err_set(e, ERR_INPUT, "case.person_ref", "must be given");
    const struct ruleset *rules = ruleset_find(k->in->rules, c->rule_set->id);
    if (!rules)
        return err_set(e, ERR_INPUT, "case.rule_set.id", "is not a known rule set");
    if (!seal_open(k->in->keys, c->application->sealed, c->application_id, k->ev->arena, &k->personal, e))
        return false;
    if (!date_parse(k->personal->birth_date, &k->birth))
        return err_set(e, ERR_INPUT, "personal.birth_date", "must be a date, YYYY-MM-DD");
    k->the_case = arena_dup(k->ev->arena, c, sizeof *c);
    k->record = svc_get(k->call, TABLE_PERSON, bytes_str(c->person_ref));
    k->at = rules_for(rules, c->received_at_ms, c->application);
    return true;
}

static struct svc_verdict handle_registered(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ApplicationRegistered) *m = ev->msg;
    struct check k = {.ev = ev, .call = c, .in = ev->conf};
    struct person_digest given;
    struct err e;
    if (!open_case(&k, m->case_, &e) || !person_digests(k.in->keys, k.personal, ev->arena, &given, &e))
        return svc_rejected(SVC_REJECT_INVALID, arena_printf(ev->arena, "%s: %s", e.code, e.text));
    must(k.the_case && k.personal);
    fill_case(&k);
    struct finding f = first_problem(&k, &given);
    if (f.id == REASON_NONE)
        pass(&k);
    else
        stop(&k, f);
    return SVC_DONE;
}

/* --- descriptor --- */

static bool identity_init(const struct conf *conf, void **ret, struct err *e)
{
    struct identity *in = ARENA_NEW(arena_new(4096, 4096), struct identity); /* for the life of the process */
    if (!rulesets_load_dir(conf_str(conf, "rules.dir"), &in->rules, e) ||
        !keyring_load(conf_str(conf, "keyring.file"), &in->keys, e))
        return false; /* the process ends */
    if (!keyring_can_seal(in->keys) || !keyring_can_name(in->keys))
        return err_set(e, ERR_FATAL, "IDENTITY-KEYS", "keyring.file: needs the sections [seal] and [pseudonym]");
    *ret = in;
    return true;
}

static const enum topic_id outputs[] = {TOPIC_POLICY_INBOX, TOPIC_ATTACHMENT_INBOX, TOPIC_N};

static const struct svc_table tables[] = {
    [TABLE_PERSON] = {.name = "person", .type = EV_REGISTRY_PERSON, .source = TOPIC_REGISTRY_PERSON},
    {0},
};

static const struct svc_handler handlers[] = {
    {EV_APPLICATION_REGISTERED, -1, plan_registered, handle_registered},
    {0},
};

static const struct svc_metric metrics[] = {
    [COUNT_CHECKS] = {"clinic_identity_checks_total", "result", "identity checks by result: verified or the reason"},
    {0},
};

const struct svc_def identity_svc = {
    .name = "identity",
    .summary = "checks category, papers and identity against the register of insured persons",
    .inbox = TOPIC_IDENTITY_INBOX,
    .facts = TOPIC_IDENTITY_FACTS,
    .dlq = TOPIC_IDENTITY_DLQ,
    .outputs = outputs,
    .tables = tables,
    .handlers = handlers,
    .metrics = metrics,
    .init = identity_init,
};
