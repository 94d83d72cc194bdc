/* The projection built anew from logs of several pieces, which are read while the store still works on the one before. */
#include "runtime/harness.h"

enum { RESERVED = 2 * LOG_CHUNK + 300, CLINICS = 2, CALLS = 48 };
static const char *const clinics[CLINICS] = {"770001", "770003"};
static int reserved[CLINICS];

static void reserve(struct sweep_run *r, int clinic)
{
    char app[24];
    snprintf(app, sizeof app, "application-%d-%d", clinic, reserved[clinic]++);
    tally_reserve(r, clinics[clinic], app, "person-aaaaaaaaa");
}

static int setup(void **state)
{
    struct sweep_run *r = harness_new(2, 100);
    memset(reserved, 0, sizeof reserved);
    *state = r;
    sweep_start(r, 0);
    assert_int_not_equal(wire_partition(bytes_str(clinics[0]), 2), wire_partition(bytes_str(clinics[1]), 2));
    for (int i = 0; i < RESERVED * CLINICS; i++)
        reserve(r, i % CLINICS);
    sweep_settle(r);
    return 0;
}

static int teardown(void **state)
{
    sweep_run_free(*state);
    return 0;
}

static void count(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    (void)part, (void)key, (void)val, (void)due_ms;
    ++*(int *)ctx;
}

static void assert_whole(struct sweep_run *r)
{
    int n = 0;
    assert_false(r->stuck);
    fake_db_each(r->db, TALLY_RESERVATION, count, &n);
    assert_int_equal(n, reserved[0] + reserved[1]);
    for (int i = 0; i < CLINICS; i++)
        assert_int_equal(harness_used(r, clinics[i]), reserved[i]);
}

/* A service that found an empty store: everything is there again, and the next decision goes on from it. */
static void rebuild(struct sweep_run *r)
{
    sweep_settle(r);
    fake_sleep_ms(r->cluster, 2 * PROBE_MS); /* what was forgotten after the opening is noticed by a probe */
    sweep_settle(r);
    assert_whole(r);
    reserve(r, 0);
    sweep_settle(r);
    assert_whole(r);
}

static void test_whole_after_a_flush(void **state)
{
    struct sweep_run *r = *state;
    sweep_stop(r, 0);
    fake_db_flush(r->db);
    sweep_start(r, 0);
    rebuild(r);
}

/* Each call of the rebuild fails once, with and without effect. */
static void test_whole_whatever_call_fails(void **state)
{
    struct sweep_run *r = *state;
    int ends = 0;
    for (int i = 0; i < 2 * CALLS; i++) {
        sweep_stop(r, 0);
        fake_db_flush(r->db);
        sweep_start(r, 0);
        struct fake_fault *f = &r->m[0].fault;
        f->at = f->calls + 1 + i / 2;
        f->error = ERR_RETRY;
        f->after = i % 2;
        f->hit = false;
        rebuild(r);
        assert_true(f->hit);
        ends += strcmp(f->where, "store_apply_end") == 0;
        f->at = 0;
    }
    assert_true(ends > 0); /* the answer to a piece was among what failed */
}

/* The store forgets everything while pieces are on their way. */
static bool forget(void *db)
{
    fake_db_flush(db);
    return true;
}

static void test_whole_when_the_store_forgets_meanwhile(void **state)
{
    struct sweep_run *r = *state;
    for (int i = 1; i <= CALLS; i++) {
        sweep_stop(r, 0);
        fake_db_flush(r->db);
        sweep_start(r, 0);
        struct fake_fault *f = &r->m[0].fault;
        f->pause = forget;
        f->pause_ctx = r->db;
        f->pause_at = f->calls + i;
        rebuild(r);
    }
}

#define REBUILD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REBUILD_TEST(test_whole_after_a_flush),
        REBUILD_TEST(test_whole_whatever_call_fails),
        REBUILD_TEST(test_whole_when_the_store_forgets_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
