/* The door of the flow: registration, gates, repeats, withdrawal, outcome, terms. */
#include "unit/flow_fixture.h"
#include "services/intake/intake.h"

static int setup(void **state)
{
    struct flow *f = malloc(sizeof *f);
    flow_open(f, &intake_svc, RECEIVED_MS, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    flow_close(*state);
    free(*state);
    return 0;
}

static void submit(struct flow *f)
{
    flow_submit_as(f, f->id);
    flow_run(f);
}

static const PB(ApplicationState) * state_of(struct flow *f)
{
    return platform_get(f->p, f->service, 0, bytes_str(f->id), f->mem);
}

static const char *key_of_another_partition(const char *id)
{
    static char key[16];
    for (int i = 0;; i++) {
        snprintf(key, sizeof key, "portal-%d", i);
        if (wire_partition(bytes_str(key), 6) != wire_partition(bytes_str(id), 6))
            return key;
    }
}

/* --- registration --- */

static void test_registers(void **state)
{
    struct flow *f = *state;
    submit(f);
    const PB(ApplicationState) *s = state_of(f);
    assert_non_null(s);
    assert_string_equal(s->person_ref, f->person_ref);
    assert_int_equal(s->outcome, PB_OUTCOME(UNSPECIFIED));
    assert_int_equal(s->n_trail, 3);
    assert_int_equal(s->trail[1]->status, PB_STATUS(REGISTERED));
    assert_int_equal(s->trail[2]->status, PB_STATUS(VERIFYING_IDENTITY));
    assert_int_equal(s->due_at_ms, 1778878799999LL); /* 2026-05-15 23:59:59.999 +03:00: three working days */
    assert_string_equal(s->rule_set->id, "RU-MOW");

    const PB(ApplicationRegistered) *m = flow_one(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED);
    assert_string_equal(m->case_->application_id, f->id);
    assert_int_equal(m->case_->received_at_ms, RECEIVED_MS);
    assert_int_equal(m->case_->due_at_ms, s->due_at_ms);
    const struct seen *r = flow_nth(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED, 0);
    assert_string_equal(r->key, f->person_ref);
    assert_string_equal(r->subject, f->id);
    assert_sealed(r);

    const PB(ApplicationStatusChanged) *c = flow_one(f, TOPIC_APPLICATION, EV_STATUS_CHANGED);
    assert_int_equal(c->status, PB_STATUS(VERIFYING_IDENTITY));
    assert_int_equal(c->n_passed, 2);
    assert_int_equal(c->passed[0], PB_STATUS(RECEIVED));
    assert_int_equal(c->passed[1], PB_STATUS(REGISTERED));
    assert_int_equal(c->at_ms, RECEIVED_MS);
    assert_int_equal(c->due_at_ms, s->due_at_ms);
    assert_string_equal(c->clinic_id, f->app.clinic_id);
    assert_string_equal(c->application_id, f->id);
    assert_string_equal(c->external_ref, "12-345");
    const PB(NotificationRequested) *n = flow_one(f, TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED);
    assert_string_equal(n->milestone, "N-01");
    assert_sealed(flow_nth(f, TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED, 0));
}

static void test_sealed_data_open_again(void **state)
{
    struct flow *f = *state;
    submit(f);
    const PB(ApplicationRegistered) *m = flow_one(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED);
    PB(Personal) * p;
    struct err e;
    assert_true(seal_open(f->keys, m->case_->application->sealed, f->id, f->mem, &p, &e));
    assert_string_equal(p->surname, "Примеров");
}

/* Field 99 of Application and of a paper: bytes that the contract does not know. */
static void test_unknown_fields_go_no_further(void **state)
{
    struct flow *f = *state;
    ProtobufCMessageUnknownField unknown = {99, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 9, (uint8_t *)"\010Examples"};
    PB(Evidence) paper = CLINIC__ATTACH__V1__EVIDENCE__INIT, *papers[] = {&paper};
    paper.type = CLINIC__ATTACH__V1__DOCUMENT_TYPE__DOCUMENT_TYPE_RF_PASSPORT;
    paper.base.unknown_fields = f->app.base.unknown_fields = &unknown;
    paper.base.n_unknown_fields = f->app.base.n_unknown_fields = 1;
    f->app.evidence = papers;
    f->app.n_evidence = 1;
    submit(f);
    const PB(ApplicationRegistered) *m = flow_one(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED);
    assert_int_equal(m->case_->application->base.n_unknown_fields, 0);
    assert_int_equal(m->case_->application->n_evidence, 1);
    assert_int_equal(m->case_->application->evidence[0]->base.n_unknown_fields, 0);
}

static void test_takes_sealed_from_the_gateway(void **state)
{
    struct flow *f = *state;
    f->app.sealed = seal_personal(f->keys, &f->personal, f->id, f->mem);
    f->app.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    submit(f);
    assert_int_equal(flow_count(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED), 1);
}

static void test_desk_has_its_own_term(void **state)
{
    struct flow *f = *state;
    flow_at_desk(f);
    submit(f);
    assert_int_equal(state_of(f)->due_at_ms, 1779137999999LL); /* Monday 2026-05-18: four working days */
}

static void test_term_without_a_calendar(void **state)
{
    struct flow late;
    (void)state;
    flow_open(&late, &intake_svc, 1893488400000LL, NULL); /* Tuesday 2030-01-01: no calendar of that year */
    flow_submit_as(&late, late.id);
    flow_run(&late);
    const PB(ApplicationState) *s = state_of(&late);
    assert_non_null(s);
    assert_int_equal(s->due_at_ms, 1893790799999LL); /* Friday 2030-01-04 by weekdays alone */
    flow_close(&late);
}

/* --- gates --- */

static void no_snils(struct flow *f) { f->personal.snils = flow_text(f, ""); }
static void simple_account(struct flow *f) { f->app.account_level = PB_ACCOUNT(SIMPLE); }
static void no_tick(struct flow *f) { f->app.acknowledged_data = false; }
static void new_moscow(struct flow *f) { f->app.residence_tinao = true; }
static void bad_check_digit(struct flow *f) { f->enp[15] = f->enp[15] == '9' ? '0' : (char)(f->enp[15] + 1); }
static void federal_portal(struct flow *f)
{
    f->app.source = PB_SOURCE(GOSUSLUGI);
    application_id_of(f->app.source, f->app.external_ref, f->id);
}
static void short_number(struct flow *f) { f->personal.policy_number = flow_text(f, "12345"); }
static void certificate(struct flow *f)
{
    f->personal.policy_form = PB_FORM(TEMP_CERT);
    f->personal.policy_number = flow_text(f, "123456789");
}
static void old_policy(struct flow *f)
{
    f->personal.policy_form = PB_FORM(OLD);
    f->personal.policy_series = flow_text(f, "АБ");
    f->personal.policy_number = flow_text(f, "123456");
}
static void minor(struct flow *f) { f->personal.birth_date = flow_text(f, "2008-06-01"); }
static void antenatal(struct flow *f) { f->app.profile = PB_PROFILE(ANTENATAL); }

static void test_gates(void **state)
{
    static const struct {
        void (*spoil)(struct flow *f);
        const char *code, *detail;
    } rows[] = {
        {no_snils, "SNILS_REQUIRED", ""},
        {simple_account, "ACCOUNT_LEVEL_TOO_LOW", "STANDARD"},
        {no_tick, "ACK_MISSING", ""},
        {new_moscow, "TERRITORY_NOT_ONLINE", "TINAO"},
        {bad_check_digit, "POLICY_NUMBER_FORMAT", ""},
        {short_number, "POLICY_NUMBER_FORMAT", ""},
        {federal_portal, "CHANNEL_NOT_AVAILABLE", ""},
        {certificate, "POLICY_TEMPORARY_NOT_ONLINE", "TEMP_CERT"},
        {old_policy, "POLICY_OLD_FORM_NOT_ONLINE", ""},
        {minor, "AGE_BELOW_MIN", "18"},
        {antenatal, "PROFILE_NOT_ONLINE", ""},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct flow f;
        flow_open(&f, &intake_svc, RECEIVED_MS, NULL);
        rows[i].spoil(&f);
        submit(&f);
        const PB(ApplicationState) *s = state_of(&f);
        assert_non_null(s);
        assert_int_equal(s->outcome, PB_OUTCOME(GATED));
        assert_reason(s->reasons, s->n_reasons, rows[i].code, rows[i].detail);
        assert_int_equal(s->due_at_ms, 0);
        assert_int_equal(s->forget_at_ms, RECEIVED_MS + 90 * DAY_MS);
        const PB(ApplicationStatusChanged) *c = flow_one(&f, TOPIC_APPLICATION, EV_STATUS_CHANGED);
        assert_int_equal(c->status, PB_STATUS(GATED));
        assert_int_equal(c->n_passed, 1);
        assert_int_equal(c->passed[0], PB_STATUS(RECEIVED));
        assert_int_equal(c->outcome, PB_OUTCOME(GATED));
        const PB(NotificationRequested) *n = flow_one(&f, TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED);
        assert_string_equal(n->milestone, "N-02");
        assert_int_equal(flow_count(&f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED), 0);
        flow_close(&f);
    }
}

static void test_gated_number_still_has_one_pseudonym(void **state)
{
    struct flow *f = *state;
    char raw[POLICY_NORMAL_MAX], ref[PERSON_REF_LEN + 1];
    short_number(f);
    submit(f);
    policy_raw("", "12345", raw);
    person_ref_of(f->keys, raw, ref);
    assert_string_equal(state_of(f)->person_ref, ref);
}

/* --- repeats --- */

static void test_repeat_changes_nothing(void **state)
{
    struct flow *f = *state;
    submit(f);
    f->app.submitted_at = flow_text(f, "2026-05-12T12:00:00Z"); /* pressed again */
    submit(f);
    f->app.sealed = seal_personal(f->keys, &f->personal, f->id, f->mem);
    f->app.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    submit(f);
    assert_int_equal(flow_count(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED), 1);
    assert_int_equal(flow_count(f, TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED), 1);
    assert_int_equal(flow_count(f, TOPIC_INTAKE_DLQ, EV_DEAD_LETTER), 0);
}

static void test_repeat_of_a_gated_one(void **state)
{
    struct flow *f = *state;
    no_tick(f);
    submit(f);
    submit(f);
    assert_int_equal(flow_count(f, TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED), 1);
}

static void test_other_content_is_a_conflict(void **state)
{
    struct flow *f = *state;
    submit(f);
    f->app.clinic_id = flow_text(f, "770002");
    submit(f);
    assert_dead(f, TOPIC_INTAKE_DLQ, "conflict", "external_ref");
    assert_string_equal(state_of(f)->clinic_id, "770001");
    assert_int_equal(flow_count(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED), 1);
}

static void test_wrong_key_costs_one_hop(void **state)
{
    struct flow *f = *state;
    flow_submit_as(f, key_of_another_partition(f->id));
    flow_run(f);
    assert_int_equal(flow_count(f, TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct seen *r = flow_nth(f, TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED, i);
        if (strcmp(r->key, f->id) == 0)
            assert_sealed(r);
    }
    assert_int_equal(flow_count(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED), 1);
    assert_non_null(state_of(f));
    submit(f); /* and by the right key */
    assert_int_equal(flow_count(f, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED), 1);
    assert_int_equal(flow_count(f, TOPIC_INTAKE_DLQ, EV_DEAD_LETTER), 0);
}

/* --- bad input --- */

static void no_source(struct flow *f) { f->app.source = PB_SOURCE(UNSPECIFIED); }
static void no_ref(struct flow *f) { f->app.external_ref = flow_text(f, ""); }
static void no_personal(struct flow *f) { f->app.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK__NOT_SET; }
static void bad_snils(struct flow *f) { f->personal.snils = flow_text(f, "112-233-445 96"); }
static void no_region(struct flow *f) { f->app.region = flow_text(f, "RU-NONE"); }
static void complaint(struct flow *f) { f->app.kind = PB_KIND(COMPLAINT); }
static void unborn(struct flow *f) { f->personal.birth_date = flow_text(f, "2026-05-13"); }
static void bad_seal(struct flow *f)
{
    f->app.sealed = seal_personal(f->keys, &f->personal, "of another application", f->mem);
    f->app.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
}

static void test_bad_fields_are_dead_letters(void **state)
{
    static const struct {
        void (*spoil)(struct flow *f);
        const char *detail;
    } rows[] = {
        {no_source, "source: "},      {no_ref, "external_ref: "},      {no_personal, "personal: "}, {bad_snils, "personal.snils: "},
        {no_region, "region: "},      {complaint, "kind: "},           {bad_seal, "/sealed/box: "},
        {unborn, "personal.birth_date: "},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct flow f;
        flow_open(&f, &intake_svc, RECEIVED_MS, NULL);
        rows[i].spoil(&f);
        submit(&f);
        assert_dead(&f, TOPIC_INTAKE_DLQ, "invalid", rows[i].detail);
        assert_int_equal(flow_count(&f, TOPIC_APPLICATION, EV_STATUS_CHANGED), 0);
        assert_null(state_of(&f));
        flow_close(&f);
    }
}

/* --- withdrawal --- */

static void withdraw(struct flow *f, const char *key)
{
    PB(Withdrawal) w;
    clinic__attach__v1__withdrawal__init(&w);
    w.source = f->app.source;
    w.external_ref = f->app.external_ref;
    fake_publish_event(platform_cluster(f->p), TOPIC_INTAKE_INBOX, bytes_str(key), EV_APPLICATION_WITHDRAWAL, &w, "w-1", "");
    flow_run(f);
}

static void test_withdrawal_goes_to_the_decider(void **state)
{
    struct flow *f = *state;
    submit(f);
    withdraw(f, f->id);
    const PB(WithdrawalRequested) *m = flow_one(f, TOPIC_ATTACHMENT_INBOX, EV_WITHDRAWAL_REQUESTED);
    assert_string_equal(m->application_id, f->id);
    assert_string_equal(m->person_ref, f->person_ref);
    assert_string_equal(flow_nth(f, TOPIC_ATTACHMENT_INBOX, EV_WITHDRAWAL_REQUESTED, 0)->key, f->person_ref);
}

static void test_withdrawal_by_a_wrong_key(void **state)
{
    struct flow *f = *state;
    submit(f);
    withdraw(f, key_of_another_partition(f->id));
    assert_int_equal(flow_count(f, TOPIC_ATTACHMENT_INBOX, EV_WITHDRAWAL_REQUESTED), 1);
}

static void test_withdrawal_of_nothing(void **state)
{
    struct flow *f = *state;
    withdraw(f, f->id);
    assert_dead(f, TOPIC_INTAKE_DLQ, "invalid", "external_ref: no such application");
}

static void test_withdrawal_of_a_closed_one(void **state)
{
    struct flow *f = *state;
    no_tick(f);
    submit(f);
    withdraw(f, f->id);
    assert_int_equal(flow_count(f, TOPIC_ATTACHMENT_INBOX, EV_WITHDRAWAL_REQUESTED), 0);
    assert_int_equal(flow_count(f, TOPIC_INTAKE_DLQ, EV_DEAD_LETTER), 0);
}

static void test_withdrawal_without_a_reference(void **state)
{
    struct flow *f = *state;
    no_ref(f);
    withdraw(f, "any");
    assert_dead(f, TOPIC_INTAKE_DLQ, "invalid", "external_ref: ");
}

/* --- outcome --- */

static void close_as(struct flow *f, PB(Outcome) outcome, int64_t at_ms)
{
    const PB(ApplicationState) *s = state_of(f);
    PB(ApplicationClosed) m;
    PB(Step) last, *trail[4];
    clinic__attach__v1__application_closed__init(&m);
    clinic__attach__v1__step__init(&last);
    last.status = PB_STATUS(ATTACHED);
    last.at_ms = at_ms;
    m.application_id = f->id;
    m.outcome = outcome;
    if (s) {
        trail[m.n_trail++] = s->trail[0];
        trail[m.n_trail++] = s->trail[1];
        trail[m.n_trail++] = s->trail[2];
    }
    trail[m.n_trail++] = &last;
    m.trail = trail;
    fake_publish_event(platform_cluster(f->p), TOPIC_INTAKE_INBOX, bytes_str(f->id), EV_APPLICATION_CLOSED, &m, "c-1", f->id);
    flow_run(f);
}

static void test_outcome_is_remembered(void **state)
{
    struct flow *f = *state;
    submit(f);
    close_as(f, PB_OUTCOME(APPROVED), RECEIVED_MS + 1000);
    const PB(ApplicationState) *s = state_of(f);
    assert_int_equal(s->outcome, PB_OUTCOME(APPROVED));
    assert_int_equal(s->n_trail, 4); /* the three of intake once, and the new one */
    assert_int_equal(s->trail[3]->status, PB_STATUS(ATTACHED));
    assert_int_equal(s->forget_at_ms, RECEIVED_MS + 90 * DAY_MS);
    close_as(f, PB_OUTCOME(REFUSED), RECEIVED_MS + 2000); /* repeated, even differently: the first stands */
    assert_int_equal(state_of(f)->outcome, PB_OUTCOME(APPROVED));
    assert_int_equal(flow_count(f, TOPIC_INTAKE_DLQ, EV_DEAD_LETTER), 0);
}

/* The decider's first answer was lost; asked again it answers with the outcome and the last step alone. */
static void test_a_repeated_answer_closes_an_open_one(void **state)
{
    struct flow *f = *state;
    PB(ApplicationClosed) m;
    PB(Step) last, *trail[] = {&last};
    submit(f);
    clinic__attach__v1__application_closed__init(&m);
    clinic__attach__v1__step__init(&last);
    last.status = PB_STATUS(ATTACHED);
    last.at_ms = RECEIVED_MS + 5000;
    m.application_id = f->id;
    m.outcome = PB_OUTCOME(APPROVED);
    m.trail = trail;
    m.n_trail = 1;
    for (int i = 0; i < 2; i++) {
        fake_publish_event(platform_cluster(f->p), TOPIC_INTAKE_INBOX, bytes_str(f->id), EV_APPLICATION_CLOSED, &m, NULL, f->id);
        flow_run(f);
        const PB(ApplicationState) *s = state_of(f);
        assert_int_equal(s->outcome, PB_OUTCOME(APPROVED));
        assert_int_equal(s->n_trail, 4);
        last.at_ms += 5000; /* the second one changes nothing */
    }
    assert_int_equal(flow_count(f, TOPIC_APPLICATION, EV_STATUS_CHANGED), 1); /* nothing more is said in public */
    assert_int_equal(flow_count(f, TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED), 1);
}

static void test_outcome_of_nothing(void **state)
{
    struct flow *f = *state;
    close_as(f, PB_OUTCOME(APPROVED), RECEIVED_MS);
    assert_dead(f, TOPIC_INTAKE_DLQ, "invalid", "application_id: no such application");
}

/* --- terms --- */

static void test_passed_term_raises_one_alarm(void **state)
{
    struct flow *f = *state;
    submit(f);
    int64_t due_ms = state_of(f)->due_at_ms;
    assert_int_equal(platform_next_due(f->p), due_ms);
    platform_advance(f->p, due_ms - RECEIVED_MS - 1);
    flow_run(f);
    assert_int_equal(flow_count(f, TOPIC_APPLICATION, EV_STATUS_CHANGED), 1);
    platform_advance(f->p, 2);
    platform_advance(f->p, DAY_MS);
    flow_run(f);
    assert_int_equal(flow_count(f, TOPIC_APPLICATION, EV_STATUS_CHANGED), 2);
    const PB(ApplicationStatusChanged) *c = flow_nth(f, TOPIC_APPLICATION, EV_STATUS_CHANGED, 1)->msg;
    assert_true(c->sla_breached);
    assert_int_equal(c->status, PB_STATUS(UNSPECIFIED)); /* the status stays, whatever the stages have made of it */
    assert_int_equal(c->n_passed, 0);
    assert_int_equal(c->outcome, PB_OUTCOME(UNSPECIFIED));
    assert_true(state_of(f)->sla_breached);
    close_as(f, PB_OUTCOME(APPROVED), RECEIVED_MS + 9 * DAY_MS); /* decided late */
    assert_int_equal(state_of(f)->outcome, PB_OUTCOME(APPROVED));
}

static void test_closed_one_is_forgotten(void **state)
{
    struct flow *f = *state;
    submit(f);
    close_as(f, PB_OUTCOME(APPROVED), RECEIVED_MS);
    platform_advance(f->p, 89 * DAY_MS);
    assert_non_null(state_of(f));
    platform_advance(f->p, DAY_MS + 1);
    assert_null(state_of(f));
    assert_int_equal(platform_next_due(f->p), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_registers),
        T(test_sealed_data_open_again),
        T(test_unknown_fields_go_no_further),
        T(test_takes_sealed_from_the_gateway),
        T(test_desk_has_its_own_term),
        T(test_term_without_a_calendar),
        T(test_gates),
        T(test_gated_number_still_has_one_pseudonym),
        T(test_repeat_changes_nothing),
        T(test_repeat_of_a_gated_one),
        T(test_other_content_is_a_conflict),
        T(test_wrong_key_costs_one_hop),
        T(test_bad_fields_are_dead_letters),
        T(test_withdrawal_goes_to_the_decider),
        T(test_withdrawal_by_a_wrong_key),
        T(test_withdrawal_of_nothing),
        T(test_withdrawal_of_a_closed_one),
        T(test_withdrawal_without_a_reference),
        T(test_outcome_is_remembered),
        T(test_a_repeated_answer_closes_an_open_one),
        T(test_outcome_of_nothing),
        T(test_passed_term_raises_one_alarm),
        T(test_closed_one_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
