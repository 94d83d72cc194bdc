/* Fields of an application: each error names its field and its rule, and never the value (domain.md section 4). */
#include "domain/validate.h"
#include "tests/unit/domain/sample.h"

static struct rulesets *sets;
static const struct date today = {2026, 6, 3};

static int setup(void **state)
{
    (void)state;
    sets = rules_shipped();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rulesets_free(sets);
    return 0;
}

#define LONG_65 "12345678901234567890123456789012345678901234567890123456789012345"

enum holder { APP, PERSONAL, DOC, REP, REP_DOC };
struct text_row {
    enum holder of;
    size_t at;
    const char *value;
    const char *path; /* NULL = taken */
};
#define A(name, value, path) {APP, offsetof(PB(Application), name), value, path}
#define P(name, value, path) {PERSONAL, offsetof(PB(Personal), name), value, path}
#define D(name, value, path) {DOC, offsetof(PB(Document), name), value, path}
#define R(name, value, path) {REP, offsetof(PB(Representative), name), value, path}
#define RD(name, value, path) {REP_DOC, offsetof(PB(Document), name), value, path}

static const struct text_row texts[] = {
    A(external_ref, "", "external_ref"),
    A(external_ref, LONG_65, "external_ref"),
    A(external_ref, "a b", "external_ref"),
    A(external_ref, "ref\n", "external_ref"),
    A(external_ref, "заявка", "external_ref"),
    A(external_ref, "12/345-~!", NULL),
    A(region, "", "region"),
    A(region, "RU-NONE", "region"),
    A(region, "federal", "region"),
    A(region, "RU-MOS", NULL),
    A(clinic_id, "", "clinic_id"),
    A(clinic_id, "a/b", "clinic_id"),
    A(clinic_id, "123456789012345678901234567890123", "clinic_id"),
    A(clinic_id, "MO-77.01_2", NULL),
    A(branch_id, "б", "branch_id"),
    A(branch_id, "", NULL),
    A(residence_district, "Арбат", NULL),
    A(residence_district, "a\x01", "residence_district"),
    A(residence_district, LONG_65, "residence_district"),
    A(previous_clinic_id, "Поликлиника № 1, г. Учебный", NULL),
    A(previous_clinic_id, "\xff", "previous_clinic_id"),
    A(submitted_at, "2026-06-03T10:00:00Z", NULL),
    A(submitted_at, "2026-06-03T10:00:00.123+03:00", NULL),
    A(submitted_at, "2026-06-03 10:00:00Z", "submitted_at"),
    A(submitted_at, "2026-06-03T10:00:00", "submitted_at"),
    A(submitted_at, "2026-06-03T25:00:00Z", "submitted_at"),
    A(submitted_at, "2026-02-30T10:00:00Z", "submitted_at"),
    A(submitted_at, "2026-06-03T10:00:00+3:00", "submitted_at"),
    A(submitted_at, "2026-06-03T10:00:00+03:0", "submitted_at"),
    P(surname, "", "personal.surname"),
    P(surname, "Иванов1", "personal.surname"),
    P(surname, "\xd0", "personal.surname"),
    P(name, "", "personal.name"),
    P(name, "<script>", "personal.name"),
    P(patronymic, "", NULL),
    P(patronymic, "?", "personal.patronymic"),
    P(birth_date, "", "personal.birth_date"),
    P(birth_date, "15.01.1990", "personal.birth_date"),
    P(birth_date, "2026-06-04", "personal.birth_date"),
    P(birth_date, "2026-06-03", NULL),
    P(birth_date, "1896-06-02", "personal.birth_date"),
    P(birth_date, "1896-06-03", NULL),
    P(snils, "", NULL),
    P(snils, "112-233-445 96", "personal.snils"),
    P(snils, "000-000-000 00", "personal.snils"),
    P(snils, "11223344595", NULL),
    P(snils, "1122334459", "personal.snils"),
    P(policy_number, "", "personal.policy_number"),
    P(policy_number, "9956510844000442", NULL), /* a wrong check digit is a gate */
    P(policy_number, "12", NULL),               /* so is the form */
    P(policy_number, "1\n", "personal.policy_number"),
    P(policy_series, "\xff", "personal.policy_series"),
    P(phone, "8 999 123-45-67", NULL),
    P(phone, "02", "personal.phone"),
    P(email, "a@example.org", NULL),
    P(email, "example.org", "personal.email"),
    P(email, "a@b.ru\r\nBcc: x@y.ru", "personal.email"),
    P(registration_address, "г. Учебный, ул. Новая, д. 5", NULL),
    P(registration_address, "a\tb", "personal.registration_address"),
    P(actual_address, "\xc0\x80", "personal.actual_address"),
    D(number, "12345", "personal.document.number"),
    D(series, "45 1", "personal.document.number"),
    D(series, "\xff", "personal.document.number"),
    D(issue_date, "2010-02-01", NULL),
    D(issue_date, "1989-12-31", "personal.document.issue_date"), /* before birth */
    D(issue_date, "2026-06-04", "personal.document.issue_date"),
    D(issue_date, "yesterday", "personal.document.issue_date"),
    R(role, "", "personal.representative.role"),
    R(role, "FRIEND", "personal.representative.role"),
    R(role, "REP_OF_INCAPACITATED", NULL),
    R(surname, "", "personal.representative.surname"),
    R(name, "7", "personal.representative.name"),
    R(birth_date, "", "personal.representative.birth_date"),
    R(birth_date, "1985-13-01", "personal.representative.birth_date"),
    RD(number, "1", "personal.representative.document.number"),
    RD(issue_date, "1980-01-01", "personal.representative.document.issue_date"),
};

static char **field(struct sample *s, const struct text_row *r)
{
    void *const of[] = {[APP] = &s->app, [PERSONAL] = &s->p, [DOC] = &s->doc, [REP] = &s->rep, [REP_DOC] = &s->rep_doc};
    return (char **)((char *)of[r->of] + r->at);
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(texts); i++) {
        struct sample s;
        struct err e = {0};
        sample_init(&s);
        if (texts[i].of >= REP)
            s.p.representative = &s.rep;
        *field(&s, &texts[i]) = (char *)texts[i].value;
        bool ok = validate_application(sets, &s.app, &s.p, today, &e);
        if (ok != (texts[i].path == NULL))
            fail_msg("%s '%s': %s %s", texts[i].path ? texts[i].path : "taken", texts[i].value, e.code, e.text);
        if (ok)
            continue;
        assert_int_equal(e.cls, ERR_INPUT);
        assert_string_equal(e.code, texts[i].path);
        assert_true(*e.text);
        if (strlen(texts[i].value) > 4)
            assert_null(strstr(e.text, texts[i].value)); /* never the value */
    }
}

static void test_lengths(void **state)
{
    char big[600];
    (void)state;
    memset(big, 'a', sizeof big);
    static const struct {
        size_t at, max;
        const char *path;
    } rows[] = {
        {offsetof(PB(Personal), surname), 100, "personal.surname"},
        {offsetof(PB(Personal), patronymic), 100, "personal.patronymic"},
        {offsetof(PB(Personal), policy_number), 40, "personal.policy_number"},
        {offsetof(PB(Personal), registration_address), 500, "personal.registration_address"},
    };
    for (size_t i = 0; i < N(rows); i++)
        for (size_t over = 0; over < 2; over++) {
            struct sample s;
            struct err e = {0};
            sample_init(&s);
            big[rows[i].max + over] = '\0';
            *(char **)((char *)&s.p + rows[i].at) = big;
            assert_int_equal(validate_application(sets, &s.app, &s.p, today, &e), !over);
            big[rows[i].max + over] = 'a';
            if (over)
                assert_string_equal(e.code, rows[i].path);
        }
}

static bool check(const struct sample *s, struct err *e) { return validate_application(sets, &s->app, &s->p, today, e); }

static void test_enums(void **state)
{
    static const struct {
        size_t at;
        int value;
        const char *path; /* NULL = taken */
    } rows[] = {
        {offsetof(PB(Application), source), 0, "source"},     {offsetof(PB(Application), source), 77, "source"},
        {offsetof(PB(Application), source), -1, "source"},    {offsetof(PB(Application), kind), 0, "kind"},
        {offsetof(PB(Application), kind), 99, "kind"},        {offsetof(PB(Application), profile), 0, "profile"},
        {offsetof(PB(Application), profile), 7, "profile"},   {offsetof(PB(Application), reason), 7, "reason"},
        {offsetof(PB(Application), reason), 0, NULL},         {offsetof(PB(Application), account_level), 4, "account_level"},
        {offsetof(PB(Application), account_level), 0, NULL},  {offsetof(PB(Application), category), 14, "category"},
        {offsetof(PB(Application), category), 13, NULL},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct sample s;
        struct err e = {0};
        sample_init(&s);
        memcpy((char *)&s.app + rows[i].at, &rows[i].value, sizeof(int));
        assert_int_equal(check(&s, &e), rows[i].path == NULL);
        if (rows[i].path)
            assert_string_equal(e.code, rows[i].path);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    for (int k = 1; k <= PB_KIND(COMPLAINT); k++) {
        struct sample s;
        struct err e = {0};
        bool served = k == PB_KIND(ATTACH_FIRST) || k == PB_KIND(CHANGE);
        sample_init(&s);
        s.app.kind = (PB(ApplicationKind))k;
        assert_int_equal(check(&s, &e), served);
        assert_int_equal(validate_kind_served(s.app.kind), served);
        if (!served) {
            assert_string_equal(e.code, "kind");
            assert_non_null(strstr(e.text, "ATTACH_FIRST and CHANGE"));
        }
    }
}

static void test_personal_and_papers(void **state)
{
    struct sample s;
    struct err e = {0};
    (void)state;
    sample_init(&s);
    assert_false(validate_application(sets, &s.app, NULL, today, &e));
    assert_string_equal(e.code, "personal");
    s.p.document = NULL; /* its absence is a matter of papers */
    assert_true(check(&s, &e));
    s.p.document = &s.doc;
    s.doc.type = PB_DOC(UNSPECIFIED);
    assert_false(check(&s, &e));
    assert_string_equal(e.code, "personal.document.type");
    sample_init(&s);
    s.p.sex = (PB(Sex))3;
    assert_false(check(&s, &e));
    assert_string_equal(e.code, "personal.sex");
    sample_init(&s);
    s.p.policy_form = (PB(PolicyForm))7;
    assert_false(check(&s, &e));
    assert_string_equal(e.code, "personal.policy_form");
    sample_init(&s);
    sample_paper(&s, PB_DOC(CHI_POLICY), PB_EVIDENCE(COPY), false);
    sample_paper(&s, PB_DOC(UNSPECIFIED), PB_EVIDENCE(COPY), false);
    assert_false(check(&s, &e));
    assert_string_equal(e.code, "evidence[1].type");
    s.papers[1].type = PB_DOC(SNILS);
    s.papers[1].kind = (PB(EvidenceKind))9;
    assert_false(check(&s, &e));
    assert_string_equal(e.code, "evidence[1].kind");
}

static void test_evidence_count(void **state)
{
    PB(Evidence) one = CLINIC__ATTACH__V1__EVIDENCE__INIT, *list[EVIDENCE_MAX + 1];
    struct sample s;
    struct err e = {0};
    (void)state;
    sample_init(&s);
    one.type = PB_DOC(SNILS);
    for (size_t i = 0; i < N(list); i++)
        list[i] = &one;
    s.app.evidence = list;
    s.app.n_evidence = EVIDENCE_MAX;
    assert_true(check(&s, &e));
    s.app.n_evidence++;
    assert_false(check(&s, &e));
    assert_string_equal(e.code, "evidence");
}

static void test_withdrawal(void **state)
{
    PB(Withdrawal) w = CLINIC__ATTACH__V1__WITHDRAWAL__INIT;
    struct err e = {0};
    (void)state;
    assert_false(validate_withdrawal(&w, &e));
    assert_string_equal(e.code, "source");
    w.source = PB_SOURCE(MOSRU);
    assert_false(validate_withdrawal(&w, &e));
    assert_string_equal(e.code, "external_ref");
    w.external_ref = "77-1";
    assert_true(validate_withdrawal(&w, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),  cmocka_unit_test(test_lengths),             cmocka_unit_test(test_enums),
        cmocka_unit_test(test_kinds),  cmocka_unit_test(test_personal_and_papers), cmocka_unit_test(test_evidence_count),
        cmocka_unit_test(test_withdrawal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
