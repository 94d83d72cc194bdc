/* The shell of a service: command line, description, admin door. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/metric.h"
#include "runtime/admin.h"
#include "runtime/describe.h"
#include "runtime/options.h"
#include "runtime/tally_svc.h"

/* --- command line --- */
static bool parse(struct cli *cli, struct conf **ret, int argc, char **argv, struct err *e)
{
    static const struct conf_opt *tables[] = {common_options, NULL};
    *ret = conf_new(tables);
    return cli_parse(argc, argv, *ret, cli, NULL, e);
}

static void test_set_is_read(void **state)
{
    struct cli cli;
    struct conf *c;
    struct err e = {0};
    char *argv[] = {"tally", "--set", "batch.max_records=7", "--set", "kafka.linger.ms=3", "--check-config", NULL};
    (void)state;
    assert_true(parse(&cli, &c, 6, argv, &e));
    assert_true(cli.check_config && !cli.describe);
    assert_int_equal(conf_int(c, "batch.max_records"), 7);
    conf_free(c);
}

static void refused(char *a, char *b, const char *because)
{
    struct cli cli;
    struct conf *c;
    struct err e = {0};
    char *argv[] = {"tally", a, b, NULL};
    assert_false(parse(&cli, &c, b ? 3 : 2, argv, &e));
    assert_non_null(strstr(e.text, because));
    conf_free(c);
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    refused("--frob", NULL, "--frob");
    refused("--set", NULL, "--set");
    refused("--set", "batch.max_records", "KEY=VALUE");
    refused("--set", "batch.max_recrods=1", "batch.max_recrods");
    refused("--set", "batch.max_records=0", "batch.max_records");
    refused("--config", "/nonexistent/clinic.ini", "/nonexistent/clinic.ini");
    refused("-o", "xml", "-o");
    refused("surplus", NULL, "surplus");
}

static void test_defaults_pass_their_own_check(void **state)
{
    struct cli cli;
    struct conf *c;
    struct err e = {0};
    char *argv[] = {"tally", NULL};
    (void)state;
    assert_true(parse(&cli, &c, 1, argv, &e) && conf_check(c, &e));
    conf_free(c);
}

/* --- description --- */
static char *described(void (*how)(const struct svc_def *def, FILE *to))
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    how(&tally_svc, f);
    fclose(f);
    return text;
}

static void test_description_is_complete(void **state)
{
    char *text = described(describe_json);
    json_t *j = json_loads(text, 0, NULL);
    (void)state;
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "service")), "tally");
    assert_int_equal(json_array_size(json_object_get(j, "topics")), 6); /* inbox, facts, dlq, two outputs, a register */
    assert_int_equal(json_array_size(json_object_get(j, "tables")), 4);
    assert_int_equal(json_array_size(json_object_get(j, "handles")), 4);
    assert_true(json_array_size(json_object_get(j, "options")) > 10);
    assert_true(json_array_size(json_object_get(j, "metrics")) > 8);
    json_decref(j);
    free(text);
}

static void test_description_reads_well(void **state)
{
    char *text = described(describe_text);
    (void)state;
    assert_non_null(strstr(text, "clinic.attach.capacity.inbox.v1"));
    assert_non_null(strstr(text, "clinic_tally_total"));
    assert_non_null(strstr(text, "batch.max_records"));
    free(text);
}

/* --- admin door --- */
static bool yes(void *ctx) { return ctx != NULL; }
static bool no(void *ctx) { return ctx == NULL; }

static void fetch(int port, const char *path, char *ret, size_t n)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_true(dprintf(fd, "GET %s HTTP/1.0\r\n\r\n", path) > 0);
    size_t at = 0;
    for (ssize_t k; at + 1 < n && (k = read(fd, ret + at, n - 1 - at)) > 0;)
        at += (size_t)k;
    ret[at] = '\0';
    close(fd);
}

static void test_admin_answers(void **state)
{
    static char text[100000];
    struct admin *a = NULL;
    struct err e = {0};
    int here = 1;
    (void)state;
    struct admin_probes probes = {yes, no, &here};
    metric_add(metric_new(METRIC_COUNTER, "clinic_admin_test_total", NULL, "Counts."), NULL, 3);
    assert_true(admin_open("127.0.0.1:0", "", &probes, &a, &e));
    assert_true(admin_port(a) > 0);
    fetch(admin_port(a), "/healthz", text, sizeof text);
    assert_non_null(strstr(text, "200"));
    fetch(admin_port(a), "/readyz", text, sizeof text);
    assert_non_null(strstr(text, "503"));
    fetch(admin_port(a), "/metrics", text, sizeof text);
    assert_non_null(strstr(text, "clinic_admin_test_total 3"));
    fetch(admin_port(a), "/elsewhere", text, sizeof text);
    assert_non_null(strstr(text, "404"));
    admin_close(a);
}

static void test_admin_names_a_port_in_use(void **state)
{
    struct admin *a = NULL, *b = NULL;
    struct err e = {0};
    struct admin_probes probes = {yes, yes, NULL};
    char listen[32];
    (void)state;
    assert_true(admin_open("127.0.0.1:0", "", &probes, &a, &e));
    snprintf(listen, sizeof listen, "127.0.0.1:%d", admin_port(a));
    assert_false(admin_open(listen, "", &probes, &b, &e));
    assert_non_null(strstr(e.text, listen));
    assert_false(admin_open("nowhere", "", &probes, &b, &e));
    admin_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_is_read),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_defaults_pass_their_own_check),
        cmocka_unit_test(test_description_is_complete),
        cmocka_unit_test(test_description_reads_well),
        cmocka_unit_test(test_admin_answers),
        cmocka_unit_test(test_admin_names_a_port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
