/* Letters over a real submission server with STARTTLS and AUTH. */
#include "rig.h"
#include "sender/line.h"

#define APP "8e03978e-40d5-43e8-bc93-6894a57f932"

static struct rig_order letter(const char *application)
{
    return (struct rig_order){.application = application, .milestone = "N-06", .channel = PB_CHANNEL(EMAIL), .attempt = 1,
                              .to = "maria@clinic.example", .reference = "12-345"};
}

static int setup(void **state)
{
    *state = rig_new("smtp", NULL);
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void a_letter_arrives_decoded(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "0");
    rig_order(r, &o);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, APP "0", 1), 1);
    char *subject = rig_field(r, "subject"), *text = rig_field(r, "text"), *id = rig_field(r, "message_id");
    assert_string_equal(subject, "Заявление № 12-345: прикрепление оформлено");
    assert_non_null(strstr(text, "Здравствуйте, Мария Ивановна!"));
    assert_non_null(strstr(text, "поликлиника для взрослых"));
    assert_string_equal(id, APP "0.N-06@clinic.example");
    free(subject);
    free(text);
    free(id);
}

static void many_letters_take_one_session_or_two(void **state)
{
    struct rig *r = *state;
    char application[40];
    for (int i = 0; i < 30; i++) {
        snprintf(application, sizeof application, "8e03978e-40d5-43e8-bc93-%012d", i);
        struct rig_order o = letter(application);
        rig_order(r, &o);
    }
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(rig_report(r, i).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, "8e03978e-40d5-43e8-bc93-", 30), 30);
}

static void a_refused_recipient_is_rejected(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "1");
    o.to = "550@clinic.example";
    rig_order(r, &o);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(REJECTED));
    assert_string_equal(report.cause, "smtp_550");
    struct rig_order next = letter(APP "2"); /* and the session goes on */
    rig_order(r, &next);
    assert_int_equal(rig_report(r, 1).result, PB_SEND(ACCEPTED));
}

static void not_now_is_retry(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "3");
    rig_mode(r, "451");
    rig_order(r, &o);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(RETRY));
    assert_string_equal(report.cause, "smtp_451");
    rig_mode(r, "ok");
    o.attempt = 2;
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 1).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, APP "3", 1), 1);
}

static void a_connection_lost_before_the_letter_is_retry(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "4");
    rig_mode(r, "drop-before-data");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(RETRY));
    assert_int_equal(rig_logged(r, APP "4", 0), 0);
}

static void a_lost_answer_is_unknown_and_never_sent_again(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "5");
    rig_mode(r, "drop-after-data");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(UNKNOWN));
    rig_mode(r, "ok");
    o.again = true;
    o.ordered_ms_ago = 1;
    rig_order(r, &o);
    struct rig_report again = rig_report(r, 1);
    assert_int_equal(again.result, PB_SEND(UNKNOWN));
    assert_string_equal(again.cause, "answered_before");
    assert_int_equal(rig_logged(r, APP "5", 1), 1);
}

static void an_answered_attempt_is_not_sent_again_by_another_process(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "6");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(ACCEPTED));
    rig_restart_sender(r);
    o.again = true;
    o.ordered_ms_ago = 1;
    rig_order(r, &o);
    struct rig_report again = rig_report(r, 1);
    assert_int_equal(again.result, PB_SEND(ACCEPTED));
    assert_string_equal(again.cause, "answered_before");
    assert_int_equal(rig_logged(r, APP "6", 1), 1);
}

static void lost_claims_make_an_old_attempt_unknown(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "7");
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(ACCEPTED));
    rig_restart_sender(r);
    rig_redis_flush(r);
    o.again = true;
    o.ordered_ms_ago = 60000;
    rig_order(r, &o);
    struct rig_report again = rig_report(r, 1);
    assert_int_equal(again.result, PB_SEND(UNKNOWN));
    assert_string_equal(again.cause, "claims_lost");
    assert_int_equal(rig_logged(r, APP "7", 1), 1);
}

static void an_order_lost_with_its_process_is_sent_when_it_comes_again(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "c");
    rig_redis_wait(r, "since"); /* orders from now on are of this memory of claims */
    rig_sink_kill(r);
    rig_order(r, &o);
    rig_restart_sender(r); /* it was queued, and is gone */
    assert_int_equal(rig_reports(r), 0);
    rig_sink_start(r);
    o.again = true;
    rig_order(r, &o);
    assert_int_equal(rig_report(r, 0).result, PB_SEND(ACCEPTED));
    assert_int_equal(rig_logged(r, APP "c", 1), 1);
}

static void an_outage_uses_up_no_attempt(void **state)
{
    struct rig *r = *state;
    struct rig_order o = letter(APP "8");
    rig_sink_kill(r);
    rig_order(r, &o);
    rig_sink_start(r);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(ACCEPTED));
    assert_int_equal(report.attempt, 1);
}

/* The line alone, without claims and queue: what a letter would come to when the server does not let us in. */
static void expect_outside(const char *const *options, bool ready, const char *cause)
{
    struct rig *r = rig_new("smtp", options);
    struct arena *mem = arena_new(1 << 20, 1 << 16);
    struct outgoing out = {.id = APP "9.N-06", .to = "maria@clinic.example", .subject = "x", .text = "x", .now_ms = 1};
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
    assert_int_equal(rig_logged(r, APP, 0), 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_letter_arrives_decoded),
        TEST(many_letters_take_one_session_or_two),
        TEST(a_refused_recipient_is_rejected),
        TEST(not_now_is_retry),
        TEST(a_connection_lost_before_the_letter_is_retry),
        TEST(a_lost_answer_is_unknown_and_never_sent_again),
        TEST(an_answered_attempt_is_not_sent_again_by_another_process),
        TEST(lost_claims_make_an_old_attempt_unknown),
        TEST(an_order_lost_with_its_process_is_sent_when_it_comes_again),
        TEST(an_outage_uses_up_no_attempt),
        cmocka_unit_test(a_wrong_password_is_retry),
        cmocka_unit_test(a_server_that_is_not_trusted_gets_nothing),
        cmocka_unit_test(without_starttls_the_server_refuses_and_it_is_retry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
