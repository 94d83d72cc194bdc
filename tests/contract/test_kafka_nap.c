/* The pause of librdkafka's main threads: when it is due, and that the library asks the clock it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dlfcn.h>
#include <string.h>
#include <time.h>
#include "base/err.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_nap.h"
#include <cmocka.h>

#define US 1000LL
#define MS (1000 * US)

static int naps(struct nap *n, int64_t *now, int64_t step_ns, int times)
{
    int due = 0;
    for (int i = 0; i < times; i++)
        due += nap_is_due(n, *now += step_ns);
    return due;
}

static void who_asks_over_and_over_is_to_pause(void **state)
{
    struct nap n = {0};
    int64_t now = 5000 * MS;
    (void)state;
    assert_int_equal(naps(&n, &now, 10 * US, 1000), 0); /* work in between */
    assert_int_equal(naps(&n, &now, 100, 5), 0);        /* a few turns are nothing */
    assert_int_equal(naps(&n, &now, 100, 1), 1);
    assert_int_equal(naps(&n, &now, 100, 5), 0); /* and begins anew */
    assert_int_equal(naps(&n, &now, 1 * MS, 1), 0);
    assert_int_equal(naps(&n, &now, 100, 5), 0); /* a pause in between counts */
    assert_int_equal(naps(&n, &now, 100, 600), 100);
}

/* Whatever the programs are linked to finds the first of this name. */
static void the_clock_of_the_library_is_ours(void **state)
{
    Dl_info in;
    (void)state;
    if (!KAFKA_NAPS)
        skip();
    void *first = dlsym(RTLD_DEFAULT, "clock_gettime"), *next = dlsym(RTLD_NEXT, "clock_gettime");
    assert_non_null(first);
    assert_ptr_not_equal(first, next);
    assert_true(dladdr(first, &in) && in.dli_saddr == first);
    assert_null(strstr(in.dli_fname, ".so"));
    struct timespec a, b;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &a), 0);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &b), 0);
    assert_true(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    assert_int_equal(clock_gettime((clockid_t)9999, &a), -1);
}

/* A handle is made, lives through its timers and ends; nobody asked it not to sleep. */
static void a_handle_lives_with_it(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk = NULL;
    struct err e = {0};
    (void)state;
    assert_int_equal(rd_kafka_conf_set(conf, "statistics.interval.ms", "3", NULL, 0), RD_KAFKA_CONF_OK);
    assert_true(kafka_handle_new(RD_KAFKA_PRODUCER, conf, &rk, &e));
    rd_kafka_poll(rk, 100);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_over_and_over_is_to_pause),
        cmocka_unit_test(the_clock_of_the_library_is_ours),
        cmocka_unit_test(a_handle_lives_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
