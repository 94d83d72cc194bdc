/* The table of notices: which milestone tells whom, by which channel, in what words. */
#include "flow.h"

#define SMS     PB_CHANNEL(SMS)
#define EMAIL   PB_CHANNEL(EMAIL)
#define ACCOUNT PB_CHANNEL(ACCOUNT)
#define SCREEN  PB_CHANNEL(SCREEN)
#define SYSTEM  PB_CHANNEL(SYSTEM)

struct expected {
    const char *milestone;
    PB(Channel) channel;
    const char *recipient, *state;
};
struct expansion {
    const char *asked;
    PB(Source) source;
    const char *old_clinic;
    struct expected said[12];
};

static const struct expansion expansions[] = {
    {"N-01", PB_SOURCE(MOSRU), "", {{"N-01", ACCOUNT, "APPLICANT", "SENT"}, {"N-01", EMAIL, "APPLICANT", "INTENDED"}}},
    {"N-02", PB_SOURCE(MOSRU), "", {{"N-02", SCREEN, "APPLICANT", "SENT"}}},
    {"N-03", PB_SOURCE(MOSRU), "", {{"N-03", ACCOUNT, "APPLICANT", "SENT"}, {"N-03", EMAIL, "APPLICANT", "INTENDED"}}},
    {"N-05", PB_SOURCE(MOSRU), "", {{"N-05", ACCOUNT, "APPLICANT", "SENT"},
                                    {"N-05", EMAIL, "APPLICANT", "INTENDED"},
                                    {"N-05", SMS, "APPLICANT", "INTENDED"}}},
    {"N-06", PB_SOURCE(MOSRU), "770002", {{"N-06", ACCOUNT, "APPLICANT", "SENT"},
                                          {"N-06", EMAIL, "APPLICANT", "INTENDED"},
                                          {"N-06", SMS, "APPLICANT", "INTENDED"},
                                          {"N-03", ACCOUNT, "APPLICANT", "SENT"},
                                          {"N-09", SYSTEM, "OLD_CLINIC", "SENT"},
                                          {"N-10", SYSTEM, "NEW_CLINIC", "SENT"},
                                          {"N-11", SYSTEM, "INSURER", "SENT"},
                                          {"N-12", SYSTEM, "TFOMS", "SENT"}}},
    {"N-06", PB_SOURCE(GOSUSLUGI), "", {{"N-06", ACCOUNT, "APPLICANT", "SENT"},
                                        {"N-06", EMAIL, "APPLICANT", "INTENDED"},
                                        {"N-06", SMS, "APPLICANT", "INTENDED"},
                                        {"N-03", ACCOUNT, "APPLICANT", "SENT"},
                                        {"N-10", SYSTEM, "NEW_CLINIC", "SENT"},
                                        {"N-11", SYSTEM, "INSURER", "SENT"},
                                        {"N-12", SYSTEM, "TFOMS", "SENT"}}},
    {"N-06", PB_SOURCE(CLINIC_DESK), "", {{"N-07", ACCOUNT, "APPLICANT", "SENT"},
                                          {"N-07", SMS, "APPLICANT", "INTENDED"},
                                          {"N-07", EMAIL, "APPLICANT", "INTENDED"},
                                          {"N-03", ACCOUNT, "APPLICANT", "SENT"},
                                          {"N-10", SYSTEM, "NEW_CLINIC", "SENT"},
                                          {"N-11", SYSTEM, "INSURER", "SENT"},
                                          {"N-12", SYSTEM, "TFOMS", "SENT"}}},
    {"N-08", PB_SOURCE(MOSRU), "", {{"N-08", ACCOUNT, "APPLICANT", "SENT"}, {"N-08", EMAIL, "APPLICANT", "INTENDED"}}},
};

static void check_expansion(const struct expansion *x)
{
    void *state;
    flow_setup(&state);
    struct flow *f = state;
    PB(NotificationRequested) *r = flow_request(f, x->asked, FLOW_BOTH);
    r->case_->application->source = x->source;
    r->old_clinic_id = (char *)x->old_clinic;
    flow_ask(f, r);
    size_t n = 0;
    for (; n < 12 && x->said[n].milestone; n++) {
        assert_int_equal(flow_said(f, x->said[n].milestone, x->said[n].channel, x->said[n].state), 1);
        assert_string_equal(flow_issue(f, x->said[n].milestone, x->said[n].channel)->recipient, x->said[n].recipient);
    }
    assert_int_equal(f->issues_n, n);
    flow_teardown(&state);
}

static void every_milestone_tells_whom_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expansions / sizeof expansions[0]; i++)
        check_expansion(&expansions[i]);
}

static void system_messages_name_their_party(void **state)
{
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-06", FLOW_BOTH);
    r->old_clinic_id = "770002";
    flow_ask(f, r);
    assert_string_equal(flow_issue(f, "N-09", SYSTEM)->recipient_id, "770002");
    assert_string_equal(flow_issue(f, "N-10", SYSTEM)->recipient_id, "770001");
    assert_string_equal(flow_issue(f, "N-11", SYSTEM)->recipient_id, "77001");
}

static void no_personal_data_is_said_in_clear(void **state)
{
    static const char *const secrets[] = {"Мария", "Тестова", "Ивановна", "9900000000000017", "79990000017", "maria@"};
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-06", FLOW_BOTH);
    r->old_clinic_id = "770002";
    flow_ask(f, r);
    for (size_t i = 0; i < f->issues_n; i++)
        for (size_t s = 0; s < sizeof secrets / sizeof secrets[0]; s++)
            assert_null(strstr(f->issues[i].text, secrets[s]));
}

static PB(NotificationRequested) * refusal(struct flow *f, struct flow_person person)
{
    PB(NotificationRequested) *r = flow_request(f, "N-08", person);
    PB(Reason) *reason = ARENA_NEW(f->mem, PB(Reason));
    clinic__attach__v1__reason__init(reason);
    reason->code = "CHANGE_LIMIT_REACHED";
    reason->detail = "2027-01-01";
    r->reasons = ARENA_ARRAY(f->mem, PB(Reason) *, 1);
    r->reasons[0] = reason;
    r->n_reasons = 1;
    return r;
}

static void a_refusal_gives_reason_law_and_route(void **state)
{
    struct flow *f = *state;
    flow_ask(f, refusal(f, FLOW_BOTH));
    const char *text = flow_issue(f, "N-08", ACCOUNT)->text;
    assert_non_null(strstr(text, "01.01.2027"));
    assert_non_null(strstr(text, "323-ФЗ"));
    const char *insurer = strstr(text, "1. Ваша страховая"), *fund = strstr(text, "2. Территориальный фонд");
    assert_non_null(insurer);
    assert_non_null(fund);
    assert_true(insurer < fund);
}

/* A gate found after registration: the change of status goes where the citizen looks, the ground to the screen too. */
static void a_late_gate_is_told_by_letter(void **state)
{
    static const PB(Status) passed[] = {PB_STATUS(VERIFYING_IDENTITY), PB_STATUS(VERIFYING_POLICY), PB_STATUS(GATED)};
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-03", FLOW_BOTH);
    PB(Step) steps[3], *trail[3];
    for (int i = 0; i < 3; i++) {
        clinic__attach__v1__step__init(trail[i] = &steps[i]);
        steps[i].status = passed[i];
    }
    r->outcome = PB_OUTCOME(GATED);
    r->case_->trail = trail;
    r->case_->n_trail = 3;
    flow_ask(f, r);
    const char *text = flow_issue(f, "N-03", ACCOUNT)->text;
    assert_non_null(strstr(text, "не может быть рассмотрено (было: проверяется полис)"));
    assert_int_equal(flow_said(f, "N-03", EMAIL, "INTENDED"), 1);
    assert_int_equal(flow_said(f, "N-02", SCREEN, "SENT"), 1);
    assert_int_equal(f->issues_n, 3);
    assert_int_equal(flow_state(f, "N-03")->request->case_->n_trail, 2); /* the letter names both */
}

static void dates_are_of_the_region(void **state)
{
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-06", FLOW_BOTH);
    r->effective_from_ms = 1790024400000; /* 2026-09-21T21:00:00Z is 22 September in Moscow */
    flow_ask(f, r);
    assert_non_null(strstr(flow_issue(f, "N-06", ACCOUNT)->text, "22.09.2026"));
}

static void the_template_and_its_edition_are_recorded(void **state)
{
    struct flow *f = *state;
    flow_ask(f, flow_request(f, "N-06", FLOW_BOTH));
    assert_true(strncmp(flow_issue(f, "N-06", EMAIL)->template, "ru/N-06.email/2#", 16) == 0);
}

static void a_missing_contact_is_skipped_with_its_cause(void **state)
{
    struct flow *f = *state;
    flow_ask(f, flow_request(f, "N-06", (struct flow_person){"", "maria@clinic.example"}));
    assert_int_equal(flow_said(f, "N-06", SMS, "SKIPPED"), 1);
    assert_string_equal(flow_issue(f, "N-06", SMS)->cause, "no_phone");
    assert_int_equal(flow_ordered(f, SMS), 0);
    assert_int_equal(flow_ordered(f, EMAIL), 1);
}

static void a_bad_contact_is_skipped(void **state)
{
    struct flow *f = *state;
    flow_ask(f, flow_request(f, "N-06", (struct flow_person){"12", "nobody"}));
    assert_string_equal(flow_issue(f, "N-06", SMS)->cause, "bad_phone");
    assert_string_equal(flow_issue(f, "N-06", EMAIL)->cause, "bad_email");
    assert_int_equal(f->orders_n, 0);
}

static void a_channel_without_a_provider_is_skipped(void **state)
{
    struct flow *f = *state;
    f->set->on[SMS] = false;
    flow_ask(f, flow_request(f, "N-06", FLOW_BOTH));
    assert_string_equal(flow_issue(f, "N-06", SMS)->cause, "not_configured");
    assert_int_equal(flow_ordered(f, SMS), 0);
}

static void a_refusal_without_email_falls_back_on_sms(void **state)
{
    struct flow *f = *state;
    flow_ask(f, refusal(f, (struct flow_person){"+79990000017", ""}));
    assert_int_equal(flow_said(f, "N-08", EMAIL, "SKIPPED"), 1);
    assert_int_equal(flow_said(f, "N-08", SMS, "INTENDED"), 1);
    assert_string_equal(flow_issue(f, "N-08", SMS)->cause, "fallback");
    assert_int_equal(flow_ordered(f, SMS), 1);
}

static size_t dead_letters(struct flow *f)
{
    return (size_t)(fake_end(platform_cluster(f->p), TOPIC_NOTIFICATION_DLQ, 0) +
                    fake_end(platform_cluster(f->p), TOPIC_NOTIFICATION_DLQ, 1));
}

static void a_request_out_of_order_is_a_dead_letter(void **state)
{
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-99", FLOW_BOTH);
    flow_ask(f, r);
    size_t after_first = dead_letters(f);
    assert_true(after_first > 0);
    r->milestone = "N-06";
    r->case_->application->sealed->box.data[0] ^= 1;
    flow_ask(f, r);
    assert_true(dead_letters(f) > after_first);
    assert_int_equal(f->issues_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_milestone_tells_whom_the_table_says),
        FLOW_TEST(system_messages_name_their_party),
        FLOW_TEST(no_personal_data_is_said_in_clear),
        FLOW_TEST(a_refusal_gives_reason_law_and_route),
        FLOW_TEST(a_late_gate_is_told_by_letter),
        FLOW_TEST(dates_are_of_the_region),
        FLOW_TEST(the_template_and_its_edition_are_recorded),
        FLOW_TEST(a_missing_contact_is_skipped_with_its_cause),
        FLOW_TEST(a_bad_contact_is_skipped),
        FLOW_TEST(a_channel_without_a_provider_is_skipped),
        FLOW_TEST(a_refusal_without_email_falls_back_on_sms),
        FLOW_TEST(a_request_out_of_order_is_a_dead_letter),
    };
    (void)flow_advance, (void)flow_report, (void)flow_receipt, (void)flow_state;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
