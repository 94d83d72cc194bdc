/* Category, papers and identity against the register of persons (A-26, A-28, A-29, 2.6, 3.2). */
#include "unit/flow_fixture.h"
#include "services/identity/identity.h"

/* One case: the sample application and a register that knows the person, both to be spoiled. */
struct setting {
    struct flow f;
    PB(PersonRecord) record;
    bool is_unknown; /* not in the register */
    PB(Case) * the_case;
};

static ProtobufCBinaryData digest_data(struct flow *f, const uint8_t d[DIGEST_BYTES])
{
    return (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(f->mem, d, DIGEST_BYTES)};
}

/* The record as the loader of registers writes it. */
static void fill_record(struct setting *s)
{
    struct person_digest d;
    struct err e = {0};
    if (!person_digests(s->f.keys, &s->f.personal, s->f.mem, &d, &e))
        fail_msg("%s: %s", e.code, e.text);
    clinic__attach__v1__person_record__init(&s->record);
    s->record.surname = digest_data(&s->f, d.surname);
    s->record.name = digest_data(&s->f, d.name);
    s->record.patronymic = digest_data(&s->f, d.patronymic);
    s->record.birth_date = digest_data(&s->f, d.birth_date);
    s->record.snils = digest_data(&s->f, d.snils);
    s->record.residence_district = flow_text(&s->f, "77-01");
}

static void open_setting(struct setting *s)
{
    memset(s, 0, sizeof *s);
    flow_open(&s->f, &identity_svc, RECEIVED_MS, NULL);
    fill_record(s);
}

static void check_case(struct setting *s)
{
    PB(ApplicationRegistered) m;
    clinic__attach__v1__application_registered__init(&m);
    m.case_ = s->the_case;
    if (!s->is_unknown)
        flow_register(&s->f, TOPIC_REGISTRY_PERSON, s->f.person_ref, EV_REGISTRY_PERSON, &s->record);
    platform_run(s->f.p);
    fake_publish_event(platform_cluster(s->f.p), TOPIC_IDENTITY_INBOX, bytes_str(s->f.person_ref), EV_APPLICATION_REGISTERED,
                       &m, "i-1", s->f.id);
    flow_run(&s->f);
}

static void check(struct setting *s)
{
    s->the_case = flow_case(&s->f);
    check_case(s);
}

static const PB(Case) * verified(struct setting *s)
{
    const PB(IdentityVerified) *m = flow_one(&s->f, TOPIC_POLICY_INBOX, EV_IDENTITY_VERIFIED);
    assert_int_equal(flow_count(&s->f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED), 0);
    assert_string_equal(flow_nth(&s->f, TOPIC_POLICY_INBOX, EV_IDENTITY_VERIFIED, 0)->key, s->f.person_ref);
    assert_sealed(flow_nth(&s->f, TOPIC_POLICY_INBOX, EV_IDENTITY_VERIFIED, 0));
    return m->case_;
}

/* --- good cases --- */

static void test_verified(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s);
    check(&s);
    const PB(Case) *c = verified(&s);
    assert_int_equal(c->category, PB_CATEGORY(RF_ADULT));
    assert_int_equal(c->age_years, 42);
    assert_string_equal(c->residence_district, "77-01");
    assert_int_equal(c->n_trail, 1);
    assert_int_equal(c->trail[0]->status, STATUS(VERIFYING_IDENTITY));
    assert_int_equal(c->trail[0]->at_ms, RECEIVED_MS);
    flow_close(&s.f);
}

static void written_otherwise(struct setting *s)
{
    s->f.personal.surname = flow_text(&s->f, "ПРИМЕРОВ");
    s->f.personal.name = flow_text(&s->f, "Петр");
    s->f.personal.snils = flow_text(&s->f, "11223344595");
}
static void register_has_no_snils(struct setting *s) { s->record.snils.len = 0; }
static void citizen_gives_no_snils(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.personal.snils = flow_text(&s->f, "");
}
static void at_desk(struct setting *s) { flow_at_desk(&s->f); }

static void test_still_the_same_person(void **state)
{
    void (*const rows[])(struct setting *) = {written_otherwise, register_has_no_snils, citizen_gives_no_snils, at_desk};
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct setting s;
        open_setting(&s);
        rows[i](&s);
        check(&s);
        verified(&s);
        flow_close(&s.f);
    }
}

static void test_district_as_declared_when_register_has_none(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s);
    s.record.residence_district = (char *)"";
    s.f.app.residence_district = flow_text(&s.f, "77-09");
    check(&s);
    assert_string_equal(verified(&s)->residence_district, "77-09");
    flow_close(&s.f);
}

static void test_no_patronymic_on_both_sides(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s);
    s.f.personal.patronymic = flow_text(&s.f, "");
    s.record.patronymic.len = 0;
    check(&s);
    verified(&s);
    flow_close(&s.f);
}

/* --- grounds to stop --- */

static void unknown(struct setting *s) { s->is_unknown = true; }
static void other_surname(struct setting *s) { s->f.personal.surname = flow_text(&s->f, "Другов"); }
static void other_name(struct setting *s) { s->f.personal.name = flow_text(&s->f, "Павел"); }
static void other_patronymic(struct setting *s) { s->f.personal.patronymic = flow_text(&s->f, "Павлович"); }
static void no_patronymic_given(struct setting *s) { s->f.personal.patronymic = flow_text(&s->f, ""); }
static void other_birth(struct setting *s) { s->f.personal.birth_date = flow_text(&s->f, "1984-03-06"); }
static void other_snils(struct setting *s) { s->f.personal.snils = flow_text(&s->f, "087-654-302 00"); }
static void military_by_register(struct setting *s) { s->record.military = true; }
static void military_by_word(struct setting *s) { s->f.app.category = PB_CATEGORY(MILITARY); }
static void military_and_unknown(struct setting *s)
{
    military_by_register(s);
    other_name(s);
}
static void no_papers(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.app.n_evidence = 0;
}
static void no_policy_paper(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.app.n_evidence = 1;
}
static void damaged_passport(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.app.evidence[0]->damaged = true;
}
static void eaeu_worker_without_contract(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.app.category = PB_CATEGORY(EAEU_WORKER);
    s->f.document.type = PB_DOC(FOREIGN_ID);
    s->f.app.evidence[0]->type = PB_DOC(FOREIGN_ID);
}
static void childrens_clinic(struct setting *s) { s->f.app.profile = PB_PROFILE(CHILD); }
static void antenatal_for_a_man(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.app.profile = PB_PROFILE(ANTENATAL);
}
static void no_referral(struct setting *s)
{
    flow_at_desk(&s->f);
    s->f.app.profile = PB_PROFILE(SPECIALISED);
}
/* Identity comes before papers: a stranger is not told which papers are missing. */
static void stranger_without_papers(struct setting *s)
{
    no_papers(s);
    other_surname(s);
}

static void test_stopped(void **state)
{
    static const struct {
        void (*spoil)(struct setting *s);
        PB(Outcome) outcome;
        const char *code, *detail;
    } rows[] = {
        {unknown, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "NOT_FOUND"},
        {other_surname, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "SURNAME"},
        {other_name, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "NAME"},
        {other_patronymic, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "PATRONYMIC"},
        {no_patronymic_given, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "PATRONYMIC"},
        {other_birth, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "BIRTH_DATE"},
        {other_snils, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "SNILS"},
        {military_by_register, PB_OUTCOME(REFUSED), "CATEGORY_EXCLUDED", ""},
        {military_by_word, PB_OUTCOME(REFUSED), "CATEGORY_EXCLUDED", ""},
        {military_and_unknown, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "NAME"},
        {no_papers, PB_OUTCOME(RETURNED), "DOC_MISSING", "RF_PASSPORT"},
        {no_policy_paper, PB_OUTCOME(RETURNED), "DOC_MISSING", "CHI_POLICY"},
        {damaged_passport, PB_OUTCOME(RETURNED), "DOC_DAMAGED", "RF_PASSPORT"},
        {eaeu_worker_without_contract, PB_OUTCOME(RETURNED), "DOC_MISSING", "EAEU_CONTRACT"},
        {childrens_clinic, PB_OUTCOME(REFUSED), "AGE_PROFILE_MISMATCH", ""},
        {antenatal_for_a_man, PB_OUTCOME(REFUSED), "AGE_PROFILE_MISMATCH", ""},
        {no_referral, PB_OUTCOME(REFUSED), "REFERRAL_REQUIRED", ""},
        {stranger_without_papers, PB_OUTCOME(REFUSED), "IDENTITY_NOT_CONFIRMED", "SURNAME"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct setting s;
        open_setting(&s);
        rows[i].spoil(&s);
        check(&s);
        const PB(ApplicationStopped) *m = flow_one(&s.f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED);
        assert_int_equal(m->outcome, rows[i].outcome);
        assert_reason(m->reasons, m->n_reasons, rows[i].code, rows[i].detail);
        assert_string_equal(m->case_->application_id, s.f.id);
        assert_int_equal(m->case_->trail[m->case_->n_trail - 1]->status, STATUS(VERIFYING_IDENTITY));
        assert_int_equal(flow_count(&s.f, TOPIC_POLICY_INBOX, EV_IDENTITY_VERIFIED), 0);
        flow_close(&s.f);
    }
}

/* --- records that are not from intake --- */

static void no_application(struct setting *s) { s->the_case->application = NULL; }
static void no_rules(struct setting *s) { s->the_case->rule_set = NULL; }
static void unknown_rules(struct setting *s) { s->the_case->rule_set->id = flow_text(&s->f, "RU-NONE"); }
static void in_clear(struct setting *s)
{
    s->the_case->application->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    s->the_case->application->personal = &s->f.personal;
}
static void anothers_seal(struct setting *s) { s->the_case->application_id = flow_text(&s->f, "another"); }
static void bad_date(struct setting *s)
{
    s->f.personal.birth_date = flow_text(&s->f, "05.03.1984");
    s->the_case = flow_case(&s->f);
}

static void test_dead_letters(void **state)
{
    static const struct {
        void (*spoil)(struct setting *s);
        const char *detail;
    } rows[] = {
        {no_application, "case: "},           {no_rules, "case: "},
        {in_clear, "case: "},          {unknown_rules, "case.rule_set.id: "}, {anothers_seal, "/sealed/box: "},
        {bad_date, "personal.birth_date: "},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct setting s;
        open_setting(&s);
        s.the_case = flow_case(&s.f);
        rows[i].spoil(&s);
        check_case(&s);
        assert_dead(&s.f, TOPIC_IDENTITY_DLQ, "invalid", rows[i].detail);
        flow_close(&s.f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_still_the_same_person),
        cmocka_unit_test(test_district_as_declared_when_register_has_none),
        cmocka_unit_test(test_no_patronymic_on_both_sides),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_dead_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
