/* SMS over a real SMSC. */
#include "rig.h"

#define APP "8e03978e-40d5-43e8-bc93-6894a57f932"

static struct rig_order sms(const char *application)
{
    return (struct rig_order){.application = application, .milestone = "N-06", .channel = PB_CHANNEL(SMS), .attempt = 1,
                              .to = "+79990000017", .reference = "12-345"};
}

static int setup(void **state)
{
    *state = rig_new("smsc", NULL);
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void an_sms_arrives_and_its_receipt_comes_back(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "0");
    rig_order(r, &o);
    struct rig_report sent = rig_report(r, 0), receipt = rig_report(r, 1);
    assert_int_equal(sent.result, PB_SEND(ACCEPTED));
    assert_true(*sent.provider_id != '\0');
    assert_int_equal(receipt.type, EV_RECEIPT_ARRIVED);
    assert_true(receipt.delivered);
    assert_string_equal(receipt.cause, "DELIVRD");
    assert_string_equal(receipt.application, APP "0");
    char *text = rig_field(r, "text"), *to = rig_field(r, "to"), *from = rig_field(r, "from");
    assert_string_equal(text, "Заявление 12-345: прикрепление оформлено.");
    assert_string_equal(to, "79990000017");
    assert_true(*from != '\0');
    free(text);
    free(to);
    free(from);
}

static void a_long_cyrillic_message_arrives_whole(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "1");
    o.reference = "очень-длинный-номер-заявления-с-портала-который-не-помещается-в-одно-сообщение-"
                  "и-даже-в-два-потому-что-их-знаков-намного-больше-ста-тридцати-четырёх";
    rig_order(r, &o);
    struct rig_report sent = rig_report(r, 0), receipt = rig_report(r, 1);
    assert_int_equal(sent.result, PB_SEND(ACCEPTED));
    assert_true(receipt.delivered);
    assert_int_equal(rig_logged(r, "очень-длинный", 1), 1);
    char *text = rig_field(r, "text"), *parts = rig_field(r, "parts");
    assert_non_null(strstr(text, o.reference));
    assert_non_null(strstr(text, "прикрепление оформлено."));
    assert_int_equal(atoi(parts), 3);
    assert_int_equal(rig_reports(r), 2); /* one notice: one answer, one receipt */
    free(text);
    free(parts);
}

static void many_go_through_the_window(void **state)
{
    struct rig *r = *state;
    char application[40];
    rig_mode(r, "no-receipt");
    for (int i = 0; i < 60; i++) {
        snprintf(application, sizeof application, "8e03978e-40d5-43e8-bc93-%012d", i);
        struct rig_order o = sms(application);
        rig_order(r, &o);
    }
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(rig_report(r, i).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, "79990000017", 60), 60);
}

static void a_refusal_is_rejected(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "2");
    rig_mode(r, "reject");
    rig_order(r, &o);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(REJECTED));
    assert_string_equal(report.cause, "smpp_0x0b");
}

static void a_throttled_part_goes_again_alone(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "c");
    o.reference = "номер-заявления-который-один-занимает-почти-всё-сообщение-целиком";
    rig_mode(r, "throttle 1"); /* the first part; the second is on its way meanwhile */
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, "номер-заявления", 1), 1);
    char *parts = rig_field(r, "parts");
    assert_int_equal(atoi(parts), 2);
    free(parts);
}

static void throttled_is_retry(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "3");
    rig_mode(r, "throttle 1");
    rig_order(r, &o);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(RETRY));
    assert_string_equal(report.cause, "smpp_0x58");
    o.attempt = 2;
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 1).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_lost_answer_is_unknown_and_never_sent_again(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "4");
    rig_mode(r, "swallow 1");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(UNKNOWN));
    o.again = true;
    o.ordered_ms_ago = 1;
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 1).result, PB_SEND(UNKNOWN));
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_connection_cut_with_a_submit_on_its_way_is_unknown(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "5"), next = sms(APP "6");
    rig_mode(r, "cut 1");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(UNKNOWN));
    next.reference = "67-890";
    rig_order(r, &next); /* a new session carries on */
    assert_int_equal(rig_report(r, 1).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, "67-890", 1), 1);
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_receipt_before_the_answer_is_not_lost(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "7");
    rig_mode(r, "receipt-first");
    rig_order(r, &o);
    struct rig_report first = rig_report(r, 0), second = rig_report(r, 1);
    assert_int_equal(first.type, EV_SEND_REPORTED);
    assert_int_equal(second.type, EV_RECEIPT_ARRIVED);
    assert_true(second.delivered);
}

static void an_undelivered_receipt_says_so(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "8");
    rig_mode(r, "undeliverable");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(ACCEPTED));
    struct rig_report receipt = rig_report(r, 1);
    assert_false(receipt.delivered);
    assert_string_equal(receipt.cause, "UNDELIV");
}

static void an_outage_keeps_the_queue(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "9");
    rig_sink_kill(r);
    rig_order(r, &o);
    rig_sink_start(r);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(ACCEPTED));
    assert_int_equal(report.attempt, 1);
}

static void the_same_order_twice_is_sent_once(void **state)
{
    struct rig *r = *state;
    struct rig_order o = sms(APP "a");
    rig_sink_kill(r);
    rig_order(r, &o);
    o.again = true;
    rig_order(r, &o); /* the first is still queued */
    rig_sink_start(r);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(ACCEPTED));
    rig_order(r, &o); /* and now it is answered */
    rig_report(r, 2); /* the receipt is the other */
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_wrong_password_sends_nothing(void **state)
{
    const char *const wrong[] = {"smpp.password", "wrong", NULL};
    (void)state;
    struct rig *r = rig_new("smsc", wrong);
    struct rig_order o = sms(APP "b");
    rig_order(r, &o);
    rig_wait_for(r, "refused"); /* the SMSC saw the bind and did not let us in */
    assert_int_equal(rig_reports(r), 0);
    assert_int_equal(rig_logged(r, "12-345", 0), 0);
    rig_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_sms_arrives_and_its_receipt_comes_back),
        TEST(a_long_cyrillic_message_arrives_whole),
        TEST(many_go_through_the_window),
        TEST(a_refusal_is_rejected),
        TEST(throttled_is_retry),
        TEST(a_throttled_part_goes_again_alone),
        TEST(a_lost_answer_is_unknown_and_never_sent_again),
        TEST(a_connection_cut_with_a_submit_on_its_way_is_unknown),
        TEST(a_receipt_before_the_answer_is_not_lost),
        TEST(an_undelivered_receipt_says_so),
        TEST(an_outage_keeps_the_queue),
        TEST(the_same_order_twice_is_sent_once),
        cmocka_unit_test(a_wrong_password_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
