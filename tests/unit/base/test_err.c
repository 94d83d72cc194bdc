#include "tests/unit/help.h"
#include "base/err.h"

static void set_fills_and_returns_false(void **state)
{
    (void)state;
    struct err e = {0};
    assert_false(err_set(&e, ERR_STALE, "ST-MARK", "mark is %d", 7));
    assert_int_equal(e.cls, ERR_STALE);
    assert_string_equal(e.code, "ST-MARK");
    assert_string_equal(e.text, "mark is 7");
}

static void prefix_keeps_class_and_code(void **state)
{
    (void)state;
    struct err e = {0};
    err_set(&e, ERR_FATAL, "X", "no such file");
    assert_false(err_prefix(&e, "config %s", "a.ini"));
    assert_false(err_prefix(&e, "start"));
    assert_string_equal(e.text, "start: config a.ini: no such file");
    assert_string_equal(e.code, "X");
    assert_int_equal(e.cls, ERR_FATAL);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct err e = {0};
    char much[1100];
    memset(much, 'y', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    err_set(&e, ERR_INPUT, much, "%s", much);
    assert_int_equal(strlen(e.code), sizeof e.code - 1);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    err_prefix(&e, "head");
    assert_int_equal(strncmp(e.text, "head: yyy", 9), 0);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    err_prefix(&e, "%s", much);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void every_class_has_a_name(void **state)
{
    (void)state;
    for (int c = ERR_NONE; c <= ERR_FATAL; c++)
        assert_non_null(err_class_name((enum err_class)c));
    assert_string_equal(err_class_name(ERR_FENCED), "fenced");
}

static void break_it(void) { must(1 + 1 == 3); }

static void must_aborts(void **state)
{
    (void)state;
    assert_true(aborts(break_it));
}

static void break_it_aloud(void) { must(strcmp("a", "b") == 0); }

/* Its line is a log line like any other, and tells no folder of the machine that built it. */
static void a_broken_invariant_is_logged(void **state)
{
    (void)state;
    char line[1024] = "";
    int out[2];
    assert_int_equal(pipe(out), 0);
    int stderr_was = dup(STDERR_FILENO);
    dup2(out[1], STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        break_it_aloud();
    }
    dup2(stderr_was, STDERR_FILENO);
    close(out[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(read(out[0], line, sizeof line - 1) > 0);
    close(out[0]);
    close(stderr_was);
    assert_non_null(strstr(line, "\"level\":\"error\""));
    assert_non_null(strstr(line, "\"id\":\"BUG\""));
    assert_non_null(strstr(line, "\"what\":\"strcmp(\\\"a\\\", \\\"b\\\") == 0\""));
    assert_non_null(strstr(line, "\"at\":\"tests/unit/base/test_err.c:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_and_returns_false), cmocka_unit_test(prefix_keeps_class_and_code),
        cmocka_unit_test(long_texts_are_cut),          cmocka_unit_test(every_class_has_a_name),
        cmocka_unit_test(must_aborts),                 cmocka_unit_test(a_broken_invariant_is_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
