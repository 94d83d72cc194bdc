/* Categories and papers: every row of the matrix, what each paper's absence or damage says (domain.md 3.2, 2.6). */
#include "domain/document.h"
#include "domain/papers.h"
#include "tests/unit/domain/sample.h"

#define SEEN PB_EVIDENCE(ORIGINAL_SEEN)
enum { PAPERS_MAX = 4 };

static struct rule_ctx at_channel(enum channel_kind c)
{
    return rules_on(ruleset_find(shipped, "RU-MOW"), "2026-06-03", c, PB_PROFILE(ADULT_THERAPEUTIC));
}

static struct date born(const char *text)
{
    struct date d;
    assert_true(date_parse(text, &d));
    return d;
}

/* A full set of each category; each paper but the policy is one that nothing else stands for. */
static const struct {
    PB(Category) category;
    const char *birth;
    PB(DocumentType) papers[PAPERS_MAX];
} complete[] = {
    {PB_CATEGORY(RF_CHILD), "2020-01-01", {PB_DOC(BIRTH_CERT_RF), PB_DOC(CHI_POLICY), PB_DOC(REP_ID)}},
    {PB_CATEGORY(RF_CHILD), "2020-01-01", {PB_DOC(BIRTH_CERT_FOREIGN), PB_DOC(CHI_POLICY), PB_DOC(REP_ID)}},
    {PB_CATEGORY(RF_TEEN), "2010-01-01", {PB_DOC(RF_PASSPORT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(RF_ADULT), "1990-01-01", {PB_DOC(RF_PASSPORT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(RF_ADULT), "1990-01-01", {PB_DOC(RF_TEMP_ID), PB_DOC(CHI_TEMP_CERT)}},
    {PB_CATEGORY(NEWBORN), "2026-05-01", {PB_DOC(REP_ID), PB_DOC(REP_AUTHORITY)}},
    {PB_CATEGORY(REFUGEE), "1990-01-01", {PB_DOC(REFUGEE_CERT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(REFUGEE), "1990-01-01", {PB_DOC(REFUGEE_APP_CERT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(REFUGEE), "1990-01-01", {PB_DOC(REFUGEE_COMPLAINT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(REFUGEE), "1990-01-01", {PB_DOC(TEMP_ASYLUM), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(FOREIGN_PERMANENT), "1990-01-01", {PB_DOC(FOREIGN_ID), PB_DOC(RESIDENCE_PERMIT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(STATELESS_PERMANENT), "1990-01-01", {PB_DOC(STATELESS_ID), PB_DOC(RESIDENCE_PERMIT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(FOREIGN_TEMPORARY), "1990-01-01", {PB_DOC(FOREIGN_ID_TRP), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(STATELESS_TEMPORARY), "1990-01-01", {PB_DOC(STATELESS_ID_TRP), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(STATELESS_TEMPORARY), "1990-01-01", {PB_DOC(STATELESS_RF_FORM), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(EAEU_WORKER), "1990-01-01", {PB_DOC(FOREIGN_ID), PB_DOC(EAEU_CONTRACT), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(EAEU_OFFICIAL), "1990-01-01", {PB_DOC(FOREIGN_ID), PB_DOC(EAEU_OFFICIAL_PROOF), PB_DOC(CHI_POLICY)}},
    {PB_CATEGORY(FOREIGN_CHILD), "2020-01-01", {PB_DOC(FOREIGN_ID), PB_DOC(CHI_POLICY), PB_DOC(REP_ID)}},
    {PB_CATEGORY(FOREIGN_PERMANENT), "2020-01-01", {PB_DOC(FOREIGN_ID), PB_DOC(RESIDENCE_PERMIT), PB_DOC(CHI_POLICY), PB_DOC(REP_ID)}},
};

/* What is asked for in place of each alternative that is missing. */
static const char *asked_for(PB(DocumentType) t)
{
    switch (t) {
    case PB_DOC(BIRTH_CERT_FOREIGN): return "BIRTH_CERT_RF";
    case PB_DOC(RF_TEMP_ID): return "RF_PASSPORT";
    case PB_DOC(CHI_TEMP_CERT): return "CHI_POLICY";
    case PB_DOC(REFUGEE_APP_CERT): case PB_DOC(REFUGEE_COMPLAINT): case PB_DOC(TEMP_ASYLUM): return "REFUGEE_CERT";
    case PB_DOC(STATELESS_RF_FORM): return "STATELESS_ID_TRP";
    default: return document_code(t);
    }
}

static struct finding desk(size_t row, int without, PB(EvidenceKind) kind, bool damaged)
{
    struct sample s;
    struct rule_ctx at = at_channel(CHANNEL_IN_PERSON);
    sample_init(&s);
    for (int i = 0; i < PAPERS_MAX && complete[row].papers[i]; i++)
        if (i != without)
            sample_paper(&s, complete[row].papers[i], SEEN, false);
        else if (kind)
            sample_paper(&s, complete[row].papers[i], kind, damaged);
    return papers_check(&at, &s.app, &s.p, complete[row].category, born(complete[row].birth));
}

static void test_matrix_at_the_desk(void **state)
{
    (void)state;
    for (size_t r = 0; r < N(complete); r++) {
        struct finding f = desk(r, -1, 0, false);
        if (f.id != REASON_NONE)
            fail_msg("row %zu: %s %s", r, reasons[f.id].code, f.detail);
        for (int i = 0; i < PAPERS_MAX && complete[r].papers[i]; i++) {
            PB(DocumentType) t = complete[r].papers[i];
            f = desk(r, i, 0, false);
            assert_int_equal(f.id, REASON_DOC_MISSING);
            if (complete[r].category != PB_CATEGORY(FOREIGN_CHILD) || i > 0)
                assert_string_equal(f.detail, asked_for(t));
            f = desk(r, i, SEEN, true);
            assert_int_equal(f.id, REASON_DOC_DAMAGED);
            assert_string_equal(f.detail, document_code(t));
            assert_int_equal(desk(r, i, PB_EVIDENCE(DATA_ONLY), false).id, REASON_DOC_MISSING); /* data are not a paper */
            assert_int_equal(desk(r, i, PB_EVIDENCE(COPY), false).id, REASON_NONE);
        }
    }
}

static void test_military(void **state)
{
    struct sample s;
    struct rule_ctx at = at_channel(CHANNEL_IN_PERSON);
    (void)state;
    sample_init(&s);
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(MILITARY), born("1990-01-01")).id, REASON_CATEGORY_EXCLUDED);
}

static void test_online_data_stand_for_papers(void **state)
{
    struct sample s;
    struct rule_ctx at = at_channel(CHANNEL_MOSRU);
    struct date adult = born("1990-01-01"), child = born("2020-01-01");
    (void)state;
    sample_init(&s);
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).id, REASON_NONE);
    s.p.document = NULL;
    assert_string_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).detail, "RF_PASSPORT");
    s.p.document = &s.doc;
    s.doc.type = PB_DOC(BIRTH_CERT_RF);
    assert_string_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_CHILD), child).detail, "REP_ID");
    s.p.representative = &s.rep;
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_CHILD), child).id, REASON_NONE);
    s.rep.document = NULL;
    assert_string_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_CHILD), child).detail, "REP_ID");
    s.rep.document = &s.rep_doc;
    sample_paper(&s, PB_DOC(BIRTH_CERT_RF), PB_EVIDENCE(DATA_ONLY), true); /* data do not mend a damaged paper */
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_CHILD), child).id, REASON_DOC_DAMAGED);
    sample_paper(&s, PB_DOC(BIRTH_CERT_RF), PB_EVIDENCE(COPY), false); /* another copy does */
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_CHILD), child).id, REASON_NONE);
}

static void test_representatives(void **state)
{
    struct sample s;
    struct rule_ctx at = at_channel(CHANNEL_IN_PERSON);
    struct date adult = born("1990-01-01");
    (void)state;
    sample_init(&s);
    s.p.representative = &s.rep;
    s.rep.role = "ATTORNEY";
    sample_paper(&s, PB_DOC(RF_PASSPORT), SEEN, false);
    sample_paper(&s, PB_DOC(CHI_POLICY), SEEN, false);
    assert_string_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).detail, "REP_ID");
    sample_paper(&s, PB_DOC(REP_ID), SEEN, false);
    assert_string_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).detail, "REP_AUTHORITY");
    s.rep.role = "PARENT";
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).id, REASON_NONE);
}

/* Below rep.required_until_age a representative files; the age is a rule. */
static void test_minor_age_is_a_rule(void **state)
{
    struct rulesets *until_18 = rules_from("[federal]\nversion = 1\nrep.required_until_age = 18\nevidence.in_person = ORIGINALS\n");
    struct rule_ctx at = rules_on(ruleset_federal(until_18), "2026-06-03", CHANNEL_IN_PERSON, 0);
    struct sample s;
    (void)state;
    sample_init(&s);
    sample_paper(&s, PB_DOC(RF_PASSPORT), SEEN, false);
    sample_paper(&s, PB_DOC(CHI_POLICY), SEEN, false);
    assert_string_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_TEEN), born("2008-06-04")).detail, "REP_ID");
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), born("2008-06-03")).id, REASON_NONE);
    s.papers[0].kind = PB_EVIDENCE(COPY); /* ORIGINALS: a copy is not enough */
    struct finding f = papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), born("2008-06-03"));
    assert_int_equal(f.id, REASON_ORIGINALS_NOT_SHOWN);
    assert_string_equal(f.detail, "RF_PASSPORT");
    rulesets_free(until_18);
}

static void test_specialised_needs_referral(void **state)
{
    struct sample s;
    struct rule_ctx at = at_channel(CHANNEL_IN_PERSON);
    struct date adult = born("1990-01-01");
    (void)state;
    sample_init(&s);
    s.app.profile = PB_PROFILE(SPECIALISED);
    sample_paper(&s, PB_DOC(RF_PASSPORT), SEEN, false);
    sample_paper(&s, PB_DOC(CHI_POLICY), SEEN, false);
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).id, REASON_REFERRAL_REQUIRED);
    sample_paper(&s, PB_DOC(REFERRAL), PB_EVIDENCE(COPY), false);
    assert_int_equal(papers_check(&at, &s.app, &s.p, PB_CATEGORY(RF_ADULT), adult).id, REASON_NONE);
    assert_true(papers_has(&s.app, PB_DOC(REFERRAL)));
    s.papers[2].damaged = true;
    assert_false(papers_has(&s.app, PB_DOC(REFERRAL)));
    assert_false(papers_has(&s.app, PB_DOC(MOVE_PROOF)));
}

#define CAT(x) PB_CATEGORY(x)
static void test_categories(void **state)
{
    static const struct {
        PB(Category) declared;
        const char *birth;
        PB(DocumentType) document, paper;
        PB(Category) found;
    } rows[] = {
        {CAT(UNSPECIFIED), "2012-06-04", PB_DOC(BIRTH_CERT_RF), 0, CAT(RF_CHILD)},  /* 14 tomorrow */
        {CAT(UNSPECIFIED), "2012-06-03", PB_DOC(RF_PASSPORT), 0, CAT(RF_TEEN)},
        {CAT(UNSPECIFIED), "2008-06-04", PB_DOC(RF_PASSPORT), 0, CAT(RF_TEEN)},
        {CAT(UNSPECIFIED), "2008-06-03", PB_DOC(RF_PASSPORT), 0, CAT(RF_ADULT)},
        {CAT(UNSPECIFIED), "1990-01-01", 0, 0, CAT(RF_ADULT)},
        {CAT(RF_CHILD), "1990-01-01", PB_DOC(RF_PASSPORT), 0, CAT(RF_ADULT)},       /* the age decides */
        {CAT(NEWBORN), "2026-03-04", 0, 0, CAT(NEWBORN)},
        {CAT(NEWBORN), "2026-03-03", 0, 0, CAT(RF_CHILD)},                          /* three months are over */
        {CAT(MILITARY), "1990-01-01", PB_DOC(RF_PASSPORT), 0, CAT(MILITARY)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(TEMP_ASYLUM), 0, CAT(REFUGEE)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(FOREIGN_ID), PB_DOC(EAEU_CONTRACT), CAT(EAEU_WORKER)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(FOREIGN_ID), PB_DOC(EAEU_OFFICIAL_PROOF), CAT(EAEU_OFFICIAL)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(FOREIGN_ID), PB_DOC(RESIDENCE_PERMIT), CAT(FOREIGN_PERMANENT)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(FOREIGN_ID), 0, CAT(FOREIGN_PERMANENT)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(FOREIGN_ID_TRP), 0, CAT(FOREIGN_TEMPORARY)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(STATELESS_ID), PB_DOC(RESIDENCE_PERMIT), CAT(STATELESS_PERMANENT)},
        {CAT(UNSPECIFIED), "1990-01-01", PB_DOC(STATELESS_RF_FORM), 0, CAT(STATELESS_TEMPORARY)},
        {CAT(EAEU_WORKER), "1990-01-01", PB_DOC(FOREIGN_ID), 0, CAT(EAEU_WORKER)},  /* the contract is missing */
        {CAT(EAEU_WORKER), "1990-01-01", PB_DOC(RF_PASSPORT), 0, CAT(RF_ADULT)},
        {CAT(FOREIGN_CHILD), "2020-01-01", PB_DOC(BIRTH_CERT_RF), 0, CAT(FOREIGN_CHILD)}, /* born here */
        {CAT(FOREIGN_CHILD), "1990-01-01", PB_DOC(FOREIGN_ID), PB_DOC(RESIDENCE_PERMIT), CAT(FOREIGN_PERMANENT)},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct sample s;
        struct rule_ctx at = at_channel(CHANNEL_IN_PERSON);
        sample_init(&s);
        s.app.category = rows[i].declared;
        s.doc.type = rows[i].document;
        if (!rows[i].document)
            s.p.document = NULL;
        if (rows[i].paper)
            sample_paper(&s, rows[i].paper, SEEN, false);
        PB(Category) got = papers_category(&at, &s.app, &s.p, born(rows[i].birth));
        if (got != rows[i].found)
            fail_msg("row %zu: category %d", i, (int)got);
    }
}

static void test_profiles_by_age(void **state)
{
    static const struct {
        PB(Profile) profile;
        int age;
        PB(Sex) sex;
        bool fits;
    } rows[] = {
        {PB_PROFILE(ADULT_THERAPEUTIC), 18, 0, true}, {PB_PROFILE(ADULT_THERAPEUTIC), 17, 0, false},
        {PB_PROFILE(ADULT_DENTAL), 18, 0, true},      {PB_PROFILE(ADULT_DENTAL), 17, 0, false},
        {PB_PROFILE(CHILD), 17, 0, true},             {PB_PROFILE(CHILD), 18, 0, false},
        {PB_PROFILE(CHILD_DENTAL), 0, 0, true},       {PB_PROFILE(CHILD_DENTAL), 18, 0, false},
        {PB_PROFILE(ANTENATAL), 16, PB_SEX(FEMALE), true}, {PB_PROFILE(ANTENATAL), 30, PB_SEX(MALE), false},
        {PB_PROFILE(ANTENATAL), 30, 0, true},         {PB_PROFILE(SPECIALISED), 5, PB_SEX(MALE), true},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++)
        assert_int_equal(papers_profile(rows[i].profile, rows[i].age, rows[i].sex).id,
                         rows[i].fits ? REASON_NONE : REASON_AGE_PROFILE_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix_at_the_desk), cmocka_unit_test(test_military),
        cmocka_unit_test(test_online_data_stand_for_papers), cmocka_unit_test(test_representatives),
        cmocka_unit_test(test_minor_age_is_a_rule), cmocka_unit_test(test_specialised_needs_referral),
        cmocka_unit_test(test_categories), cmocka_unit_test(test_profiles_by_age),
    };
    return cmocka_run_group_tests(tests, shipped_open, shipped_close);
}
