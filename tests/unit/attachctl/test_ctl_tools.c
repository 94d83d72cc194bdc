/* The smaller parts of the tool: timeline, reading of applications, keyrings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "base/text.h"
#include "services/attachctl/apply.h"
#include "services/attachctl/keys.h"
#include "services/attachctl/timeline.h"
#include "wire/seal.h"
#include "wire/wire.h"

/* --- timeline --- */

static void add(struct timeline *t, int64_t at_ms, int topic, int event, const char *id, const char *cause, const char *facts)
{
    struct timeline_entry e = {.time_ms = at_ms, .topic = topic, .event = event, .facts = strdup(facts)};
    snprintf(e.id, sizeof e.id, "%s", id);
    snprintf(e.cause, sizeof e.cause, "%s", cause);
    timeline_add(t, &e);
}

/* Found in any order; causes of the same millisecond stand before their effects, state after the event beside it. */
static struct timeline story(void)
{
    struct timeline t = {.application_id = "066c3896-bf72-5a82-8951-bce5acb979e7", .person_ref = "AAAAAAAAAAAAAAAA"};
    const int64_t nine = text_day_start(text_day_of(2026, 5, 12), 0) + 9 * 3600000;
    add(&t, nine + 100, TOPIC_APPLICATION, EV_STATUS_CHANGED, "i/2", "x", "status=REGISTERED");
    add(&t, nine + 100, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED, "d/1", "i/1", "outcome=REFUSED");
    add(&t, nine + 100, TOPIC_INTAKE_FACTS, EV_STATE_APPLICATION, "i/0", "x", "");
    add(&t, nine + 100, TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED, "i/1", "x", "");
    add(&t, nine, TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED, "x", "", "");
    add(&t, nine + 3 * 3600000, TOPIC_APPLICATION, EV_STATUS_CHANGED, "z", "y", "status=REFUSED");
    t.due_ms = nine + 3 * TEXT_DAY_MS;
    timeline_sort(&t);
    return t;
}

static void test_order(void **state)
{
    (void)state;
    struct timeline t = story();
    static const char *const order[] = {"x", "i/1", "d/1", "i/2", "i/0", "z"};
    for (size_t i = 0; i < t.n; i++)
        if (strcmp(t.all[i].id, order[i]) != 0)
            fail_msg("place %zu: %s, wanted %s", i, t.all[i].id, order[i]);
    timeline_free(&t);
}

static void test_print(void **state)
{
    (void)state;
    struct timeline t = story();
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    timeline_print(&t, t.due_ms + 3600000, f);
    fclose(f);
    assert_non_null(strstr(text, "2026-05-12T09:00:00.000Z"));
    assert_non_null(strstr(text, "... 2 h 59 min ..."));
    assert_non_null(strstr(text, "open; due 2026-05-15T09:00:00.000Z, OVERDUE by 1 h 0 min"));
    assert_non_null(strstr(text, "nothing has happened for 2 d 22 h"));
    free(text);
    t.closed = true;
    json_t *j = timeline_json(&t, t.due_ms + 1);
    assert_int_equal(json_array_size(json_object_get(j, "events")), 6);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(j, "events"), 1), "wait_ms")), 100);
    assert_true(json_is_false(json_object_get(j, "overdue")));
    json_decref(j);
    timeline_free(&t);
}

static void test_wait_text(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "0 ms"}, {999, "999 ms"}, {1000, "1.0 s"}, {59999, "59.9 s"}, {60000, "1 min 0 s"}, {3599999, "59 min 59 s"},
                {3600000, "1 h 0 min"}, {90000000, "1 d 1 h"}};
    char text[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        timeline_wait_text(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
    }
}

/* --- apply --- */

/* The refs of a text's objects, and how it ended. */
static const char *refs_of(const char *text, enum err_class *ret_cls)
{
    static char out[256];
    struct apply_reader r = {.from = fmemopen((void *)(uintptr_t)text, strlen(text), "r"), .name = "text"};
    struct err e = {0};
    json_t *j;
    bool good;
    out[0] = '\0';
    while ((good = apply_next(&r, &j, &e)) && j) {
        strcat(strcat(out, json_string_value(json_object_get(j, "ref"))), " ");
        json_decref(j);
    }
    json_decref(r.array);
    fclose(r.from);
    *ret_cls = good ? ERR_NONE : e.cls;
    return out;
}

static void test_apply_reader(void **state)
{
    (void)state;
    static const struct {
        const char *text, *refs;
        enum err_class cls;
    } rows[] = {
        {"{\"ref\":\"1\"}", "1 ", ERR_NONE},
        {"{\"ref\":\"1\"}\n{\"ref\":\"2\"}\n\n", "1 2 ", ERR_NONE},
        {" [{\"ref\":\"1\"},{\"ref\":\"2\"}] ", "1 2 ", ERR_NONE},
        {"[]{\"ref\":\"1\"}[{\"ref\":\"2\"}]", "1 2 ", ERR_NONE},
        {"\n", "", ERR_NONE},
        {"{\"ref\":\"1\"}\n{\"ref\":", "1 ", ERR_INPUT},
        {"{\"ref\":\"1\"}\n7\n", "1 ", ERR_INPUT},
        {"{\"ref\":\"1\",\"ref\":\"2\"}", "", ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum err_class cls;
        assert_string_equal(refs_of(rows[i].text, &cls), rows[i].refs);
        assert_int_equal(cls, rows[i].cls);
    }
}

/* --- keys --- */

static struct keyring *load(const char *dir, const char *name)
{
    char path[128];
    struct stat st;
    struct keyring *k;
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    if (!keyring_load(path, &k, &e))
        fail_msg("%s: %s", name, e.text);
    return k;
}

static void test_keys_by_role(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool seals, names, opens;
    } rows[] = {{"full.ini", true, true, true}, {"seal.ini", true, true, false},
                {"public.ini", false, false, false}, {"operator.ini", false, true, true}};
    char dir[] = "/tmp/ctl_keys_XXXXXX", command[64];
    struct err e = {0};
    struct arena *mem = arena_new(1 << 20, 1 << 20);
    assert_non_null(mkdtemp(dir));
    assert_true(keys_new(dir, &e));
    struct keyring *public = load(dir, "public.ini");
    struct bytes box = deadletter_box(public, bytes_str("as it arrived"), mem), plain;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keyring *k = load(dir, rows[i].name);
        assert_int_equal(keyring_can_seal(k), rows[i].seals);
        assert_int_equal(keyring_can_name(k), rows[i].names);
        assert_int_equal(deadletter_open(k, box, mem, &plain, &e), rows[i].opens);
        if (rows[i].opens)
            assert_true(bytes_eq(plain, bytes_str("as it arrived")));
        keyring_free(k);
    }
    keyring_free(public);
    assert_false(keys_new(dir, &e)); /* never over keys that are there */
    assert_int_equal(e.cls, ERR_INPUT);
    arena_free(mem);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_wait_text),
        cmocka_unit_test(test_apply_reader),
        cmocka_unit_test(test_keys_by_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
