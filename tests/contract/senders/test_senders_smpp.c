/* SMS over a real SMSC. */
#include "rig.h"
#include "sender/smpp_receipts.h"

#define HOP   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define TRACE HOP " 00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01 rojo=00f067aa0ba902b7, congo=t61rcWkgMzE" /* ce_trace_text */

static int setup(void **state)
{
    *state = rig_new("smsc", NULL);
    return 0;
}

static void an_sms_arrives_and_its_receipt_comes_back(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "0");
    o.trace = TRACE;
    rig_order(r, &o);
    struct rig_report sent = rig_report(r, 0), receipt = rig_report(r, 1);
    assert_int_equal(sent.result, PB_SEND(ACCEPTED));
    assert_string_equal(sent.trace, TRACE);
    assert_string_equal(receipt.trace, TRACE);
    assert_true(*sent.provider_id != '\0');
    assert_int_equal(receipt.type, EV_RECEIPT_ARRIVED);
    assert_true(receipt.delivered);
    assert_string_equal(receipt.cause, "DELIVRD");
    assert_string_equal(receipt.application, RIG_APP "0");
    char *text = rig_field(r, "text"), *to = rig_field(r, "to"), *from = rig_field(r, "from");
    assert_string_equal(text, "Заявление 12-345: вы прикреплены.");
    assert_string_equal(to, "79990000017");
    assert_true(*from != '\0');
    free(text);
    free(to);
    free(from);
}

static void a_long_cyrillic_message_arrives_whole(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "1");
    o.reference = "очень-длинный-номер-заявления-с-портала-который-не-помещается-в-одно-сообщение-"
                  "и-даже-в-два-потому-что-их-знаков-намного-больше-ста-тридцати-четырёх";
    rig_order(r, &o);
    struct rig_report sent = rig_report(r, 0), receipt = rig_report(r, 1);
    assert_int_equal(sent.result, PB_SEND(ACCEPTED));
    assert_true(receipt.delivered);
    assert_string_equal(receipt.trace, ""); /* the order had none */
    assert_int_equal(rig_logged(r, "очень-длинный", 1), 1);
    char *text = rig_field(r, "text"), *parts = rig_field(r, "parts");
    assert_non_null(strstr(text, o.reference));
    assert_non_null(strstr(text, "вы прикреплены."));
    assert_int_equal(atoi(parts), 3);
    assert_int_equal(rig_reports(r), 2); /* one notice: one answer, one receipt */
    free(text);
    free(parts);
}

static void many_go_through_the_window(void **state)
{
    rig_mode(*state, "no-receipt");
    rig_many(*state, rig_sms(""), 60, "79990000017");
}

static void a_refusal_is_rejected(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "2");
    rig_mode(r, "reject");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(REJECTED), "smpp_0x0b");
}

static void a_throttled_part_goes_again_alone(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "c");
    o.reference = "номер-заявления-который-один-занимает-почти-всё-сообщение-целиком";
    rig_mode(r, "throttle 1"); /* the first part; the second is on its way meanwhile */
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, "номер-заявления", 1), 1);
    char *parts = rig_field(r, "parts");
    assert_int_equal(atoi(parts), 2);
    free(parts);
}

static void throttled_is_retry(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "3");
    rig_mode(r, "throttle 1");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(RETRY), "smpp_0x58");
    o.attempt = 2;
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_lost_answer_is_unknown_and_never_sent_again(void **state)
{
    rig_lose_answer(*state, rig_sms(RIG_APP "4"), "swallow 1", "12-345");
}

static void a_connection_cut_with_a_submit_on_its_way_is_unknown(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "5"), next = rig_sms(RIG_APP "6");
    rig_mode(r, "cut 1");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(UNKNOWN), NULL);
    next.reference = "67-890";
    rig_order(r, &next); /* a new session carries on */
    rig_expect(r, 1, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, "67-890", 1), 1);
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_receipt_before_the_answer_is_not_lost(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "7");
    rig_mode(r, "receipt-first");
    rig_order(r, &o);
    struct rig_report first = rig_report(r, 0), second = rig_report(r, 1);
    assert_int_equal(first.type, EV_SEND_REPORTED);
    assert_int_equal(second.type, EV_RECEIPT_ARRIVED);
    assert_true(second.delivered);
}

/* --- receipts of messages that another process sent --- */

struct other_sender {
    struct claims *claims;
    struct lane *lane;
    struct receipts *receipts;
    size_t n;
    char application[40], trace[CE_TRACE_BYTES]; /* of the last receipt reported */
};

static void keep_receipt(void *ctx, struct bytes key, enum event_id type, const void *msg, const char *subject,
                         const char *trace)
{
    struct other_sender *s = ctx;
    (void)key, (void)subject;
    assert_int_equal(type, EV_RECEIPT_ARRIVED);
    s->n++;
    snprintf(s->application, sizeof s->application, "%s", ((const PB(ReceiptArrived) *)msg)->application_id);
    snprintf(s->trace, sizeof s->trace, "%s", trace);
}

static void open_other(struct rig *r, struct other_sender *ret)
{
    struct err e;
    assert_true(claims_open(conf_str(rig_conf(r), "store.url"), "notification", &ret->claims, &e));
    const struct lane_conf conf = {.channel = PB_CHANNEL(SMS), .claims = ret->claims, .report = keep_receipt, .report_ctx = ret};
    ret->lane = lane_new(&conf);
    ret->receipts = receipts_new(ret->lane, 60000);
}

static void close_other(struct other_sender *s)
{
    receipts_free(s->receipts);
    lane_free(s->lane);
    claims_close(s->claims);
}

static void expect_receipt(struct other_sender *s, const char *message_id, const char *application, const char *trace)
{
    struct smpp_receipt receipt = {.state = "DELIVRD", .delivered = true};
    size_t before = s->n;
    snprintf(receipt.message_id, sizeof receipt.message_id, "%s", message_id);
    assert_true(receipts_arrived(s->receipts, &receipt));
    assert_int_equal(s->n, before + 1);
    assert_string_equal(s->application, application);
    assert_string_equal(s->trace, trace);
}

/* What is expected is a line in Redis that lives for days: senders of before and after the trace was kept read it. */
static void a_receipt_is_found_whoever_expects_it(void **state)
{
    struct other_sender s = {0};
    struct err e;
    const char old[] = RIG_APP "d N-06 AAAAAAAAAAAAAAAA " RIG_APP "d/N-06/sms/1 0 1";
    const char with_hop[] = RIG_APP "c N-06 AAAAAAAAAAAAAAAA " RIG_APP "c/N-06/sms/1 0 1 " HOP;
    const struct job_ids traced = {RIG_APP "e", "N-06", "AAAAAAAAAAAAAAAA", RIG_APP "e/N-06/sms/1", TRACE},
                         untraced = {RIG_APP "f", "N-06", "AAAAAAAAAAAAAAAA", RIG_APP "f/N-06/sms/1", ""};
    open_other(*state, &s);
    receipts_expect(s.receipts, "m-new", &traced, 0, 1);
    receipts_expect(s.receipts, "m-bare", &untraced, 0, 1);
    assert_true(claims_put(s.claims, "smsc/m-old", bytes_str(old), 60000, &e));
    assert_true(claims_put(s.claims, "smsc/m-hop", bytes_str(with_hop), 60000, &e));
    expect_receipt(&s, "m-new", RIG_APP "e", TRACE);
    expect_receipt(&s, "m-old", RIG_APP "d", "");
    expect_receipt(&s, "m-hop", RIG_APP "c", HOP);
    expect_receipt(&s, "m-bare", RIG_APP "f", "");
    close_other(&s);
}

static void an_undelivered_receipt_says_so(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "8");
    rig_mode(r, "undeliverable");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    struct rig_report receipt = rig_report(r, 1);
    assert_false(receipt.delivered);
    assert_string_equal(receipt.cause, "UNDELIV");
}

static void an_outage_keeps_the_queue(void **state) { rig_outage(*state, rig_sms(RIG_APP "9")); }

static void a_loss_of_claims_is_noticed_at_rest(void **state) { rig_lose_claims(*state, rig_sms(RIG_APP "0")); }

static void a_loss_of_claims_is_noticed_in_an_outage(void **state)
{
    rig_sink_kill(*state);
    rig_redis_flush(*state);
    rig_redis_wait(*state, "since");
}

static void the_same_order_twice_is_sent_once(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "a");
    rig_sink_kill(r);
    rig_order(r, &o);
    o.again = true;
    rig_order(r, &o); /* the first is still queued */
    rig_sink_start(r);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    rig_order(r, &o); /* and now it is answered */
    rig_report(r, 2); /* the receipt is the other */
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void a_wrong_password_sends_nothing(void **state)
{
    const char *const wrong[] = {"smpp.password", "wrong", NULL};
    (void)state;
    struct rig *r = rig_new("smsc", wrong);
    struct rig_order o = rig_sms(RIG_APP "b");
    rig_order(r, &o);
    rig_wait_for(r, "refused"); /* the SMSC saw the bind and did not let us in */
    assert_int_equal(rig_reports(r), 0);
    assert_int_equal(rig_logged(r, "12-345", 0), 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_sms_arrives_and_its_receipt_comes_back),
        RIG_TEST(a_long_cyrillic_message_arrives_whole),
        RIG_TEST(many_go_through_the_window),
        RIG_TEST(a_refusal_is_rejected),
        RIG_TEST(throttled_is_retry),
        RIG_TEST(a_throttled_part_goes_again_alone),
        RIG_TEST(a_lost_answer_is_unknown_and_never_sent_again),
        RIG_TEST(a_connection_cut_with_a_submit_on_its_way_is_unknown),
        RIG_TEST(a_receipt_before_the_answer_is_not_lost),
        RIG_TEST(a_receipt_is_found_whoever_expects_it),
        RIG_TEST(an_undelivered_receipt_says_so),
        RIG_TEST(an_outage_keeps_the_queue),
        RIG_TEST(a_loss_of_claims_is_noticed_at_rest),
        RIG_TEST(a_loss_of_claims_is_noticed_in_an_outage),
        RIG_TEST(the_same_order_twice_is_sent_once),
        cmocka_unit_test(a_wrong_password_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
