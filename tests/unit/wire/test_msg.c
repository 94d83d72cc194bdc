#include "tests/unit/help.h"
#include "clinic/attach/v1/application.pb-c.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "tests/unit/wire/fill.h"
#include "wire/msg.h"
#include "wire/wire.h"

static void good_text_passes(void **state)
{
    (void)state;
    struct arena *mem = arena_new(16 << 20, 1 << 20);
    for (int ev = 0; ev < EV_N; ev++) {
        struct err e = {0};
        unsigned seed = (unsigned)ev;
        assert_true(msg_text_ok(fill_message(events[ev].msg, mem, &seed), &e));
    }
    arena_free(mem);
}

static void bad_text_is_found_with_its_path(void **state)
{
    (void)state;
    struct err e = {0};
    Clinic__Attach__V1__Document doc = CLINIC__ATTACH__V1__DOCUMENT__INIT;
    Clinic__Attach__V1__Personal p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    Clinic__Attach__V1__Application a = CLINIC__ATTACH__V1__APPLICATION__INIT;
    Clinic__Attach__V1__NotificationRequested n = CLINIC__ATTACH__V1__NOTIFICATION_REQUESTED__INIT;
    doc.number = (char[]){"4510\xff"};
    p.document = &doc;
    a.personal = &p;
    assert_true(msg_text_ok(&a.base, &e)); /* no member of the choice is set */
    a.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    assert_false(msg_text_ok(&a.base, &e));
    assert_string_equal(e.code, "/personal/document/number");
    assert_int_equal(e.cls, ERR_INPUT);
    n.alternatives = (char *[]){(char[]){"good"}, (char[]){"\xc0\x80"}};
    n.n_alternatives = 2;
    assert_false(msg_text_ok(&n.base, &e));
    assert_string_equal(e.code, "/alternatives/1");
}

/* --- msg_pack: what protobuf-c makes of it --- */
static void assert_packed(const ProtobufCMessage *m, struct arena *mem)
{
    struct arena *work = arena_new(16 << 20, 1 << 20);
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *want = arena_alloc(mem, n + 1);
    protobuf_c_message_pack(m, want);
    struct bytes got = msg_pack(m, work, mem), alone = msg_pack(m, mem, mem);
    arena_free(work);
    assert_non_null(got.p);
    assert_true(bytes_eq(got, bytes_of(want, n)));
    assert_true(bytes_eq(alone, bytes_of(want, n)));
}

static void every_message_is_packed(void **state)
{
    (void)state;
    struct arena *mem = arena_new(64 << 20, 1 << 20);
    for (int ev = 0; ev < EV_N; ev++)
        for (unsigned i = 0; i < 20; i++) {
            unsigned seed = i * 7;
            assert_packed(fill_message(events[ev].msg, mem, &seed), mem);
            ProtobufCMessage *empty = arena_alloc(mem, events[ev].msg->sizeof_message);
            events[ev].msg->message_init(empty);
            assert_packed(empty, mem);
        }
    arena_free(mem);
}

/* Lengths at which a number takes one byte more, and the room has to grow: nested twice and in a list. */
static void every_length_is_packed(void **state)
{
    (void)state;
    struct arena *mem = arena_new(256 << 20, 1 << 20);
    char *text = arena_alloc(mem, 70000);
    memset(text, 'x', 70000);
    for (size_t n = 0; n < 70000; n += n < 140 || (n > 950 && n < 1100) ? 1 : 397) {
        char was = text[n];
        Clinic__Attach__V1__Document doc = CLINIC__ATTACH__V1__DOCUMENT__INIT;
        Clinic__Attach__V1__Personal p = CLINIC__ATTACH__V1__PERSONAL__INIT;
        Clinic__Attach__V1__NotificationRequested r = CLINIC__ATTACH__V1__NOTIFICATION_REQUESTED__INIT;
        text[n] = '\0';
        doc.number = text;
        p.document = &doc;
        assert_packed(&p.base, mem);
        r.alternatives = (char *[]){text, (char[]){""}};
        r.n_alternatives = 2;
        assert_packed(&r.base, mem);
        text[n] = was;
    }
    arena_free(mem);
}

/* Fields of a later version of the contract go on as they came. */
static void unknown_fields_are_packed(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1 << 20, 1 << 20);
    static const uint8_t bytes[] = {0xf8, 0x3f, 0xac, 2, 0xf2, 0x7f, 2, 'b', 'c', 0xc5, 0x3e, 1, 2, 3, 4};
    ProtobufCMessage *m =
        protobuf_c_message_unpack(&clinic__attach__v1__document__descriptor, arena_pb(mem), sizeof bytes, bytes);
    assert_non_null(m);
    assert_int_equal(m->n_unknown_fields, 3);
    assert_packed(m, mem);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_text_passes),
        cmocka_unit_test(bad_text_is_found_with_its_path),
        cmocka_unit_test(every_message_is_packed),
        cmocka_unit_test(every_length_is_packed),
        cmocka_unit_test(unknown_fields_are_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
