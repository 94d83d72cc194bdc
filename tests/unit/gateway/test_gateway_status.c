/* GET /v1/applications/{id}: what is shown, what is not known, what is not known yet. */
#include "fixture.h"

#define ID   "8ca1d0e4-5cf1-5d62-8e0e-6d4f0b1c7a11"
#define STEP(s) CLINIC__ATTACH__V1__STATUS__STATUS_##s

static const char *text_at(const json_t *j, const char *name) { return json_string_value(json_object_get(j, name)); }

static void put_refused(struct fixture *f)
{
    PB(ApplicationState) s;
    PB(Step) steps[2], *trail[] = {&steps[0], &steps[1]};
    PB(Reason) why, *reasons_of[] = {&why};
    PB(RuleSetRef) rules;
    clinic__attach__v1__application_state__init(&s);
    clinic__attach__v1__reason__init(&why);
    clinic__attach__v1__rule_set_ref__init(&rules);
    for (int i = 0; i < 2; i++) {
        clinic__attach__v1__step__init(&steps[i]);
        steps[i].at_ms = NOW_MS + i;
        steps[i].status = i ? STEP(REFUSED) : STEP(RECEIVED);
    }
    why.code = (char *)"CHANGE_LIMIT_REACHED";
    why.detail = (char *)"2027-01-01";
    rules.id = (char *)"RU-MOW";
    rules.version = 3;
    s.source = PB_SOURCE(MOSRU);
    s.external_ref = (char *)"12-345";
    s.n_trail = 2;
    s.trail = trail;
    s.outcome = PB_OUTCOME(REFUSED);
    s.n_reasons = 1;
    s.reasons = reasons_of;
    s.due_at_ms = NOW_MS;
    s.clinic_id = (char *)"770001";
    s.profile = PB_PROFILE(CHILD);
    s.rule_set = &rules;
    store_message(f, &f->intake, &intake_svc, "application", ID, &s.base);
}

static void test_status(void **state)
{
    struct fixture *f = *state;
    put_refused(f);
    struct test_req *t = ask(f, "GET", "/v1/applications/8CA1D0E4-5CF1-5D62-8E0E-6D4F0B1C7A11", NULL, NULL); /* either case */
    assert_int_equal(t->base.answer.status, 200);
    json_t *j = answer_json(t);
    assert_string_equal(text_at(j, "application_id"), ID);
    assert_string_equal(text_at(j, "status"), "STATUS_REFUSED");
    assert_string_equal(text_at(j, "outcome"), "OUTCOME_REFUSED");
    assert_string_equal(text_at(j, "profile"), "PROFILE_CHILD");
    assert_string_equal(text_at(j, "due_at"), "2026-05-12T09:00:00.000Z");
    assert_int_equal(json_array_size(json_object_get(j, "history")), 2);
    assert_string_equal(text_at(json_array_get(json_object_get(j, "history"), 1), "at"), "2026-05-12T09:00:00.001Z");
    json_t *why = json_array_get(json_object_get(j, "reasons"), 0);
    assert_string_equal(text_at(why, "code"), "CHANGE_LIMIT_REACHED");
    assert_non_null(strstr(text_at(why, "text"), "01.01.2027"));
    assert_true(strlen(text_at(why, "law")) > 0);
    assert_true(strlen(text_at(why, "appeal")) > 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "rule_set"), "version")), 3);
    json_decref(j);
    end(t);
}

static void test_status_unknown(void **state)
{
    struct fixture *f = *state;
    struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_problem(t, 404, "not-found", NULL);
    end(t);
    f->intake.is_down = true;
    t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_problem(t, 503, "store-unavailable", NULL);
    end(t);
}

/* Nothing there is only "no such" when the projection is complete. */
static void test_status_while_rebuilding(void **state)
{
    static const struct {
        int64_t mark, end;
        bool broker_down;
        int status;
    } rows[] = {
        {-1, 0, false, 404},         /* nothing was ever written */
        {-1, 1, false, 503},         /* flushed */
        {1, 30000, false, 503},      /* half-way */
        {29997, 30000, false, 503},  /* nearly */
        {29998, 30000, false, 404},  /* markers */
        {29998, 40000, true, 404},   /* the last that the broker told: nobody writes while it is away */
        {29997, 30000, true, 503},
        {-1, 30000, true, 503},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f->intake.mark = rows[i].mark;
        f->log.end = rows[i].end;
        f->log.is_down = rows[i].broker_down;
        fixture_tick_ms += 60000; /* what was asked before is old */
        struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
        if (rows[i].status == 404)
            assert_problem(t, 404, "not-found", NULL);
        else
            assert_problem(t, 503, "rebuilding", NULL);
        assert_true(rows[i].status == 404 || t->base.answer.retry_after_s > 0);
        end(t);
    }
}

/* The broker never told where the log ends: nobody to compare with, so nothing is sure. */
static void test_status_without_an_end(void **state)
{
    struct fixture *f = *state;
    f->log.is_down = true;
    struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_problem(t, 503, "store-unavailable", NULL);
    assert_true(t->base.answer.retry_after_s > 0);
    end(t);
}

/* In busy times the projection is always behind the end of this moment; not behind that of a moment ago. */
static void test_status_in_busy_times(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int after_ms;
        int64_t mark, end;
        int status;
    } rows[] = {
        {0, 900, 1000, 503},      /* the first who asks has nothing else to compare with */
        {5000, 5900, 6000, 404},  /* again, as Retry-After said */
        {1000, 5950, 7000, 503},  /* standing still is not being busy */
        {1000, 7900, 8000, 404},
        {1000, 100, 9000, 503},     /* gone back: all of it has to come again */
        {500, 8500, 9000, 503},     /* further than the log was a moment ago; but it had more when it went back */
        {100, 8999, 9000, 404},
        {60000, 90000, 90500, 503}, /* long ago says nothing */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture_tick_ms += rows[i].after_ms;
        f->intake.mark = rows[i].mark;
        f->log.end = rows[i].end;
        struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
        assert_int_equal(t->base.answer.status, rows[i].status);
        end(t);
    }
}

/* The record is applied between the look and the proof that the projection is complete. */
static void arrive(void *ctx)
{
    put_refused(ctx);
}

static void test_status_that_comes_in_between(void **state)
{
    struct fixture *f = *state;
    f->intake.on_mark = arrive;
    f->intake.on_mark_ctx = f;
    struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_int_equal(t->base.answer.status, 200);
    end(t);
}

/* --- the stage of an open application --- */

static void put_open(struct fixture *f)
{
    PB(ApplicationState) s;
    PB(Step) steps[3], *trail[] = {&steps[0], &steps[1], &steps[2]};
    static const PB(Status) passed[] = {STEP(RECEIVED), STEP(REGISTERED), STEP(VERIFYING_IDENTITY)};
    clinic__attach__v1__application_state__init(&s);
    for (int i = 0; i < 3; i++) {
        clinic__attach__v1__step__init(&steps[i]);
        steps[i].at_ms = NOW_MS;
        steps[i].status = passed[i];
    }
    s.person_ref = (char *)"person-aaaaaaaaa";
    s.source = PB_SOURCE(MOSRU);
    s.external_ref = (char *)"12-345";
    s.n_trail = 3;
    s.trail = trail;
    store_message(f, &f->intake, &intake_svc, "application", ID, &s.base);
}

/* The decider's record of the person, with an application in flight or closed. */
static void put_decider(struct fixture *f, const char *in_flight, PB(Outcome) closed)
{
    PB(PersonState) p = CLINIC__ATTACH__V1__PERSON_STATE__INIT;
    PB(InFlight) flight = CLINIC__ATTACH__V1__IN_FLIGHT__INIT, *flights[] = {&flight};
    PB(Case) k = CLINIC__ATTACH__V1__CASE__INIT;
    PB(ClosedApplication) end = CLINIC__ATTACH__V1__CLOSED_APPLICATION__INIT, *ends[] = {&end};
    PB(Step) steps[5], *trail[5];
    static const PB(Status) passed[] = {STEP(RECEIVED), STEP(REGISTERED), STEP(VERIFYING_IDENTITY), STEP(VERIFYING_POLICY),
                                        STEP(CHECKING_CAPACITY)};
    uint8_t id[16];
    for (int i = 0; i < 5; i++) {
        clinic__attach__v1__step__init(trail[i] = &steps[i]);
        steps[i].at_ms = NOW_MS + i;
        steps[i].status = passed[i];
    }
    k.application_id = (char *)in_flight;
    k.trail = trail;
    k.n_trail = 5;
    flight.case_ = &k;
    p.in_flight = flights;
    p.n_in_flight = in_flight != NULL;
    assert_true(uuid_to_bytes(ID, id));
    end.application = (ProtobufCBinaryData){16, id};
    end.outcome = closed;
    p.closed = ends;
    p.n_closed = closed != 0;
    store_message(f, &f->attachment, &attachment_svc, "person", "person-aaaaaaaaa", &p.base);
}

static void expect_stage(struct fixture *f, const char *status, size_t history)
{
    struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_int_equal(t->base.answer.status, 200);
    json_t *j = answer_json(t);
    assert_string_equal(text_at(j, "status"), status);
    assert_string_equal(text_at(j, "outcome"), "OUTCOME_UNSPECIFIED");
    assert_int_equal(json_array_size(json_object_get(j, "history")), history);
    if (history == 5)
        assert_string_equal(text_at(json_array_get(json_object_get(j, "history"), 4), "at"), "2026-05-12T09:00:00.004Z");
    json_decref(j);
    end(t);
}

static void test_stage_of_an_open_one(void **state)
{
    struct fixture *f = *state;
    put_open(f);
    expect_stage(f, "STATUS_VERIFYING_IDENTITY", 3); /* the decider has not heard of the person */
    put_decider(f, "6f1d9c52-3c8e-5b1a-9d43-8a1f0c2e7b60", PB_OUTCOME(UNSPECIFIED));
    expect_stage(f, "STATUS_VERIFYING_IDENTITY", 3); /* another application of the person waits */
    put_decider(f, ID, PB_OUTCOME(UNSPECIFIED));
    expect_stage(f, "STATUS_CHECKING_CAPACITY", 5);
    put_decider(f, NULL, PB_OUTCOME(REFUSED));
    expect_stage(f, "STATUS_REFUSED", 3); /* intake tells outcome and reasons, in a moment */
    put_decider(f, ID, PB_OUTCOME(UNSPECIFIED));
    f->attachment.is_down = true;
    expect_stage(f, "STATUS_VERIFYING_IDENTITY", 3); /* better an old stage than none */
}

/* A Redis that failed is left alone for a second, then tried by one. */
static void test_redis_is_left_alone(void **state)
{
    struct fixture *f = *state;
    int64_t started_ms;
    struct err e;
    put_refused(f);
    f->intake.is_down = true;
    end(ask(f, "GET", "/v1/applications/" ID, NULL, NULL));
    size_t reads = f->intake.reads;
    f->intake.is_down = false;
    struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_int_equal(t->base.answer.status, 503);
    assert_int_equal(f->intake.reads, reads);
    end(t);
    fixture_tick_ms += 1000;
    assert_true(gw_redis_enter(&f->gw, &started_ms, &e)); /* this one tries; the others still go without */
    t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_int_equal(t->base.answer.status, 503);
    end(t);
    assert_true(gw_redis_leave(&f->gw, started_ms, true));
    t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_int_equal(t->base.answer.status, 200);
    end(t);
}

/* An answer 202 is not followed by 404, though intake has not spoken yet. */
static void test_status_right_after_submission(void **state)
{
    struct fixture *f = *state;
    struct gw_recent_entry a = {.id = ID, .source = PB_SOURCE(MOSRU), .external_ref = "12-345", .at_ms = NOW_MS - 10};
    gw_recent_add(f->gw.recent, &a);
    struct test_req *t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_int_equal(t->base.answer.status, 200);
    json_t *j = answer_json(t);
    assert_string_equal(text_at(j, "status"), "STATUS_RECEIVED");
    assert_string_equal(text_at(j, "external_ref"), "12-345");
    json_decref(j);
    end(t);
    a.at_ms = NOW_MS - 60000; /* long ago: intake must have it by now */
    gw_recent_add(f->gw.recent, &a);
    t = ask(f, "GET", "/v1/applications/" ID, NULL, NULL);
    assert_problem(t, 404, "not-found", NULL);
    end(t);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_status),
        T(test_status_unknown),
        T(test_status_while_rebuilding),
        T(test_status_without_an_end),
        T(test_status_in_busy_times),
        T(test_status_that_comes_in_between),
        T(test_stage_of_an_open_one),
        T(test_redis_is_left_alone),
        T(test_status_right_after_submission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
