/* What cannot be handled goes to the dead letters, whole and sealed, and the next record is handled. */
#include "runtime/harness.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"

static struct keyring *keys;

static int setup(void **state)
{
    struct sweep_run *r = harness_new(2, 50);
    r->keys = keys = harness_keys();
    *state = r;
    sweep_start(r, 0);
    return 0;
}

static int teardown(void **state)
{
    sweep_run_free(*state);
    keyring_free(keys);
    return 0;
}

static void publish(struct sweep_run *r, const char *key, struct bytes value, const char *header, const char *text)
{
    struct bus_header h = {header, bytes_str(text)};
    struct bus_out o = {.topic = TOPIC_CAPACITY_INBOX, .partition = 1, .key = bytes_str(key), .value = value,
                        .headers = &h, .headers_n = header ? 1 : 0};
    sweep_publish(r, &o);
}

/* The one dead letter has this reason; the next record was handled. */
static struct bus_rec expect(struct sweep_run *r, const char *reason)
{
    struct bus_rec rec;
    tally_reserve(r, "770001", "application-next", "person-aaaaaaaaa");
    sweep_settle(r);
    assert_int_equal(harness_records(r, TOPIC_CAPACITY_DLQ, &rec, 1), 1);
    assert_string_equal(harness_header(&rec, "dlq-reason"), reason);
    assert_string_equal(harness_header(&rec, "dlq-service"), "tally");
    assert_string_equal(harness_header(&rec, "dlq-original-partition"), "1");
    assert_string_equal(harness_header(&rec, "dlq-original-offset"), "0");
    assert_string_equal(harness_header(&rec, "kafka_dlt-original-topic"), "clinic.attach.capacity.inbox.v1");
    assert_string_equal(harness_header(&rec, "ce_type"), "ru.clinic.attach.deadletter.v1");
    assert_int_equal(harness_used(r, "770001"), 1);
    return rec;
}

static void test_undecodable_is_sealed_whole(void **state)
{
    struct sweep_run *r = *state;
    struct arena *mem = arena_new(1 << 20, 4096);
    struct bytes plain;
    struct err e = {0};
    publish(r, "9912345678901234", bytes_str("\xff\xff secret 9912345678901234"), "ce_type", events[EV_RESERVE].type);
    struct bus_rec rec = expect(r, "undecodable");
    assert_null(rec.key.p); /* a policy number */
    Clinic__Attach__V1__DeadLetter *d = clinic__attach__v1__dead_letter__unpack(NULL, rec.value.n, rec.value.p);
    assert_non_null(d);
    assert_string_equal(d->origin, "clinic.attach.capacity.inbox.v1/1/0");
    assert_null(memmem(rec.value.p, rec.value.n, "secret", 6));
    assert_true(deadletter_open(keys, bytes_of(d->box.data, d->box.len), mem, &plain, &e));
    Clinic__Attach__V1__OriginalRecord *o = clinic__attach__v1__original_record__unpack(NULL, plain.n, plain.p);
    assert_non_null(o);
    assert_true(bytes_eq(bytes_of(o->value.data, o->value.len), bytes_str("\xff\xff secret 9912345678901234")));
    assert_true(bytes_eq(bytes_of(o->key.data, o->key.len), bytes_str("9912345678901234")));
    assert_int_equal(o->n_headers, 1);
    assert_string_equal(o->headers[0]->name, "ce_type");
    clinic__attach__v1__original_record__free_unpacked(o, NULL);
    clinic__attach__v1__dead_letter__free_unpacked(d, NULL);
    arena_free(mem);
}

static void test_empty(void **state)
{
    publish(*state, "770001", bytes_of("", 0), "ce_type", events[EV_RESERVE].type);
    struct bus_rec rec = expect(*state, "empty");
    assert_true(bytes_eq(rec.key, bytes_str("770001")));
}

static void test_tombstone(void **state)
{
    publish(*state, "770001", (struct bytes){0}, "ce_type", events[EV_RESERVE].type);
    expect(*state, "empty");
}

static void test_unknown_type(void **state)
{
    publish(*state, "770001", bytes_str("x"), "ce_type", "ru.clinic.never.heard.v1");
    expect(*state, "unknown_type");
}

static void test_no_type(void **state)
{
    publish(*state, "770001", bytes_str("x"), NULL, NULL);
    expect(*state, "unknown_type");
}

static void test_type_of_another_inbox(void **state)
{
    publish(*state, "770001", bytes_str("x"), "ce_type", events[EV_APPLICATION_SUBMITTED].type);
    expect(*state, "unknown_type");
}

static void test_too_large(void **state)
{
    static char big[5000];
    publish(*state, "770001", bytes_of(big, sizeof big), "ce_type", events[EV_RESERVE].type);
    struct bus_rec rec = expect(*state, "too_large");
    assert_string_equal(harness_header(&rec, "dlq-original-size"), "5000");
}

static void test_structured_mode(void **state)
{
    publish(*state, "770001", bytes_str("{}"), "content-type", "application/CloudEvents+json; charset=utf-8");
    expect(*state, "unsupported_content_mode");
}

/* The broker refuses one record's effects for ever: halving finds it, the others go through. */
static void test_poison_is_found(void **state)
{
    struct sweep_run *r = *state;
    struct bus_rec rec;
    char app[24];
    fake_bus_refuse(r->m[0].bus, "application-13");
    for (int i = 0; i < 30; i++) {
        snprintf(app, sizeof app, "application-%d", i);
        tally_reserve(r, "770001", app, "person-aaaaaaaaa");
    }
    sweep_settle(r);
    assert_false(r->stuck);
    assert_int_equal(harness_records(r, TOPIC_CAPACITY_DLQ, &rec, 1), 1);
    assert_string_equal(harness_header(&rec, "dlq-reason"), "poison");
    assert_string_equal(harness_header(&rec, "dlq-original-offset"), "13");
    assert_int_equal(harness_used(r, "770001"), 29);
}

static size_t letters(struct sweep_run *r) { return harness_records(r, TOPIC_CAPACITY_DLQ, NULL, 0); }

static void expect_state_record(const struct bus_rec *rec)
{
    struct arena *mem = arena_new(1 << 20, 4096);
    struct bytes plain;
    struct err e = {0};
    Clinic__Attach__V1__DeadLetter *d = clinic__attach__v1__dead_letter__unpack(NULL, rec->value.n, rec->value.p);
    assert_non_null(d);
    assert_string_equal(d->origin, "clinic.attach.capacity.facts.v1/1/due");
    assert_string_equal(d->detail, "key: stubborn");
    assert_true(deadletter_open(keys, bytes_of(d->box.data, d->box.len), mem, &plain, &e));
    Clinic__Attach__V1__OriginalRecord *o = clinic__attach__v1__original_record__unpack(NULL, plain.n, plain.p);
    assert_non_null(o);
    assert_true(bytes_eq(bytes_of(o->key.data, o->key.len), bytes_str("notice/stubborn-1")));
    Clinic__Attach__V1__NoticeState *s = clinic__attach__v1__notice_state__unpack(NULL, o->value.len, o->value.data);
    assert_non_null(s);
    assert_int_equal(s->n_channels, 1);
    assert_int_equal(s->channels[0]->attempt, 0); /* as its handler saw it */
    clinic__attach__v1__notice_state__free_unpacked(s, NULL);
    clinic__attach__v1__original_record__free_unpacked(o, NULL);
    clinic__attach__v1__dead_letter__free_unpacked(d, NULL);
    arena_free(mem);
}

/* Due work that its handler refuses: one dead letter with the state record, and then peace, even after a rebuild. */
static void test_refused_due_work(void **state)
{
    struct sweep_run *r = *state;
    struct bus_rec rec;
    tally_release(r, "770001", "stubborn-1");
    sweep_settle(r);
    sweep_advance(r, 60000);
    assert_int_equal(harness_records(r, TOPIC_CAPACITY_DLQ, &rec, 1), 1);
    assert_string_equal(harness_header(&rec, "dlq-reason"), "invalid");
    assert_string_equal(harness_header(&rec, "kafka_dlt-original-topic"), "clinic.attach.capacity.facts.v1");
    assert_string_equal(harness_header(&rec, "dlq-original-offset"), "due");
    expect_state_record(&rec);
    assert_int_equal(harness_records(r, TOPIC_NOTIFICATION, NULL, 0), 0); /* nothing else of it stays */
    int64_t end = fake_end(r->cluster, TOPIC_CAPACITY_FACTS, 1);
    for (int i = 0; i < 5; i++)
        sweep_advance(r, 600000);
    assert_int_equal(letters(r), 1);
    assert_int_equal(fake_end(r->cluster, TOPIC_CAPACITY_FACTS, 1), end);
    fake_db_flush(r->db);
    fake_sleep_ms(r->cluster, 2 * PROBE_MS);
    sweep_advance(r, 600000);
    assert_int_equal(letters(r), 1);
    tally_release(r, "770001", "stubborn-1"); /* written anew: tried anew */
    sweep_settle(r);
    sweep_advance(r, 60000);
    assert_int_equal(letters(r), 2);
}

static void test_keys_that_may_stand_in_clear(void **state)
{
    (void)state;
    assert_true(deadletter_key_is_harmless(bytes_str("AbCd-123_xyzABCD")));
    assert_true(deadletter_key_is_harmless(bytes_str("8e03978e-40d5-43e8-bc93-6894a57f9324")));
    assert_true(deadletter_key_is_harmless(bytes_str("770001")));
    assert_false(deadletter_key_is_harmless(bytes_str("9912345678901234")));
    assert_false(deadletter_key_is_harmless(bytes_str("12345678901")));
    assert_false(deadletter_key_is_harmless(bytes_str("Ivanov Ivan")));
    assert_false(deadletter_key_is_harmless(bytes_str("a@b.example")));
    assert_false(deadletter_key_is_harmless(bytes_str("")));
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(undecodable_is_sealed_whole), ROW(empty),          ROW(tombstone),
        ROW(unknown_type),                ROW(no_type),        ROW(type_of_another_inbox),
        ROW(too_large),                   ROW(structured_mode), ROW(poison_is_found),
        ROW(refused_due_work),
        ROW(keys_that_may_stand_in_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
