/* Policy numbers: one normal form per way of writing, forms derived or checked. */
#include "domain/policy.h"
#include "tests/unit/help.h"

#define F(x) PB_FORM(x)

static void test_good(void **state)
{
    static const struct {
        PB(PolicyForm) form;
        const char *series, *number, *normal;
        PB(PolicyForm) to;
    } rows[] = {
        {F(UNSPECIFIED), "", "9956510844000441", "9956510844000441", F(UNIFIED_ELECTRONIC)},
        {F(UNSPECIFIED), "", "9956 5108 4400 0441", "9956510844000441", F(UNIFIED_ELECTRONIC)},
        {F(UNIFIED_PAPER), "", "9956-5108-4400-0441", "9956510844000441", F(UNIFIED_PAPER)},
        {F(UNIFIED_PLASTIC), "", "9956510844000442", "9956510844000442", F(UNIFIED_PLASTIC)}, /* check digit is a gate's */
        {F(TIME_LIMITED), "", "9956510844000441", "9956510844000441", F(TIME_LIMITED)},
        {F(UNSPECIFIED), "", "123456789", "T:123456789", F(TEMP_CERT)},
        {F(TEMP_CERT), "", "123 456 789", "T:123456789", F(TEMP_CERT)},
        {F(UNSPECIFIED), "см", "12345", "O:СМ 12345", F(OLD)},
        {F(OLD), "CM", "12345", "O:СМ 12345", F(OLD)},        /* Latin CM is the same series */
        {F(OLD), "77-АБ", "123 456", "O:77АБ 123456", F(OLD)},
        {F(OLD), "", "1234567890123456", "O: 1234567890123456", F(OLD)},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char got[POLICY_NORMAL_MAX];
        PB(PolicyForm) form;
        const char *rule = "";
        if (!policy_normal(rows[i].form, rows[i].series, rows[i].number, got, &form, &rule))
            fail_msg("%s %s: %s", rows[i].series, rows[i].number, rule);
        assert_string_equal(got, rows[i].normal);
        assert_int_equal(form, rows[i].to);
    }
}

static void test_bad(void **state)
{
    static const struct {
        PB(PolicyForm) form;
        const char *series, *number;
    } rows[] = {
        {F(UNSPECIFIED), "", ""},          {F(UNSPECIFIED), "", "12345"},      {F(UNSPECIFIED), "", "12345678901234567"},
        {F(UNSPECIFIED), "", "99565108440004O1"}, {F(UNIFIED_PAPER), "", "123456789"}, {F(UNIFIED_PAPER), "АБ", "9956510844000441"},
        {F(TEMP_CERT), "", "9956510844000441"},   {F(TEMP_CERT), "1", "123456789"},    {F(TIME_LIMITED), "", "1"},
        {F(OLD), "АБ", ""},                {F(OLD), "АБ", "1234567890123456789"}, {F(OLD), "АБ;", "123"},
        {F(OLD), "АБ", "12\n3"},           {F(OLD), "\xff", "123"},
        {F(OLD), "АААААААААА", "ББББББББББ"}, /* 20 signs, but too many bytes */
        {F(OLD), "АААААААААААААААААААААААААААААААААААААААА", "1"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        char got[POLICY_NORMAL_MAX] = "kept";
        PB(PolicyForm) form = (PB(PolicyForm))42;
        const char *rule = NULL;
        if (policy_normal(rows[i].form, rows[i].series, rows[i].number, got, &form, &rule))
            fail_msg("taken: %s %s", rows[i].series, rows[i].number);
        assert_true(rule && *rule);
        assert_string_equal(got, "kept");
        assert_int_equal(form, 42);
        assert_false(policy_normal(rows[i].form, rows[i].series, rows[i].number, got, NULL, NULL));
    }
}

static void test_raw(void **state)
{
    char got[POLICY_NORMAL_MAX];
    (void)state;
    policy_raw("ab", "12 3-4", got);
    assert_string_equal(got, "X:AB1234");
    policy_raw("", "", got);
    assert_string_equal(got, "X:");
    policy_raw("", "\xff-я-123456789012345678901234567890123456789012345678901234567890", got);
    assert_true(strlen(got) < POLICY_NORMAL_MAX);
    assert_memory_equal(got, "X:Я1", strlen("X:Я1"));
}

static void test_kinds(void **state)
{
    (void)state;
    for (int f = 0; f <= F(TIME_LIMITED); f++) {
        assert_int_equal(policy_is_temporary((PB(PolicyForm))f), f == F(TEMP_CERT) || f == F(TIME_LIMITED));
        assert_int_equal(policy_is_unified((PB(PolicyForm))f), f >= F(UNIFIED_PAPER) && f <= F(UNIFIED_ELECTRONIC));
    }
    assert_string_equal(policy_form_code(F(TEMP_CERT)), "TEMP_CERT");
    assert_string_equal(policy_form_code((PB(PolicyForm))99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_raw),
                                       cmocka_unit_test(test_kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
