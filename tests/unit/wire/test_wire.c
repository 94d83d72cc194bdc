#include "tests/unit/help.h"
#include "base/arena.h"
#include "wire/facts.h"
#include "wire/wire.h"

static void topics_are_found_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < TOPIC_N; i++)
        assert_int_equal(topic_by_name(topics[i].name), i); /* the first of equal names is found: names are unique */
    assert_int_equal(topic_by_name("clinic.attach.intake.inbox"), -1);
    assert_int_equal(topic_by_name(""), -1);
}

static void topics_are_well_formed(void **state)
{
    (void)state;
    for (int i = 0; i < TOPIC_N; i++) {
        assert_int_equal(strncmp(topics[i].name, "clinic.", 7), 0);
        assert_string_equal(topics[i].name + strlen(topics[i].name) - 3, ".v1");
        assert_true(topics[i].cleanup == 'D' || topics[i].cleanup == 'C');
        assert_true(topics[i].time == 'A' || topics[i].time == 'P');
        assert_true((topics[i].retention_days == 0) == (topics[i].cleanup == 'C'));
        assert_true(!strstr(topics[i].name, ".inbox.") || topics[i].time == 'A');
        assert_true(*topics[i].key);
    }
}

static void types_are_found_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < EV_N; i++) {
        size_t n = strlen(events[i].type);
        assert_int_equal(event_by_type(events[i].type, n), i);
        assert_int_equal(event_by_type(events[i].type, n - 1), -1);
        assert_non_null(events[i].msg->message_init);
    }
    assert_int_equal(event_by_type("", 0), -1);
    assert_int_equal(event_by_type("ru.clinic.attach.application.submitted.v1x", 42), -1);
    /* length rules, not a zero byte */
    assert_int_equal(event_by_type("ru.clinic.attach.application.submitted.v1x", 41), EV_APPLICATION_SUBMITTED);
}

static void every_event_has_its_own_message(void **state)
{
    (void)state;
    for (int i = 0; i < EV_N; i++)
        for (int k = 0; k < i; k++)
            assert_ptr_not_equal(events[i].msg, events[k].msg);
}

/* Hashes of the Java client's own tests (UtilsTest), and of keys like ours computed with an independent murmur2. */
static void partitions_agree_with_java(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t murmur2;
    } table[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
        {"", 275646681},
        {"774001", 1189119721},
        {"8e03978e-40d5-43e8-bc93-6894a57f9324", 1153839187},
        {"Zm9vYmFyYmF6cXV4", 1606664996},
        {"\xd0\xb6", -396122126},
    };
    for (size_t i = 0; i < N(table); i++)
        for (int32_t n = 1; n <= 64; n++)
            assert_int_equal(wire_partition(bytes_str(table[i].key), n), (table[i].murmur2 & 0x7fffffff) % n);
}

static void facts_keys(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1 << 16, 4096);
    struct bytes table = {0}, key = {0}, facts = facts_key("reservation", bytes_str("774001/8e03978e"), mem);
    assert_true(bytes_eq(facts, bytes_str("reservation/774001/8e03978e")));
    assert_true(facts_split(facts, &table, &key));
    assert_true(bytes_eq(table, bytes_str("reservation")));
    assert_true(bytes_eq(key, bytes_str("774001/8e03978e")));
    facts = facts_key("t", bytes_of(NULL, 0), mem);
    assert_true(facts_split(facts, &table, &key));
    assert_int_equal(key.n, 0);
    assert_false(facts_split(bytes_str("notable"), &table, &key));
    assert_false(facts_split(bytes_str("/key"), &table, &key));
    assert_false(facts_split(bytes_of(NULL, 0), &table, &key));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_found_by_name), cmocka_unit_test(topics_are_well_formed),
        cmocka_unit_test(types_are_found_by_name),  cmocka_unit_test(every_event_has_its_own_message),
        cmocka_unit_test(partitions_agree_with_java), cmocka_unit_test(facts_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
