/* The same event in every content mode is the same event: not a byte of what follows differs. What is no event becomes a
 * dead letter that names the part. */
#include <jansson.h>
#include <sodium.h>
#include "runtime/structured.h"
#include "unit/flow_fixture.h"
#include "services/intake/intake.h"
#include "wire/json.h"

#define ORIGIN "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01"
#define HOP    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define JSON   "application/cloudevents+json; charset=UTF-8"
#define TYPE   "ru.clinic.attach.application.submitted.v1"

enum mode { BINARY, DATA, BASE64 };

static struct bytes packed(struct flow *f, const ProtobufCMessage *m)
{
    uint8_t *to = arena_alloc(f->mem, protobuf_c_message_get_packed_size(m) + 1);
    return bytes_of(to, protobuf_c_message_pack(m, to));
}

static const char *base64(struct flow *f, struct bytes b)
{
    char *text = arena_alloc(f->mem, b.n * 2 + 8);
    return sodium_bin2base64(text, b.n * 2 + 8, b.p, b.n, sodium_base64_VARIANT_ORIGINAL);
}

static void publish(struct flow *f, struct bytes value, const struct bus_header *h, size_t n)
{
    struct bus_out o = {.topic = TOPIC_INTAKE_INBOX, .partition = -1, .key = bytes_str(f->id), .value = value, .headers = h, .headers_n = n};
    fake_publish(platform_cluster(f->p), &o);
}

/* Takes j. */
static void publish_json(struct flow *f, json_t *j)
{
    char *text = json_dumps(j, 0);
    const struct bus_header h[] = {{"content-type", bytes_str(JSON)}, {"traceparent", bytes_str(HOP)}, {"tracestate", bytes_str("rojo=1")}};
    publish(f, bytes_str(arena_strdup(f->mem, text)), h, N(h));
    free(text);
    json_decref(j);
}

static json_t *envelope(const char *id, const char *subject, const char *type)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "specversion", "1.0", "id", id, "source", "/portal", "type", type, "subject",
                     subject, "time", "2026-05-12T12:00:00+03:00", "traceparent", ORIGIN);
}

static void publish_as(struct flow *f, enum mode mode, const char *id, enum event_id type, const ProtobufCMessage *m)
{
    const struct bus_header h[] = {{"content-type", bytes_str("application/protobuf")}, {"ce_specversion", bytes_str("1.0")},
                                   {"ce_id", bytes_str(id)}, {"ce_source", bytes_str("/portal")},
                                   {"ce_type", bytes_str(events[type].type)}, {"ce_subject", bytes_str(f->id)},
                                   {"ce_time", bytes_str("2026-05-12T09:00:00.000Z")}, {"ce_traceparent", bytes_str(ORIGIN)},
                                   {"traceparent", bytes_str(HOP)}, {"tracestate", bytes_str("rojo=1")}};
    if (mode == BINARY) {
        publish(f, packed(f, m), h, N(h));
        return;
    }
    json_t *j = envelope(id, f->id, events[type].type);
    if (mode == DATA)
        json_object_set_new(j, "data", json_of_msg(m, false));
    else
        json_object_set_new(j, "data_base64", json_string(base64(f, packed(f, m))));
    publish_json(f, j);
}

static void print(void *ctx, const struct bus_rec *r)
{
    FILE *to = ctx;
    fprintf(to, "%s %d/%lld %.*s", topics[r->topic].name, (int)r->partition, (long long)r->offset, (int)r->key.n, (const char *)r->key.p);
    for (size_t i = 0; i < r->headers_n; i++)
        fprintf(to, " %s=%.*s", r->headers[i].name, (int)r->headers[i].value.n, (const char *)r->headers[i].value.p);
    fputc('\n', to);
    fwrite(r->value.p ? r->value.p : "", 1, r->value.n, to);
}

/* Everything intake wrote; malloc'd. */
static char *written(struct flow *f, size_t *ret_n)
{
    char *text;
    platform_run(f->p);
    FILE *to = open_memstream(&text, ret_n);
    for (int t = 0; t < TOPIC_N; t++)
        for (int32_t part = 0; t != TOPIC_INTAKE_INBOX && part < 6; part++)
            fake_each(platform_cluster(f->p), t, part, print, to);
    fclose(to);
    return text;
}

static char *outcome_of(enum mode mode, size_t *ret_n)
{
    static struct flow f;
    PB(Withdrawal) w = CLINIC__ATTACH__V1__WITHDRAWAL__INIT;
    flow_open(&f, &intake_svc, RECEIVED_MS, NULL);
    w.source = f.app.source;
    w.external_ref = f.app.external_ref;
    publish_as(&f, mode, "e-1", EV_APPLICATION_SUBMITTED, &f.app.base);
    platform_run(f.p);
    publish_as(&f, mode, "e-2", EV_APPLICATION_WITHDRAWAL, &w.base);
    char *text = written(&f, ret_n);
    flow_close(&f);
    return text;
}

static void every_mode_is_the_same_event(void **state)
{
    (void)state;
    size_t binary_n, n;
    char *binary = outcome_of(BINARY, &binary_n);
    assert_non_null(memmem(binary, binary_n, "identity.inbox", 14));
    assert_non_null(memmem(binary, binary_n, "ce_causationid=e-2", 18));
    assert_non_null(memmem(binary, binary_n, "ce_traceparent=" ORIGIN, 15 + strlen(ORIGIN)));
    assert_null(memmem(binary, binary_n, "deadletter", 10));
    for (enum mode m = DATA; m <= BASE64; m++) {
        char *text = outcome_of(m, &n);
        assert_int_equal(n, binary_n);
        assert_memory_equal(text, binary, n);
        free(text);
    }
    free(binary);
}

/* What services read of a record, where the flow above does not show it: the time of the event, and its end. */
static void an_open_record_is_as_the_binary_mode_has_it(void **state)
{
    struct flow *f = *state;
    json_t *j = envelope("e-1", f->id, TYPE);
    json_object_set_new(j, "data_base64", json_string("CAE="));
    json_object_set_new(j, "expirytime", json_string("2026-06-12T09:00:00Z"));
    json_object_set_new(j, "tracestate", json_string("congo=2"));
    char *text = json_dumps(j, 0);
    struct bus_rec rec = {.value = bytes_str(text), .offset = 7, .traceparent = bytes_str(HOP), .ce_time = bytes_str("aside")}, open;
    struct err e = {0};
    assert_true(structured_open(&rec, f->mem, &open, &e));
    free(text);
    json_decref(j);
    const struct bytes told[][2] = {
        {open.content_type, bytes_str("application/protobuf")}, {open.ce_type, bytes_str(TYPE)}, {open.ce_id, bytes_str("e-1")},
        {open.ce_source, bytes_str("/portal")}, {open.ce_subject, bytes_str(f->id)},
        {open.ce_time, bytes_str("2026-05-12T09:00:00.000Z")}, {open.ce_expirytime, bytes_str("2026-06-12T09:00:00.000Z")},
        {open.traceparent, bytes_str(HOP)}, {open.tracestate, {0}}, {open.ce_traceparent, bytes_str(ORIGIN)},
        {open.ce_tracestate, bytes_str("congo=2")}, {open.value, bytes_str("\x08\x01")}};
    for (size_t i = 0; i < N(told); i++)
        if (!bytes_eq(told[i][0], told[i][1]))
            fail_msg("row %zu", i);
    assert_int_equal(open.offset, 7);
}

static int setup(void **state)
{
    struct flow *f = malloc(sizeof *f);
    flow_open(f, &intake_svc, RECEIVED_MS, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    flow_close(*state);
    free(*state);
    return 0;
}

static size_t on_topic(struct flow *f, int topic)
{
    size_t n = 0;
    platform_run(f->p);
    for (int32_t part = 0; part < 6; part++)
        n += (size_t)fake_end(platform_cluster(f->p), topic, part);
    return n;
}

static void both_ways_is_one_application(void **state)
{
    struct flow *f = *state;
    publish_as(f, BINARY, "e-1", EV_APPLICATION_SUBMITTED, &f->app.base);
    size_t told = on_topic(f, TOPIC_APPLICATION), sent = on_topic(f, TOPIC_IDENTITY_INBOX);
    assert_true(told > 0 && sent > 0);
    publish_as(f, DATA, "e-1", EV_APPLICATION_SUBMITTED, &f->app.base);
    publish_as(f, BASE64, "e-3", EV_APPLICATION_SUBMITTED, &f->app.base);
    assert_int_equal(on_topic(f, TOPIC_APPLICATION), told);
    assert_int_equal(on_topic(f, TOPIC_IDENTITY_INBOX), sent);
    assert_int_equal(on_topic(f, TOPIC_INTAKE_DLQ), 0);
}

static void keep_letter(void *ctx, const struct bus_rec *r)
{
    struct flow *f = ctx;
    f->seen[0].msg = clinic__attach__v1__dead_letter__unpack(arena_pb(f->mem), r->value.n, r->value.p);
    f->seen_n++;
}

static const PB(DeadLetter) * letter(struct flow *f)
{
    platform_run(f->p);
    f->seen_n = 0;
    for (int32_t part = 0; part < 6; part++)
        fake_each(platform_cluster(f->p), TOPIC_INTAKE_DLQ, part, keep_letter, f);
    assert_int_equal(f->seen_n, 1);
    return f->seen[0].msg;
}

/* A fresh platform, one record, the letter it becomes. */
static void assert_letter(const struct svc_def *def, const char *type, const char *value, const char *reason, const char *detail)
{
    static struct flow f;
    flow_open(&f, def, RECEIVED_MS, NULL);
    const struct bus_header h[] = {{"content-type", bytes_str(type)}, {"ce_type", bytes_str("aside")}};
    publish(&f, bytes_str(value), h, N(h));
    const PB(DeadLetter) *d = letter(&f);
    if (strcmp(d->reason, reason) != 0 || strncmp(d->detail, detail, strlen(detail)) != 0)
        fail_msg("%s \"%s\", not %s \"%s\"", d->reason, d->detail, reason, detail);
    flow_close(&f);
}

static void what_is_no_event_is_a_dead_letter(void **state)
{
    (void)state;
#define HEAD "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/portal\",\"type\":\"" TYPE "\""
    static const struct {
        const char *value, *reason, *detail;
    } table[] = {
        {"{", "undecodable", "value: not JSON: line 1"},
        {"{\"specversion\":\"1.0\",\"id\":\"1\"}", "undecodable", "/source: required"},
        {HEAD "}", "undecodable", "/data: required"},
        {HEAD ",\"data\":{\"personal\":{\"surname\":7}}}", "undecodable", "/data/personal/surname: must be a string"},
        {HEAD ",\"data_base64\":\"/w==\"}", "undecodable", "value: not the message that ce_type names"},
        {HEAD ",\"data\":{}}", "empty", "value: empty"},
        {HEAD ",\"data\":{\"external_ref\":\"1\"}}", "invalid", ""},
        {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/portal\",\"type\":\"no.such\",\"data\":{}}", "unknown_type", "ce_type: not one"},
        {"", "empty", "value: empty"},
    };
    for (size_t i = 0; i < N(table); i++)
        assert_letter(&intake_svc, JSON, table[i].value, table[i].reason, table[i].detail);
    const char *good = HEAD ",\"data\":{\"external_ref\":\"1\"}}";
    assert_letter(&intake_svc, "application/cloudevents-batch+json", good, "unsupported_content_mode", "content-type: of the structured");
    assert_letter(&intake_svc, "application/cloudevents+avro", good, "unsupported_content_mode", "content-type: of the structured");
    struct svc_def other = intake_svc;
    other.structured = false; /* as every other service is */
    assert_letter(&other, JSON, good, "unsupported_content_mode", "content-type: only the binary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_is_the_same_event),
        cmocka_unit_test_setup_teardown(an_open_record_is_as_the_binary_mode_has_it, setup, teardown),
        cmocka_unit_test_setup_teardown(both_ways_is_one_application, setup, teardown),
        cmocka_unit_test(what_is_no_event_is_a_dead_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
