/* Names, phones, e-mail: what compares equal and what is refused. */
#include "domain/contact.h"
#include "domain/letter.h"
#include "domain/name.h"
#include "tests/unit/help.h"

static struct arena *mem;

static int setup(void **state)
{
    (void)state;
    mem = arena_new(1 << 20, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static void test_name_normal(void **state)
{
    static const char *const rows[][2] = {
        {"Иванов", "иванов"},
        {"СЕМЁН", "семен"},
        {"Семе\xcc\x88н", "семен"},                   /* е and a combining diaeresis */
        {"Андреи\xcc\x86", "андрей"},                  /* и and a combining breve */
        {"Салтыков - Щедрин", "салтыков щедрин"},
        {"Салтыков—Щедрин", "салтыков щедрин"},
        {"  Анна   Мария ", "анна мария"},
        {"Иванoвa", "иванова"},                        /* Latin o and a */
        {"HИHА", "нина"},                              /* Latin H twice */
        {"Д'Артаньян", "дартаньян"},
        {"O'Neil", "oneil"},                           /* a Latin word stays Latin */
        {"Smith Иванов", "smith иванов"},
        {"Ｉｖａｎ", "ivan"},                          /* full width */
        {"STRASSE", "strasse"},
        {"Straße", "strasse"},
        {"", ""},
        {" - ", ""},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        const char *got = NULL, *again = NULL;
        struct err e;
        assert_true(name_normal(rows[i][0], mem, &got, &e));
        assert_string_equal(got, rows[i][1]);
        assert_true(name_normal(got, mem, &again, &e)); /* a normal form is its own normal form */
        assert_string_equal(again, got);
    }
}

/* Signs of the plain kind, and what lies beside them, fold as the library folds them: a soft hyphen, which folding drops,
 * makes a name one that the library has to look at. */
static void test_plain_names(void **state)
{
    static const int32_t ranges[][2] = {{0x20, 0x7f}, {0x3ff, 0x403}, {0x40e, 0x453}, {0x300, 0x309}};
    int32_t all[400];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < N(ranges); i++)
        for (int32_t c = ranges[i][0]; c <= ranges[i][1]; c++)
            all[n++] = c;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            char plain[16] = "", library[20] = "";
            size_t len = 0;
            const char *got = NULL, *want = NULL;
            struct err e;
            assert_true(letter_put(plain, sizeof plain, &len, all[a]) && letter_put(plain, sizeof plain, &len, all[b]));
            snprintf(library, sizeof library, "%s\xc2\xad", plain);
            assert_true(name_normal(plain, mem, &got, &e) && name_normal(library, mem, &want, &e));
            assert_string_equal(got, want);
            arena_reset(mem);
        }
}

static void test_name_errors(void **state)
{
    const char *got = "kept";
    struct err e = {0};
    char longest[NAME_MAX_BYTES + 2];
    (void)state;
    assert_false(name_normal("\xff\xfe", mem, &got, &e));
    assert_int_equal(e.cls, ERR_INPUT);
    assert_false(name_normal("Иван\xd0", mem, &got, &e));
    memset(longest, 'a', sizeof longest - 1);
    longest[NAME_MAX_BYTES + 1] = '\0';
    assert_false(name_normal(longest, mem, &got, &e));
    assert_string_equal(got, "kept");
    longest[NAME_MAX_BYTES] = '\0';
    assert_true(name_normal(longest, mem, &got, &e));
    assert_false(name_holder("Иванов", "\xff", "", mem, &got, &e));
    assert_true(name_holder("ИВАНОВ", "Пётр", "", mem, &got, &e));
    assert_string_equal(got, "иванов|петр|");
}

static void test_name_ok(void **state)
{
    static const char *const good[] = {"Иванов", "Салтыков-Щедрин", "д'Артаньян", "Smith", "Мария Анна", "Ө", "Семе\xcc\x88н", "И."};
    static const char *const bad[] = {"", " ", "-", "Иванов1", "Иванов;", "<b>", "И\nван", "И\xff", "№", "123"};
    (void)state;
    for (size_t i = 0; i < N(good); i++)
        assert_true(name_ok(good[i]));
    for (size_t i = 0; i < N(bad); i++)
        assert_false(name_ok(bad[i]));
    assert_true(utf8_ok("г. Учебный, д. 5 — корп. 2"));
    assert_false(utf8_ok("a\tb"));
    assert_false(utf8_ok("\xc0\x80"));
    assert_false(utf8_ok("\xed\xa0\x80")); /* a surrogate */
    assert_false(utf8_ok("\xc2\x85"));     /* a C1 control */
}

static void test_phone(void **state)
{
    static const char *const good[] = {"+79991234567",      "79991234567",    "89991234567",   "9991234567",
                                       "+7 (999) 123-45-67", "8 999 123 45 67", "8(999)123-45-67"};
    static const char *const bad[] = {"", "+", "+7999123456", "+799912345678", "+89991234567", "+9991234567", "19991234567",
                                      "999123456", "+7999123456a", "+7999+1234567", "7.999.123.45.67", "٧٩٩٩١٢٣٤٥٦٧"};
    char got[PHONE_LEN + 1];
    (void)state;
    for (size_t i = 0; i < N(good); i++) {
        assert_true(phone_normal(good[i], got));
        assert_string_equal(got, "+79991234567");
    }
    strcpy(got, "kept");
    for (size_t i = 0; i < N(bad); i++)
        if (phone_normal(bad[i], got))
            fail_msg("taken: %s", bad[i]);
    assert_string_equal(got, "kept");
}

static void test_email(void **state)
{
    static const char *const good[] = {"a@b.ru", "first.last+tag@mail.example.org", "x_1@a-b.co", "o'hara@example.com", "a@xn--80asehdb.xn--p1ai"};
    static const char *const bad[] = {"", "a", "@b.ru", "a@", "a@b", "a@@b.ru", "a b@c.ru", ".a@b.ru", "a.@b.ru", "a..b@c.ru",
                                      "a@-b.ru", "a@b-.ru", "a@b..ru", "a@b.ru.", "a@b.1", "a\r\nb@c.ru", "a@b.ru\nBcc: x@y.ru",
                                      "почта@пример.рф", "a@b,c.ru", "<a@b.ru>"};
    char local[80];
    (void)state;
    for (size_t i = 0; i < N(good); i++)
        assert_true(email_ok(good[i]));
    for (size_t i = 0; i < N(bad); i++)
        if (email_ok(bad[i]))
            fail_msg("taken: %s", bad[i]);
    memset(local, 'a', 64);
    strcpy(local + 64, "@b.ru");
    assert_true(email_ok(local));
    memset(local, 'a', 65);
    strcpy(local + 65, "@b.ru");
    assert_false(email_ok(local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_normal), cmocka_unit_test(test_plain_names), cmocka_unit_test(test_name_errors),
        cmocka_unit_test(test_name_ok),     cmocka_unit_test(test_phone),       cmocka_unit_test(test_email),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
