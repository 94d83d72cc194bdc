/* Templates: places, sections, escaping, and what is refused at load; and the real texts of deploy/templates. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sender/sms_text.h"
#include "texts.h"

static const char *const names[] = {"a", "b", NULL};

static char *rendered(struct arena *mem, const char *text, const char *a, const char *b, enum template_escape escape)
{
    struct template *t;
    struct err e = {0};
    const char *const values[] = {a, b};
    if (!template_parse(text, names, "here", &t, &e))
        fail_msg("%s", e.text);
    char *out = template_render(t, values, escape, mem);
    template_free(t);
    return out;
}

static void rendering(void **state)
{
    static const struct {
        const char *text, *a, *b, *out;
        enum template_escape escape;
    } rows[] = {
        {"{{a}}-{{b}}", "1", "2", "1-2", TEMPLATE_TEXT},
        {"{{a}}{{a}}", "x", NULL, "xx", TEMPLATE_TEXT},
        {"no places { } }}", "1", "2", "no places { } }}", TEMPLATE_TEXT},
        {"{{#a}}yes {{a}}{{/a}}.", "1", "", "yes 1.", TEMPLATE_TEXT},
        {"{{#a}}yes {{a}}{{/a}}.", "", "", ".", TEMPLATE_TEXT},
        {"{{#a}}{{#b}}both{{/b}}{{/a}}", "1", "2", "both", TEMPLATE_TEXT},
        {"{{#a}}{{#b}}both{{/b}}{{/a}}", "1", "", "", TEMPLATE_TEXT},
        {"x\n{{#a}}\nline {{a}}\n{{/a}}\ny\n", "1", "", "x\nline 1\ny\n", TEMPLATE_TEXT},
        {"x\n{{#a}}\nline {{a}}\n{{/a}}\ny\n", "", "", "x\ny\n", TEMPLATE_TEXT},
        {"{{a}}", "l1\nl2\r\x01", "", "l1\nl2  ", TEMPLATE_TEXT},
        {"{{a}}", "l1\nl2", "", "l1 l2", TEMPLATE_LINE},
        {"{\"t\":\"{{a}}\"}", "\"\\\n\x01я", "", "{\"t\":\"\\\"\\\\\\n\\u0001я\"}", TEMPLATE_JSON},
        {"t={{a}}", "a b&c=я", "", "t=a%20b%26c%3D%D1%8F", TEMPLATE_FORM},
        {"{{a}}", "{{b}}", "never", "{{b}}", TEMPLATE_TEXT},
    };
    struct arena *mem = arena_new(1 << 20, 1 << 16);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(rendered(mem, rows[i].text, rows[i].a, rows[i].b, rows[i].escape), rows[i].out);
    arena_free(mem);
}

static void mistakes_are_found_at_load_with_their_line(void **state)
{
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"ok\n{{c}}", "here:2"},        {"{{a}", "here:1"},          {"{{ a }}", "here:1"},
        {"\n\n{{#a}}", "here:3"},       {"{{/a}}", "here:1"},        {"{{#a}}{{#b}}{{/a}}{{/b}}", "here:1"},
        {"{{}}", "here:1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct template *t;
        struct err e = {0};
        assert_false(template_parse(rows[i].text, names, "here", &t, &e));
        assert_int_equal(e.cls, ERR_INPUT);
        assert_non_null(strstr(e.text, rows[i].place));
    }
}

static void every_notice_has_its_text(void **state)
{
    struct texts *t;
    struct err e = {0};
    (void)state;
    if (!texts_load(SOURCE_DIR "/deploy/templates", "ru", &t, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < notice_rows_n; i++)
        assert_non_null(texts_find(t, notice_rows[i].milestone, notice_rows[i].channel));
    assert_string_equal(texts_word(t, "PROFILE_CHILD"), "детская поликлиника");
    assert_string_equal(texts_word(t, "NO_SUCH_WORD"), "");
    texts_free(t);
}

/* An SMS with a number and a date of usual length is one SMS: two cost twice and come apart. */
static void an_sms_is_one_sms(void **state)
{
    struct texts *t;
    struct err e = {0};
    const char *values[NOTICE_VALUE_N];
    struct arena *mem = arena_new(1 << 20, 1 << 16);
    (void)state;
    assert_true(texts_load(SOURCE_DIR "/deploy/templates", "ru", &t, &e));
    for (size_t i = 0; i < NOTICE_VALUE_N; i++)
        values[i] = "22.09.2026";
    values[VALUE_clinic_short] = ""; /* left out where it does not fit */
    for (size_t i = 0; i < notice_rows_n; i++)
        if (notice_rows[i].channel == PB_CHANNEL(SMS)) {
            char *text = template_render(texts_find(t, notice_rows[i].milestone, PB_CHANNEL(SMS))->body, values,
                                         TEMPLATE_LINE, mem);
            text[strlen(text) - 1] = '\0'; /* the line end of the file */
            assert_int_equal(sms_parts(text), 1);
        }
    texts_free(t);
    arena_free(mem);
}

/* A copy of the texts with one file replaced; false and the error of the load are wanted. */
static void expect_refused(const char *file, const char *content, const char *said)
{
    char dir[] = "/tmp/clinic-texts-XXXXXX", command[512], path[512];
    struct texts *t;
    struct err e = {0};
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof command, "cp -r %s/deploy/templates/ru %s/ru", SOURCE_DIR, dir);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/ru/%s", dir, file);
    unlink(path);
    if (content) {
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        fputs(content, f);
        fclose(f);
    }
    bool loaded = texts_load(dir, "ru", &t, &e);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
    assert_false(loaded);
    assert_non_null(strstr(e.text, file));
    assert_non_null(strstr(e.text, said));
}

static void broken_texts_stop_the_start(void **state)
{
    (void)state;
    expect_refused("N-06.sms.txt", NULL, "cannot be opened");
    expect_refused("N-06.sms.txt", "no head", "version");
    expect_refused("N-06.email.txt", "version: 1\n---\ntext\n", "subject");
    expect_refused("N-06.sms.txt", "version: 1\n---\n{{nobody}}\n", "unknown name");
    expect_refused("N-06.sms.txt", "version: 1\n---\n{{salutation}}\n", "e-mail only");
    expect_refused("N-06.account.txt", "version: 1\n---\n{{salutation}}\n", "e-mail only");
    expect_refused("words.txt", "PROFILE_CHILD = x\n", "no name for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rendering),
        cmocka_unit_test(mistakes_are_found_at_load_with_their_line),
        cmocka_unit_test(every_notice_has_its_text),
        cmocka_unit_test(an_sms_is_one_sms),
        cmocka_unit_test(broken_texts_stop_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
