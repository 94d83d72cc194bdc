/* Production calendar as it ships, deadlines, and what a calendar file may not say (C-35; ru-facts section 5). */
#include "domain/calendar.h"
#include "domain/date.h"
#include "domain/term.h"
#include "tests/unit/domain/sample.h"

static struct calendar *cal;

static int setup(void **state)
{
    struct err e;
    (void)state;
    return calendar_load_dir(SOURCE_DIR "/deploy/calendar", &cal, &e) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    calendar_free(cal);
    return 0;
}

static int32_t day_of(const char *text)
{
    struct date d;
    assert_true(date_parse(text, &d));
    return date_days(d);
}

/* Received on a day; the end of 1, 2 and 3 working days after it. */
static const struct {
    const char *received, *due[3];
} deadlines[] = {
    {"2025-04-30", {"2025-05-05", "2025-05-06", "2025-05-07"}},
    {"2025-06-11", {"2025-06-16", "2025-06-17", "2025-06-18"}},
    {"2025-10-31", {"2025-11-01", "2025-11-05", "2025-11-06"}},
    {"2025-12-29", {"2025-12-30", "2026-01-12", "2026-01-13"}},
    {"2026-01-05", {"2026-01-12", "2026-01-13", "2026-01-14"}},
    {"2026-02-20", {"2026-02-24", "2026-02-25", "2026-02-26"}},
    {"2026-03-06", {"2026-03-10", "2026-03-11", "2026-03-12"}},
    {"2026-04-30", {"2026-05-04", "2026-05-05", "2026-05-06"}},
    {"2026-05-08", {"2026-05-12", "2026-05-13", "2026-05-14"}},
    {"2026-06-11", {"2026-06-15", "2026-06-16", "2026-06-17"}},
    {"2026-11-03", {"2026-11-05", "2026-11-06", "2026-11-09"}},
    {"2026-12-30", {"2027-01-11", "2027-01-12", "2027-01-13"}},
    {"2027-02-19", {"2027-02-20", "2027-02-24", "2027-02-25"}},
};

static void test_deadlines(void **state)
{
    static const int offsets[] = {120, 180, 300, 720};
    (void)state;
    for (size_t i = 0; i < N(deadlines); i++)
        for (int n = 1; n <= 3; n++)
            for (size_t o = 0; o < N(offsets); o++) {
                int64_t start = date_start_ms(day_of(deadlines[i].received), offsets[o]), due = 0;
                struct err e;
                assert_true(calendar_due(cal, start, n, offsets[o], &due, &e)); /* the first ms of the day */
                assert_int_equal(due, date_end_ms(day_of(deadlines[i].due[n - 1]), offsets[o]));
                assert_true(calendar_due(cal, start + DATE_MS_OF_DAY - 1, n, offsets[o], &due, &e)); /* and its last */
                assert_int_equal(due, date_end_ms(day_of(deadlines[i].due[n - 1]), offsets[o]));
            }
}

/* The day of receipt is the local one: 23:30 in Moscow on Friday is Saturday in Yekaterinburg. */
static void test_day_of_receipt_is_local(void **state)
{
    int64_t friday_2330_moscow = date_start_ms(day_of("2026-06-05"), 180) + (23 * 60 + 30) * 60000LL, due;
    struct err e;
    (void)state;
    assert_true(calendar_due(cal, friday_2330_moscow, 0, 180, &due, &e));
    assert_int_equal(due, date_end_ms(day_of("2026-06-05"), 180));
    assert_true(calendar_due(cal, friday_2330_moscow, 0, 300, &due, &e));
    assert_int_equal(due, date_end_ms(day_of("2026-06-06"), 300));
}

static void test_year_sums(void **state)
{
    static const int sums[][2] = {{2022, 247}, {2023, 247}, {2024, 248}, {2025, 247}, {2026, 247}, {2027, 247}};
    (void)state;
    for (size_t i = 0; i < N(sums); i++) {
        int n = 0;
        assert_true(calendar_has_year(cal, sums[i][0]));
        for (int32_t d = date_days((struct date){sums[i][0], 1, 1}); date_of_days(d).y == sums[i][0]; d++)
            n += calendar_is_working(cal, d);
        assert_int_equal(n, sums[i][1]);
        assert_int_equal(calendar_working_days(cal, sums[i][0]), n);
    }
    assert_false(calendar_has_year(cal, 2021));
    assert_int_equal(calendar_working_days(cal, 2021), 0);
    assert_false(calendar_has_year(cal, 1066));
}

static void test_single_days(void **state)
{
    static const struct {
        const char *day;
        bool working, shortened;
    } rows[] = {
        {"2022-03-05", true, true},  {"2022-03-07", false, false}, {"2023-02-24", false, false}, {"2024-02-29", true, false},
        {"2024-04-27", true, false}, {"2024-12-28", true, false},  {"2024-12-30", false, false}, {"2024-12-31", false, false},
        {"2025-11-01", true, true},  {"2025-11-02", false, false}, {"2025-12-31", false, false}, {"2026-01-09", false, false},
        {"2026-01-12", true, false}, {"2026-05-08", true, true},   {"2026-05-11", false, false}, {"2026-12-31", false, false},
        {"2027-02-20", true, true},  {"2027-12-31", false, false},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        assert_int_equal(calendar_is_working(cal, day_of(rows[i].day)), rows[i].working);
        assert_int_equal(calendar_is_shortened(cal, day_of(rows[i].day)), rows[i].shortened);
    }
}

/* n + 1 working days end on a later working day than n, with only days off between. */
static void test_terms_step_by_working_days(void **state)
{
    struct err e;
    (void)state;
    for (int32_t d = day_of("2022-01-01"); d < day_of("2027-11-30"); d++) {
        int32_t before = d, at;
        for (int n = 1; n <= 10; n++, before = at) {
            assert_true(calendar_add(cal, d, n, &at, &e));
            assert_true(at > before && calendar_is_working(cal, at));
            for (int32_t between = before + 1; between < at; between++)
                assert_false(calendar_is_working(cal, between));
        }
    }
}

static void test_missing_year(void **state)
{
    int64_t due = -5;
    struct err e = {0};
    (void)state;
    assert_false(calendar_due(cal, date_start_ms(day_of("2027-12-30"), 180), 3, 180, &due, &e));
    assert_int_equal(e.cls, ERR_INPUT);
    assert_non_null(strstr(e.text, "2028"));
    assert_int_equal(due, -5);
    assert_false(calendar_due(cal, INT64_MAX, 3, 180, &due, &e));
    assert_false(calendar_due(cal, INT64_MIN, 3, 180, &due, &e));
}

static void ask_unknown_year(void)
{
    struct calendar *c = calendar_new();
    calendar_is_working(c, 0);
    calendar_free(c);
}

static void test_unknown_year_is_a_bug(void **state)
{
    (void)state;
    assert_true(aborts(ask_unknown_year));
}

static bool load_text(const char *text, struct err *e)
{
    struct calendar *c = calendar_new();
    FILE *f = fmemopen((void *)text, strlen(text), "r");
    bool ok = calendar_load_stream(c, f, "x.ini", e);
    fclose(f);
    calendar_free(c);
    return ok;
}

static void test_bad_files(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[year]\nnumber = 2030\nworking_days = 261\n", NULL}, /* weekends alone */
        {"[year]\nnumber = 2030\nworking_days = 260\n", "x.ini: 261 working days, but working_days = 260"},
        {"[year]\nnumber = 2030\nworking_days = 260\n[days_off]\n01 = 1\n", NULL},
        {"[year]\nnumber = 1999\n", "x.ini:2: "},
        {"[year]\nnumber = 2030\nnumber = 2031\n", "x.ini:3: number stands twice"},
        {"[year]\nnumber = 2030\ncolour = red\n", "x.ini:3: unknown key 'colour'"},
        {"[year]\nnumber = 2030\n[feasts]\n01 = 1\n", "x.ini:4: unknown section [feasts]"},
        {"[days_off]\n01 = 1\n", "x.ini:2: [year] number"},
        {"[year]\nnumber = 2030\n[days_off]\n13 = 1\n", "x.ini:4: key is the number of a month"},
        {"[year]\nnumber = 2030\n[days_off]\n02 = 29\n", "x.ini:4: there is no day 29 in month 2"},
        {"[year]\nnumber = 2030\n[days_off]\n01 = 1 1\n", "x.ini:4: day 1 of month 1 is named twice"},
        {"[year]\nnumber = 2030\n[days_off]\n01 = 1 x\n", "x.ini:4: 'x' is no day"},
        {"[year]\nnumber = 2030\n[days_off]\n01 = 5\n", "x.ini:4: day 5 of month 1 is a weekend"},
        {"[year]\nnumber = 2030\n[working_weekends]\n01 = 1\n", "x.ini:4: day 1 of month 1 is no weekend"},
        {"[year]\nnumber = 2030\nworking_days = 260\n[days_off]\n01 = 1\n[shortened]\n01 = 1\n", "shortened but off"},
        {"[year]\nnumber 2030\n", "x.ini:2: neither"},
        {"", "x.ini: no year"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct err e = {0};
        bool ok = *rows[i].text ? load_text(rows[i].text, &e) : load_text("; nothing\n", &e);
        assert_int_equal(ok, rows[i].says == NULL);
        if (!ok) {
            assert_int_equal(e.cls, ERR_INPUT);
            if (!strstr(e.text, rows[i].says))
                fail_msg("%s", e.text);
        }
    }
}

static void test_long_line(void **state)
{
    char text[6000] = "[year]\nnumber = 2030\n; ";
    struct err e = {0};
    (void)state;
    memset(text + strlen(text), 'x', 5000);
    assert_false(load_text(text, &e));
    assert_non_null(strstr(e.text, "x.ini:3: line too long"));
}

static void test_folders(void **state)
{
    struct calendar *c = NULL;
    struct err e = {0};
    char path[] = "/tmp/clinic-calendar-XXXXXX";
    (void)state;
    assert_false(calendar_load_dir("/nonexistent/calendar", &c, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    assert_non_null(mkdtemp(path));
    assert_false(calendar_load_dir(path, &c, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    rmdir(path);
    assert_false(calendar_load_file(cal, SOURCE_DIR "/deploy/calendar/2026.ini", &e)); /* there already */
    assert_non_null(strstr(e.text, "year 2026 is there already"));
    assert_null(c);
}

/* The term of an application by its channel and the region's kind of days (C-04). */
static void test_term(void **state)
{
    struct rulesets *sets = rules_from("[federal]\nversion = 1\n[X : federal]\nversion = 1\nregion = 01\n"
                                       "sla.online.wd = 2\nsla.in_person.target_wd = 5\n"
                                       "sla.day_kind@2026-07-01 = CALENDAR\n");
    const struct ruleset *r = ruleset_find(sets, "X");
    static const struct {
        const char *day;
        enum channel_kind channel;
        const char *due;
    } rows[] = {
        {"2026-06-11", CHANNEL_MOSRU, "2026-06-16"},    {"2026-06-11", CHANNEL_IN_PERSON, "2026-06-19"},
        {"2026-06-11", CHANNEL_EMAIL, "2026-06-16"},    {"2026-07-03", CHANNEL_MOSRU, "2026-07-05"},
        {"2026-07-03", CHANNEL_IN_PERSON, "2026-07-08"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rule_ctx at = rules_on(r, rows[i].day, rows[i].channel, PB_PROFILE(CHILD));
        int64_t due = 0;
        struct err e;
        assert_true(term_due(&at, cal, date_start_ms(at.day, 180) + 1, &due, &e));
        assert_int_equal(due, date_end_ms(day_of(rows[i].due), 180));
    }
    rulesets_free(sets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines),    cmocka_unit_test(test_day_of_receipt_is_local),
        cmocka_unit_test(test_year_sums),    cmocka_unit_test(test_single_days),
        cmocka_unit_test(test_missing_year), cmocka_unit_test(test_terms_step_by_working_days),
        cmocka_unit_test(test_bad_files),    cmocka_unit_test(test_unknown_year_is_a_bug),
        cmocka_unit_test(test_long_line),    cmocka_unit_test(test_folders),
        cmocka_unit_test(test_term),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
