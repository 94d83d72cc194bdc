#include "tests/unit/help.h"
#include <jansson.h>
#include <pthread.h>
#include "base/log.h"
#include "base/text.h"

/* stderr goes to a file while a line is logged; the text is read back. */
static int saved_stderr, capture_fd;
static char capture_path[32];

static void capture(void)
{
    file_with("", capture_path);
    capture_fd = open(capture_path, O_RDWR | O_APPEND);
    saved_stderr = dup(STDERR_FILENO);
    dup2(capture_fd, STDERR_FILENO);
}

static char *captured(void)
{
    off_t n = lseek(capture_fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)n + 1);
    assert_int_equal(pread(capture_fd, text, (size_t)n, 0), n);
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(capture_fd);
    unlink(capture_path);
    return text;
}

static json_t *parse_line(const char *text)
{
    json_error_t error;
    size_t n = strlen(text);
    assert_true(n > 0 && text[n - 1] == '\n' && !memchr(text, '\n', n - 1));
    json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(j);
    return j;
}

static const char *field(const json_t *j, const char *name) { return json_string_value(json_object_get(j, name)); }

static void line_has_the_common_fields(void **state)
{
    (void)state;
    int64_t ms;
    log_open("intake", LOG_INFO);
    capture();
    log_line(LOG_WARN, "RT-ASSIGNED", "partitions assigned", "n", log_i64(3), "topic", "a.b", NULL);
    char *text = captured();
    json_t *j = parse_line(text);
    assert_string_equal(field(j, "level"), "warn");
    assert_string_equal(field(j, "service"), "intake");
    assert_string_equal(field(j, "id"), "RT-ASSIGNED");
    assert_string_equal(field(j, "msg"), "partitions assigned");
    assert_string_equal(field(j, "n"), "3");
    assert_string_equal(field(j, "topic"), "a.b");
    assert_true(text_time_parse(field(j, "ts"), strlen(field(j, "ts")), &ms));
    json_decref(j);
    free(text);
}

static void any_text_gives_valid_json(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } table[] = {
        {"", ""},
        {"say \"no\" \\ / end", "say \"no\" \\ / end"},
        {"\b\f\n\r\t\x01\x1f\x7f", "\b\f\n\r\t\x01\x1f\x7f"},
        {"\xd0\x9f\xd0\xb5\xd1\x82\xd1\x80", "\xd0\x9f\xd0\xb5\xd1\x82\xd1\x80"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"a\xff\xfe z", "a\xef\xbf\xbd\xef\xbf\xbd z"},
        {"\xd0", "\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {NULL, ""},
    };
    log_open("x", LOG_DEBUG);
    for (size_t i = 0; i < N(table); i++) {
        capture();
        log_line(LOG_DEBUG, "T", "m", "f", table[i].in, NULL);
        char *text = captured();
        json_t *j = parse_line(text);
        assert_string_equal(field(j, "f"), table[i].out);
        json_decref(j);
        free(text);
    }
}

static void every_byte_gives_valid_json(void **state)
{
    (void)state;
    log_open("x", LOG_DEBUG);
    for (int a = 1; a < 256; a++) {
        char in[] = {(char)a, (char)(a * 7 + 1), 'z', (char)a, '\0'};
        capture();
        log_line(LOG_INFO, in, in, in[0] == 't' ? "u" : "t", in, NULL);
        char *text = captured();
        json_decref(parse_line(text));
        free(text);
    }
}

static void long_line_is_cut_and_valid(void **state)
{
    (void)state;
    char *much = malloc(20000);
    memset(much, '"', 20000);
    much[19999] = '\0';
    log_open("x", LOG_DEBUG);
    capture();
    log_line(LOG_INFO, "T", "m", "big", much, "after", "kept", NULL);
    char *text = captured();
    json_t *j = parse_line(text);
    assert_null(field(j, "big"));
    assert_string_equal(field(j, "after"), "kept");
    assert_string_equal(field(j, "cut"), "true");
    assert_true(strlen(text) <= 4096);
    json_decref(j);
    free(text);
    free(much);
}

static void fullest_line_fits(void **state)
{
    (void)state;
    char much[4200];
    log_open("x", LOG_DEBUG);
    for (size_t n = 3800; n < 4150; n++) {
        memset(much, 'a', n);
        much[n] = '\0';
        capture();
        log_line(LOG_INFO, "T", "m", "big", much, "b", "1", "c", "2", NULL);
        char *text = captured();
        json_decref(parse_line(text));
        assert_true(strlen(text) <= 4096);
        free(text);
    }
}

static void lower_levels_are_silent(void **state)
{
    (void)state;
    log_open("x", LOG_WARN);
    capture();
    log_line(LOG_INFO, "T", "m", NULL);
    log_line(LOG_DEBUG, "T", "m", NULL);
    log_line(LOG_ERROR, "T", "m", NULL);
    char *text = captured();
    json_t *j = parse_line(text);
    assert_string_equal(field(j, "level"), "error");
    json_decref(j);
    free(text);
}

static void numbers_keep_apart(void **state)
{
    (void)state;
    const char *a = log_i64(INT64_MIN), *b = log_i64(INT64_MAX), *c = log_i64(0);
    assert_string_equal(a, "-9223372036854775808");
    assert_string_equal(b, "9223372036854775807");
    assert_string_equal(c, "0");
}

static void *log_much(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_line(LOG_INFO, "T", "a line of some length, so that a torn one shows", "n", log_i64(i), "who", arg, NULL);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t t[4];
    char *names[] = {"a", "b", "c", "d"};
    log_open("x", LOG_INFO);
    capture();
    for (size_t i = 0; i < N(t); i++)
        assert_int_equal(pthread_create(&t[i], NULL, log_much, names[i]), 0);
    for (size_t i = 0; i < N(t); i++)
        pthread_join(t[i], NULL);
    char *text = captured(), *rest = text, *line;
    size_t n = 0;
    while ((line = strsep(&rest, "\n")) && *line) {
        json_t *j = json_loads(line, 0, NULL);
        assert_non_null(j);
        json_decref(j);
        n++;
    }
    assert_int_equal(n, 2000);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_the_common_fields), cmocka_unit_test(any_text_gives_valid_json),
        cmocka_unit_test(every_byte_gives_valid_json), cmocka_unit_test(long_line_is_cut_and_valid),
        cmocka_unit_test(fullest_line_fits),          cmocka_unit_test(lower_levels_are_silent),
        cmocka_unit_test(numbers_keep_apart),         cmocka_unit_test(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
