#include "tests/unit/help.h"
#include "wire/seal.h"

#define NS_DNS "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define NS_URL "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

/* Expected ids were computed with the uuid module of Python. */
static void known_names(void **state)
{
    (void)state;
    static const struct {
        const char *space, *name, *id;
    } table[] = {
        {NS_DNS, "python.org", "886313e1-3b8a-5372-9b90-0c9aee199e5d"},
        {NS_URL, "http://www.example.com/", "fcde3c85-2270-590f-9e7c-ee003d65e0e2"},
        {APPLICATION_NAMESPACE, "MOSRU/12-345", "d2695d74-a632-56d1-86f9-1154b24bc4d2"},
    };
    uint8_t space[16];
    char id[37];
    for (size_t i = 0; i < N(table); i++) {
        assert_true(uuid_to_bytes(table[i].space, space));
        uuid_v5(space, bytes_str(table[i].name), id);
        assert_string_equal(id, table[i].id);
    }
}

static void application_ids(void **state)
{
    (void)state;
    char long_ref[301], id[37];
    memset(long_ref, 'r', 300);
    long_ref[300] = '\0';
    const struct {
        int source;
        const char *ref, *id;
    } table[] = {
        {CLINIC__ATTACH__V1__SOURCE__SOURCE_MOSRU, "12-345", "d2695d74-a632-56d1-86f9-1154b24bc4d2"},
        {CLINIC__ATTACH__V1__SOURCE__SOURCE_GOSUSLUGI, "12-345", "f2f402cd-eb24-5757-baff-9ca4810c3c6c"},
        {CLINIC__ATTACH__V1__SOURCE__SOURCE_CLINIC_DESK, "774001-\xd0\x96/7", "c4b06972-7bea-54d7-81f1-08d8c407ac44"},
        {CLINIC__ATTACH__V1__SOURCE__SOURCE_MOSRU, "", "b10e07ba-8cf6-539c-a5f0-8f7269742f02"},
        {CLINIC__ATTACH__V1__SOURCE__SOURCE_UNSPECIFIED, "x", "444343ff-d1a5-5128-8697-07bf9cc89b37"},
        {12345, "x", "444343ff-d1a5-5128-8697-07bf9cc89b37"},
        {CLINIC__ATTACH__V1__SOURCE__SOURCE_EMAIL, long_ref, "21795fe7-637e-5978-b9d9-4276841b09d7"},
    };
    for (size_t i = 0; i < N(table); i++) {
        application_id_of((Clinic__Attach__V1__Source)table[i].source, table[i].ref, id);
        assert_string_equal(id, table[i].id);
    }
}

static void text_and_bytes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "8e03978e-40d5-43e8-bc93-6894a57f932",
        "8e03978e-40d5-43e8-bc93-6894a57f93244",
        "8e03978e040d5-43e8-bc93-6894a57f9324",
        "8e03978e-40d5-43e8-bc93-6894a57f932g",
        "{e03978e-40d5-43e8-bc93-6894a57f9324",
        "8e03978e-40d5-43e8-bc936-894a57f9324",
    };
    uint8_t id[16], same[16];
    char text[37];
    assert_true(uuid_to_bytes("8e03978e-40d5-43e8-bc93-6894a57f9324", id));
    assert_memory_equal(id, "\x8e\x03\x97\x8e\x40\xd5\x43\xe8\xbc\x93\x68\x94\xa5\x7f\x93\x24", 16);
    uuid_to_text(id, text);
    assert_string_equal(text, "8e03978e-40d5-43e8-bc93-6894a57f9324");
    assert_true(uuid_to_bytes("8E03978E-40D5-43E8-BC93-6894A57F9324", same));
    assert_memory_equal(id, same, 16);
    for (size_t i = 0; i < N(bad); i++)
        if (uuid_to_bytes(bad[i], same))
            fail_msg("read: %s", bad[i]);
    assert_memory_equal(id, same, 16);
}

/* At every place: what is a digit, or a dash, and what is not. */
static void every_sign_of_a_uuid(void **state)
{
    (void)state;
    static const char whole[] = "8e03978e-40d5-43e8-bc93-6894a57f9324";
    uint8_t id[16];
    for (size_t i = 0; i < 36; i++)
        for (int c = 1; c < 256; c++) {
            char text[37];
            memcpy(text, whole, sizeof text);
            text[i] = (char)c;
            bool ok = whole[i] == '-' ? c == '-' : strchr("0123456789abcdefABCDEF", c) != NULL;
            if (uuid_to_bytes(text, id) != ok)
                fail_msg("%d at %zu", c, i);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_names),
        cmocka_unit_test(application_ids),
        cmocka_unit_test(text_and_bytes),
        cmocka_unit_test(every_sign_of_a_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
