/* POST /v1/applications and .../withdrawal: what is answered, what is published, what a repeat brings. */
#include "fixture.h"
#include "domain/digest.h"

#define BODY(extra)                                                                                                  \
    "{\"source\":\"SOURCE_MOSRU\",\"external_ref\":\"12-345\",\"kind\":\"APPLICATION_KIND_CHANGE\","               \
    "\"profile\":\"PROFILE_ADULT_THERAPEUTIC\",\"region\":\"RU-MOW\",\"clinic_id\":\"770001\","                     \
    "\"account_level\":\"ACCOUNT_LEVEL_VERIFIED\",\"acknowledged_data\":true," extra                                 \
    "\"personal\":{\"surname\":\"Примеров\",\"name\":\"Пётр\",\"birth_date\":\"1984-03-05\"," \
    "\"snils\":\"112-233-445 95\",\"policy_number\":\"9956510844000011\",\"phone\":\"+79990000001\"}}"
#define JSON "Content-Type", "application/json"
#define URL  "/v1/applications"

static const char *id_of(const char *ref)
{
    static char id[37];
    application_id_of(PB_SOURCE(MOSRU), ref, id);
    return id;
}

static void assert_accepted(const struct test_req *t, const char *ref)
{
    assert_int_equal(t->base.answer.status, 202);
    json_t *j = answer_json(t);
    assert_string_equal(json_string_value(json_object_get(j, "application_id")), id_of(ref));
    assert_string_equal(json_string_value(json_object_get(j, "status_url")), t->base.answer.location);
    assert_non_null(strstr(t->base.answer.location, id_of(ref)));
    json_decref(j);
}

/* --- the way of a good one --- */

static void test_publishes_sealed(void **state)
{
    struct fixture *f = *state;
    struct test_req *t = ask(f, "POST", URL, BODY(""), JSON, NULL);
    assert_accepted(t, "12-345");
    assert_int_equal(f->log.sent, 1);
    assert_int_equal(f->log.topic, TOPIC_INTAKE_INBOX);
    assert_string_equal(f->log.key, id_of("12-345"));
    assert_int_equal(f->log.partition, wire_partition(bytes_str(id_of("12-345")), PARTITIONS));
    assert_null(memmem(f->log.value, f->log.value_n, "Примеров", strlen("Примеров")));
    PB(Application) *a = clinic__attach__v1__application__unpack(NULL, f->log.value_n, f->log.value);
    PB(Personal) * p;
    struct err e;
    assert_non_null(a);
    assert_int_equal(a->personal_block_case, CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED);
    assert_true(seal_open(f->gw.keys, a->sealed, id_of("12-345"), f->w.mem, &p, &e));
    assert_string_equal(p->surname, "Примеров");
    clinic__attach__v1__application__free_unpacked(a, NULL);
    end(t);
}

static void test_headers(void **state)
{
    struct fixture *f = *state;
    end(ask(f, "POST", URL, BODY(""), JSON, NULL));
    assert_string_equal(log_header(&f->log, "content-type"), "application/protobuf");
    assert_string_equal(log_header(&f->log, "ce_specversion"), "1.0");
    assert_string_equal(log_header(&f->log, "ce_source"), "/clinic/gateway");
    assert_string_equal(log_header(&f->log, "ce_type"), events[EV_APPLICATION_SUBMITTED].type);
    assert_string_equal(log_header(&f->log, "ce_subject"), id_of("12-345"));
    assert_string_equal(log_header(&f->log, "ce_correlationid"), id_of("12-345"));
    assert_string_equal(log_header(&f->log, "ce_time"), "2026-05-12T09:00:00.000Z");
    assert_string_equal(log_header(&f->log, "ce_dataschema"), "urn:proto:clinic.attach.v1.Application");
    assert_true(ce_traceparent_ok(log_header(&f->log, "traceparent")));
}

static void test_ce_id_is_of_the_content(void **state)
{
    struct fixture *f = *state;
    char first[128];
    end(ask(f, "POST", URL, BODY(""), JSON, NULL));
    snprintf(first, sizeof first, "%s", log_header(&f->log, "ce_id"));
    end(ask(f, "POST", URL, BODY("\"submitted_at\":\"2026-05-12T09:00:00Z\","), JSON, NULL));
    assert_string_equal(log_header(&f->log, "ce_id"), first);
    end(ask(f, "POST", URL, BODY("\"doctor_id\":3,"), JSON, NULL));
    assert_string_not_equal(log_header(&f->log, "ce_id"), first);
}

static void test_trace_goes_on(void **state)
{
    struct fixture *f = *state;
    const char *given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    end(ask(f, "POST", URL, BODY(""), JSON, "traceparent", given, NULL));
    assert_memory_equal(log_header(&f->log, "traceparent"), given, 35);
    assert_string_not_equal(log_header(&f->log, "traceparent"), given);
    char own[64];
    end(ask(f, "POST", URL, BODY(""), JSON, "traceparent", "nonsense", NULL));
    snprintf(own, sizeof own, "%s", log_header(&f->log, "traceparent"));
    end(ask(f, "POST", URL, BODY(""), JSON, NULL));
    assert_memory_equal(log_header(&f->log, "traceparent"), own, 35); /* one trace per application */
}

static void test_origin_and_state_are_carried(void **state)
{
    struct fixture *f = *state;
    const char *hop = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const char *origin = "00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01";
    char own[64];
    end(ask(f, "POST", URL, BODY(""), JSON, "traceparent", hop, "tracestate", "nonsense", NULL));
    assert_string_equal(log_header(&f->log, "ce_traceparent"), hop);
    assert_string_equal(log_header(&f->log, "tracestate"), ""); /* dropped */
    end(ask(f, "POST", URL, BODY(""), JSON, "traceparent", hop, "ce-traceparent", origin, "tracestate", "rojo=1, congo=2", NULL));
    assert_string_equal(log_header(&f->log, "ce_traceparent"), origin);
    assert_string_equal(log_header(&f->log, "tracestate"), "rojo=1, congo=2");
    end(ask(f, "POST", URL, BODY(""), JSON, "ce-traceparent", origin, NULL));
    assert_string_equal(log_header(&f->log, "ce_traceparent"), origin);
    assert_memory_equal(log_header(&f->log, "traceparent"), origin, 36);
    end(ask(f, "POST", URL, BODY(""), JSON, NULL)); /* the trace begins at the door */
    snprintf(own, sizeof own, "%s", log_header(&f->log, "ce_traceparent"));
    assert_string_not_equal(own, origin);
    assert_memory_equal(log_header(&f->log, "traceparent"), own, 36);
    assert_string_equal(log_header(&f->log, "ce_dataclassification"), "confidential");
}

static void test_cloud_event_keeps_its_identity(void **state)
{
    struct fixture *f = *state;
    end(ask(f, "POST", URL, BODY(""), JSON, "ce-specversion", "1.0", "ce-type", events[EV_APPLICATION_SUBMITTED].type, "ce-id",
            "portal-77", "ce-source", "/portal", "ce-time", "2026-05-01T00:00:00Z", NULL));
    assert_string_equal(log_header(&f->log, "ce_id"), "portal-77");
    assert_string_equal(log_header(&f->log, "ce_source"), "/portal");
    assert_string_equal(log_header(&f->log, "ce_time"), "2026-05-01T00:00:00.000Z");
    struct test_req *t = ask(f, "POST", URL, BODY(""), JSON, "ce-specversion", "1.0", "ce-type", "other", NULL);
    assert_problem(t, 400, "bad-request", NULL);
    end(t);
}

static void test_protobuf_body(void **state)
{
    struct fixture *f = *state;
    PB(Application) a;
    PB(Personal) p;
    clinic__attach__v1__application__init(&a);
    clinic__attach__v1__personal__init(&p);
    struct test_req *t = ask(f, "POST", URL, "\xff\xff\xff", "Content-Type", "application/protobuf", NULL);
    assert_problem(t, 400, "malformed", NULL);
    end(t);
    a.source = PB_SOURCE(MOSRU);
    a.external_ref = (char *)"pb-1";
    a.kind = PB_KIND(CHANGE);
    a.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    a.region = (char *)"RU-MOW";
    a.clinic_id = (char *)"770001";
    a.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    a.personal = &p;
    p.surname = (char *)"Примеров";
    p.name = (char *)"Пётр";
    p.birth_date = (char *)"1984-03-05";
    p.policy_number = (char *)"9956510844000011";
    size_t n = clinic__attach__v1__application__get_packed_size(&a);
    char *body = calloc(1, n + 1); /* the message holds no zero byte, so it is a string too */
    clinic__attach__v1__application__pack(&a, (uint8_t *)body);
    assert_int_equal(strlen(body), n);
    t = ask(f, "POST", URL, body, "Content-Type", "application/protobuf", NULL);
    assert_accepted(t, "pb-1");
    free(body);
    end(t);
}

/* --- bad requests --- */

static void test_malformed(void **state)
{
    static const char *const bodies[] = {"", "{", "not json", "{\"source\":1,\"source\":1}", "{} trailing"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct test_req *t = ask(f, "POST", URL, bodies[i], JSON, NULL);
        assert_problem(t, 400, "malformed", NULL);
        end(t);
    }
    assert_int_equal(f->log.sent, 0);
}

static void test_bad_fields(void **state)
{
    static const struct {
        const char *body, *pointer;
    } rows[] = {
        {"{}", "/personal"},
        {BODY("\"surprise\":1,"), "/surprise"},
        {BODY("\"doctor_id\":\"x\","), "/doctor_id"},
        {BODY("\"reason\":\"CHANGE_REASON_NONE\","), "/reason"},
        {BODY("\"evidence\":[{\"kind\":\"COPY\"}],"), "/evidence/0/type"},
        {BODY("\"branch_id\":\"no spaces please\","), "/branch_id"},
        {"{\"personal\":{}}", "/source"},
        {"{\"source\":\"MOSRU\",\"sealed\":{}}", "/personal"},
        {"[]", ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct test_req *t = ask(f, "POST", URL, rows[i].body, JSON, NULL);
        assert_problem(t, 422, "invalid-field", rows[i].pointer);
        end(t);
    }
    assert_int_equal(f->log.sent, 0);
}

/* The rule is told, never the value. */
static void test_errors_hold_no_data(void **state)
{
    struct fixture *f = *state;
    const char *bad = "{\"source\":\"MOSRU\",\"external_ref\":\"1\",\"kind\":\"CHANGE\",\"profile\":\"CHILD\",\"region\":\"RU-MOW\","
                      "\"clinic_id\":\"1\",\"personal\":{\"surname\":\"Примеров\",\"name\":\"Пётр\",\"birth_date\":\"1984-03-05\","
                      "\"snils\":\"112-233-445 96\",\"policy_number\":\"1\"}}";
    struct test_req *t = ask(f, "POST", URL, bad, JSON, NULL);
    assert_problem(t, 422, "invalid-field", "/personal/snils");
    assert_null(strstr(t->base.answer.body, "112"));
    assert_null(strstr(t->base.answer.body, "Пример"));
    end(t);
    t = ask(f, "POST", URL, "{\"personal\": \"Примеров", JSON, NULL);
    assert_problem(t, 400, "malformed", NULL);
    assert_null(strstr(t->base.answer.body, "Пример"));
    end(t);
}

/* --- the broker --- */

static void test_no_answer_before_the_broker(void **state)
{
    struct fixture *f = *state;
    f->log.holds = true;
    struct test_req *t = ask(f, "POST", URL, BODY(""), JSON, NULL);
    assert_int_equal(fixture_finished_n, 0);
    f->log.done(f->log.done_ctx, true);
    assert_int_equal(fixture_finished_n, 1);
    assert_accepted(t, "12-345");
    end(t);
}

static void assert_unavailable(struct test_req *t)
{
    assert_int_equal(fixture_finished_n, 1);
    assert_problem(t, 503, "broker-unavailable", NULL);
    assert_true(t->base.answer.retry_after_s > 0);
    assert_string_equal(t->base.answer.location, "");
    end(t);
    fixture_finished_n = 0;
}

static void test_broker_down(void **state)
{
    struct fixture *f = *state;
    f->log.is_down = true;
    assert_unavailable(ask(f, "POST", URL, BODY(""), JSON, NULL));
    assert_int_equal(f->log.sent, 0);
}

static void test_queue_full(void **state)
{
    struct fixture *f = *state;
    f->log.refuses = true;
    assert_unavailable(ask(f, "POST", URL, BODY(""), JSON, NULL));
}

static void test_delivery_failed(void **state)
{
    struct fixture *f = *state;
    f->log.holds = true;
    struct test_req *t = ask(f, "POST", URL, BODY(""), JSON, NULL);
    f->log.done(f->log.done_ctx, false);
    assert_unavailable(t);
}

static void test_delivery_late(void **state)
{
    struct fixture *f = *state;
    f->log.holds = true;
    struct test_req *t = ask(f, "POST", URL, BODY(""), JSON, NULL);
    assert_int_equal(gw_waits_expire(&f->gw, fixture_tick_ms + 4999), fixture_tick_ms + 5000);
    assert_int_equal(fixture_finished_n, 0);
    assert_int_equal(gw_waits_expire(&f->gw, fixture_tick_ms + 5000), -1);
    assert_unavailable(t);
    f->log.done(f->log.done_ctx, true); /* after the client has gone */
    assert_int_equal(fixture_finished_n, 0);
}

/* --- repeats --- */

#define KEYED(key) JSON, "Idempotency-Key", key

static void test_key_replays_the_answer(void **state)
{
    struct fixture *f = *state;
    end(ask(f, "POST", URL, BODY(""), KEYED("\"k-1\""), NULL));
    assert_int_equal(f->log.sent, 1);
    struct test_req *t = ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL); /* bare is the same key */
    assert_accepted(t, "12-345");
    assert_true(t->base.answer.replayed);
    assert_int_equal(f->log.sent, 1);
    end(t);
    for (size_t i = 0; i < f->cache.shelf.n; i++) { /* the key itself is nowhere */
        assert_null(strstr(f->cache.shelf.items[i].name, "k-1"));
        assert_null(memmem(f->cache.shelf.items[i].p, f->cache.shelf.items[i].n, "k-1", 3));
    }
}

static void test_key_with_another_body(void **state)
{
    struct fixture *f = *state;
    end(ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL));
    struct test_req *t = ask(f, "POST", URL, BODY("\"doctor_id\":3,"), KEYED("k-1"), NULL);
    assert_problem(t, 422, "idempotency-key-reused", NULL);
    end(t);
}

static void test_key_still_running(void **state)
{
    struct fixture *f = *state;
    f->log.holds = true;
    struct test_req *first = ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL);
    struct test_req *t = ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL);
    assert_problem(t, 409, "request-running", NULL);
    end(t);
    f->log.done(f->log.done_ctx, false); /* the first fails: the key is free again */
    end(first);
    f->log.holds = false;
    t = ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL);
    assert_accepted(t, "12-345");
    end(t);
    f->cache.is_anothers = true; /* another process works on this one */
    t = ask(f, "POST", URL, BODY(""), KEYED("k-2"), NULL);
    assert_problem(t, 409, "request-running", NULL);
    end(t);
}

static void test_key_stands_for_the_reference(void **state)
{
    struct fixture *f = *state;
    char body[1024];
    snprintf(body, sizeof body, "%s", BODY(""));
    char *at = strstr(body, "\"external_ref\":\"12-345\",");
    memset(at, ' ', strlen("\"external_ref\":\"12-345\","));
    struct test_req *t = ask(f, "POST", URL, body, KEYED("\"k-9\""), NULL);
    assert_accepted(t, "k-9");
    end(t);
    t = ask(f, "POST", URL, body, JSON, NULL);
    assert_problem(t, 422, "invalid-field", "/external_ref");
    end(t);
}

static void test_key_without_a_cache(void **state)
{
    struct fixture *f = *state;
    f->cache.is_down = true;
    f->intake.is_down = true;
    for (int i = 0; i < 2; i++) {
        struct test_req *t = ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL);
        assert_accepted(t, "12-345");
        end(t);
    }
    assert_int_equal(f->log.sent, 2); /* intake sees the repeat */
}

static void test_bad_keys(void **state)
{
    static const char *const keys[] = {"", "\"", "\"abc", "\"a\"b", "two words", "кл",
                                       "0123456789012345678901234567890123456789012345678901234567890123x"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct test_req *t = ask(f, "POST", URL, BODY(""), KEYED(keys[i]), NULL);
        assert_problem(t, 400, "bad-request", NULL);
        end(t);
    }
    char key[GW_KEY_MAX + 1];
    assert_true(gw_idem_parse("\"a\\\"b\\\\c\"", key));
    assert_string_equal(key, "a\"b\\c");
}

/* What intake has is answered from its projection: no second record. */
static void test_known_application(void **state)
{
    struct fixture *f = *state;
    PB(ApplicationState) s;
    clinic__attach__v1__application_state__init(&s);
    end(ask(f, "POST", URL, BODY(""), JSON, NULL));
    PB(Application) *a = clinic__attach__v1__application__unpack(NULL, f->log.value_n, f->log.value);
    PB(Personal) * p;
    struct err e;
    uint8_t print[DIGEST_BYTES];
    assert_true(seal_open(f->gw.keys, a->sealed, id_of("12-345"), f->w.mem, &p, &e));
    application_fingerprint(f->gw.keys, a, p, f->w.mem, print);
    clinic__attach__v1__application__free_unpacked(a, NULL);
    s.fingerprint = (ProtobufCBinaryData){sizeof print, print};
    store_message(f, &f->intake, &intake_svc, "application", id_of("12-345"), &s.base);
    struct test_req *t = ask(f, "POST", URL, BODY(""), KEYED("k-1"), NULL);
    assert_accepted(t, "12-345");
    assert_int_equal(f->log.sent, 1);
    assert_int_equal(f->cache.shelf.n, 1); /* the key has its answer all the same */
    end(t);
    t = ask(f, "POST", URL, BODY("\"doctor_id\":3,"), JSON, NULL);
    assert_problem(t, 409, "external-ref-reused", NULL);
    assert_int_equal(f->log.sent, 1);
    end(t);
}

/* --- withdrawal --- */

static const char *withdrawal_url(void)
{
    static char url[96];
    snprintf(url, sizeof url, URL "/%s/withdrawal", id_of("12-345"));
    return url;
}

static void assert_withdrawal_sent(struct fixture *f, struct test_req *t, size_t sent)
{
    assert_accepted(t, "12-345");
    assert_int_equal(f->log.sent, sent);
    assert_string_equal(f->log.key, id_of("12-345"));
    assert_string_equal(log_header(&f->log, "ce_type"), events[EV_APPLICATION_WITHDRAWAL].type);
    PB(Withdrawal) *m = clinic__attach__v1__withdrawal__unpack(NULL, f->log.value_n, f->log.value);
    assert_non_null(m);
    assert_int_equal(m->source, PB_SOURCE(MOSRU));
    assert_string_equal(m->external_ref, "12-345");
    clinic__attach__v1__withdrawal__free_unpacked(m, NULL);
    end(t);
}

static void put_state(struct fixture *f, PB(Outcome) outcome)
{
    PB(ApplicationState) s;
    clinic__attach__v1__application_state__init(&s);
    s.source = PB_SOURCE(MOSRU);
    s.external_ref = (char *)"12-345";
    s.outcome = outcome;
    store_message(f, &f->intake, &intake_svc, "application", id_of("12-345"), &s.base);
}

static void test_withdrawal(void **state)
{
    struct fixture *f = *state;
    const char *body = "{\"source\":\"MOSRU\",\"external_ref\":\"12-345\"}";
    assert_withdrawal_sent(f, ask(f, "POST", withdrawal_url(), body, JSON, NULL), 1);
    put_state(f, PB_OUTCOME(UNSPECIFIED));
    assert_withdrawal_sent(f, ask(f, "POST", withdrawal_url(), NULL, NULL), 2);
    put_state(f, PB_OUTCOME(WITHDRAWN));
    assert_withdrawal_sent(f, ask(f, "POST", withdrawal_url(), NULL, NULL), 3);
    put_state(f, PB_OUTCOME(APPROVED));
    struct test_req *t = ask(f, "POST", withdrawal_url(), body, JSON, NULL);
    assert_problem(t, 409, "application-closed", NULL);
    end(t);
}

static void test_withdrawal_right_after_submission(void **state)
{
    struct fixture *f = *state;
    end(ask(f, "POST", URL, BODY(""), JSON, NULL));
    assert_withdrawal_sent(f, ask(f, "POST", withdrawal_url(), NULL, NULL), 2);
}

static void test_bad_withdrawals(void **state)
{
    struct fixture *f = *state;
    struct test_req *t = ask(f, "POST", withdrawal_url(), NULL, NULL);
    assert_problem(t, 404, "not-found", NULL);
    end(t);
    t = ask(f, "POST", withdrawal_url(), "{\"source\":\"MOSRU\",\"external_ref\":\"other\"}", JSON, NULL);
    assert_problem(t, 422, "invalid-field", "/external_ref");
    end(t);
    t = ask(f, "POST", withdrawal_url(), "{\"external_ref\":\"12-345\"}", JSON, NULL);
    assert_problem(t, 422, "invalid-field", "/source");
    end(t);
    t = ask(f, "POST", withdrawal_url(), "{", JSON, NULL);
    assert_problem(t, 400, "malformed", NULL);
    end(t);
    f->intake.is_down = true;
    t = ask(f, "POST", withdrawal_url(), NULL, NULL);
    assert_problem(t, 503, "store-unavailable", NULL);
    end(t);
    assert_int_equal(f->log.sent, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_publishes_sealed),
        T(test_headers),
        T(test_ce_id_is_of_the_content),
        T(test_trace_goes_on),
        T(test_origin_and_state_are_carried),
        T(test_cloud_event_keeps_its_identity),
        T(test_protobuf_body),
        T(test_malformed),
        T(test_bad_fields),
        T(test_errors_hold_no_data),
        T(test_no_answer_before_the_broker),
        T(test_broker_down),
        T(test_queue_full),
        T(test_delivery_failed),
        T(test_delivery_late),
        T(test_key_replays_the_answer),
        T(test_key_with_another_body),
        T(test_key_still_running),
        T(test_key_stands_for_the_reference),
        T(test_key_without_a_cache),
        T(test_bad_keys),
        T(test_known_application),
        T(test_withdrawal),
        T(test_withdrawal_right_after_submission),
        T(test_bad_withdrawals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
