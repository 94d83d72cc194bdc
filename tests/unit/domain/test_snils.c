/* SNILS: normal form and control number. */
#include "domain/snils.h"
#include "tests/unit/help.h"

static void test_valid(void **state)
{
    (void)state;
    static const char *const good[] = {
        "112-233-445 95", "087-654-302 00", "087-654-303 00", "086-754-303 00", "021-006-999 00", "116-973-385 89",
        "999-999-999 01", "001-001-999 65", "001-019-989 00", "001-001-998 00", "000-000-001 00", "111-111-111 45",
    };
    for (size_t i = 0; i < N(good); i++) {
        char digits[12];
        assert_true(snils_normal(good[i], digits));
        assert_true(snils_valid(digits));
    }
}

static void test_invalid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "112-233-445 96", "112-233-445 94", "087-654-303 01", "001-001-999 00", "123-456-789 01", "000-000-000 00",
    };
    for (size_t i = 0; i < N(bad); i++) {
        char digits[12];
        assert_true(snils_normal(bad[i], digits));
        assert_false(snils_valid(digits));
    }
}

static void test_forms(void **state)
{
    char digits[12] = "untouched";
    (void)state;
    assert_true(snils_normal("11223344595", digits));
    assert_string_equal(digits, "11223344595");
    assert_true(snils_normal("112-233-445-95", digits));
    assert_string_equal(digits, "11223344595");
    static const char *const bad[] = {"", "1122334459", "112233445951", "112 233 445 95", "112-233-44595", "112-233-445 9a", "1122-33-445 95"};
    strcpy(digits, "untouched");
    for (size_t i = 0; i < N(bad); i++)
        assert_false(snils_normal(bad[i], digits));
    assert_string_equal(digits, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_valid), cmocka_unit_test(test_invalid), cmocka_unit_test(test_forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
