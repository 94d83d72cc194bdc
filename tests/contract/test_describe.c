/* What the programs say of themselves by --describe, against the one list of topics: together they name every topic of
 * topics.def and no other; whatever one writes another reads; every option and metric explains itself. No broker.
 *   test_describe FOLDER_OF_PROGRAMS */
#include <jansson.h>
#include <sys/wait.h>
#include "tests/unit/help.h"
#include "wire/wire.h"

static const char *const services[] = {"intake", "identity", "policy", "attachment", "capacity", "notification"};
enum { SERVICES_N = sizeof services / sizeof *services };

static const char *folder;
static json_t *told[SERVICES_N];

static json_t *describe(const char *program)
{
    char command[512];
    json_error_t problem;
    snprintf(command, sizeof command, "'%s/%s' --describe -o json", folder, program);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    json_t *j = json_loadf(f, 0, &problem);
    int status = pclose(f);
    if (!j || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s --describe: %s", program, j ? "did not end well" : problem.text);
    return j;
}

static const char *text(const json_t *row, const char *field)
{
    const char *s = json_string_value(json_object_get(row, field));
    return s ? s : "";
}

static int topic_of(const char *name)
{
    for (int t = 0; t < TOPIC_N; t++)
        if (strcmp(topics[t].name, name) == 0)
            return t;
    return -1;
}

/* How many services name the topic in this role; NULL = in any. */
static int named(int t, const char *role)
{
    int n = 0;
    for (int s = 0; s < SERVICES_N; s++) {
        size_t i;
        json_t *row;
        bool found = false;
        json_array_foreach(json_object_get(told[s], "topics"), i, row)
            found |= strcmp(text(row, "name"), topics[t].name) == 0 && (!role || strcmp(text(row, "role"), role) == 0);
        n += found;
    }
    return n;
}

static void each_topic_row(void (*fn)(const char *service, const json_t *row))
{
    for (int s = 0; s < SERVICES_N; s++) {
        size_t i;
        json_t *row;
        assert_true(json_array_size(json_object_get(told[s], "topics")) >= 3);
        json_array_foreach(json_object_get(told[s], "topics"), i, row)
            fn(services[s], row);
    }
}

/* --- topics --- */

static void row_is_of_the_list(const char *service, const json_t *row)
{
    int t = topic_of(text(row, "name"));
    if (t < 0)
        fail_msg("%s: %s is no topic of topics.def", service, text(row, "name"));
    assert_string_equal(text(row, "cleanup"), topics[t].cleanup == 'C' ? "compact" : "delete");
    assert_string_equal(text(row, "key"), topics[t].key);
}

static void every_topic_named_is_one_of_the_list(void **state)
{
    (void)state;
    each_topic_row(row_is_of_the_list);
}

static void every_topic_of_the_list_is_named(void **state)
{
    (void)state;
    for (int t = 0; t < TOPIC_N; t++)
        if (named(t, NULL) == 0)
            fail_msg("no service names %s", topics[t].name);
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* An inbox, its facts and its dead letters have one owner; the rest have none. */
static void every_inbox_has_one_owner(void **state)
{
    static const char *const kinds[][2] = {{".inbox.v1", "inbox"}, {".facts.v1", "facts"}, {".dlq.v1", "dead letters"}};
    (void)state;
    for (int t = 0; t < TOPIC_N; t++)
        for (size_t k = 0; k < N(kinds); k++) {
            int owners = named(t, kinds[k][1]);
            if (owners != ends_with(topics[t].name, kinds[k][0]))
                fail_msg("%s has %d owners as %s", topics[t].name, owners, kinds[k][1]);
        }
}

/* An output is an inbox, which its owner reads, or a public topic; never somebody's facts, dead letters or a register. */
static void output_is_read(const char *service, const json_t *row)
{
    int t = topic_of(text(row, "name"));
    if (strcmp(text(row, "role"), "output") != 0)
        return;
    if (t < 0 || named(t, "facts") || named(t, "dead letters") || named(t, "register"))
        fail_msg("%s writes %s", service, text(row, "name"));
}

static void outputs_are_inboxes_or_public(void **state)
{
    (void)state;
    each_topic_row(output_is_read);
    for (int t = 0; t < TOPIC_N; t++) /* what is neither owned nor a register comes from somebody */
        if (!named(t, "facts") && !named(t, "dead letters") && !named(t, "register") && !named(t, "output"))
            fail_msg("nobody writes %s", topics[t].name);
}

static void the_gateway_writes_what_is_read(void **state)
{
    json_t *j = describe("gateway"), *row, *outputs = json_object_get(j, "outputs");
    size_t i;
    (void)state;
    assert_true(json_array_size(outputs) > 0);
    json_array_foreach(outputs, i, row)
    {
        int t = topic_of(json_string_value(row));
        assert_true(t >= 0);
        assert_int_equal(named(t, "inbox"), 1);
    }
    json_decref(j);
}

/* --- words --- */

static void explained(const char *service, const json_t *list, const char *what)
{
    size_t i, j;
    json_t *row, *other;
    if (json_array_size(list) == 0)
        fail_msg("%s has no %s", service, what);
    json_array_foreach(list, i, row)
    {
        if (strlen(text(row, "name")) == 0 || strlen(text(row, "help")) < 4)
            fail_msg("%s: %s \"%s\" has no help", service, what, text(row, "name"));
        json_array_foreach(list, j, other)
            if (i != j && strcmp(text(row, "name"), text(other, "name")) == 0)
                fail_msg("%s: %s \"%s\" stands twice", service, what, text(row, "name"));
    }
}

static void options_and_metrics_have_help(void **state)
{
    (void)state;
    for (int s = 0; s < SERVICES_N; s++) {
        explained(services[s], json_object_get(told[s], "options"), "option");
        explained(services[s], json_object_get(told[s], "metrics"), "metric");
    }
}

/* The gateway lists its options in --help: name and kind, then what it is. */
static void options_of_the_gateway_have_help(void **state)
{
    char command[512], line[512], name[128] = "";
    int options = 0;
    (void)state;
    snprintf(command, sizeof command, "'%s/gateway' --help", folder);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (*name && (strncmp(line, "      ", 6) != 0 || strncmp(line + 6, "environment:", 12) == 0))
            fail_msg("gateway: option \"%s\" has no help", name);
        bool is_option = sscanf(line, "  %127[a-z._] (", name) == 1 && line[2] != ' ' && strchr(line, '(');
        options += is_option;
        if (!is_option)
            *name = '\0';
    }
    assert_int_equal(pclose(f), 0);
    assert_true(options > 5);
}

static void every_service_says_who_it_is(void **state)
{
    (void)state;
    for (int s = 0; s < SERVICES_N; s++) {
        assert_string_equal(text(told[s], "service"), services[s]);
        assert_true(strlen(text(told[s], "summary")) > 0);
        assert_true(strlen(text(told[s], "version")) > 0);
        assert_true(json_array_size(json_object_get(told[s], "handles")) > 0);
        assert_true(json_array_size(json_object_get(told[s], "tables")) > 0);
    }
}

static int setup(void **state)
{
    (void)state;
    for (int s = 0; s < SERVICES_N; s++)
        told[s] = describe(services[s]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int s = 0; s < SERVICES_N; s++)
        json_decref(told[s]);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_topic_named_is_one_of_the_list),
        cmocka_unit_test(every_topic_of_the_list_is_named),
        cmocka_unit_test(every_inbox_has_one_owner),
        cmocka_unit_test(outputs_are_inboxes_or_public),
        cmocka_unit_test(the_gateway_writes_what_is_read),
        cmocka_unit_test(options_and_metrics_have_help),
        cmocka_unit_test(options_of_the_gateway_have_help),
        cmocka_unit_test(every_service_says_who_it_is),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: test_describe FOLDER_OF_PROGRAMS\n");
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, setup, teardown);
}
