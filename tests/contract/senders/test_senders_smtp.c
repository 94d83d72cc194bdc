/* Letters over a real submission server with STARTTLS and AUTH. */
#include "rig.h"
#include "sender/line.h"

static int setup(void **state)
{
    *state = rig_new("smtp", NULL);
    return 0;
}

static void a_letter_arrives_decoded(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "0");
    rig_order(r, &o);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, RIG_APP "0", 1), 1);
    char *subject = rig_field(r, "subject"), *text = rig_field(r, "text"), *id = rig_field(r, "message_id");
    assert_string_equal(subject, "Заявление № 12-345: прикрепление оформлено");
    assert_non_null(strstr(text, "Здравствуйте, Мария Ивановна!"));
    assert_non_null(strstr(text, "поликлиника для взрослых"));
    assert_string_equal(id, RIG_APP "0.N-06@clinic.example");
    free(subject);
    free(text);
    free(id);
}

static void many_letters_take_one_session_or_two(void **state)
{
    rig_many(*state, rig_letter(""), 30, "8e03978e-40d5-43e8-bc93-");
}

static void a_refused_recipient_is_rejected(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "1");
    o.to = "550@clinic.example";
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(REJECTED), "smtp_550");
    struct rig_order next = rig_letter(RIG_APP "2"); /* and the session goes on */
    rig_order(r, &next);
    rig_expect(r, 1, PB_SEND(ACCEPTED), NULL);
}

static void not_now_is_retry(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "3");
    rig_mode(r, "451");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(RETRY), "smtp_451");
    rig_mode(r, "ok");
    o.attempt = 2;
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, RIG_APP "3", 1), 1);
}

static void a_connection_lost_before_the_letter_is_retry(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "4");
    rig_mode(r, "drop-before-data");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(RETRY), NULL);
    assert_int_equal(rig_logged(r, RIG_APP "4", 0), 0);
}

static void a_lost_answer_is_unknown_and_never_sent_again(void **state)
{
    rig_lose_answer(*state, rig_letter(RIG_APP "5"), "drop-after-data", RIG_APP "5");
}

/* Sent once; what another process makes of the same attempt when it is ordered again. */
static void order_again(struct rig *r, struct rig_order o, bool claims_lost, PB(SendResult) result, const char *cause)
{
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    rig_restart_sender(r);
    if (claims_lost)
        rig_redis_flush(r);
    o.again = true;
    o.ordered_ms_ago = claims_lost ? 60000 : 1;
    rig_order(r, &o);
    rig_expect(r, 1, result, cause);
    assert_int_equal(rig_logged(r, o.application, 1), 1);
}

static void an_answered_attempt_is_not_sent_again_by_another_process(void **state)
{
    order_again(*state, rig_letter(RIG_APP "6"), false, PB_SEND(ACCEPTED), "answered_before");
}

static void lost_claims_make_an_old_attempt_unknown(void **state)
{
    order_again(*state, rig_letter(RIG_APP "7"), true, PB_SEND(UNKNOWN), "claims_lost");
}

/* The snapshot remembers when claims began, but not this one, nor its answer. */
static void claims_that_went_back_in_time_make_an_attempt_unknown(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "d");
    rig_redis_wait(r, "since");
    rig_redis_save(r);
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    rig_restart_sender(r);
    rig_redis_go_back(r);
    o.again = true;
    o.ordered_ms_ago = 1;
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(UNKNOWN), "claims_lost");
    assert_int_equal(rig_logged(r, RIG_APP "d", 1), 1);
}

#define LONG_AGO_MS 60000 /* the owner of the partition, if it moved, has ordered it again */

/* Nobody orders anything again while these tests last. */
static int setup_patient(void **state)
{
    static const char *const options[] = {"notice.answer.ms", "600000", NULL};
    *state = rig_new("smtp", options);
    return 0;
}

/* Orders from now on are of this memory of claims, and the sender knows it. (A letter that was refused leaves no session
 * behind that would be taken for a good one.) */
static void meet_memory(struct rig *r)
{
    struct rig_order o = rig_letter(RIG_APP "0");
    o.to = "550@clinic.example";
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(REJECTED), "smtp_550");
}

/* A first order that another process may have been told of meanwhile. */
static struct rig_order waiting_order(const char *application)
{
    struct rig_order o = rig_letter(application);
    o.ordered_ms_ago = LONG_AGO_MS;
    return o;
}

/* The provider is away when it comes. What is lost is noticed although nothing is taken. */
static void wait_out_an_outage(struct rig *r, struct rig_order o, bool claims_lost, PB(SendResult) result, size_t sent)
{
    meet_memory(r);
    rig_sink_kill(r);
    rig_order(r, &o);
    if (claims_lost) {
        rig_redis_flush(r);
        rig_redis_wait(r, "since");
    }
    rig_sink_start(r);
    rig_expect(r, 1, result, result == PB_SEND(UNKNOWN) ? "claims_lost" : NULL);
    assert_int_equal(rig_logged(r, o.application, sent), sent);
}

static void a_first_order_that_waited_is_sent(void **state)
{
    wait_out_an_outage(*state, waiting_order(RIG_APP "e"), false, PB_SEND(ACCEPTED), 1);
}

/* Its partition may have moved meanwhile: the new owner ordered it again, handed it over and reported; then Redis lost
 * both claim and result. To this process it is still the first order. */
static void a_first_order_that_waited_is_unknown_when_claims_were_lost(void **state)
{
    wait_out_an_outage(*state, waiting_order(RIG_APP "e"), true, PB_SEND(UNKNOWN), 0);
}

static void a_fresh_first_order_is_sent_though_claims_were_lost(void **state)
{
    wait_out_an_outage(*state, rig_letter(RIG_APP "e"), true, PB_SEND(ACCEPTED), 1);
}

/* An inbox that was not read for long: the orders are old, and only now given for the first time. */
static void an_old_first_order_is_sent_when_claims_were_lost_before_it(void **state)
{
    struct rig *r = *state;
    struct rig_order o = waiting_order(RIG_APP "e");
    meet_memory(r);
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, o.application, 1), 1);
}

/* The process stood still when the notice was committed, and hears of the loss before the order comes to the sender. */
static void an_order_that_comes_late_is_unknown_when_claims_were_lost(void **state)
{
    struct rig *r = *state;
    struct rig_order o = waiting_order(RIG_APP "e");
    o.begun_ms_ago = LONG_AGO_MS;
    meet_memory(r);
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(UNKNOWN), "claims_lost");
    assert_int_equal(rig_logged(r, o.application, 0), 0);
}

/* A process that stood still finds its order claimed by the one that took the partition; then Redis loses the claim. */
static void an_order_once_claimed_elsewhere_is_unknown_when_claims_were_lost(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "f");
    meet_memory(r);
    rig_claim_elsewhere(r, &o);
    int before = rig_claims(r);
    rig_order(r, &o);
    rig_claims_wait(r, before + 1);
    rig_redis_flush(r);
    rig_expect(r, 1, PB_SEND(UNKNOWN), "claims_lost");
    assert_int_equal(rig_logged(r, RIG_APP "f", 0), 0);
}

static void a_loss_of_claims_is_noticed_at_rest(void **state) { rig_lose_claims(*state, rig_letter(RIG_APP "0")); }

static void an_order_lost_with_its_process_is_sent_when_it_comes_again(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_letter(RIG_APP "c");
    rig_redis_wait(r, "since"); /* orders from now on are of this memory of claims */
    rig_sink_kill(r);
    rig_order(r, &o);
    rig_restart_sender(r); /* it was queued, and is gone */
    assert_int_equal(rig_reports(r), 0);
    rig_sink_start(r);
    o.again = true;
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, RIG_APP "c", 1), 1);
}

static void an_outage_uses_up_no_attempt(void **state) { rig_outage(*state, rig_letter(RIG_APP "8")); }

/* The line alone, without claims and queue: what a letter would come to when the server does not let us in. */
static void expect_outside(const char *const *options, bool ready, const char *cause)
{
    struct rig *r = rig_new("smtp", options);
    struct arena *mem = arena_new(1 << 20, 1 << 16);
    struct outgoing out = {.id = RIG_APP "9.N-06", .to = "maria@clinic.example", .subject = "x", .text = "x", .now_ms = 1};
    struct line *line;
    struct err e = {0};
    assert_true(smtp_line.open(rig_conf(r), &line, &e));
    assert_int_equal(smtp_line.ready(line, &e), ready);
    struct outcome o = smtp_line.send(line, &out, mem);
    assert_int_equal(o.result, PB_SEND(RETRY));
    if (cause)
        assert_string_equal(o.cause, cause);
    assert_false(smtp_line.ready(line, &e)); /* no letter is spent on a server that keeps us out */
    assert_int_equal(e.cls, ERR_RETRY);
    assert_int_equal(rig_logged(r, RIG_APP, 0), 0);
    smtp_line.close(line);
    arena_free(mem);
    rig_free(r);
}

static void a_wrong_password_is_retry(void **state)
{
    (void)state;
    expect_outside((const char *const[]){"smtp.password", "not it", NULL}, false, "smtp_auth");
}

static void a_server_that_is_not_trusted_gets_nothing(void **state)
{
    (void)state;
    expect_outside((const char *const[]){"smtp.ca_file", "/etc/ssl/certs/ca-certificates.crt", NULL}, false, NULL);
}

static void without_starttls_the_server_refuses_and_it_is_retry(void **state)
{
    (void)state;
    expect_outside((const char *const[]){"smtp.starttls", "false", NULL}, true, "smtp_auth");
}

/* It waited for the provider longer than it may, and so did what is ordered again. */
static void an_expired_order_is_not_sent(void **state)
{
    struct rig *r = *state;
    struct rig_order late = rig_letter(RIG_APP "8"), good = rig_letter(RIG_APP "9");
    late.expires_in_ms = good.expires_in_ms = 20000;
    late.begun_ms_ago = 20000;
    rig_order(r, &late);
    rig_expect(r, 0, PB_SEND(REJECTED), "expired");
    rig_order(r, &good);
    rig_expect(r, 1, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, RIG_APP "8", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_letter_arrives_decoded),
        RIG_TEST(many_letters_take_one_session_or_two),
        RIG_TEST(a_refused_recipient_is_rejected),
        RIG_TEST(not_now_is_retry),
        RIG_TEST(a_connection_lost_before_the_letter_is_retry),
        RIG_TEST(a_lost_answer_is_unknown_and_never_sent_again),
        RIG_TEST(an_answered_attempt_is_not_sent_again_by_another_process),
        RIG_TEST(lost_claims_make_an_old_attempt_unknown),
        RIG_TEST(claims_that_went_back_in_time_make_an_attempt_unknown),
        RIG_TEST(a_first_order_that_waited_is_sent),
        RIG_TEST(a_first_order_that_waited_is_unknown_when_claims_were_lost),
        cmocka_unit_test_setup_teardown(a_fresh_first_order_is_sent_though_claims_were_lost, setup_patient, rig_teardown),
        RIG_TEST(an_old_first_order_is_sent_when_claims_were_lost_before_it),
        RIG_TEST(an_order_that_comes_late_is_unknown_when_claims_were_lost),
        cmocka_unit_test_setup_teardown(an_order_once_claimed_elsewhere_is_unknown_when_claims_were_lost, setup_patient,
                                        rig_teardown),
        RIG_TEST(an_order_lost_with_its_process_is_sent_when_it_comes_again),
        RIG_TEST(a_loss_of_claims_is_noticed_at_rest),
        RIG_TEST(an_outage_uses_up_no_attempt),
        RIG_TEST(an_expired_order_is_not_sent),
        cmocka_unit_test(a_wrong_password_is_retry),
        cmocka_unit_test(a_server_that_is_not_trusted_gets_nothing),
        cmocka_unit_test(without_starttls_the_server_refuses_and_it_is_retry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
