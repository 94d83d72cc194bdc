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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_text_passes),
        cmocka_unit_test(bad_text_is_found_with_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
