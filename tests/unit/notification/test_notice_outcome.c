/* What comes of orders: every report, receipt and silence, and that nothing is ever ordered twice. */
#include "flow.h"

#define SMS   PB_CHANNEL(SMS)
#define EMAIL PB_CHANNEL(EMAIL)

static struct flow *asked(void **state, const char *milestone)
{
    struct flow *f = *state;
    flow_ask(f, flow_request(f, milestone, FLOW_BOTH));
    return f;
}

static const PB(NoticeChannel) * channel(struct flow *f, const char *milestone, PB(Channel) ch)
{
    const PB(NoticeState) *s = flow_state(f, milestone);
    assert_non_null(s);
    for (size_t i = 0; i < s->n_channels; i++)
        if (s->channels[i]->channel == ch)
            return s->channels[i];
    fail_msg("no such channel");
    return NULL;
}

static void the_same_request_again_does_nothing(void **state)
{
    struct flow *f = asked(state, "N-06");
    size_t orders = f->orders_n, issues = f->issues_n;
    flow_ask(f, flow_request(f, "N-06", FLOW_BOTH));
    assert_int_equal(f->orders_n, orders);
    assert_int_equal(f->issues_n, issues);
}

static void the_intention_is_written_before_the_order(void **state)
{
    struct flow *f = asked(state, "N-06");
    const PB(NoticeChannel) *ch = channel(f, "N-06", SMS);
    assert_int_equal(f->orders_n, 2);
    assert_true(f->orders[0].has_contacts);
    assert_int_equal(ch->attempt, 1);
    assert_true(ch->ordered_at_ms > 0);
    assert_true(ch->next_at_ms >= ch->ordered_at_ms + 60000);
}

static void accepted_is_sent_and_a_receipt_makes_it_delivered(void **state)
{
    struct flow *f = asked(state, "N-06");
    flow_report(f, "N-06", SMS, 1, PB_SEND(ACCEPTED));
    assert_int_equal(flow_said(f, "N-06", SMS, "SENT"), 1);
    flow_receipt(f, "N-06", true);
    assert_int_equal(flow_said(f, "N-06", SMS, "DELIVERED"), 1);
    assert_true(channel(f, "N-06", SMS)->delivered);
    flow_receipt(f, "N-06", true);
    assert_int_equal(flow_said(f, "N-06", SMS, "DELIVERED"), 1);
}

static void a_receipt_before_the_answer_settles_the_channel(void **state)
{
    struct flow *f = asked(state, "N-06");
    flow_receipt(f, "N-06", true);
    flow_report(f, "N-06", SMS, 1, PB_SEND(ACCEPTED));
    assert_int_equal(flow_said(f, "N-06", SMS, "DELIVERED"), 1);
    assert_int_equal(flow_said(f, "N-06", SMS, "SENT"), 0);
    size_t orders = flow_ordered(f, SMS);
    flow_advance(f, 3600000);
    assert_int_equal(flow_ordered(f, SMS), orders);
}

static void an_undelivered_receipt_is_a_failure_said_once(void **state)
{
    struct flow *f = asked(state, "N-06");
    flow_report(f, "N-06", SMS, 1, PB_SEND(ACCEPTED));
    flow_receipt(f, "N-06", false);
    flow_receipt(f, "N-06", false);
    assert_int_equal(flow_said(f, "N-06", SMS, "FAILED"), 1);
}

static void silence_orders_the_same_attempt_again(void **state)
{
    struct flow *f = asked(state, "N-01");
    assert_int_equal(f->orders_n, 1);
    flow_advance(f, 59000);
    assert_int_equal(f->orders_n, 1);
    flow_advance(f, 2000);
    assert_int_equal(f->orders_n, 2);
    assert_int_equal(f->orders[1].attempt, 1);
    assert_false(f->orders[0].again);
    assert_true(f->orders[1].again);
    flow_advance(f, 61000);
    assert_int_equal(f->orders_n, 3);
    assert_int_equal(flow_said(f, "N-01", EMAIL, "INTENDED"), 1);
}

static void a_restart_loses_no_order(void **state)
{
    struct flow *f = asked(state, "N-01");
    platform_restart(f->p, f->service);
    flow_advance(f, 61000);
    assert_int_equal(f->orders_n, 2);
    assert_true(f->orders[1].again);
}

static void not_taken_is_tried_again_later_under_the_next_number(void **state)
{
    struct flow *f = asked(state, "N-01");
    flow_report(f, "N-01", EMAIL, 1, PB_SEND(RETRY));
    assert_int_equal(f->orders_n, 1);
    flow_advance(f, 29000);
    assert_int_equal(f->orders_n, 1);
    flow_advance(f, 2000);
    assert_int_equal(f->orders_n, 2);
    assert_int_equal(f->orders[1].attempt, 2);
    assert_false(f->orders[1].again);
    flow_report(f, "N-01", EMAIL, 1, PB_SEND(ACCEPTED)); /* of an attempt that was not taken: not believed */
    assert_int_equal(flow_said(f, "N-01", EMAIL, "SENT"), 0);
    flow_report(f, "N-01", EMAIL, 2, PB_SEND(ACCEPTED));
    assert_int_equal(flow_said(f, "N-01", EMAIL, "SENT"), 1);
}

static void attempts_come_to_an_end(void **state)
{
    struct flow *f = asked(state, "N-01");
    for (uint32_t attempt = 1; attempt <= 3; attempt++) {
        flow_report(f, "N-01", EMAIL, attempt, PB_SEND(RETRY));
        flow_advance(f, 41000);
    }
    assert_int_equal(f->orders_n, 3);
    assert_int_equal(flow_said(f, "N-01", EMAIL, "FAILED"), 1);
    flow_advance(f, 3600000);
    assert_int_equal(f->orders_n, 3);
}

static void unknown_is_never_sent_again_on_its_channel(void **state)
{
    struct flow *f = asked(state, "N-06");
    flow_report(f, "N-06", EMAIL, 1, PB_SEND(ACCEPTED));
    flow_report(f, "N-06", SMS, 1, PB_SEND(UNKNOWN));
    assert_int_equal(flow_said(f, "N-06", SMS, "UNKNOWN"), 1);
    flow_report(f, "N-06", SMS, 1, PB_SEND(RETRY)); /* too late to believe */
    flow_advance(f, 3600000);
    assert_int_equal(flow_ordered(f, SMS), 1);
}

static void a_sure_answer_corrects_unknown(void **state)
{
    struct flow *f = asked(state, "N-06");
    flow_report(f, "N-06", SMS, 1, PB_SEND(UNKNOWN));
    flow_report(f, "N-06", SMS, 1, PB_SEND(ACCEPTED));
    assert_int_equal(flow_said(f, "N-06", SMS, "SENT"), 1);
    flow_report(f, "N-06", SMS, 1, PB_SEND(REJECTED)); /* settled: nothing changes it any more */
    assert_int_equal(flow_said(f, "N-06", SMS, "FAILED"), 0);
}

static void a_rejected_letter_of_refusal_falls_back_on_sms_once(void **state)
{
    struct flow *f = asked(state, "N-08");
    assert_int_equal(flow_ordered(f, SMS), 0);
    flow_report(f, "N-08", EMAIL, 1, PB_SEND(REJECTED));
    assert_int_equal(flow_said(f, "N-08", EMAIL, "FAILED"), 1);
    assert_int_equal(flow_ordered(f, SMS), 1);
    flow_report(f, "N-08", EMAIL, 1, PB_SEND(REJECTED));
    assert_int_equal(flow_ordered(f, SMS), 1);
}

static void nothing_falls_back_while_another_channel_works(void **state)
{
    struct flow *f = asked(state, "N-08");
    flow_report(f, "N-08", EMAIL, 1, PB_SEND(ACCEPTED));
    flow_advance(f, 3600000);
    assert_int_equal(flow_ordered(f, SMS), 0);
}

static void a_rejected_sms_leaves_the_letter_alone(void **state) /* */
{
    struct flow *f = asked(state, "N-06");
    flow_report(f, "N-06", SMS, 1, PB_SEND(REJECTED));
    flow_report(f, "N-06", EMAIL, 1, PB_SEND(ACCEPTED));
    assert_int_equal(flow_said(f, "N-06", SMS, "FAILED"), 1);
    assert_int_equal(flow_ordered(f, EMAIL), 1);
    assert_int_equal(flow_ordered(f, SMS), 1);
}

static void contacts_are_dropped_when_all_is_settled(void **state)
{
    struct flow *f = asked(state, "N-06");
    flow_report(f, "N-06", SMS, 1, PB_SEND(ACCEPTED));
    assert_non_null(flow_state(f, "N-06")->request);
    flow_report(f, "N-06", EMAIL, 1, PB_SEND(ACCEPTED));
    assert_null(flow_state(f, "N-06")->request);
    assert_true(flow_state(f, "N-06")->forget_at_ms > FLOW_NOW);
}

static void the_state_keeps_contacts_only(void **state)
{
    struct flow *f = asked(state, "N-06");
    struct err e;
    PB(Personal) *p;
    const PB(Sealed) *sealed = flow_state(f, "N-06")->request->case_->application->sealed;
    assert_true(seal_open(f->set->keys, sealed, FLOW_APP, f->mem, &p, &e));
    assert_string_equal(p->email, "maria@clinic.example");
    assert_string_equal(p->surname, "");
    assert_string_equal(p->policy_number, "");
}

static void a_settled_notice_is_forgotten_after_its_term(void **state)
{
    struct flow *f = *state;
    flow_ask(f, flow_request(f, "N-02", FLOW_BOTH));
    assert_non_null(flow_state(f, "N-02"));
    flow_advance(f, 86400000 + 60000);
    assert_null(flow_state(f, "N-02"));
}

static void a_report_of_a_forgotten_notice_does_nothing(void **state)
{
    struct flow *f = *state;
    flow_report(f, "N-06", SMS, 1, PB_SEND(ACCEPTED));
    flow_receipt(f, "N-06", true);
    assert_int_equal(f->issues_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(the_same_request_again_does_nothing),
        FLOW_TEST(the_intention_is_written_before_the_order),
        FLOW_TEST(accepted_is_sent_and_a_receipt_makes_it_delivered),
        FLOW_TEST(a_receipt_before_the_answer_settles_the_channel),
        FLOW_TEST(an_undelivered_receipt_is_a_failure_said_once),
        FLOW_TEST(silence_orders_the_same_attempt_again),
        FLOW_TEST(a_restart_loses_no_order),
        FLOW_TEST(not_taken_is_tried_again_later_under_the_next_number),
        FLOW_TEST(attempts_come_to_an_end),
        FLOW_TEST(unknown_is_never_sent_again_on_its_channel),
        FLOW_TEST(a_sure_answer_corrects_unknown),
        FLOW_TEST(a_rejected_letter_of_refusal_falls_back_on_sms_once),
        FLOW_TEST(nothing_falls_back_while_another_channel_works),
        FLOW_TEST(a_rejected_sms_leaves_the_letter_alone),
        FLOW_TEST(contacts_are_dropped_when_all_is_settled),
        FLOW_TEST(the_state_keeps_contacts_only),
        FLOW_TEST(a_settled_notice_is_forgotten_after_its_term),
        FLOW_TEST(a_report_of_a_forgotten_notice_does_nothing),
    };
    (void)flow_issue;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
