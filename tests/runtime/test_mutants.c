/* The sweep is able to fail: each deliberate mistake in the protocol, switched on, is caught by one of its parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "runtime/runtime_int.h"
#include "runtime/tally_svc.h"

typedef bool sweep_fn(const struct sweep_case *c, struct sweep_report *ret);

static long violations(sweep_fn *sweep, const char *what)
{
    struct sweep_report rep = {.quiet = true};
    (void)sweep(&tally_case, &rep);
    printf("%s: %ld violations in %ld runs\n", what, rep.violations, rep.runs);
    return rep.violations;
}

static int reset(void **state)
{
    (void)state;
    memset(&runtime_mutation, 0, sizeof runtime_mutation);
    fake_bus_late_metadata = false;
    return 0;
}

#define MUTANT_TEST(field, sweep)                                                                                    \
    static void test_##field(void **state)                                                                           \
    {                                                                                                                \
        (void)state;                                                                                                 \
        assert_int_equal(violations(sweep, #field " off"), 0);                                                       \
        runtime_mutation.field = true;                                                                               \
        assert_true(violations(sweep, #field) > 0);                                                                  \
    }
MUTANT_TEST(apply_before_commit, sweep_errors)
MUTANT_TEST(commit_without_offsets, sweep_crashes)
MUTANT_TEST(marks_not_checked, sweep_stores)
MUTANT_TEST(open_without_replay, sweep_crashes)
MUTANT_TEST(unknown_is_committed, sweep_errors)
MUTANT_TEST(no_seek_after_abort, sweep_errors)
MUTANT_TEST(due_off_not_told, sweep_stores)

static void test_late_group_metadata(void **state)
{
    (void)state;
    assert_int_equal(violations(sweep_zombies, "late_group_metadata off"), 0);
    fake_bus_late_metadata = true;
    assert_true(violations(sweep_zombies, "late_group_metadata") > 0);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup(test_##name, reset)
    const struct CMUnitTest tests[] = {
        ROW(apply_before_commit),  ROW(commit_without_offsets), ROW(marks_not_checked),   ROW(open_without_replay),
        ROW(unknown_is_committed), ROW(no_seek_after_abort),    ROW(due_off_not_told),
        ROW(late_group_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
