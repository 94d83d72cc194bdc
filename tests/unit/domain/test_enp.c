/* ENP: check digit, decoding, and what is made always decodes back. */
#include "domain/enp.h"
#include "tests/unit/help.h"

#define M PB_SEX(MALE)
#define F PB_SEX(FEMALE)

static const struct {
    const char *enp;
    int region;
    struct date birth;
    PB(Sex) sex;
    unsigned serial;
} good[] = {
    {"9967940868000018", 99, {1950, 12, 31}, F, 1},  {"9958840898000015", 99, {1951, 1, 1}, F, 1},
    {"9967940818000027", 99, {1950, 12, 31}, M, 2},  {"9956510844000441", 99, {1984, 3, 5}, M, 44},
    {"9947999718000037", 99, {2000, 12, 31}, M, 3},  {"9998899748000031", 99, {2001, 1, 1}, M, 3},
    {"9998899798000048", 99, {2001, 1, 1}, F, 4},    {"9997579770000056", 99, {2024, 2, 29}, F, 5},
    {"9969970818000063", 99, {1920, 10, 31}, M, 6},  {"9949000898999995", 99, {1999, 10, 1}, F, 99999},
    {"7752900884000007", 77, {1990, 7, 15}, F, 0},   {"5048420840000007", 50, {1975, 11, 9}, M, 0},
    {"0294389719000004", 2, {2016, 5, 30}, M, 0},    {"3473850877000000", 34, {1941, 6, 22}, F, 0},
    {"7856510844000446", 78, {1984, 3, 5}, M, 44},   {"7856130840000017", 78, {1968, 3, 9}, M, 1},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(good); i++) {
        struct enp_facts f;
        char made[17];
        assert_true(enp_valid(good[i].enp));
        assert_true(enp_decode(good[i].enp, &f));
        assert_int_equal(f.region, good[i].region);
        assert_int_equal(date_cmp(f.birth, good[i].birth), 0);
        assert_int_equal(f.sex, good[i].sex);
        assert_int_equal(f.serial, good[i].serial);
        enp_make(good[i].region, good[i].birth, good[i].sex, good[i].serial, made);
        assert_string_equal(made, good[i].enp);
    }
}

static void test_invalid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "9956510844000442", "7856130840000018", /* check digit + 1 */
        "9965510844000441", /* neighbours swapped */
        "995651084400044",  /* 15 digits */
        "99565108440004410", /* 17 digits */
        "995O510844000441", /* a letter */
        "٩٩56510844000441", /* digits of another script */
        "", "                ", "-956510844000441",
    };
    for (size_t i = 0; i < N(bad); i++) {
        struct enp_facts f = {.region = -7};
        assert_false(enp_valid(bad[i]));
        assert_false(enp_decode(bad[i], &f));
        assert_int_equal(f.region, -7); /* untouched */
    }
}

/* A number of another layout: good check digit, no date. It is valid all the same. */
static void test_valid_but_no_date(void **state)
{
    struct enp_facts f;
    (void)state;
    assert_true(enp_valid("8451999122899990"));
    assert_false(enp_decode("8451999122899990", &f));
}

/* The standard's own examples, put behind zeros, which add nothing to the sum. */
static void test_standard_examples(void **state)
{
    (void)state;
    assert_true(enp_valid("0000000000123455"));
    assert_true(enp_valid("0000000000004010"));
    assert_true(enp_valid("0000000000099994"));
    assert_true(enp_valid("0000000999999998"));
}

static uint32_t next(uint32_t *seed) { return *seed = *seed * 1664525u + 1013904223u, *seed >> 8; }

static void test_made_decodes_back(void **state)
{
    uint32_t seed = 20260601;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct date birth = date_of_days((int32_t)(next(&seed) % 80000) - 36500);
        PB(Sex) sex = next(&seed) % 2 ? M : F;
        unsigned serial = next(&seed) % 100000;
        int region = (int)(next(&seed) % 100);
        char enp[17];
        struct enp_facts f;
        enp_make(region, birth, sex, serial, enp);
        assert_true(enp_decode(enp, &f));
        assert_true(f.region == region && f.sex == sex && f.serial == serial && date_cmp(f.birth, birth) == 0);
    }
}

/* Every single wrong digit is seen; so is every swap of neighbours but 09 and 90. */
static void test_errors_are_seen(void **state)
{
    (void)state;
    for (int at = 0; at < 16; at++) {
        char enp[17];
        strcpy(enp, "9956510844000441");
        for (int d = 1; d < 10; d++) {
            enp[at] = (char)('0' + ("9956510844000441"[at] - '0' + d) % 10);
            assert_false(enp_valid(enp));
        }
    }
    for (size_t i = 0; i < N(good); i++)
        for (int at = 0; at < 15; at++) {
            char enp[17];
            strcpy(enp, good[i].enp);
            char a = enp[at], b = enp[at + 1];
            enp[at] = b;
            enp[at + 1] = a;
            assert_int_equal(enp_valid(enp), a == b || (a == '0' && b == '9') || (a == '9' && b == '0'));
        }
}

/* The month says the century: the same digits under another century's offset do not decode. */
static void test_month_agrees_with_year(void **state)
{
    struct enp_facts f;
    char enp[17];
    (void)state;
    enp_make(99, (struct date){1984, 3, 5}, M, 44, enp);
    enp[2] = '7'; /* month 43 becomes 23: years up to 1950 */
    for (char c = '0'; c <= '9'; c++) {
        enp[15] = c;
        assert_false(enp_decode(enp, &f));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),           cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_valid_but_no_date), cmocka_unit_test(test_standard_examples),
        cmocka_unit_test(test_made_decodes_back), cmocka_unit_test(test_errors_are_seen),
        cmocka_unit_test(test_month_agrees_with_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
