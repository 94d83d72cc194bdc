/* The pause of librdkafka's main threads: when it is due, and that the library asks the clock it is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include "base/err.h"
#include "ports.h"
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

/* Pauses of main threads: this program's nanosleep() is the one that the pause is made of. */
static atomic_int pauses;

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    char name[16] = "";
    if (pthread_getname_np(pthread_self(), name, sizeof name) == 0 && strcmp(name, "rdk:main") == 0)
        atomic_fetch_add(&pauses, 1);
    return clock_nanosleep(CLOCK_REALTIME, 0, wanted, left) == 0 ? 0 : -1;
}

static void a_main_thread_with_a_timer_pauses(void **state)
{
    rd_kafka_t *rk = NULL;
    struct err e = {0};
    int64_t until = ports_mono_ms() + PORTS_WAIT_MS;
    (void)state;
    if (!KAFKA_NAPS || rd_kafka_version() >= KAFKA_NAP_UNTIL)
        skip();
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "statistics.interval.ms", "3", NULL, 0), RD_KAFKA_CONF_OK);
    assert_true(kafka_handle_new(RD_KAFKA_PRODUCER, conf, &rk, &e));
    while (atomic_load(&pauses) == 0 && ports_mono_ms() < until)
        rd_kafka_poll(rk, 10);
    rd_kafka_destroy(rk);
    assert_true(atomic_load(&pauses) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_over_and_over_is_to_pause),
        cmocka_unit_test(the_clock_of_the_library_is_ours),
        cmocka_unit_test(a_main_thread_with_a_timer_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
