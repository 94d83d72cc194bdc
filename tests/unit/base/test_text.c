#include "tests/unit/help.h"
#include <time.h>
#include "base/text.h"

static void times_both_ways(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } table[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1778576400000, "2026-05-12T09:00:00.000Z"},
        {951782400123, "2000-02-29T00:00:00.123Z"},
        {-62135596800000, "0001-01-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    char text[TEXT_TIME_BYTES];
    int64_t ms;
    for (size_t i = 0; i < N(table); i++) {
        text_time(table[i].ms, text);
        assert_string_equal(text, table[i].text);
        assert_true(text_time_parse(text, strlen(text), &ms));
        assert_int_equal(ms, table[i].ms);
    }
    text_time(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    text_time(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00.000Z");
}

static void times_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } table[] = {
        {"2026-05-12T12:00:00+03:00", 1778576400000}, {"2026-05-12T00:30:00.5-08:30", 1778576400500},
        {"2026-05-12t09:00:00z", 1778576400000},      {"2026-05-12 09:00:00Z", 1778576400000},
        {"2026-05-12T09:00:00.123456789Z", 1778576400123}, {"2016-12-31T23:59:60Z", 1483228800000},
    };
    int64_t ms = 0;
    for (size_t i = 0; i < N(table); i++) {
        assert_true(text_time_parse(table[i].text, strlen(table[i].text), &ms));
        assert_int_equal(ms, table[i].ms);
    }
    /* only n bytes count */
    assert_true(text_time_parse("1970-01-01T00:00:01Zrest", 20, &ms));
    assert_int_equal(ms, 1000);
}

static void bad_times_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "2026-05-12",
        "2026-05-12T09:00Z",
        "2026-05-12T09:00:00",
        "2026-05-12T24:00:00Z",
        "2026-05-12T09:60:00Z",
        "2026-05-12T09:00:61Z",
        "2026-02-29T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-00-01T09:00:00Z",
        "2026-05-00T09:00:00Z",
        "0000-05-12T09:00:00Z",
        "2026-05-12T09:00:00.Z",
        "2026-05-12T09:00:00+3:00",
        "2026-05-12T09:00:00+0300",
        "2026-05-12T09:00:00+24:00",
        "2026-05-12T09:00:00ZZ",
        " 2026-05-12T09:00:00Z",
        "+026-05-12T09:00:00Z",
    };
    int64_t ms = 42;
    for (size_t i = 0; i < N(table); i++)
        if (text_time_parse(table[i], strlen(table[i]), &ms))
            fail_msg("read: %s", table[i]);
    assert_int_equal(ms, 42);
    assert_false(text_time_parse("2026-05-12T09:00:00Z\0", 21, &ms));
}

/* Every day of 1 to 9999, against the C library. */
static void days_agree_with_libc(void **state)
{
    (void)state;
    char text[TEXT_DAY_BYTES];
    for (int32_t day = -719162; day <= 2932896; day++) {
        time_t t = (time_t)day * 86400;
        struct tm tm;
        int y, m, d;
        gmtime_r(&t, &tm);
        text_civil(day, &y, &m, &d);
        if (y != tm.tm_year + 1900 || m != tm.tm_mon + 1 || d != tm.tm_mday || text_day_of(y, m, d) != day ||
            text_weekday(day) != (tm.tm_wday ? tm.tm_wday : 7))
            fail_msg("day %d", day);
    }
    text_day(20585, text);
    assert_string_equal(text, "2026-05-12");
}

static void dates_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "2026-5-12",   "2026-05-12 ", "2026-02-30", "1900-02-29",
                                      "2026/05/12", "20260512",    "0000-01-01",  "2026-05-1a", "2026-05-12T"};
    int32_t day = 7;
    for (size_t i = 0; i < N(bad); i++)
        assert_false(text_day_parse(bad[i], &day));
    assert_int_equal(day, 7);
    assert_true(text_day_parse("2000-02-29", &day));
    assert_int_equal(day, 11016);
    assert_int_equal(text_month_days(1900, 2), 28);
    assert_int_equal(text_month_days(2024, 2), 29);
    assert_int_equal(text_month_days(2026, 12), 31);
}

static void days_follow_the_region(void **state)
{
    (void)state;
    int32_t day;
    assert_true(text_day_parse("2026-05-13", &day));
    assert_int_equal(text_day_at(1778576400000 + 12 * 3600000LL, 180), day);      /* 21:00 UTC is midnight in Moscow */
    assert_int_equal(text_day_at(1778576400000 + 12 * 3600000LL - 1, 180), day - 1);
    assert_int_equal(text_day_start(day, 180), 1778576400000 + 12 * 3600000LL);
    assert_int_equal(text_day_at(-1, 0), -1);
    assert_int_equal(text_day_at(0, -60), -1);
}

static void utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        bool ok;
    } table[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"a\0b", 3, true},
        {"\xd0\xa1\xd0\xb5\xd0\xbc\xd1\x91\xd0\xbd", 10, true},
        {"\xed\x9f\xbf\xee\x80\x80", 6, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"\xf4\x90\x80\x80", 4, false},
        {"\xf5\x80\x80\x80", 4, false},
        {"\xed\xa0\x80", 3, false},
        {"\xc0\x80", 2, false},
        {"\xc1\xbf", 2, false},
        {"\xe0\x9f\xbf", 3, false},
        {"\xf0\x8f\xbf\xbf", 4, false},
        {"\xe2\x82", 2, false},
        {"\x80", 1, false},
        {"\xff", 1, false},
        {"ab\xd0", 3, false},
        {"\xd0z", 2, false},
    };
    for (size_t i = 0; i < N(table); i++)
        if (text_utf8_ok(table[i].text, table[i].n) != table[i].ok)
            fail_msg("row %zu", i);
}

/* A sign of two bytes, and a broken one, at every place of texts long enough to be read by the word. */
static void utf8_anywhere(void **state)
{
    (void)state;
    char text[40];
    for (size_t n = 2; n <= sizeof text; n++)
        for (size_t i = 0; i + 2 <= n; i++) {
            memset(text, 'a', sizeof text);
            memcpy(text + i, "\xd0\xb6", 2);
            assert_true(text_utf8_ok(text, n));
            text[i] = 'a';
            assert_false(text_utf8_ok(text, n));
            memcpy(text + i, "\xd0" "a", 2);
            assert_false(text_utf8_ok(text, n));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_both_ways),      cmocka_unit_test(times_read), cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(days_agree_with_libc), cmocka_unit_test(dates_read), cmocka_unit_test(days_follow_the_region),
        cmocka_unit_test(utf8),                 cmocka_unit_test(utf8_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
