#include "domain/papers.h"
#include <string.h>
#include "domain/document.h"

#define D(x) (1u << PB_DOC(x))
_Static_assert(PB_DOC_N <= 32, "papers are bits of a mask");

enum {
    RF_ID = D(RF_PASSPORT) | D(RF_TEMP_ID),
    BIRTH = D(BIRTH_CERT_RF) | D(BIRTH_CERT_FOREIGN),
    REFUGEE = D(REFUGEE_CERT) | D(REFUGEE_APP_CERT) | D(REFUGEE_COMPLAINT) | D(TEMP_ASYLUM),
    POLICY = D(CHI_POLICY) | D(CHI_TEMP_CERT), /* a certificate will do where its form is taken at all */
    FOREIGN = D(FOREIGN_ID) | D(FOREIGN_ID_TRP) | D(STATELESS_ID) | D(STATELESS_ID_TRP) | D(STATELESS_RF_FORM),
    GROUPS_MAX = 4,
};

/* Groups of alternatives, one paper of each is needed; the first of a group is the one asked for. */
struct papers_row {
    uint32_t groups[GROUPS_MAX];
    bool excluded;
};
static const struct papers_row rows[PB_CATEGORY_N] = {
    [PB_CATEGORY(RF_CHILD)] = {{BIRTH, POLICY, D(REP_ID)}},
    [PB_CATEGORY(RF_TEEN)] = {{RF_ID, POLICY}},
    [PB_CATEGORY(RF_ADULT)] = {{RF_ID, POLICY}},
    [PB_CATEGORY(NEWBORN)] = {{D(REP_ID), D(REP_AUTHORITY)}},
    [PB_CATEGORY(REFUGEE)] = {{REFUGEE, POLICY}},
    [PB_CATEGORY(FOREIGN_PERMANENT)] = {{D(FOREIGN_ID), D(RESIDENCE_PERMIT), POLICY}},
    [PB_CATEGORY(STATELESS_PERMANENT)] = {{D(STATELESS_ID), D(RESIDENCE_PERMIT), POLICY}},
    [PB_CATEGORY(FOREIGN_TEMPORARY)] = {{D(FOREIGN_ID_TRP), POLICY}},
    [PB_CATEGORY(STATELESS_TEMPORARY)] = {{D(STATELESS_ID_TRP) | D(STATELESS_RF_FORM), POLICY}},
    [PB_CATEGORY(EAEU_WORKER)] = {{D(FOREIGN_ID), D(EAEU_CONTRACT), POLICY}},
    [PB_CATEGORY(EAEU_OFFICIAL)] = {{D(FOREIGN_ID), D(EAEU_OFFICIAL_PROOF), POLICY}},
    [PB_CATEGORY(MILITARY)] = {.excluded = true},
    [PB_CATEGORY(FOREIGN_CHILD)] = {{FOREIGN | BIRTH | REFUGEE, POLICY, D(REP_ID)}},
};

/* --- category --- */

static PB(Category) rf_by_age(int age)
{
    return age < 14 ? PB_CATEGORY(RF_CHILD) : age < 18 ? PB_CATEGORY(RF_TEEN) : PB_CATEGORY(RF_ADULT);
}

static bool is_rf(PB(Category) c)
{
    return c == PB_CATEGORY(RF_CHILD) || c == PB_CATEGORY(RF_TEEN) || c == PB_CATEGORY(RF_ADULT) || c == PB_CATEGORY(NEWBORN);
}

/* Papers named at all, as document or evidence, in whatever state. */
static uint32_t papers_named(const PB(Application) * app, const PB(Personal) * p)
{
    uint32_t mask = p->document && (size_t)p->document->type < PB_DOC_N ? 1u << p->document->type : 0;
    for (size_t i = 0; i < app->n_evidence; i++)
        if ((size_t)app->evidence[i]->type < PB_DOC_N)
            mask |= 1u << app->evidence[i]->type;
    return mask;
}

/* Category that papers speak of; the order puts papers of a status before those of identity. */
static PB(Category) by_papers(uint32_t named, int age)
{
    static const struct {
        uint32_t any;
        PB(Category) category;
    } signs[] = {
        {RF_ID | D(BIRTH_CERT_RF), PB_CATEGORY(UNSPECIFIED)},
        {REFUGEE, PB_CATEGORY(REFUGEE)},
        {D(EAEU_OFFICIAL_PROOF), PB_CATEGORY(EAEU_OFFICIAL)},
        {D(EAEU_CONTRACT), PB_CATEGORY(EAEU_WORKER)},
        {D(FOREIGN_ID_TRP), PB_CATEGORY(FOREIGN_TEMPORARY)},
        {D(STATELESS_ID_TRP) | D(STATELESS_RF_FORM), PB_CATEGORY(STATELESS_TEMPORARY)},
        {D(STATELESS_ID), PB_CATEGORY(STATELESS_PERMANENT)},
        {D(FOREIGN_ID) | D(RESIDENCE_PERMIT), PB_CATEGORY(FOREIGN_PERMANENT)},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (named & signs[i].any)
            return signs[i].category ? signs[i].category : rf_by_age(age);
    return rf_by_age(age);
}

PB(Category) papers_category(const struct rule_ctx *at, const PB(Application) * app, const PB(Personal) * p,
                             struct date birth)
{
    struct date today = date_of_days(at->day);
    int age = date_age(birth, today);
    PB(Category) declared = app->category;
    uint32_t named = papers_named(app, p);
    if (declared == PB_CATEGORY(MILITARY))
        return declared;
    if (declared == PB_CATEGORY(NEWBORN) &&
        date_cmp(today, date_add_months(birth, (int)rule_int(at, RULE_NEWBORN_PROVISIONAL_MONTHS))) < 0)
        return declared;
    if (is_rf(declared) || (named & RF_ID))
        return rf_by_age(age);
    if (declared == PB_CATEGORY(UNSPECIFIED) || (declared == PB_CATEGORY(FOREIGN_CHILD) && age >= 14))
        return by_papers(named, age);
    return declared;
}

/* --- papers --- */

struct presented {
    const PB(Application) * app;
    const PB(Personal) * p;
    enum rule_word mode; /* DATA, COPIES, ORIGINALS, COPIES_THEN_ORIGINALS */
};

/* The fields of the form that stand for a paper where data are enough. */
static bool data_stand_for(const struct presented *a, PB(DocumentType) type)
{
    const PB(Representative) *r = a->p->representative;
    switch (type) {
    case PB_DOC(CHI_POLICY): return *a->p->policy_number != '\0';
    case PB_DOC(REP_ID): return r && r->document;
    case PB_DOC(REP_AUTHORITY): return r != NULL;
    default: return a->p->document && a->p->document->type == type;
    }
}

enum state { ABSENT, DAMAGED, NOT_SHOWN, PRESENT };

static enum state state_of_evidence(const PB(Evidence) * v, enum rule_word mode)
{
    if (v->damaged)
        return DAMAGED;
    if (mode == W_DATA || v->kind == PB_EVIDENCE(ORIGINAL_SEEN))
        return PRESENT;
    if (v->kind == PB_EVIDENCE(COPY))
        return mode == W_ORIGINALS ? NOT_SHOWN : PRESENT;
    return ABSENT;
}

/* Best state in which a paper was presented. Data do not mend a paper that the desk found damaged. */
static enum state state_of(const struct presented *a, PB(DocumentType) type)
{
    enum state best = ABSENT;
    for (size_t i = 0; i < a->app->n_evidence; i++) {
        const PB(Evidence) *v = a->app->evidence[i];
        enum state s = v->type == type ? state_of_evidence(v, a->mode) : ABSENT;
        if (s > best)
            best = s;
    }
    return best == ABSENT && a->mode == W_DATA && data_stand_for(a, type) ? PRESENT : best;
}

/* One group: complete, or the finding about the paper that came nearest, else about the first of the group. */
static struct finding check_group(const struct presented *a, uint32_t group)
{
    static const enum reason_id problems[] = {
        [ABSENT] = REASON_DOC_MISSING, [DAMAGED] = REASON_DOC_DAMAGED, [NOT_SHOWN] = REASON_ORIGINALS_NOT_SHOWN};
    enum state best = ABSENT;
    PB(DocumentType) of = PB_DOC(UNSPECIFIED);
    for (int t = 1; t < PB_DOC_N; t++) {
        if (!(group & 1u << t))
            continue;
        enum state s = state_of(a, (PB(DocumentType))t);
        if (s > best || of == PB_DOC(UNSPECIFIED)) {
            best = s;
            of = (PB(DocumentType))t;
        }
    }
    return best == PRESENT ? FINDING_NONE : finding_of(problems[best], document_code(of));
}

static struct finding check_row(const struct presented *a, const struct papers_row *row)
{
    struct finding f = FINDING_NONE;
    for (int i = 0; i < GROUPS_MAX && row->groups[i] && f.id == REASON_NONE; i++)
        f = check_group(a, row->groups[i]);
    return f;
}

/* A minor has a representative; one who is not a parent shows his authority (OV-1). */
static struct finding check_representative(const struct presented *a, bool minor)
{
    const PB(Representative) *r = a->p->representative;
    struct finding f = minor || r ? check_group(a, D(REP_ID)) : FINDING_NONE;
    if (f.id == REASON_NONE && r && strcmp(r->role, "PARENT") != 0)
        f = check_group(a, D(REP_AUTHORITY));
    return f;
}

struct finding papers_check(const struct rule_ctx *at, const PB(Application) * app, const PB(Personal) * p,
                            PB(Category) category, struct date birth)
{
    const struct papers_row *row = &rows[(size_t)category < PB_CATEGORY_N ? category : PB_CATEGORY(UNSPECIFIED)];
    const struct presented a = {app, p, rule_word(at, RULE_CHANNEL_EVIDENCE)};
    bool minor = date_age(birth, date_of_days(at->day)) < rule_int(at, RULE_REP_REQUIRED_UNTIL_AGE);
    if (row->excluded)
        return finding_of(REASON_CATEGORY_EXCLUDED, NULL);
    struct finding f = check_row(&a, row);
    if (f.id == REASON_NONE)
        f = check_representative(&a, minor);
    if (f.id == REASON_NONE && app->profile == PB_PROFILE(SPECIALISED) && state_of(&a, PB_DOC(REFERRAL)) != PRESENT)
        f = finding_of(REASON_REFERRAL_REQUIRED, NULL);
    return f;
}

bool papers_has(const PB(Application) * app, PB(DocumentType) type)
{
    for (size_t i = 0; i < app->n_evidence; i++)
        if (app->evidence[i]->type == type && !app->evidence[i]->damaged)
            return true;
    return false;
}

struct finding papers_profile(PB(Profile) profile, int age_years, PB(Sex) sex)
{
    bool mismatch = (profile_is_adult(profile) && age_years < 18) || (profile_is_child(profile) && age_years >= 18) ||
                    (profile == PB_PROFILE(ANTENATAL) && sex == PB_SEX(MALE));
    return mismatch ? finding_of(REASON_AGE_PROFILE_MISMATCH, NULL) : FINDING_NONE;
}
