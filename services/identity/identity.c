/* identity: is the applicant who he says he is, and are his papers complete? Finds the category, checks papers and
 * profile against the age, compares with the register of insured persons (domain.md 3, 2.6, 2.7). Pure. */
#include "services/identity/identity.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/digest.h"
#include "domain/document.h"
#include "domain/papers.h"
#include "services/stage/stage.h"

enum { TABLE_PERSON };

/* One case while it is checked. */
struct check {
    struct stage s;
    const PB(PersonRecord) * record; /* NULL = not in the register */
    struct date birth;
};

static void plan_registered(const struct svc_event *ev, struct svc_plan *p)
{
    stage_plan(p, TABLE_PERSON, ((const PB(ApplicationRegistered) *)ev->msg)->case_);
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
    const PB(Application) *app = k->s.the_case->application;
    struct finding f = papers_check(&k->s.at, app, k->s.personal, k->s.the_case->category, k->birth);
    if (f.id == REASON_CATEGORY_EXCLUDED)
        return f;
    struct finding known = check_register(k, given);
    if (known.id != REASON_NONE)
        return known;
    if (f.id != REASON_NONE)
        return f;
    return papers_profile(app->profile, (int)k->s.the_case->age_years, k->s.personal->sex);
}

static void pass(struct check *k)
{
    PB(IdentityVerified) m = CLINIC__ATTACH__V1__IDENTITY_VERIFIED__INIT;
    stage_enter(&k->s, PB_STATUS(VERIFYING_POLICY));
    m.case_ = k->s.the_case;
    stage_pass(&k->s, TOPIC_POLICY_INBOX, EV_IDENTITY_VERIFIED, &m);
}

/* What this stage finds out for the later ones. */
static void fill_case(struct check *k)
{
    PB(Case) *c = k->s.the_case;
    c->category = papers_category(&k->s.at, c->application, k->s.personal, k->birth);
    int age = date_age(k->birth, date_of_days(k->s.at.day));
    c->age_years = age > 0 ? (uint32_t)age : 0;
    bool is_known = k->record && k->record->residence_district[0] != '\0';
    c->residence_district = is_known ? k->record->residence_district : c->application->residence_district;
}

static bool open_case(struct check *k, const PB(Case) * c, struct person_digest *ret_given, struct err *e)
{
    if (!stage_open(&k->s, c, e))
        return false;
    if (!date_parse(k->s.personal->birth_date, &k->birth))
        return err_set(e, ERR_INPUT, "personal.birth_date", "must be a date, YYYY-MM-DD");
    k->record = svc_get(k->s.call, TABLE_PERSON, bytes_str(c->person_ref));
    return person_digests(k->s.in->keys, k->s.personal, k->s.ev->arena, ret_given, e);
}

static struct svc_verdict handle_registered(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ApplicationRegistered) *m = ev->msg;
    struct check k = {.s = {.ev = ev, .call = c, .in = ev->conf}};
    struct person_digest given;
    struct err e;
    if (!open_case(&k, m->case_, &given, &e))
        return stage_invalid(ev, &e);
    fill_case(&k);
    struct finding f = first_problem(&k, &given);
    if (f.id == REASON_NONE)
        pass(&k);
    else
        stage_stop(&k.s, f, reason_outcome(f.id));
    return SVC_DONE;
}

/* --- descriptor --- */

static const struct svc_output outputs[] = {
    {TOPIC_POLICY_INBOX, EV_IDENTITY_VERIFIED},
    {TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED},
    {TOPIC_APPLICATION, EV_STATUS_CHANGED},
    {TOPIC_N},
};

static const struct svc_table tables[] = {
    [TABLE_PERSON] = {.name = "person", .type = EV_REGISTRY_PERSON, .source = TOPIC_REGISTRY_PERSON},
    {0},
};

static const struct svc_handler handlers[] = {
    {EV_APPLICATION_REGISTERED, -1, plan_registered, handle_registered},
    {0},
};

static const struct svc_metric metrics[] = {
    [STAGE_CHECKS] = {"clinic_identity_checks_total", "result", "identity checks by result: verified or the reason"},
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
    .init = stage_init,
};
