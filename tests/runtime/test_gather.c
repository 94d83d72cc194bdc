/* How long inputs wait for company, on the steady clock of the fakes: a poll that finds nothing lasts as long as it may. */
#include "runtime/harness.h"

enum { PATIENT_MS = 20, SPACING_MS = 5 };

static int setup(void **state)
{
    struct sweep_run *r = harness_new(2, 50);
    *state = r;
    r->conf.gather_patient_ms = PATIENT_MS;
    r->conf.spacing_ms = SPACING_MS;
    sweep_start(r, 0);
    sweep_settle(r);
    return 0;
}

static int teardown(void **state)
{
    sweep_run_free(*state);
    return 0;
}

/* Steady time that passes until the next transaction has ended; the first poll finds what was published. */
static int64_t committed_after(struct sweep_run *r)
{
    int64_t began = fake_mono_ms(r->cluster);
    size_t before = fake_transactions(r->cluster);
    sweep_turn(r, 0);
    assert_int_equal(fake_transactions(r->cluster), before + 1);
    return fake_mono_ms(r->cluster) - began;
}

static void reserve(struct sweep_run *r, const char *application)
{
    tally_reserve(r, "770001", application, "person-aaaaaaaaa");
}

static void test_what_is_awaited_goes_at_once(void **state)
{
    struct sweep_run *r = *state;
    reserve(r, "application-1");
    assert_int_equal(committed_after(r), 0);
}

static void test_what_nobody_waits_for_waits(void **state)
{
    struct sweep_run *r = *state;
    tally_release(r, "770001", "application-1");
    assert_int_equal(committed_after(r), PATIENT_MS);
}

static void test_it_goes_along_with_what_is_awaited(void **state)
{
    struct sweep_run *r = *state;
    tally_release(r, "770001", "application-1");
    reserve(r, "application-2");
    assert_int_equal(committed_after(r), 0);
    assert_int_equal(harness_used(r, "770001"), 11); /* both */
}

static struct bus_ops watched;
static const struct bus_ops *real;
static struct sweep_run *run;
static int polls;

/* The second poll of the turn finds a reservation that was not there before. */
static bool poll_late(struct bus *b, int timeout_ms, struct bus_rec *out, size_t max, size_t *ret_n, struct err *e)
{
    if (++polls == 2)
        reserve(run, "application-2");
    return real->poll(b, timeout_ms, out, max, ret_n, e);
}

static void test_it_goes_with_what_comes_meanwhile(void **state)
{
    struct sweep_run *r = run = *state;
    struct bus *bus = r->m[0].bus;
    real = bus->ops;
    watched = *real;
    watched.poll = poll_late;
    polls = 0;
    bus->ops = &watched;
    tally_release(r, "770001", "application-1");
    assert_int_equal(committed_after(r), 0);
    assert_int_equal(polls, 2); /* nothing more was waited for */
    assert_int_equal(harness_used(r, "770001"), 11);
    bus->ops = real;
}

static void test_transactions_keep_apart(void **state)
{
    struct sweep_run *r = *state;
    reserve(r, "application-1");
    assert_int_equal(committed_after(r), 0);
    reserve(r, "application-2");
    assert_int_equal(committed_after(r), SPACING_MS);
    fake_sleep_ms(r->cluster, SPACING_MS);
    reserve(r, "application-3");
    assert_int_equal(committed_after(r), 0);
}

static void test_a_full_batch_waits_for_nothing(void **state)
{
    struct sweep_run *r = *state;
    char application[24];
    for (int i = 0; i < 50; i++) {
        snprintf(application, sizeof application, "application-%d", i);
        tally_release(r, "770001", application);
    }
    assert_int_equal(committed_after(r), 0);
}

int main(void)
{
#define ON_ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ON_ONE(test_what_is_awaited_goes_at_once),   ON_ONE(test_what_nobody_waits_for_waits),
        ON_ONE(test_it_goes_along_with_what_is_awaited), ON_ONE(test_it_goes_with_what_comes_meanwhile),
        ON_ONE(test_transactions_keep_apart),        ON_ONE(test_a_full_batch_waits_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
