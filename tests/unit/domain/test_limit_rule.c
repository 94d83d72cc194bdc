/* The frequency limit: windows at their edges, exemptions, proof of a move (R-030 to R-038, C-01 to C-03, C-27). */
#include "domain/limit.h"
#include "tests/unit/domain/sample.h"

#define ADULT PB_PROFILE(ADULT_THERAPEUTIC)
enum { CHANGES_MAX = 8 };

struct ledger {
    PB(CountedChange) rows[CHANGES_MAX];
    PB(CountedChange) *list[CHANGES_MAX];
    size_t n;
};

/* A change at a local time of a day, Moscow time. */
static void change_at(struct ledger *l, const char *day, int minutes, PB(Profile) p)
{
    struct date d;
    PB(CountedChange) *c = l->list[l->n] = &l->rows[l->n];
    assert_true(date_parse(day, &d));
    clinic__attach__v1__counted_change__init(c);
    c->profile = p;
    c->at_s = (uint32_t)(date_start_ms(date_days(d), 180) / 1000 + minutes * 60);
    l->n++;
}

static struct rulesets *rules_with(const char *lines)
{
    char text[512];
    snprintf(text, sizeof text, "[federal]\nversion = 1\n%s", lines);
    return rules_from(text);
}

static struct limit_result check(const struct rulesets *sets, const struct ledger *l, const char *day, struct limit_ask ask)
{
    struct rule_ctx at = rules_on(ruleset_federal(sets), day, CHANNEL_NONE, 0);
    if (!ask.profile)
        ask.profile = ADULT;
    return limit_check(&at, l->list, l->n, &ask);
}

/* One change, asked on a day; "" = allowed, else the next allowed day. */
static void test_windows(void **state)
{
    static const struct {
        const char *window, *change, *day, *next;
    } rows[] = {
        {"CALENDAR_YEAR", "2026-03-10", "2026-03-10", "2027-01-01"},  {"CALENDAR_YEAR", "2026-03-10", "2026-12-31", "2027-01-01"},
        {"CALENDAR_YEAR", "2026-03-10", "2027-01-01", ""},            {"CALENDAR_YEAR", "2025-12-31", "2026-01-01", ""},
        {"CALENDAR_YEAR", "2026-01-01", "2026-12-31", "2027-01-01"},  {"CALENDAR_MONTH", "2026-05-05", "2026-05-20", "2026-06-01"},
        {"CALENDAR_MONTH", "2026-05-05", "2026-06-01", ""},           {"CALENDAR_MONTH", "2026-12-31", "2026-12-31", "2027-01-01"},
        {"CALENDAR_MONTH", "2026-12-31", "2027-01-01", ""},           {"CALENDAR_MONTH", "2026-01-31", "2026-02-01", ""},
        {"ROLLING_12M", "2026-03-10", "2027-03-09", "2027-03-10"},    {"ROLLING_12M", "2026-03-10", "2027-03-10", ""},
        {"ROLLING_12M", "2024-02-29", "2025-02-27", "2025-02-28"},    {"ROLLING_12M", "2024-02-29", "2025-02-28", ""},
        {"ROLLING_30D", "2026-05-05", "2026-06-03", "2026-06-04"},    {"ROLLING_30D", "2026-05-05", "2026-06-04", ""},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++)
        for (int minutes = 0; minutes < 1440; minutes += 1439) { /* the first and the last minute of the local day */
            char line[64];
            struct ledger l = {.n = 0};
            snprintf(line, sizeof line, "limit.window = %s\n", rows[i].window);
            struct rulesets *sets = rules_with(line);
            change_at(&l, rows[i].change, minutes, ADULT);
            struct limit_result r = check(sets, &l, rows[i].day, (struct limit_ask){.reason = PB_CHANGE(WISH)});
            assert_int_equal(r.verdict, *rows[i].next ? LIMIT_REACHED : LIMIT_COUNTED);
            assert_int_equal(r.finding.id, *rows[i].next ? REASON_CHANGE_LIMIT_REACHED : REASON_NONE);
            assert_string_equal(r.finding.detail, rows[i].next);
            rulesets_free(sets);
        }
}

/* The day that is promised is allowed, and the day before is not: for every window, count and many ledgers. */
static void test_next_allowed_is_the_first(void **state)
{
    static const char *const windows[] = {"CALENDAR_YEAR", "CALENDAR_MONTH", "ROLLING_12M", "ROLLING_30D"};
    uint32_t seed = 7;
    (void)state;
    for (size_t w = 0; w < N(windows); w++)
        for (int count = 1; count <= 3; count++) {
            char line[96], day[11];
            snprintf(line, sizeof line, "limit.window = %s\nlimit.count = %d\n", windows[w], count);
            struct rulesets *sets = rules_with(line);
            for (int round = 0; round < 200; round++) {
                struct ledger l = {.n = 0};
                int32_t today = date_days((struct date){2026, 6, 15}) + (int32_t)((seed = seed * 1664525 + 1013904223) >> 8) % 300;
                while (l.n < (seed >> 20) % CHANGES_MAX) {
                    seed = seed * 1664525 + 1013904223;
                    date_print(date_of_days(today - (int32_t)((seed >> 8) % 400)), day);
                    change_at(&l, day, (int)(seed % 1440), ADULT);
                }
                date_print(date_of_days(today), day);
                struct limit_result r = check(sets, &l, day, (struct limit_ask){0});
                if (r.verdict == LIMIT_COUNTED)
                    continue;
                assert_int_equal(r.verdict, LIMIT_REACHED);
                assert_true(l.n >= (size_t)count);
                date_print(r.next_allowed, day);
                assert_string_equal(r.finding.detail, day);
                assert_int_equal(check(sets, &l, day, (struct limit_ask){0}).verdict, LIMIT_COUNTED);
                date_print(date_of_days(date_days(r.next_allowed) - 1), day);
                assert_int_equal(check(sets, &l, day, (struct limit_ask){0}).verdict, LIMIT_REACHED);
            }
            rulesets_free(sets);
        }
}

static void test_count(void **state)
{
    struct rulesets *two = rules_with("limit.count = 2\n"), *none = rules_with("limit.count = 0\n");
    struct ledger l = {.n = 0};
    (void)state;
    change_at(&l, "2026-02-01", 0, ADULT);
    assert_int_equal(check(two, &l, "2026-05-01", (struct limit_ask){0}).verdict, LIMIT_COUNTED);
    change_at(&l, "2026-03-01", 0, ADULT);
    assert_int_equal(check(two, &l, "2026-05-01", (struct limit_ask){0}).verdict, LIMIT_REACHED);
    assert_int_equal(check(none, &l, "2026-05-01", (struct limit_ask){0}).verdict, LIMIT_COUNTED);
    rulesets_free(two);
    rulesets_free(none);
}

static void test_profiles(void **state)
{
    struct rulesets *each = rules_with("limit.profile.antenatal.exempt = 1\n"), *together = rules_with("limit.per_profile = 0\n");
    struct ledger l = {.n = 0};
    const struct limit_ask dental = {.profile = PB_PROFILE(ADULT_DENTAL)}, antenatal = {.profile = PB_PROFILE(ANTENATAL)};
    (void)state;
    change_at(&l, "2026-02-01", 0, ADULT);
    change_at(&l, "2026-02-01", 0, PB_PROFILE(ANTENATAL));
    assert_int_equal(check(each, &l, "2026-05-01", (struct limit_ask){0}).verdict, LIMIT_REACHED);
    assert_int_equal(check(each, &l, "2026-05-01", dental).verdict, LIMIT_COUNTED);
    assert_int_equal(check(each, &l, "2026-05-01", antenatal).verdict, LIMIT_EXEMPT);
    assert_int_equal(check(together, &l, "2026-05-01", dental).verdict, LIMIT_REACHED);
    assert_int_equal(check(together, &l, "2026-05-01", antenatal).verdict, LIMIT_REACHED);
    rulesets_free(each);
    rulesets_free(together);
}

#define MOVED .reason = PB_CHANGE(MOVED)
#define STAY  .reason = PB_CHANGE(STAY_CHANGED)
/* Reason, proof, exempt list and proof rule: verdict without and with the limit hit. */
static void test_moves(void **state)
{
    static const struct {
        const char *rules;
        struct limit_ask ask;
        enum limit_verdict free, hit;
    } rows[] = {
        {"", {.reason = PB_CHANGE(WISH), .has_move_proof = true}, LIMIT_COUNTED, LIMIT_REACHED},
        {"", {.reason = PB_CHANGE(UNSPECIFIED)}, LIMIT_COUNTED, LIMIT_REACHED},
        {"", {MOVED, .has_move_proof = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"", {STAY, .has_move_proof = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"", {MOVED}, LIMIT_COUNTED, LIMIT_PROOF_REQUIRED},
        {"", {STAY}, LIMIT_COUNTED, LIMIT_PROOF_REQUIRED},
        {"move.proof = ALWAYS\n", {MOVED}, LIMIT_PROOF_REQUIRED, LIMIT_PROOF_REQUIRED},
        {"move.proof = ALWAYS\n", {MOVED, .has_move_proof = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"move.proof = NEVER\n", {MOVED}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"limit.exempt = RESIDENCE\n", {STAY, .has_move_proof = true}, LIMIT_COUNTED, LIMIT_REACHED},
        {"limit.exempt = STAY\n", {MOVED, .has_move_proof = true}, LIMIT_COUNTED, LIMIT_REACHED},
        {"limit.exempt =\n", {MOVED, .has_move_proof = true}, LIMIT_COUNTED, LIMIT_REACHED},
        {"limit.exempt = TOWN\n", {MOVED, .has_move_proof = true}, LIMIT_COUNTED, LIMIT_REACHED},
        {"limit.exempt = TOWN\n", {MOVED, .has_move_proof = true, .another_town = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"", {.reason = PB_CHANGE(CHILD_GREW)}, LIMIT_COUNTED, LIMIT_REACHED}, /* only said so */
        {"", {.reason = PB_CHANGE(CHILD_GREW), .reason_confirmed = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"", {.reason = PB_CHANGE(NEW_PERIOD), .reason_confirmed = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"", {.reason = PB_CHANGE(CLINIC_CLOSED), .reason_confirmed = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
        {"", {.reason = PB_CHANGE(WISH), .reason_confirmed = true}, LIMIT_COUNTED, LIMIT_REACHED},
        {"", {.first = true}, LIMIT_EXEMPT, LIMIT_EXEMPT},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rulesets *sets = rules_with(rows[i].rules);
        struct ledger none = {.n = 0}, one = {.n = 0};
        change_at(&one, "2026-03-10", 600, ADULT);
        assert_int_equal(check(sets, &none, "2026-07-01", rows[i].ask).verdict, rows[i].free);
        struct limit_result r = check(sets, &one, "2026-07-01", rows[i].ask);
        assert_int_equal(r.verdict, rows[i].hit);
        assert_int_equal(r.finding.id, r.verdict == LIMIT_REACHED          ? REASON_CHANGE_LIMIT_REACHED
                                       : r.verdict == LIMIT_PROOF_REQUIRED ? REASON_MOVE_PROOF_REQUIRED
                                                                           : REASON_NONE);
        rulesets_free(sets);
    }
}

/* What is forgotten can never be the ground of a refusal, under any window and on any later day. */
static void test_stale(void **state)
{
    static const char *const windows[] = {"CALENDAR_YEAR", "CALENDAR_MONTH", "ROLLING_12M", "ROLLING_30D"};
    (void)state;
    for (size_t w = 0; w < N(windows); w++) {
        char line[64], day[11];
        struct ledger l = {.n = 0};
        snprintf(line, sizeof line, "limit.window = %s\n", windows[w]);
        struct rulesets *sets = rules_with(line);
        change_at(&l, "2026-03-10", 1439, ADULT);
        int stale_n = 0;
        for (int32_t d = date_days((struct date){2026, 3, 10}); d < date_days((struct date){2027, 12, 31}); d++) {
            date_print(date_of_days(d), day);
            struct rule_ctx at = rules_on(ruleset_federal(sets), day, CHANNEL_NONE, 0);
            bool stale = limit_is_stale(&at, l.list[0]);
            stale_n += stale;
            if (stale)
                assert_int_equal(check(sets, &l, day, (struct limit_ask){0}).verdict, LIMIT_COUNTED);
        }
        assert_true(stale_n > 200);
        rulesets_free(sets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows), cmocka_unit_test(test_next_allowed_is_the_first), cmocka_unit_test(test_count),
        cmocka_unit_test(test_profiles), cmocka_unit_test(test_moves), cmocka_unit_test(test_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
