/* Segmentation of SMS: alphabets, limits, headers, characters that must not be split. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "sender/sms_text.h"

static char text[8192];

static const char *repeat(const char *what, size_t n)
{
    size_t len = strlen(what);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, what, len);
    text[n * len] = '\0';
    return text;
}

static void alphabets_and_limits(void **state)
{
    static const struct {
        const char *character;
        size_t n;
        bool ucs2;
        size_t parts;
    } rows[] = {
        {"a", 1, false, 1},   {"a", 160, false, 1}, {"a", 161, false, 2}, {"a", 306, false, 2}, {"a", 307, false, 3},
        {"я", 1, true, 1},    {"я", 70, true, 1},   {"я", 71, true, 2},   {"я", 134, true, 2},  {"я", 135, true, 3},
        {"я", 201, true, 3},  {"я", 670, true, 10}, {"я", 671, true, SMS_PARTS_MAX + 1},
        {"^", 80, false, 1},  {"^", 81, false, 2},  {"€", 80, false, 1},  {"€", 81, false, 2},
        {"😀", 35, true, 1},  {"😀", 36, true, 2},  {"«", 1, true, 1},    {"№", 1, true, 1},    {"—", 1, true, 1},
        {"ё", 1, true, 1},    {"é", 160, false, 1}, {"@", 160, false, 1}, {"\n", 160, false, 1}, {"`", 1, true, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sms s;
        sms_split(repeat(rows[i].character, rows[i].n), 7, &s);
        assert_int_equal(s.ucs2, rows[i].ucs2);
        assert_int_equal(sms_parts(text), rows[i].parts);
    }
}

static void one_cyrillic_letter_turns_all_into_ucs2(void **state)
{
    struct sms s;
    (void)state;
    char mixed[200];
    memset(mixed, 'a', 100);
    strcpy(mixed + 100, "я");
    sms_split(mixed, 0, &s);
    assert_true(s.ucs2);
    assert_int_equal(s.parts_n, 2);
}

static void octets_of_the_alphabet(void **state)
{
    struct sms s;
    (void)state;
    assert_true(sms_split("@$a[€", 0, &s));
    assert_int_equal(s.parts[0].n, 7);
    assert_memory_equal(s.parts[0].octets, "\x00\x02"
                                           "a\x1b\x3c\x1b\x65", 7);
    assert_true(sms_split("яЁ", 0, &s));
    assert_memory_equal(s.parts[0].octets, "\x04\x4f\x04\x01", 4);
}

static void headers_number_the_parts(void **state)
{
    struct sms s;
    (void)state;
    assert_true(sms_split(repeat("я", 200), 0xab, &s));
    assert_true(s.udh);
    for (size_t i = 0; i < s.parts_n; i++) {
        const uint8_t want[] = {5, 0, 3, 0xab, 3, (uint8_t)(i + 1)};
        assert_memory_equal(s.parts[i].octets, want, sizeof want);
        assert_true(s.parts[i].n <= 140);
    }
    assert_true(sms_split("short", 0xab, &s));
    assert_false(s.udh);
}

static void an_escaped_pair_is_not_split(void **state)
{
    struct sms s;
    (void)state;
    repeat("a", 152);
    strcat(text, "€");
    strcat(text, "aaaaaaaaaa");
    assert_true(sms_split(text, 0, &s));
    assert_int_equal(s.parts_n, 2);
    assert_int_equal(s.parts[0].n, 6 + 152);
    assert_int_equal(s.parts[1].octets[6], 0x1b);
}

static void a_surrogate_pair_is_not_split(void **state)
{
    struct sms s;
    (void)state;
    repeat("я", 66);
    strcat(text, "😀");
    strcat(text, "яяяяя");
    assert_true(sms_split(text, 0, &s));
    assert_int_equal(s.parts_n, 2);
    assert_int_equal(s.parts[0].n, 6 + 66 * 2);
    assert_int_equal(s.parts[1].octets[6], 0xd8);
}

static void what_is_not_utf8_becomes_a_question_mark(void **state)
{
    static const char *const broken[] = {"\xff", "\xc3", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf8\x88\x80\x80"};
    struct sms s;
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_true(sms_split(broken[i], 0, &s));
        assert_false(s.ucs2);
        assert_int_equal(s.parts[0].octets[0], '?');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alphabets_and_limits),
        cmocka_unit_test(one_cyrillic_letter_turns_all_into_ucs2),
        cmocka_unit_test(octets_of_the_alphabet),
        cmocka_unit_test(headers_number_the_parts),
        cmocka_unit_test(an_escaped_pair_is_not_split),
        cmocka_unit_test(a_surrogate_pair_is_not_split),
        cmocka_unit_test(what_is_not_utf8_becomes_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
