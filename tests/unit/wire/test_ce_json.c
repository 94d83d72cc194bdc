#include "tests/unit/help.h"
#include "clinic/attach/v1/application.pb-c.h"
#include "wire/ce_json.h"
#include "wire/json.h"
#include "wire/wire.h"

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define TYPE  "\"type\":\"ru.clinic.attach.application.withdrawal.v1\""
#define HEAD  "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"/portal\"," TYPE
#define DATA  ",\"data\":{\"source\":\"MOSRU\",\"external_ref\":\"12-345\"}"

static struct arena *mem;

static int new_arena(void **state)
{
    (void)state;
    mem = arena_new(1 << 22, 4096);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static void modes(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum ce_mode mode;
    } table[] = {
        {"application/protobuf", CE_BINARY},
        {"", CE_BINARY},
        {"application/json", CE_BINARY},
        {"application/cloudevent", CE_BINARY},
        {"application/cloudevents+json", CE_JSON},
        {"Application/CloudEvents+JSON; charset=UTF-8", CE_JSON},
        {"application/cloudevents+json;charset=utf-8", CE_JSON},
        {"application/cloudevents+jsonl", CE_OTHER},
        {"application/cloudevents", CE_OTHER},
        {"application/cloudevents+avro", CE_OTHER},
        {"application/cloudevents-batch+json", CE_OTHER},
        {"APPLICATION/CLOUDEVENTS+XML", CE_OTHER},
    };
    for (size_t i = 0; i < N(table); i++)
        if (ce_mode_of(bytes_str(table[i].type)) != table[i].mode)
            fail_msg("%s", table[i].type);
    assert_int_equal(ce_mode_of((struct bytes){0}), CE_BINARY);
    assert_int_equal(ce_mode_of(bytes_of("application/cloudevents+jsonX", 28)), CE_JSON); /* not zero-terminated */
}

static struct ce_event read_good(const char *text)
{
    struct ce_event ev;
    struct err e = {0};
    if (!ce_json_read(bytes_str(text), mem, &ev, &e))
        fail_msg("%s: %s", e.code, e.text);
    return ev;
}

static void assert_text(struct bytes b, const char *text) { assert_true(bytes_eq(b, bytes_str(text))); }

static void assert_withdrawal(struct bytes value)
{
    Clinic__Attach__V1__Withdrawal *w = clinic__attach__v1__withdrawal__unpack(arena_pb(mem), value.n, value.p);
    assert_non_null(w);
    assert_int_equal(w->source, CLINIC__ATTACH__V1__SOURCE__SOURCE_MOSRU);
    assert_string_equal(w->external_ref, "12-345");
}

static void a_whole_event(void **state)
{
    (void)state;
    struct ce_event ev = read_good(HEAD DATA ",\"subject\":\"s\",\"time\":\"2026-05-12T12:00:00+03:00\",\"datacontenttype\":"
                                   "\"application/json; charset=utf-8\",\"expirytime\":\"2026-06-12T09:00:00Z\",\"traceparent\":\"" TRACE
                                   "\",\"tracestate\":\"rojo=1\",\"comexample\":7,\"dataschema\":null}");
    assert_text(ev.id, "a-1");
    assert_text(ev.source, "/portal");
    assert_text(ev.type, "ru.clinic.attach.application.withdrawal.v1");
    assert_text(ev.subject, "s");
    assert_text(ev.time, "2026-05-12T09:00:00.000Z");
    assert_text(ev.expirytime, "2026-06-12T09:00:00.000Z");
    assert_text(ev.traceparent, TRACE);
    assert_text(ev.tracestate, "rojo=1");
    assert_withdrawal(ev.value);
}

static void the_least_that_is_needed(void **state)
{
    (void)state;
    struct ce_event ev = read_good(HEAD DATA "}");
    assert_int_equal(ev.subject.n + ev.time.n + ev.expirytime.n + ev.traceparent.n + ev.tracestate.n, 0);
    assert_withdrawal(ev.value);
    assert_withdrawal(read_good(HEAD ",\"data_base64\":\"CAESBjEyLTM0NQ==\"}").value);
    assert_withdrawal(read_good(HEAD ",\"data_base64\":\"CAESBjEyLTM0NQ\",\"datacontenttype\":\"application/protobuf\"}").value);
    assert_withdrawal(read_good(HEAD DATA ",\"datacontenttype\":\"application/vnd.clinic+json\"}").value);
}

/* The sender's bytes go on as they are; what has no message is for others to refuse. */
static void what_is_not_known_here(void **state)
{
    (void)state;
    assert_text(read_good(HEAD ",\"data_base64\":\"/w==\"}").value, "\xff");
    struct ce_event ev = read_good("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"no.such.type\",\"data\":[1]}");
    assert_null(ev.value.p);
    ev = read_good(HEAD ",\"data\":{}}"); /* a message of which nothing is set has no bytes */
    assert_true(ev.value.p && ev.value.n == 0);
}

static void broken_envelopes_name_the_part(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *rule;
    } table[] = {
        {"", "", "not JSON: line 1, column 0"},
        {"{\"id\":\"Ivanov\"", "", "not JSON"},
        {"[]", "", "must be an object"},
        {"[" HEAD DATA "}]", "", "must be an object"},
        {"{}", "/specversion", "must be 1.0"},
        {"{\"specversion\":1.0}", "/specversion", "must be 1.0"},
        {"{\"specversion\":\"0.3\"}", "/specversion", "must be 1.0"},
        {"{\"specversion\":\"1.0\",\"source\":\"s\"," TYPE DATA "}", "/id", "required"},
        {"{\"specversion\":\"1.0\",\"id\":null,\"source\":\"s\"," TYPE DATA "}", "/id", "required"},
        {"{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\"," TYPE DATA "}", "/id", "must be a string that is not empty"},
        {"{\"specversion\":\"1.0\",\"id\":1,\"source\":\"s\"," TYPE DATA "}", "/id", "must be a string that is not empty"},
        {"{\"specversion\":\"1.0\",\"id\":\"1\"," TYPE DATA "}", "/source", "required"},
        {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\"" DATA "}", "/type", "required"},
        {HEAD ",\"id\":\"2\"" DATA "}", "", "not JSON"}, /* twice */
        {HEAD DATA ",\"subject\":[]}", "/subject", "must be a string that is not empty"},
        {HEAD DATA ",\"time\":\"yesterday\"}", "/time", "must be a time of RFC 3339"},
        {HEAD DATA ",\"expirytime\":\"2026-06-12\"}", "/expirytime", "must be a time of RFC 3339"},
        {HEAD DATA ",\"datacontenttype\":\"application/protobuf\"}", "/datacontenttype", "must be application/json"},
        {HEAD DATA ",\"datacontenttype\":\"text/plain\"}", "/datacontenttype", "must be application/json"},
        {HEAD ",\"data_base64\":\"\",\"datacontenttype\":\"application/json\"}", "/datacontenttype", "must be application/json"},
        {HEAD "}", "/data", "required"},
        {HEAD DATA ",\"data_base64\":\"\"}", "/data_base64", "only one of"},
        {HEAD ",\"data_base64\":\"%%\"}", "/data_base64", "must be a string in base64"},
        {HEAD ",\"data_base64\":{}}", "/data_base64", "must be a string in base64"},
        {HEAD ",\"data\":\"CAES\"}", "/data", "must be an object"},
        {HEAD ",\"data\":{\"source\":\"NOBODY\"}}", "/data/source", "must be a name of"},
        {HEAD ",\"data\":{\"surname\":\"Ivanov\"}}", "/data/surname", "is not a known field"},
    };
    for (size_t i = 0; i < N(table); i++) {
        struct ce_event ev;
        struct err e = {0};
        if (ce_json_read(bytes_str(table[i].text), mem, &ev, &e) || e.cls != ERR_INPUT || strcmp(e.code, table[i].code) != 0 ||
            !strstr(e.text, table[i].rule) || strstr(e.text, "Ivanov"))
            fail_msg("row %zu: %s: %s", i, e.code, e.text);
    }
    struct ce_event ev;
    struct err e = {0};
    assert_false(ce_json_read(bytes_of(HEAD DATA "}", sizeof(HEAD DATA "}") - 2), mem, &ev, &e)); /* cut short */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes), cmocka_unit_test(a_whole_event), cmocka_unit_test(the_least_that_is_needed),
        cmocka_unit_test(what_is_not_known_here), cmocka_unit_test(broken_envelopes_name_the_part),
    };
    return cmocka_run_group_tests(tests, new_arena, free_arena);
}
