#include "tests/unit/help.h"
#include "clinic/attach/v1/application.pb-c.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "tests/unit/wire/fill.h"
#include "wire/json.h"
#include "wire/wire.h"

static struct arena *mem;

static int new_arena(void **state)
{
    (void)state;
    mem = arena_new(16 << 20, 1 << 20);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static struct bytes packed(const ProtobufCMessage *m)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *p = arena_alloc(mem, n);
    protobuf_c_message_pack(m, p);
    return bytes_of(p, n);
}

/* Message -> JSON text -> message gives the same bytes. */
static void round_trip(const ProtobufCMessageDescriptor *d, unsigned seed)
{
    struct err e = {0};
    ProtobufCMessage *m = fill_message(d, mem, &seed), *back = NULL;
    json_t *j = json_of_msg(m, false);
    char *text = json_dumps(j, 0);
    json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(again);
    if (!json_to_msg(again, d, mem, &back, &e))
        fail_msg("%s: %s %s", d->name, e.code, e.text);
    if (!bytes_eq(packed(m), packed(back)))
        fail_msg("%s differs: %s", d->name, text);
    assert_true(packed(m).n > 0);
    json_decref(j);
    json_decref(again);
    free(text);
}

static void every_event_round_trips(void **state)
{
    (void)state;
    for (int ev = 0; ev < EV_N; ev++)
        for (unsigned seed = 0; seed < 12; seed++) {
            round_trip(events[ev].msg, seed);
            arena_reset(mem);
        }
}

static void empty_messages_round_trip(void **state)
{
    (void)state;
    for (int ev = 0; ev < EV_N; ev++) {
        struct err e = {0};
        ProtobufCMessage *m = arena_alloc(mem, events[ev].msg->sizeof_message), *back;
        events[ev].msg->message_init(m);
        json_t *j = json_of_msg(m, true);
        assert_int_equal(json_object_size(j), 0);
        assert_true(json_to_msg(j, events[ev].msg, mem, &back, &e));
        assert_int_equal(packed(back).n, 0);
        json_decref(j);
    }
}

typedef Clinic__Attach__V1__Application Application;
#define APPLICATION (&clinic__attach__v1__application__descriptor)

static bool parse(const char *text, Application **ret, struct err *e)
{
    json_error_t error;
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (!j)
        fail_msg("not JSON: %s: %s", text, error.text);
    bool ok = json_to_msg(j, APPLICATION, mem, (ProtobufCMessage **)ret, e);
    json_decref(j);
    return ok;
}

static void errors_name_field_and_rule(void **state)
{
    (void)state;
    static const struct {
        const char *json, *code, *text;
    } table[] = {
        {"[]", "", "must be an object"},
        {"null", "", "must be an object"},
        {"{\"colour\":1}", "/colour", "is not a known field"},
        {"{\"externalRef\":\"1\"}", "/externalRef", "is not a known field"},
        {"{\"personal\":{\"snils\":123}}", "/personal/snils", "must be a string"},
        {"{\"personal\":{\"representative\":{\"document\":{\"number\":[]}}}}", "/personal/representative/document/number",
         "must be a string"},
        {"{\"personal\":{\"representative\":{\"document\":{\"issue_date\":[]}}}}",
         "/personal/representative/document/issue_date", "must be a string"},
        {"{\"personal\":[]}", "/personal", "must be an object"},
        {"{\"source\":\"SOURCE_MARS\"}", "/source", "must be a name of Source"},
        {"{\"source\":\"mosru\"}", "/source", "must be a name of Source"},
        {"{\"source\":\"PROFILE_CHILD\"}", "/source", "must be a name of Source"},
        {"{\"source\":77}", "/source", "must be a name of Source"},
        {"{\"source\":-1}", "/source", "must be a name of Source"},
        {"{\"source\":true}", "/source", "must be a name of Source"},
        {"{\"doctor_id\":-1}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"doctor_id\":4294967296}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"doctor_id\":1.5}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"doctor_id\":\"1x\"}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"doctor_id\":\"\"}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"doctor_id\":\"-\"}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"doctor_id\":\"99999999999999999999\"}", "/doctor_id", "must be a whole number from 0 to 4294967295"},
        {"{\"acknowledged_data\":\"true\"}", "/acknowledged_data", "must be true or false"},
        {"{\"acknowledged_data\":1}", "/acknowledged_data", "must be true or false"},
        {"{\"evidence\":{}}", "/evidence", "must be an array"},
        {"{\"evidence\":[{},{\"type\":\"X\"}]}", "/evidence/1/type", "must be a name of DocumentType"},
        {"{\"evidence\":[null]}", "/evidence/0", "must be an object"},
        {"{\"external_ref\":\"a\\u0000b\"}", "/external_ref", "must be UTF-8 text without NUL"},
        {"{\"personal\":{},\"sealed\":{}}", "/sealed", "only one field of a choice may be given"},
        {"{\"sealed\":{\"nonce\":\"AA=A\"}}", "/sealed/nonce", "must be a string in base64"},
        {"{\"sealed\":{\"nonce\":\"A\"}}", "/sealed/nonce", "must be a string in base64"},
        {"{\"sealed\":{\"nonce\":\"A+-A\"}}", "/sealed/nonce", "must be a string in base64"},
        {"{\"sealed\":{\"nonce\":5}}", "/sealed/nonce", "must be a string in base64"},
    };
    for (size_t i = 0; i < N(table); i++) {
        struct err e = {0};
        Application *a = NULL;
        if (parse(table[i].json, &a, &e))
            fail_msg("accepted: %s", table[i].json);
        assert_null(a);
        assert_int_equal(e.cls, ERR_INPUT);
        assert_string_equal(e.text, table[i].text);
        assert_int_equal(strncmp(e.code, table[i].code, sizeof e.code - 1), 0);
        size_t want = strlen(table[i].code);
        assert_int_equal(strlen(e.code), want < sizeof e.code ? want : sizeof e.code - 1);
    }
}

static void made_up_names_are_not_repeated(void **state)
{
    (void)state;
    struct err e = {0};
    Application *a;
    assert_false(parse("{\"a b/~\\\"\\u0416\":1}", &a, &e));
    assert_string_equal(e.code, "/a?b?????");
}

static void lenient_forms_are_read(void **state)
{
    (void)state;
    struct err e = {0};
    Application *a = NULL;
    assert_true(parse("{\"source\":\"MOSRU\",\"kind\":2,\"profile\":\"PROFILE_CHILD\",\"doctor_id\":\"17\",\"region\":null,"
                      "\"evidence\":[],\"sealed\":{\"nonce\":\"-_-_\",\"box\":\"AQ\"}}",
                      &a, &e));
    assert_int_equal(a->source, CLINIC__ATTACH__V1__SOURCE__SOURCE_MOSRU);
    assert_int_equal(a->kind, CLINIC__ATTACH__V1__APPLICATION_KIND__APPLICATION_KIND_CHANGE);
    assert_int_equal(a->profile, CLINIC__ATTACH__V1__PROFILE__PROFILE_CHILD);
    assert_int_equal(a->doctor_id, 17);
    assert_string_equal(a->region, "");
    assert_int_equal(a->n_evidence, 0);
    assert_int_equal(a->personal_block_case, CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED);
    assert_memory_equal(a->sealed->nonce.data, "\xfb\xff\xbf", 3);
    assert_int_equal(a->sealed->box.len, 1);
}

static void wide_numbers_are_strings(void **state)
{
    (void)state;
    struct err e = {0};
    Clinic__Attach__V1__Step step = CLINIC__ATTACH__V1__STEP__INIT;
    step.at_ms = INT64_MIN;
    step.status = (Clinic__Attach__V1__Status)999; /* from a newer peer: shown as its number */
    json_t *j = json_of_msg(&step.base, false);
    assert_string_equal(json_string_value(json_object_get(j, "at_ms")), "-9223372036854775808");
    assert_int_equal(json_integer_value(json_object_get(j, "status")), 999);
    json_decref(j);
    ProtobufCMessage *back;
    j = json_loads("{\"at_ms\":1778576400000}", 0, NULL);
    assert_true(json_to_msg(j, step.base.descriptor, mem, &back, &e));
    assert_int_equal(((Clinic__Attach__V1__Step *)back)->at_ms, 1778576400000);
    json_decref(j);
    j = json_loads("{\"at_ms\":\"9223372036854775808\"}", 0, NULL);
    assert_false(json_to_msg(j, step.base.descriptor, mem, &back, &e));
    assert_string_equal(e.text, "must be a whole number of 64 bits");
    json_decref(j);
}

/* Personal data appear nowhere in masked JSON, whatever message holds them. */
static void masked_json_has_no_personal_data(void **state)
{
    (void)state;
    static const char json[] =
        "{\"external_ref\":\"SHOWN\",\"personal\":{\"surname\":\"HIDDEN\",\"birth_date\":\"HIDDEN\",\"sex\":\"SEX_MALE\","
        "\"policy_number\":\"HIDDEN\",\"document\":{\"number\":\"HIDDEN\",\"type\":\"RF_PASSPORT\"},"
        "\"representative\":{\"surname\":\"HIDDEN\",\"document\":{\"series\":\"HIDDEN\"}}}}";
    struct err e = {0};
    Application *a = NULL;
    assert_true(parse(json, &a, &e));
    Clinic__Attach__V1__Case c = CLINIC__ATTACH__V1__CASE__INIT;
    Clinic__Attach__V1__ApplicationRegistered r = CLINIC__ATTACH__V1__APPLICATION_REGISTERED__INIT;
    c.application = a;
    r.case_ = &c;
    json_t *j = json_of_msg(&r.base, true);
    char *text = json_dumps(j, 0);
    assert_null(strstr(text, "HIDDEN"));
    assert_null(strstr(text, "SEX_MALE"));
    assert_null(strstr(text, "PASSPORT"));
    assert_non_null(strstr(text, "SHOWN"));
    assert_non_null(strstr(text, "\"surname\": \"***\""));
    assert_null(strstr(text, "patronymic")); /* unset stays unset */
    free(text);
    json_decref(j);
}

static void sealed_is_masked(void **state)
{
    (void)state;
    struct err e = {0};
    Application *a = NULL;
    assert_true(parse("{\"sealed\":{\"key_id\":\"k1\",\"nonce\":\"AAAA\",\"box\":\"BBBB\"}}", &a, &e));
    json_t *j = json_of_msg(&a->base, true);
    char *text = json_dumps(j, JSON_COMPACT);
    assert_string_equal(text, "{\"sealed\":{\"key_id\":\"***\",\"nonce\":\"***\",\"box\":\"***\"}}");
    free(text);
    json_decref(j);
}

static void bad_utf8_is_shown_replaced(void **state)
{
    (void)state;
    Clinic__Attach__V1__Withdrawal w = CLINIC__ATTACH__V1__WITHDRAWAL__INIT;
    w.external_ref = (char[]){"a\xff\xd0z"};
    json_t *j = json_of_msg(&w.base, false);
    assert_string_equal(json_string_value(json_object_get(j, "external_ref")), "a\xef\xbf\xbd\xef\xbf\xbdz");
    json_decref(j);
}

/* A message that holds itself: the schema has none, so the descriptor is made by hand. */
struct loop {
    ProtobufCMessage base;
    struct loop *inner;
};
static const ProtobufCMessageDescriptor loop_descriptor;
static void loop_init(ProtobufCMessage *m)
{
    memset(m, 0, sizeof(struct loop));
    m->descriptor = &loop_descriptor;
}
static const ProtobufCFieldDescriptor loop_fields[] = {
    {.name = "inner", .id = 1, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_MESSAGE,
     .offset = offsetof(struct loop, inner), .descriptor = &loop_descriptor},
};
static const unsigned loop_names[] = {0};
static const ProtobufCMessageDescriptor loop_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC, .name = "Loop", .short_name = "Loop", .c_name = "Loop",
    .package_name = "", .sizeof_message = sizeof(struct loop), .n_fields = 1, .fields = loop_fields,
    .fields_sorted_by_name = loop_names, .message_init = loop_init,
};

static bool parse_nested(int depth, struct err *e)
{
    ProtobufCMessage *m;
    json_t *j = json_object();
    for (int i = 0; i < depth; i++) {
        json_t *outer = json_object();
        json_object_set_new(outer, "inner", j);
        j = outer;
    }
    bool ok = json_to_msg(j, &loop_descriptor, mem, &m, e);
    json_decref(j);
    return ok;
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct err e = {0};
    assert_true(parse_nested(15, &e));
    assert_false(parse_nested(16, &e));
    assert_string_equal(e.text, "is nested too deep");
    assert_int_equal(strlen(e.code), sizeof e.code - 1);
}

static void enum_names(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *d = &clinic__attach__v1__document_type__descriptor;
    assert_int_equal(json_enum_value(d, "DOCUMENT_TYPE_SNILS")->value, 20);
    assert_int_equal(json_enum_value(d, "SNILS")->value, 20);
    assert_int_equal(json_enum_value(d, "UNSPECIFIED")->value, 0);
    assert_null(json_enum_value(d, ""));
    assert_null(json_enum_value(d, "TYPE_SNILS"));
    char much[300];
    memset(much, 'A', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    assert_null(json_enum_value(d, much));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_round_trips),   cmocka_unit_test(empty_messages_round_trip),
        cmocka_unit_test(errors_name_field_and_rule), cmocka_unit_test(made_up_names_are_not_repeated),
        cmocka_unit_test(lenient_forms_are_read),    cmocka_unit_test(wide_numbers_are_strings),
        cmocka_unit_test(masked_json_has_no_personal_data), cmocka_unit_test(sealed_is_masked),
        cmocka_unit_test(bad_utf8_is_shown_replaced), cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(enum_names),
    };
    return cmocka_run_group_tests(tests, new_arena, free_arena);
}
