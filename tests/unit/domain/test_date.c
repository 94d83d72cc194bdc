/* Dates: strict parsing, the calendar day by day against a second, slow count, ages, months, local days. */
#include "domain/date.h"
#include "tests/unit/help.h"

static void test_parse(void **state)
{
    struct date d = {7, 7, 7};
    (void)state;
    static const char *const bad[] = {"", "2026-2-03", "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "2026-01-00",
                                      "26-01-01", "2026/01/01", "2026-01-01 ", " 2026-01-01", "2026-01-0a", "1799-12-31",
                                      "2201-01-01", "+026-01-01", "2026-01-011"};
    for (size_t i = 0; i < N(bad); i++)
        assert_false(date_parse(bad[i], &d));
    assert_int_equal(d.y, 7);
    assert_true(date_parse("2024-02-29", &d));
    assert_true(d.y == 2024 && d.m == 2 && d.d == 29);
}

/* Walks every day from 1800 to 2200 by its own counting. */
static void test_day_numbers(void **state)
{
    struct date d = {1800, 1, 1};
    (void)state;
    for (int32_t day = date_days(d); d.y <= 2200; day++) {
        char text[11];
        struct date again;
        assert_int_equal(date_days(d), day);
        assert_int_equal(date_cmp(date_of_days(day), d), 0);
        date_print(d, text);
        assert_true(date_parse(text, &again) && date_cmp(again, d) == 0);
        bool leap = (d.y % 4 == 0 && d.y % 100 != 0) || d.y % 400 == 0;
        int last = d.m == 2 ? (leap ? 29 : 28) : d.m == 4 || d.m == 6 || d.m == 9 || d.m == 11 ? 30 : 31;
        d = d.d < last ? (struct date){d.y, d.m, d.d + 1} : d.m < 12 ? (struct date){d.y, d.m + 1, 1} : (struct date){d.y + 1, 1, 1};
    }
    assert_int_equal(date_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_weekday(0), 3); /* a Thursday */
    assert_int_equal(date_weekday(date_days((struct date){2026, 6, 1})), 0);
    assert_int_equal(date_weekday(-1), 2);
}

static void test_age(void **state)
{
    static const struct {
        struct date birth, at;
        int age;
    } rows[] = {
        {{1990, 6, 3}, {2026, 6, 2}, 35}, {{1990, 6, 3}, {2026, 6, 3}, 36}, {{2008, 2, 29}, {2026, 2, 28}, 17},
        {{2008, 2, 29}, {2026, 3, 1}, 18}, {{2008, 2, 29}, {2024, 2, 29}, 16}, {{2026, 1, 1}, {2026, 12, 31}, 0},
        {{2026, 6, 3}, {2026, 6, 2}, -1},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++)
        assert_int_equal(date_age(rows[i].birth, rows[i].at), rows[i].age);
}

static void test_add_months(void **state)
{
    static const struct {
        struct date d;
        int n;
        struct date to;
    } rows[] = {
        {{2026, 1, 31}, 1, {2026, 2, 28}}, {{2024, 1, 31}, 1, {2024, 2, 29}}, {{2024, 2, 29}, 12, {2025, 2, 28}},
        {{2026, 12, 5}, 1, {2027, 1, 5}},  {{2026, 1, 5}, -1, {2025, 12, 5}}, {{2026, 3, 31}, -1, {2026, 2, 28}},
        {{2026, 5, 10}, -1560, {1896, 5, 10}},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++)
        assert_int_equal(date_cmp(date_add_months(rows[i].d, rows[i].n), rows[i].to), 0);
}

static void test_local_days(void **state)
{
    int32_t day = date_days((struct date){2026, 6, 3});
    (void)state;
    for (int offset = -720; offset <= 840; offset += 60) {
        int64_t start = date_start_ms(day, offset), end = date_end_ms(day, offset);
        assert_int_equal(end - start, 86399999);
        assert_int_equal(date_day_of_ms(start, offset), day);
        assert_int_equal(date_day_of_ms(end, offset), day);
        assert_int_equal(date_day_of_ms(start - 1, offset), day - 1);
        assert_int_equal(date_day_of_ms(end + 1, offset), day + 1);
    }
    assert_int_equal(date_day_of_ms(-1, 0), -1);
    assert_int_equal(date_of_ms(1780434000000LL, 180).d, 3); /* 2026-06-02T21:00Z is 3 June in Moscow */
}

/* A broken timestamp is still some day. */
static void test_extremes(void **state)
{
    char text[11];
    (void)state;
    date_print(date_of_ms(INT64_MAX, 840), text);
    date_print(date_of_ms(INT64_MIN, -720), text);
    assert_int_equal(date_day_of_ms(INT64_MAX, 0), 2932896); /* 9999-12-31 */
    assert_int_equal(date_day_of_ms(INT64_MIN, 0), -719162); /* 0001-01-01 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_day_numbers), cmocka_unit_test(test_age),
        cmocka_unit_test(test_add_months), cmocka_unit_test(test_local_days),  cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
