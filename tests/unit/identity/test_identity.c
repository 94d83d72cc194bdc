/* Category, papers and identity against the register of persons (A-26, A-28, A-29, 2.6, 3.2). */
#include "unit/stage_fixture.h"
#include "services/identity/identity.h"

static void fill_record(struct setting *s)
{
    struct person_digest d;
    struct err e = {0};
    PB(PersonRecord) *r = &s->record.person;
    if (!person_digests(s->f.keys, &s->f.personal, s->f.mem, &d, &e))
        fail_msg("%s: %s", e.code, e.text);
    clinic__attach__v1__person_record__init(r);
    r->surname = setting_digest(s, d.surname);
    r->name = setting_digest(s, d.name);
    r->patronymic = setting_digest(s, d.patronymic);
    r->birth_date = setting_digest(s, d.birth_date);
    r->snils = setting_digest(s, d.snils);
    r->residence_district = flow_text(&s->f, "77-01");
}

static const struct stage_tested stage = {
    .def = &identity_svc, .registry = TOPIC_REGISTRY_PERSON, .record = EV_REGISTRY_PERSON, .fill = fill_record,
    .asked = EV_APPLICATION_REGISTERED, .next = TOPIC_POLICY_INBOX, .next_event = EV_IDENTITY_VERIFIED};

static const PB(Case) * verified(struct setting *s) { return ((const PB(IdentityVerified) *)setting_went_on(s))->case_; }

/* --- good cases --- */

static void test_verified(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    setting_ask(&s);
    const PB(Case) *c = verified(&s);
    assert_int_equal(c->category, PB_CATEGORY(RF_ADULT));
    assert_int_equal(c->age_years, 42);
    assert_string_equal(c->residence_district, "77-01");
    assert_int_equal(c->n_trail, 4);
    assert_int_equal(c->trail[3]->status, PB_STATUS(VERIFYING_POLICY));
    assert_int_equal(c->trail[3]->at_ms, RECEIVED_MS);
    flow_close(&s.f);
}

/* The move is told in public with the hand-over, small: whose, what and when; nothing of who he is. */
static void test_the_next_stage_is_told(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    setting_ask(&s);
    const PB(ApplicationStatusChanged) *m = flow_one(&s.f, TOPIC_APPLICATION, EV_STATUS_CHANGED);
    const struct seen *r = flow_nth(&s.f, TOPIC_APPLICATION, EV_STATUS_CHANGED, 0);
    assert_string_equal(r->key, s.f.person_ref);
    assert_string_equal(r->subject, s.f.id);
    assert_string_equal(m->application_id, s.f.id);
    assert_string_equal(m->external_ref, s.f.app.external_ref);
    assert_int_equal(m->status, PB_STATUS(VERIFYING_POLICY));
    assert_int_equal(m->at_ms, RECEIVED_MS);
    assert_int_equal(m->due_at_ms, RECEIVED_MS + 3 * DAY_MS);
    assert_int_equal(m->n_passed, 0);
    assert_int_equal(m->outcome, PB_OUTCOME(UNSPECIFIED));
    assert_int_equal(m->n_reasons, 0);
    assert_in_range(protobuf_c_message_get_packed_size(&m->base), 1, 100);
    flow_close(&s.f);
}

static void written_otherwise(struct setting *s)
{
    s->f.personal.surname = flow_text(&s->f, "ПРИМЕРОВ");
    s->f.personal.name = flow_text(&s->f, "Петр");
    s->f.personal.snils = flow_text(&s->f, "11223344595");
}
static void register_has_no_snils(struct setting *s) { s->record.person.snils.len = 0; }
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
        setting_open(&s);
        rows[i](&s);
        setting_ask(&s);
        verified(&s);
        flow_close(&s.f);
    }
}

static void test_district_as_declared_when_register_has_none(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    s.record.person.residence_district = (char *)"";
    s.f.app.residence_district = flow_text(&s.f, "77-09");
    setting_ask(&s);
    assert_string_equal(verified(&s)->residence_district, "77-09");
    flow_close(&s.f);
}

static void test_no_patronymic_on_both_sides(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    s.f.personal.patronymic = flow_text(&s.f, "");
    s.record.person.patronymic.len = 0;
    setting_ask(&s);
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
static void military_by_register(struct setting *s) { s->record.person.military = true; }
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
    static const struct stopped_row rows[] = {
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
    setting_play_stopped(rows, N(rows), PB_STATUS(VERIFYING_IDENTITY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_the_next_stage_is_told),
        cmocka_unit_test(test_still_the_same_person),
        cmocka_unit_test(test_district_as_declared_when_register_has_none),
        cmocka_unit_test(test_no_patronymic_on_both_sides),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_dead_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
