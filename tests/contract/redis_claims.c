/* Claims and small values, on a real Redis. */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include "ports.h"
#include "redis_server.h"
#include "runtime/store_redis.h"

static struct claims *open_claims(void)
{
    struct claims *c = NULL;
    struct err e;
    OK(claims_open(redis_server_url(), "notification", &c, &e));
    return c;
}

static bool take(struct claims *c, const char *name, int64_t ttl_ms)
{
    struct err e;
    bool mine = false;
    OK(claims_take(c, name, ttl_ms, &mine, &e));
    return mine;
}

static void a_claim_is_taken_by_one_process(void **state)
{
    (void)state;
    struct claims *a = open_claims(), *b = open_claims(); /* two tokens: two processes */
    assert_true(take(a, "n/SMS/1", 60000));
    assert_true(take(a, "n/SMS/1", 60000)); /* a repeat after a lost reply */
    assert_false(take(b, "n/SMS/1", 60000));
    assert_true(take(b, "n/SMS/2", 60000));
    claims_close(a);
    struct claims *again = open_claims(); /* the process came back: it cannot know whether it had sent */
    assert_false(take(again, "n/SMS/1", 60000));
    claims_close(again);
    claims_close(b);
    claims_close(NULL);
}

static void the_server_tells_who_it_is_and_its_time(void **state)
{
    (void)state;
    struct claims *c = open_claims();
    struct claims_server first, second;
    struct err e;
    int64_t before = (int64_t)time(NULL) * 1000;
    OK(claims_server(c, &first, &e));
    OK(claims_server(c, &second, &e));
    assert_int_equal(strlen(first.run_id), 40);
    assert_string_equal(first.run_id, second.run_id);
    assert_in_range(first.now_ms, before, second.now_ms); /* one machine, one clock */
    assert_in_range(second.now_ms, before, ((int64_t)time(NULL) + 1) * 1000);
    claims_close(c);
}

static void a_claim_ends_with_its_term(void **state)
{
    (void)state;
    struct claims *a = open_claims(), *b = open_claims();
    assert_true(take(a, "short", 50));
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS;
    while (!take(b, "short", 60000))
        assert_true(ports_mono_ms() < deadline);
    claims_close(a);
    claims_close(b);
}

static void values_come_back_as_bytes(void **state)
{
    struct bytes v = {"x", 1};
    struct err e;
    (void)state;
    struct claims *c = open_claims();
    OK(claims_get(c, "none", &v, &e));
    assert_null(v.p);
    OK(claims_put(c, "id", bytes_of("a\0b", 3), 60000, &e));
    OK(claims_get(c, "id", &v, &e));
    assert_true(bytes_eq(v, bytes_of("a\0b", 3)));
    free((void *)(uintptr_t)v.p);
    claims_close(c);
}

struct racer {
    struct claims *claims;
    int won;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    char name[32];
    for (int i = 0; i < 200; i++) {
        struct err e;
        bool mine = false;
        snprintf(name, sizeof name, "race/%d", i);
        if (claims_take(r->claims, name, 60000, &mine, &e))
            r->won += mine;
    }
    return NULL;
}

/* Two processes of two threads each: every claim goes to exactly one process, whose threads both hold it. */
static void claims_stand_threads(void **state)
{
    struct racer r[4];
    pthread_t t[4];
    (void)state;
    struct claims *a = open_claims(), *b = open_claims();
    for (int i = 0; i < 4; i++) {
        r[i] = (struct racer){i % 2 ? b : a, 0};
        pthread_create(&t[i], NULL, race, &r[i]);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(r[0].won, r[2].won);
    assert_int_equal(r[1].won, r[3].won);
    assert_int_equal(r[0].won + r[1].won, 200);
    claims_close(a);
    claims_close(b);
}

static int flush(void **state)
{
    (void)state;
    redis_server_do("FLUSHALL");
    return 0;
}

int redis_claims_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_claim_is_taken_by_one_process, flush),
        cmocka_unit_test_setup(the_server_tells_who_it_is_and_its_time, flush),
        cmocka_unit_test_setup(a_claim_ends_with_its_term, flush),
        cmocka_unit_test_setup(values_come_back_as_bytes, flush),
        cmocka_unit_test_setup(claims_stand_threads, flush),
    };
    return cmocka_run_group_tests_name("claims, Redis", tests, NULL, NULL);
}
