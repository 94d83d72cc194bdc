/* Channels and profiles as rule keys name them. */
#include "domain/channel.h"
#include "tests/unit/help.h"

static void test_channels(void **state)
{
    static const char *const names[] = {"", "mosru", "gosuslugi", "in_person", "clinic_web", "terminal", "email"};
    static const PB(Source) sources[] = {PB_SOURCE(UNSPECIFIED), PB_SOURCE(MOSRU), PB_SOURCE(GOSUSLUGI), PB_SOURCE(CLINIC_DESK),
                                         PB_SOURCE(CLINIC_WEB), PB_SOURCE(TERMINAL), PB_SOURCE(EMAIL)};
    (void)state;
    for (int c = 0; c < CHANNEL_KIND_N; c++) {
        assert_string_equal(channel_name((enum channel_kind)c), names[c]);
        assert_int_equal(channel_of(sources[c]), c);
        assert_int_equal(channel_by_name(names[c], strlen(names[c])), c);
        assert_int_equal(channel_is_online((enum channel_kind)c), c != CHANNEL_NONE && c != CHANNEL_IN_PERSON);
    }
    assert_int_equal(channel_of((PB(Source))42), CHANNEL_NONE);
    assert_int_equal(channel_by_name("mos", 3), CHANNEL_NONE);
    assert_int_equal(channel_by_name("mosru.adult", 5), CHANNEL_MOSRU);
}

static void test_profiles(void **state)
{
    static const char *const names[] = {"", "adult", "child", "adult_dental", "child_dental", "antenatal", "specialised"};
    (void)state;
    for (int p = 0; p < PB_PROFILE_N; p++) {
        assert_string_equal(profile_name((PB(Profile))p), names[p]);
        assert_int_equal(profile_by_name(names[p], strlen(names[p])), p);
        assert_int_equal(profile_is_adult((PB(Profile))p), p == 1 || p == 3);
        assert_int_equal(profile_is_child((PB(Profile))p), p == 2 || p == 4);
    }
    assert_string_equal(profile_name((PB(Profile))99), "");
    assert_int_equal(profile_by_name("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_channels), cmocka_unit_test(test_profiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
