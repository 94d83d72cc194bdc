/* The sweep is able to fail: each deliberate mistake in the protocol, switched on, is caught by one of its parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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

/* What a violation says, for whoever has to find its cause: stderr of one sweep. */
static char *said(sweep_fn *sweep)
{
    struct sweep_report rep = {0};
    FILE *to = tmpfile();
    int keep = dup(STDERR_FILENO);
    assert_non_null(to);
    dup2(fileno(to), STDERR_FILENO);
    (void)sweep(&tally_case, &rep);
    dup2(keep, STDERR_FILENO);
    close(keep);
    char *text = calloc(1, 1 << 16);
    rewind(to);
    (void)!fread(text, 1, (1 << 16) - 1, to);
    fclose(to);
    return text;
}

static void test_violation_prints_its_interleaving(void **state)
{
    (void)state;
    fake_bus_late_metadata = true;
    char *text = said(sweep_zombies);
    assert_non_null(strstr(text, "tally, zombie: invariant violated"));
    assert_non_null(strstr(text, "surplus: "));
    char *stop = strstr(text, "<!>"), *other = stop ? strstr(stop, " 1:commit") : NULL;
    assert_non_null(other); /* while the first stood still the second worked; then the first went on */
    assert_non_null(strstr(other, " 0:commit"));
    free(text);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup(test_##name, reset)
    const struct CMUnitTest tests[] = {
        ROW(apply_before_commit),  ROW(commit_without_offsets), ROW(marks_not_checked),   ROW(open_without_replay),
        ROW(unknown_is_committed), ROW(no_seek_after_abort),    ROW(due_off_not_told),
        ROW(late_group_metadata),
        ROW(violation_prints_its_interleaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
