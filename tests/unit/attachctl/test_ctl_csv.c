/* The row reader of register files: quoting, line ends, encodings, bad rows and where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/attachctl/csv.h"

struct text {
    const char *p;
    size_t n, step; /* bytes given by one read */
};
static ssize_t read_text(void *ctx, void *buf, size_t n)
{
    struct text *t = ctx;
    size_t take = n < t->step ? n : t->step;
    take = take < t->n ? take : t->n;
    memcpy(buf, t->p, take);
    t->p += take;
    t->n -= take;
    return (ssize_t)take;
}

/* Rows as "line:a|b|c" or "line!rule", one per line. */
static char *rows_of(const char *p, size_t n, size_t step, char sep, bool cp1251)
{
    struct text t = {p, n, step};
    struct csv *c = csv_new(read_text, &t, sep, cp1251);
    char *out = NULL;
    size_t out_n;
    FILE *f = open_memstream(&out, &out_n);
    struct csv_row row;
    const char *rule;
    enum csv_ret got;
    while ((got = csv_next(c, &row, &rule)) != CSV_END) {
        if (got == CSV_BAD) {
            fprintf(f, "%d!%s\n", (int)row.line, rule);
            continue;
        }
        fprintf(f, "%d:", (int)row.line);
        for (size_t i = 0; i < row.n; i++) {
            assert_int_equal(strlen(row.f[i].p), row.f[i].n);
            fprintf(f, "%s%s", i ? "|" : "", (const char *)row.f[i].p);
        }
        fputc('\n', f);
    }
    fclose(f);
    csv_free(c);
    return out;
}

static const struct {
    const char *name, *in, *out;
} table[] = {
    {"plain", "a;b;c\n1;2;3\n", "1:a|b|c\n2:1|2|3\n"},
    {"no newline at the end", "a;b", "1:a|b\n"},
    {"CRLF", "a;b\r\nc;d\r\n", "1:a|b\n2:c|d\n"},
    {"byte-order mark", "\xEF\xBB\xBF" "a;b\n", "1:a|b\n"},
    {"empty fields", ";;\n", "1:||\n"},
    {"blanks are trimmed", " a ;\tb \n", "1:a|b\n"},
    {"quotes", "\"a;b\";\"say \"\"hi\"\"\"\n", "1:a;b|say \"hi\"\n"},
    {"newline in quotes", "\"a\nb\";c\nd;e\n", "1:a\nb|c\n3:d|e\n"},
    {"empty lines are skipped but counted", "a\n\n\r\nb\n", "1:a\n4:b\n"},
    {"empty file", "", ""},
    {"text after a quote", "\"a\"b;c\nd\n", "1!text after a closing quote\n2:d\n"},
    {"quote in a bare field", "a\"b\"c;d\ne\n", "1!a quote inside an unquoted field\n2:e\n"},
    {"open quote costs one row", "a;\"b\nc;d\ne;f\n", "1!a quote is not closed\n2:c|d\n3:e|f\n"},
    {"not UTF-8", "a;\xC3\x28\nb\n", "1!not UTF-8 text, or a control character\n2:b\n"},
    {"overlong form", "\xC0\xAF\n", "1!not UTF-8 text, or a control character\n"},
    {"control character", "a\x01;b\nc\n", "1!not UTF-8 text, or a control character\n2:c\n"},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t step = 1; step < 4096; step = step * 7 + 1) {
            char *out = rows_of(table[i].in, strlen(table[i].in), step, ';', false);
            if (strcmp(out, table[i].out) != 0)
                fail_msg("%s, %zu bytes a read: got\n%swant\n%s", table[i].name, step, out, table[i].out);
            free(out);
        }
}

static void test_cp1251(void **state)
{
    (void)state;
    static const char in[] = "\"\xCF\xB8\xF2\xF0\";\"\xB9 7\"\r\n\x98;x\r\n";
    char *out = rows_of(in, sizeof in - 1, 3, ';', true);
    /* 0x98 is no character of windows-1251; it becomes U+FFFD, which no name or number allows */
    assert_string_equal(out, "1:Пётр|№ 7\n2:\xEF\xBF\xBD|x\n");
    free(out);
}

static void test_rows_beyond_the_buffer(void **state)
{
    (void)state;
    size_t rows = 200000, n = 0;
    char *in = malloc(rows * 24);
    for (size_t i = 0; i < rows; i++)
        n += (size_t)sprintf(in + n, "%zu;\"q%zu\"\n", i, i);
    struct text t = {in, n, 8191};
    struct csv *c = csv_new(read_text, &t, ';', false);
    struct csv_row row;
    const char *rule;
    char want[24];
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal(csv_next(c, &row, &rule), CSV_ROW);
        sprintf(want, "q%zu", i);
        assert_int_equal(row.line, i + 1);
        assert_string_equal(row.f[1].p, want);
    }
    assert_int_equal(csv_next(c, &row, &rule), CSV_END);
    csv_free(c);
    free(in);
}

static void test_a_line_without_end(void **state)
{
    (void)state;
    size_t n = 3 << 20;
    char *in = malloc(n);
    memset(in, 'x', n);
    memcpy(in, "a;b\n", 4);
    memcpy(in + n - 5, "\nc;d\n", 5);
    char *out = rows_of(in, n, 65536, ';', false);
    assert_string_equal(out, "1:a|b\n2!longer than 64 KiB\n3:c|d\n");
    free(out);
    free(in);
}

static void test_too_many_fields(void **state)
{
    (void)state;
    char in[200];
    memset(in, ';', sizeof in);
    memcpy(in + 150, "\na;b\n", 5);
    char *out = rows_of(in, 155, 4096, ';', false);
    assert_string_equal(out, "1!more than 64 fields\n2:a|b\n");
    free(out);
}

static void test_separator_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        char sep;
    } rows[] = {{"a;b;c\n1,5;2;3\n", ';'}, {"a,b\n", ','}, {"a\tb\tc\n", '\t'}, {"alone\n", ';'}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text t = {rows[i].in, strlen(rows[i].in), 4096};
        struct csv *c = csv_new(read_text, &t, ';', false);
        assert_int_equal(csv_guess_separator(c), rows[i].sep);
        csv_free(c);
    }
}

static ssize_t read_fails(void *ctx, void *buf, size_t n)
{
    (void)ctx, (void)buf, (void)n;
    return -1;
}
static void test_read_error(void **state)
{
    (void)state;
    struct csv *c = csv_new(read_fails, NULL, ';', false);
    struct csv_row row;
    const char *rule;
    assert_int_equal(csv_next(c, &row, &rule), CSV_IO);
    csv_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_cp1251),
        cmocka_unit_test(test_rows_beyond_the_buffer),
        cmocka_unit_test(test_a_line_without_end),
        cmocka_unit_test(test_too_many_fields),
        cmocka_unit_test(test_separator_is_found),
        cmocka_unit_test(test_read_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
