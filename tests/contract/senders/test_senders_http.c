/* SMS by a provider's HTTP interface. */
#include "rig.h"

static int setup(void **state)
{
    const char *const options[] = {"sms.http.headers", "Authorization: Bearer secret|X-Client: platform", NULL};
    *state = rig_new("http", options);
    return 0;
}

static void a_json_request_carries_the_message(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "0");
    o.reference = "12\"345";
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    char *fields = rig_field(r, "fields"), *headers = rig_field(r, "headers");
    assert_non_null(strstr(fields, "Заявление 12\\\"345: вы прикреплены"));
    assert_non_null(strstr(fields, "+79990000017"));
    assert_non_null(strstr(fields, RIG_APP "0.N-06"));
    assert_non_null(strstr(headers, "Bearer secret"));
    free(fields);
    free(headers);
}

static void a_form_carries_it_too(void **state)
{
    const char *const options[] = {"sms.http.content_type", "application/x-www-form-urlencoded", "sms.http.body",
                                   "phone={{to}}&text={{text}}&sender={{from}}", NULL};
    (void)state;
    struct rig *r = rig_new("http", options);
    struct rig_order o = rig_sms(RIG_APP "1");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    char *fields = rig_field(r, "fields");
    assert_non_null(strstr(fields, "+79990000017"));
    assert_non_null(strstr(fields, "Заявление 12-345"));
    free(fields);
    rig_free(r);
}

static const struct {
    const char *mode;
    PB(SendResult) result;
    const char *cause;
} answers[] = {
    {"200 OK", PB_SEND(ACCEPTED), ""},           {"202 queued", PB_SEND(ACCEPTED), ""},
    {"400 bad number", PB_SEND(REJECTED), "http_400"}, {"429 slow down", PB_SEND(RETRY), "http_429"},
    {"503 busy", PB_SEND(RETRY), "http_503"},    {"500 oops", PB_SEND(UNKNOWN), "http_500"},
};

static void answers_mean_what_the_options_say(void **state)
{
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        char application[40];
        snprintf(application, sizeof application, "8e03978e-40d5-43e8-bc93-%012zu", i);
        struct rig_order o = rig_sms(application);
        rig_mode(r, answers[i].mode);
        rig_order(r, &o);
        struct rig_report report = rig_report(r, i);
        assert_int_equal(report.result, answers[i].result);
        assert_string_equal(report.cause, answers[i].cause);
    }
}

static void words_of_the_answer_count(void **state)
{
    const char *const options[] = {"sms.http.success_text", "\"ok\"", "sms.http.retry_text", "limit", NULL};
    (void)state;
    struct rig *r = rig_new("http", options);
    struct rig_order good = rig_sms(RIG_APP "2"), bad = rig_sms(RIG_APP "3"), later = rig_sms(RIG_APP "4");
    rig_mode(r, "200 {\"status\":\"ok\"}");
    rig_order(r, &good);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    rig_mode(r, "200 {\"status\":\"error\"}");
    rig_order(r, &bad);
    rig_expect(r, 1, PB_SEND(REJECTED), NULL);
    rig_mode(r, "200 {\"status\":\"limit\"}");
    rig_order(r, &later);
    rig_expect(r, 2, PB_SEND(RETRY), NULL);
    rig_free(r);
}

static void a_lost_answer_is_unknown(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "5");
    rig_mode(r, "drop");
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(UNKNOWN), NULL);
    o.again = true;
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(UNKNOWN), NULL);
    assert_int_equal(rig_logged(r, "12-345", 1), 1);
}

static void nobody_there_is_retry_then_waited_for(void **state)
{
    struct rig *r = *state;
    struct rig_order o = rig_sms(RIG_APP "6"), next = rig_sms(RIG_APP "7");
    rig_sink_kill(r);
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(RETRY), NULL);
    rig_order(r, &next); /* kept until the provider is back: no attempt is used up */
    rig_sink_start(r);
    struct rig_report report = rig_report(r, 1);
    assert_int_equal(report.result, PB_SEND(ACCEPTED));
    assert_int_equal(report.attempt, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_json_request_carries_the_message), cmocka_unit_test(a_form_carries_it_too),
        RIG_TEST(answers_mean_what_the_options_say),  cmocka_unit_test(words_of_the_answer_count),
        RIG_TEST(a_lost_answer_is_unknown),           RIG_TEST(nobody_there_is_retry_then_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
