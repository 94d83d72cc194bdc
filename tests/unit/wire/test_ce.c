#include "tests/unit/help.h"
#include "wire/ce.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

static struct arena *mem;

static int new_arena(void **state)
{
    (void)state;
    mem = arena_new(1 << 20, 4096);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static void assert_header(const struct bus_header *h, const char *name, const char *value)
{
    assert_string_equal(h->name, name);
    assert_true(bytes_eq(h->value, bytes_str(value)));
}

static void full_event(void **state)
{
    (void)state;
    size_t n;
    const struct ce ce = {.id = "a0-7/1",
                          .source = "/clinic/intake",
                          .type = "t.v1",
                          .subject = "app",
                          .dataschema = "urn:proto:x",
                          .correlationid = "app",
                          .causationid = "i-3",
                          .traceparent = PARENT,
                          .time_ms = 1778576400000};
    const struct bus_header *h = ce_headers(&ce, mem, &n);
    assert_int_equal(n, 11);
    assert_header(&h[0], "content-type", "application/protobuf");
    assert_header(&h[1], "ce_specversion", "1.0");
    assert_header(&h[2], "ce_id", "a0-7/1");
    assert_header(&h[3], "ce_source", "/clinic/intake");
    assert_header(&h[4], "ce_type", "t.v1");
    assert_header(&h[5], "ce_time", "2026-05-12T09:00:00.000Z");
    assert_header(&h[6], "ce_subject", "app");
    assert_header(&h[7], "ce_dataschema", "urn:proto:x");
    assert_header(&h[8], "ce_correlationid", "app");
    assert_header(&h[9], "ce_causationid", "i-3");
    assert_header(&h[10], "traceparent", PARENT);
}

static void absent_attributes_are_left_out(void **state)
{
    (void)state;
    size_t n;
    const struct ce ce = {.id = "1", .source = "/clinic/x", .type = "t", .subject = "", .traceparent = NULL};
    const struct bus_header *h = ce_headers(&ce, mem, &n);
    assert_int_equal(n, 6);
    assert_header(&h[5], "ce_time", "1970-01-01T00:00:00.000Z");
}

static void schemas_name_the_message(void **state)
{
    (void)state;
    assert_string_equal(ce_dataschema(EV_APPLICATION_SUBMITTED), "urn:proto:clinic.attach.v1.Application");
    for (int i = 0; i < EV_N; i++)
        assert_string_equal(ce_dataschema((enum event_id)i) + 10, events[i].msg->name);
}

static void traceparents(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } table[] = {
        {PARENT, true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x", false},
        {PARENT "-01", false},
        {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", false},
        {"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false},
        {"", false},
        {NULL, false},
    };
    for (size_t i = 0; i < N(table); i++)
        if (ce_traceparent_ok(table[i].text) != table[i].ok)
            fail_msg("row %zu", i);
}

static void child_keeps_trace_and_flags(void **state)
{
    (void)state;
    char a[CE_TRACEPARENT_BYTES], b[CE_TRACEPARENT_BYTES], again[CE_TRACEPARENT_BYTES];
    ce_child_traceparent(PARENT, "intake-0-1/1", a);
    ce_child_traceparent(PARENT, "intake-0-1/2", b);
    ce_child_traceparent(PARENT, "intake-0-1/1", again);
    assert_true(ce_traceparent_ok(a) && ce_traceparent_ok(b));
    assert_string_equal(a, again);
    assert_memory_equal(a, PARENT, 36);
    assert_string_equal(a + 52, "-00");
    assert_memory_not_equal(a + 36, b + 36, 16);
    assert_memory_not_equal(a + 36, &PARENT[36], 16);
}

static void later_version_is_written_as_ours(void **state)
{
    (void)state;
    char a[CE_TRACEPARENT_BYTES];
    ce_child_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", "s", a);
    assert_memory_equal(a, "00-4bf92f3577b34da6a3ce929d0e0e4736-", 36);
    assert_int_equal(strlen(a), 55);
}

static void no_parent_starts_a_trace(void **state)
{
    (void)state;
    static const char *const none[] = {"", NULL, "nonsense"};
    char first[CE_TRACEPARENT_BYTES], a[CE_TRACEPARENT_BYTES], other[CE_TRACEPARENT_BYTES];
    ce_child_traceparent("", "app-1", first);
    ce_child_traceparent("", "app-2", other);
    for (size_t i = 0; i < N(none); i++) {
        ce_child_traceparent(none[i], "app-1", a);
        assert_true(ce_traceparent_ok(a));
        assert_string_equal(a, first);
        assert_string_equal(a + 52, "-01");
    }
    assert_memory_not_equal(first + 3, other + 3, 32);
    assert_memory_not_equal(first + 3, first + 19, 16);
    ce_child_traceparent("", "", a);
    assert_true(ce_traceparent_ok(a));
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* Neighbouring seeds, as ids of records are, give different spans. */
static void spans_do_not_collide(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    char (*all)[CE_TRACEPARENT_BYTES] = calloc(COUNT, CE_TRACEPARENT_BYTES);
    for (int i = 0; i < COUNT; i++) {
        char seed[32];
        snprintf(seed, sizeof seed, "attachment-%d-%d/1", i % 6, i);
        ce_child_traceparent(PARENT, seed, all[i]);
    }
    qsort(all, COUNT, sizeof *all, by_text);
    for (int i = 1; i < COUNT; i++)
        assert_string_not_equal(all[i - 1], all[i]);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_event),   cmocka_unit_test(absent_attributes_are_left_out),
        cmocka_unit_test(schemas_name_the_message), cmocka_unit_test(traceparents),
        cmocka_unit_test(child_keeps_trace_and_flags), cmocka_unit_test(later_version_is_written_as_ours),
        cmocka_unit_test(no_parent_starts_a_trace), cmocka_unit_test(spans_do_not_collide),
    };
    return cmocka_run_group_tests(tests, new_arena, free_arena);
}
