#include "tests/unit/help.h"
#include "wire/ce.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
#define ORIGIN "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01"
#define LATER  "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"

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
    const struct ce ce = {.event = EV_NOTIFICATION_REQUESTED,
                          .id = "a0-7/1",
                          .source = "/clinic/intake",
                          .subject = "app",
                          .causationid = bytes_str("i-3"),
                          .traceparent = PARENT,
                          .origin = bytes_str(ORIGIN),
                          .tracestate = bytes_str("rojo=1"),
                          .time_ms = 1778576400000};
    const struct bus_header *h = ce_headers(&ce, mem, &n);
    assert_int_equal(n, 15);
    assert_header(&h[0], "content-type", "application/protobuf");
    assert_header(&h[1], "ce_specversion", "1.0");
    assert_header(&h[2], "ce_id", "a0-7/1");
    assert_header(&h[3], "ce_source", "/clinic/intake");
    assert_header(&h[4], "ce_type", "ru.clinic.attach.notification.requested.v1");
    assert_header(&h[5], "ce_time", "2026-05-12T09:00:00.000Z");
    assert_header(&h[6], "ce_subject", "app");
    assert_header(&h[7], "ce_dataschema", "urn:proto:clinic.attach.v1.NotificationRequested");
    assert_header(&h[8], "ce_correlationid", "app");
    assert_header(&h[9], "ce_causationid", "i-3");
    assert_header(&h[10], "ce_dataclassification", "confidential");
    assert_header(&h[11], "ce_expirytime", "2026-06-11T09:00:00.000Z"); /* 30 days */
    assert_header(&h[12], "ce_traceparent", ORIGIN);
    assert_header(&h[13], "traceparent", PARENT);
    assert_header(&h[14], "tracestate", "rojo=1");
}

static void absent_attributes_are_left_out(void **state)
{
    (void)state;
    size_t n;
    const struct ce ce = {.event = EV_CANCEL, .id = "1", .source = "/clinic/x", .subject = "", .traceparent = NULL};
    const struct bus_header *h = ce_headers(&ce, mem, &n);
    assert_int_equal(n, 8);
    assert_header(&h[5], "ce_time", "1970-01-01T00:00:00.000Z");
    assert_header(&h[7], "ce_dataclassification", "internal");
}

/* The trace begins with the record that has no other origin. */
static void the_first_hop_is_the_origin(void **state)
{
    (void)state;
    size_t n;
    const struct ce ce = {.event = EV_CANCEL, .id = "1", .source = "/clinic/x", .traceparent = PARENT};
    const struct bus_header *h = ce_headers(&ce, mem, &n);
    assert_header(&h[n - 2], "ce_traceparent", PARENT);
    assert_header(&h[n - 1], "traceparent", PARENT);
}

static void every_message_has_a_class(void **state)
{
    (void)state;
    static const char *const classes[] = {"public", "internal", "confidential", "restricted"};
    for (int i = 0; i < EV_N; i++) {
        size_t k = 0;
        while (k < N(classes) && strcmp(events[i].data_class, classes[k]) != 0)
            k++;
        assert_true(k < N(classes));
        assert_true(events[i].days >= 0);
        assert_true(strcmp(events[i].data_class, "restricted") != 0 || i == EV_DEAD_LETTER);
    }
}

static void tracestates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } table[] = {
        {"rojo=00f067aa0ba902b7", true},
        {"rojo=1,congo=t61rcWkgMzE", true},
        {"rojo=1 , congo=2,\t", true},
        {",,a=1", true},
        {"0a_-*/z=1", true},
        {"tenant@vendor=a b", true},
        {"a= b", true},
        {"", false},
        {",", false},
        {" ", false},
        {"rojo", false},
        {"=1", false},
        {"a=", false},
        {"Rojo=1", false},
        {"_a=1", false},
        {"a@b@c=1", false},
        {"a=1=2", false},
        {"a=1,b", false},
        {"a=\x7f", false},
        {"a=\xd0\x9f", false},
        {"a=1\r\nx: y", false},
    };
    char text[CE_TRACESTATE_MAX + 2];
    for (size_t i = 0; i < N(table); i++)
        if (ce_tracestate_ok(bytes_str(table[i].text)) != table[i].ok)
            fail_msg("row %zu", i);
    memset(text, 'x', sizeof text);
    text[1] = text[255] = '=';
    text[253] = ',';
    assert_true(ce_tracestate_ok(bytes_of(text, 500)));
    text[253] = 'x'; /* two equals, and a value too long */
    assert_false(ce_tracestate_ok(bytes_of(text, 500)));
    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "a=1,", sizeof text - i < 4 ? sizeof text - i : 4);
    assert_true(ce_tracestate_ok(bytes_of(text, 32 * 4)));
    assert_false(ce_tracestate_ok(bytes_of(text, 33 * 4))); /* members */
    memset(text, ' ', sizeof text);
    memcpy(text, "a=1", 3);
    assert_true(ce_tracestate_ok(bytes_of(text, CE_TRACESTATE_MAX)));
    assert_false(ce_tracestate_ok(bytes_of(text, CE_TRACESTATE_MAX + 1)));
    assert_false(ce_tracestate_ok((struct bytes){0}));
}

static void assert_trace(const struct ce_trace *t, const char *parent, const char *origin, const char *tracestate)
{
    assert_true(bytes_eq(t->parent, bytes_str(parent)));
    assert_true(bytes_eq(t->origin, bytes_str(origin)));
    assert_true(bytes_eq(t->state, bytes_str(tracestate)));
}

static void what_is_carried_on(void **state)
{
    (void)state;
    static const struct {
        const char *hop, *state, *origin, *origin_state;            /* as the headers say */
        const char *to_parent, *to_origin, *to_state;               /* what goes on */
    } table[] = {
        {PARENT, "a=1", ORIGIN, "b=2", PARENT, ORIGIN, "a=1"},
        {PARENT, "a=1", "", "", PARENT, PARENT, "a=1"},             /* the first hop */
        {PARENT, "a", "nonsense", "", PARENT, PARENT, ""},
        {"", "a=1", ORIGIN, "b=2", ORIGIN, ORIGIN, "b=2"},          /* only the event knows its trace */
        {"nonsense", "a=1", ORIGIN, "", ORIGIN, ORIGIN, ""},
        {"", "a=1", "", "b=2", "", "", ""},                         /* a state of no trace */
        {PARENT, "", LATER, "", PARENT, LATER, ""},                 /* unchanged */
    };
    for (size_t i = 0; i < N(table); i++) {
        struct ce_trace t = ce_trace_of(bytes_str(table[i].hop), bytes_str(table[i].state), bytes_str(table[i].origin),
                                        bytes_str(table[i].origin_state));
        assert_trace(&t, table[i].to_parent, table[i].to_origin, table[i].to_state);
        struct ce_trace back = ce_trace_read(ce_trace_text(&t, mem));
        assert_trace(&back, table[i].to_parent, table[i].to_origin, table[i].to_state);
        assert_true(strlen(ce_trace_text(&t, mem)) < CE_TRACE_BYTES);
    }
    struct ce_trace none = ce_trace_of((struct bytes){0}, (struct bytes){0}, (struct bytes){0}, (struct bytes){0});
    assert_trace(&none, "", "", "");
    struct ce_trace bare = ce_trace_read(PARENT);
    assert_trace(&bare, PARENT, PARENT, "");
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
        {LATER " ", false},
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

static void child_of_a_trace_read(void **state)
{
    (void)state;
    char a[CE_TRACEPARENT_BYTES], b[CE_TRACEPARENT_BYTES];
    static const char *const parents[] = {PARENT, LATER, "", "nonsense"};
    for (size_t i = 0; i < N(parents); i++) {
        struct ce_trace t = ce_trace_of(bytes_str(parents[i]), bytes_str(""), bytes_str(""), bytes_str(""));
        ce_child_of_trace(&t, "app-1", a);
        ce_child_traceparent(parents[i], "app-1", b);
        assert_string_equal(a, b);
    }
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
        cmocka_unit_test(the_first_hop_is_the_origin),
        cmocka_unit_test(every_message_has_a_class), cmocka_unit_test(tracestates), cmocka_unit_test(what_is_carried_on),
        cmocka_unit_test(schemas_name_the_message), cmocka_unit_test(traceparents),
        cmocka_unit_test(child_keeps_trace_and_flags), cmocka_unit_test(later_version_is_written_as_ours),
        cmocka_unit_test(no_parent_starts_a_trace), cmocka_unit_test(child_of_a_trace_read), cmocka_unit_test(spans_do_not_collide),
    };
    return cmocka_run_group_tests(tests, new_arena, free_arena);
}
