/* Letters: header fields, encoded words, body, and nobody's header but ours. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "sender/mime.h"

static struct arena *mem;

static const char *letter(const char *from_name, const char *to, const char *subject, const char *body)
{
    struct letter l = {.from_name = from_name, .from = "noreply@clinic.example", .to = to, .subject = subject,
                       .text = body, .message_id = "8e03.N-06@clinic.example", .date_ms = 1790000000000,
                       .utc_offset_min = 180};
    return mime_letter(&l, mem).p;
}

static void the_head_is_complete(void **state)
{
    (void)state;
    const char *s = letter("Clinic", "a@b.example", "Hello", "x");
    assert_non_null(strstr(s, "Date: Mon, 21 Sep 2026 17:13:20 +0300\r\n"));
    assert_non_null(strstr(s, "From: \"Clinic\" <noreply@clinic.example>\r\n"));
    assert_non_null(strstr(s, "To: <a@b.example>\r\n"));
    assert_non_null(strstr(s, "Subject: Hello\r\n"));
    assert_non_null(strstr(s, "Message-ID: <8e03.N-06@clinic.example>\r\n"));
    assert_non_null(strstr(s, "MIME-Version: 1.0\r\n"));
    assert_non_null(strstr(s, "Content-Type: text/plain; charset=UTF-8\r\n"));
    assert_non_null(strstr(s, "\r\n\r\neA==\r\n"));
}

static void the_body_is_base64_with_crlf_inside(void **state)
{
    (void)state;
    assert_non_null(strstr(letter("", "a@b.example", "x", "да\n"), "\r\n\r\n0LTQsA0K\r\n"));
    assert_non_null(strstr(letter("", "a@b.example", "x", "a\r\nb"), "\r\n\r\nYQ0KYg==\r\n"));
}

static void no_line_is_too_long(void **state)
{
    char body[3000], subject[600] = "";
    (void)state;
    memset(body, 'y', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < 40; i++)
        strcat(subject, "слово ");
    const char *s = letter("Портал прикрепления к поликлиникам", "a@b.example", subject, body);
    for (const char *line = s; *line; line = strstr(line, "\r\n") + 2)
        assert_true(strstr(line, "\r\n") - line <= 78);
}

static void words_are_encoded_by_whole_characters(void **state)
{
    (void)state;
    assert_string_equal(mime_words("plain", 9, mem), "plain");
    assert_string_equal(mime_words("да", 9, mem), "=?UTF-8?B?0LTQsA==?=");
    char *folded = mime_words("Заявление № 12-345: прикрепление оформлено успешно и окончательно", 9, mem);
    assert_non_null(strstr(folded, "?=\r\n =?UTF-8?B?"));
    for (const char *w = folded; (w = strstr(w, "=?UTF-8?B?")); w += 10)
        assert_int_equal((strstr(w, "?=") - w - 10) % 4, 0);
}

static void nobody_adds_a_header(void **state)
{
    (void)state;
    const char *s = letter("Evil\r\nBcc: x@y.example", "a@b.example\r\nBcc: z@y.example", "Hi\r\nX-Bad: 1", "x");
    assert_null(strstr(s, "\r\nBcc:"));
    assert_null(strstr(s, "\r\nX-Bad:"));
}

static int setup(void **state)
{
    (void)state;
    mem = arena_new(1 << 20, 1 << 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_is_complete),
        cmocka_unit_test(the_body_is_base64_with_crlf_inside),
        cmocka_unit_test(no_line_is_too_long),
        cmocka_unit_test(words_are_encoded_by_whole_characters),
        cmocka_unit_test(nobody_adds_a_header),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
