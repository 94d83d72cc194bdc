/* The commit protocol under every disturbance that the fakes can make, against the pure fold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "runtime/tally_svc.h"

#define SWEEP(name)                                                                                                  \
    static void test_##name(void **state)                                                                            \
    {                                                                                                                \
        struct sweep_report rep = {0};                                                                               \
        (void)state;                                                                                                 \
        bool ok = sweep_##name(&tally_case, &rep);                                                                   \
        printf(#name ": %ld runs, %ld disturbed\n", rep.runs, rep.disturbed);                                        \
        assert_true(ok);                                                                                             \
        assert_true(rep.runs == 1 || rep.disturbed > 20);                                                            \
    }
SWEEP(plain)
SWEEP(crashes)
SWEEP(double_crashes)
SWEEP(errors)
SWEEP(zombies)
SWEEP(replaced)
SWEEP(rebalances)
SWEEP(stores)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_crashes), cmocka_unit_test(test_double_crashes),
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_zombies), cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_rebalances), cmocka_unit_test(test_stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
