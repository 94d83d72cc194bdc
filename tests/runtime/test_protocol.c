/* Steps of the commit protocol, one by one. */
#include "runtime/harness.h"
#include "clinic/attach/v1/registry.pb-c.h"
#include <sys/wait.h>
#include <unistd.h>

static int setup(void **state)
{
    struct sweep_run *r = harness_new(2, 50);
    *state = r;
    sweep_start(r, 0);
    return 0;
}

static int teardown(void **state)
{
    sweep_run_free(*state);
    return 0;
}

static void reserve_n(struct sweep_run *r, const char *clinic, int n)
{
    char app[24];
    static int unique;
    for (int i = 0; i < n; i++) {
        snprintf(app, sizeof app, "application-%d", unique++);
        tally_reserve(r, clinic, app, "person-aaaaaaaaa");
    }
}

static void test_idle_commits_nothing(void **state)
{
    struct sweep_run *r = *state;
    sweep_settle(r);
    harness_turn(r, 200);
    assert_int_equal(fake_transactions(r->cluster), 0);
    assert_true(runtime_is_idle(r->m[0].rt) && runtime_is_ready(r->m[0].rt));
}

static void test_one_record_one_transaction(void **state)
{
    struct sweep_run *r = *state;
    sweep_settle(r);
    reserve_n(r, "770001", 1);
    sweep_settle(r);
    assert_int_equal(fake_transactions(r->cluster), 1);
    assert_int_equal(harness_used(r, "770001"), 1);
}

static void test_many_records_few_transactions(void **state)
{
    struct sweep_run *r = *state;
    reserve_n(r, "770001", 100);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 100);
    assert_true(fake_transactions(r->cluster) <= 4);
}

/* Each key of a batch is one fact, with its last value. */
static void test_facts_are_coalesced(void **state)
{
    struct sweep_run *r = *state;
    struct bus_rec recs[64];
    reserve_n(r, "770001", 20);
    sweep_settle(r);
    size_t n = harness_records(r, TOPIC_CAPACITY_FACTS, recs, 64), places = 0;
    for (size_t i = 0; i < n; i++)
        places += bytes_eq(recs[i].key, bytes_str("places/770001"));
    assert_int_equal(places, fake_transactions(r->cluster));
    assert_string_equal(harness_header(&recs[0], "ce_source"), "/clinic/tally");
    assert_string_equal(harness_header(&recs[0], "content-type"), "application/protobuf");
}

static struct {
    const struct bus_ops *real;
    struct bus_out outs[512];
    size_t n;
} seen;

static bool note_produce(struct bus *b, const struct bus_out *o, struct err *e)
{
    assert_true(seen.n < 512);
    seen.outs[seen.n++] = *o;
    return seen.real->produce(b, o, e);
}

static bool is_of_one_place(const struct bus_out *a, const struct bus_out *b)
{
    return a->topic == b->topic && a->partition == b->partition;
}

static bool is_known(size_t n, const struct bus_out *o)
{
    for (size_t i = 0; i < n; i++)
        if (is_of_one_place(&seen.outs[i], o))
            return true;
    return false;
}

/* Each partition of a transaction is named to the client before any gets its second record, so that it asks the
 * coordinator once; the rest come partition by partition, so that it sends many of one at a time. */
static void test_every_partition_is_begun_first(void **state)
{
    struct sweep_run *r = *state;
    static struct bus_ops noting;
    sweep_settle(r);
    struct bus *b = r->m[0].rt->bus;
    seen.real = b->ops;
    seen.n = 0;
    noting = *b->ops;
    noting.produce = note_produce;
    b->ops = &noting;
    for (int i = 0; i < 10; i++) {
        reserve_n(r, "770001", 1);
        reserve_n(r, "770002", 1);
    }
    sweep_settle(r);
    b->ops = seen.real;
    assert_int_equal(fake_transactions(r->cluster), 1);
    size_t firsts = 0;
    while (firsts < seen.n && !is_known(firsts, &seen.outs[firsts]))
        firsts++;
    assert_true(firsts >= 3 && firsts < seen.n);
    size_t runs = 0;
    for (size_t i = firsts; i < seen.n; i++) {
        assert_true(is_known(firsts, &seen.outs[i]));
        runs += i == firsts || !is_of_one_place(&seen.outs[i - 1], &seen.outs[i]);
    }
    assert_true(runs <= firsts);
    assert_true(sweep_in_order(r));
}

static void test_headers_of_an_event(void **state)
{
    struct sweep_run *r = *state;
    struct bus_rec rec;
    int32_t part = wire_partition(bytes_str("770001"), 2);
    char id[64];
    tally_reserve(r, "770001", "application-x", "person-aaaaaaaaa");
    sweep_settle(r);
    assert_int_equal(harness_records(r, TOPIC_ATTACHMENT_INBOX, &rec, 1), 1);
    snprintf(id, sizeof id, "tally-%d-0/1", (int)part);
    assert_string_equal(harness_header(&rec, "ce_id"), id);
    assert_string_equal(harness_header(&rec, "ce_subject"), "application-x");
    assert_string_equal(harness_header(&rec, "ce_correlationid"), "application-x");
    assert_string_equal(harness_header(&rec, "ce_causationid"), "application-x");
    assert_string_equal(harness_header(&rec, "ce_dataschema"), "urn:proto:clinic.attach.v1.Reserved");
    assert_true(ce_traceparent_ok(harness_header(&rec, "traceparent")));
    assert_int_equal(rec.partition, wire_partition(bytes_str("person-aaaaaaaaa"), 2));
}

#define APPLICATION "8e03978e-40d5-43e8-bc93-000000000001"
#define HOP         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
#define ORIGIN      "00-11111111111111111111111111111111-2222222222222222-01"

/* A command with these headers beside its own; NULL = none. */
static void reserve_with(struct sweep_run *r, const char *hop, const char *state, const char *origin)
{
    Clinic__Attach__V1__Reserve m = CLINIC__ATTACH__V1__RESERVE__INIT;
    uint8_t packed[256];
    m.application_id = APPLICATION;
    m.person_ref = "person-aaaaaaaaa";
    m.clinic_id = "770001";
    struct bus_header h[5] = {{"ce_type", bytes_str(events[EV_RESERVE].type)}, {"ce_id", bytes_str("cause")}};
    const struct bus_header more[] = {{"traceparent", bytes_str(hop)}, {"tracestate", bytes_str(state)},
                                      {"ce_traceparent", bytes_str(origin)}};
    struct bus_out o = {.topic = TOPIC_CAPACITY_INBOX, .partition = -1, .key = bytes_str("770001"), .headers = h,
                        .headers_n = 2};
    for (size_t i = 0; i < 3; i++)
        if (more[i].value.p)
            h[o.headers_n++] = more[i];
    o.value = bytes_of(packed, clinic__attach__v1__reserve__pack(&m, packed));
    fake_publish(r->cluster, &o);
    sweep_settle(r);
}

/* Of the last record of a topic. */
static struct bus_rec last_of(struct sweep_run *r, int topic)
{
    struct bus_rec recs[64];
    size_t n = harness_records(r, topic, recs, 64);
    assert_true(n > 0 && n <= 64);
    return recs[n - 1];
}

static void assert_hop(const struct bus_rec *rec, const char *parent, const char *origin, const char *state)
{
    const char *hop = harness_header(rec, "traceparent");
    assert_true(ce_traceparent_ok(hop));
    assert_memory_equal(hop, parent, 36);
    assert_string_not_equal(hop, parent);
    assert_string_equal(harness_header(rec, "ce_traceparent"), origin);
    assert_string_equal(harness_header(rec, "tracestate"), state);
}

/* Events, facts and dead letters alike: the hop is a span of its own, the origin and the state of vendors stay as they came. */
static void test_trace_goes_on(void **state)
{
    struct sweep_run *r = *state;
    char made[CE_TRACEPARENT_BYTES];
    const struct {
        const char *hop, *tracestate, *origin;
        const char *parent, *to_origin, *to_state; /* NULL = the application's own trace */
    } table[] = {
        {HOP, "rojo=1,congo=2", ORIGIN, HOP, ORIGIN, "rojo=1,congo=2"},
        {HOP, NULL, NULL, HOP, HOP, ""},
        {HOP, "no state", "no origin", HOP, HOP, ""},
        {NULL, "rojo=1", ORIGIN, ORIGIN, ORIGIN, ""},
        {"no hop", NULL, NULL, NULL, NULL, ""},
    };
    ce_child_traceparent("", APPLICATION, made);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        reserve_with(r, table[i].hop, table[i].tracestate, table[i].origin);
        const struct bus_rec event = last_of(r, TOPIC_ATTACHMENT_INBOX), fact = last_of(r, TOPIC_CAPACITY_FACTS);
        const char *parent = table[i].parent ? table[i].parent : made, *origin = table[i].to_origin ? table[i].to_origin : made;
        assert_hop(&event, parent, origin, table[i].to_state);
        assert_hop(&fact, parent, origin, table[i].to_state);
    }
}

/* Facts and dead letters tell all that events do. */
static void test_headers_of_a_fact_and_a_dead_letter(void **state)
{
    struct sweep_run *r = *state;
    reserve_with(r, HOP, NULL, ORIGIN);
    const struct bus_rec fact = last_of(r, TOPIC_CAPACITY_FACTS);
    assert_string_equal(harness_header(&fact, "ce_subject"), APPLICATION);
    assert_string_equal(harness_header(&fact, "ce_correlationid"), APPLICATION);
    assert_string_equal(harness_header(&fact, "ce_causationid"), "cause");
    assert_string_equal(harness_header(&fact, "ce_dataclassification"), "internal");
    assert_memory_equal(harness_header(&fact, "ce_dataschema"), "urn:proto:clinic.attach.v1.", 27);
    const struct bus_header h[] = {{"ce_type", bytes_str("ru.example.unknown.v1")}, {"ce_id", bytes_str("bad-1")},
                                   {"ce_subject", bytes_str(APPLICATION)}, {"traceparent", bytes_str(HOP)}};
    fake_publish(r->cluster, &(struct bus_out){.topic = TOPIC_CAPACITY_INBOX, .partition = -1, .key = bytes_str("770001"),
                                               .value = bytes_str("x"), .headers = h, .headers_n = 4});
    sweep_settle(r);
    const struct bus_rec dead = last_of(r, TOPIC_CAPACITY_DLQ);
    assert_string_equal(harness_header(&dead, "ce_subject"), APPLICATION);
    assert_string_equal(harness_header(&dead, "ce_causationid"), "bad-1");
    assert_string_equal(harness_header(&dead, "ce_dataclassification"), "restricted");
    assert_string_equal(harness_header(&dead, "ce_dataschema"), "urn:proto:clinic.attach.v1.DeadLetter");
    assert_hop(&dead, HOP, HOP, "");
}

static void test_store_away_decides_nothing(void **state)
{
    struct sweep_run *r = *state;
    reserve_n(r, "770001", 3);
    sweep_settle(r);
    size_t before = fake_transactions(r->cluster);
    fake_db_set_away(r->db, true);
    reserve_n(r, "770001", 3);
    harness_turn(r, 300);
    assert_int_equal(fake_transactions(r->cluster), before);
    assert_false(runtime_is_ready(r->m[0].rt));
    fake_db_set_away(r->db, false);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 6);
}

static void test_flushed_store_is_rebuilt_while_idle(void **state)
{
    struct sweep_run *r = *state;
    tally_clinic(r, "770001", "north");
    reserve_n(r, "770001", 5);
    sweep_settle(r);
    fake_db_flush(r->db);
    assert_int_equal(harness_used(r, "770001"), -1);
    fake_sleep_ms(r->cluster, 2 * PROBE_MS);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 5);
}

/* The facts topic was made anew: marks are beyond it, nothing of the store may be believed. */
static void test_mark_beyond_the_log_wipes(void **state)
{
    struct sweep_run *r = *state;
    reserve_n(r, "770001", 5);
    sweep_settle(r);
    sweep_stop(r, 0);
    fake_recreate_topic(r->cluster, TOPIC_CAPACITY_FACTS);
    sweep_start(r, 0);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), -1);
    reserve_n(r, "770001", 1);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 1);
}

/* A dead producer's open transaction holds the end of the facts back: the successor waits, then opens. */
static void test_catchup_waits_for_an_open_transaction(void **state)
{
    struct sweep_run *r = *state;
    reserve_n(r, "770001", 3);
    sweep_settle(r);
    reserve_n(r, "770001", 3);
    r->m[0].fault.at = r->m[0].fault.calls + 6; /* in the middle of the transaction */
    for (int i = 0; i < 100 && !r->m[0].fault.hit; i++) {
        struct err e = {0};
        if (!runtime_turn(r->m[0].rt, 40, &e))
            break;
    }
    assert_string_equal(r->m[0].fault.where, "produce");
    sweep_stop(r, 0);
    sweep_start(r, 1); /* another transactional id: nobody ends what the first left open */
    for (int i = 0; i < 50; i++)
        sweep_turn(r, 1);
    assert_false(runtime_is_ready(r->m[1].rt));
    fake_txn_timeout(r->cluster);
    sweep_settle(r);
    assert_true(runtime_is_ready(r->m[1].rt));
    assert_int_equal(harness_used(r, "770001"), 6);
}

/* --- a register that is loaded in one transaction --- */

static struct bus *load_begin(struct sweep_run *r, const char *clinic)
{
    static const struct bus_conf loader = {.service = "load", .instance = "0", .inbox = TOPIC_POLICY_INBOX, .facts = TOPIC_POLICY_FACTS};
    Clinic__Attach__V1__ClinicRecord rec = CLINIC__ATTACH__V1__CLINIC_RECORD__INIT;
    rec.name = (char *)(uintptr_t)clinic;
    uint8_t packed[64];
    struct err e;
    struct bus *b = fake_bus_open(r->cluster, &loader, NULL);
    struct bus_out o = {.topic = TOPIC_REGISTRY_CLINIC, .partition = wire_partition(bytes_str(clinic), 2), .key = bytes_str(clinic),
                        .value = bytes_of(packed, clinic__attach__v1__clinic_record__pack(&rec, packed))};
    assert_true(b->ops->recreate(b, &e) && b->ops->begin(b, &e) && b->ops->produce(b, &o, &e));
    return b;
}

static void count_record(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    (void)part, (void)key, (void)val, (void)due_ms;
    ++*(size_t *)ctx;
}

static size_t clinics_known(struct sweep_run *r)
{
    size_t n = 0;
    fake_db_each(r->db, TALLY_CLINIC, count_record, &n);
    return n;
}

static int64_t register_mark(struct sweep_run *r, const char *clinic)
{
    int64_t mark = -2;
    struct err e;
    struct store *s = r->m[0].store;
    assert_true(s->ops->mark(s, wire_partition(bytes_str(clinic), 2), TOPIC_REGISTRY_CLINIC, &mark, &e));
    return mark;
}

static int64_t register_end(struct sweep_run *r, const char *clinic)
{
    return fake_end(r->cluster, TOPIC_REGISTRY_CLINIC, wire_partition(bytes_str(clinic), 2));
}

/* A service that starts meanwhile opens with what is committed; it follows when the rest is. */
static void test_a_load_under_way_holds_nobody_up(void **state)
{
    struct sweep_run *r = *state;
    struct err e;
    sweep_stop(r, 0);
    struct bus *load = load_begin(r, "770009");
    sweep_start(r, 0);
    sweep_settle(r);
    assert_true(runtime_is_ready(r->m[0].rt));
    reserve_n(r, "770001", 2);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 2);
    assert_int_equal(clinics_known(r), 0);
    assert_true(load->ops->commit(load, &e));
    sweep_settle(r);
    assert_int_equal(clinics_known(r), 1);
    assert_int_equal(register_mark(r, "770009"), register_end(r, "770009")); /* the marker is behind it too */
    load->ops->close(load);
}

static int64_t turn_takes(struct sweep_run *r)
{
    int64_t began = fake_mono_ms(r->cluster);
    struct err e;
    assert_true(runtime_turn(r->m[0].rt, 200, &e));
    return fake_mono_ms(r->cluster) - began;
}

/* While a register comes in, an inbox that is empty is not waited for: a piece of the register goes by with every turn. */
static void test_a_register_is_followed_without_waiting(void **state)
{
    struct sweep_run *r = *state;
    struct err e;
    sweep_settle(r);
    assert_true(turn_takes(r) > 100);
    struct bus *load = load_begin(r, "770009");
    assert_true(load->ops->commit(load, &e));
    turn_takes(r);
    assert_int_equal(clinics_known(r), 1);
    assert_true(turn_takes(r) < 10);
    fake_sleep_ms(r->cluster, 1000);
    assert_true(turn_takes(r) > 100);
    load->ops->close(load);
}

static void test_an_aborted_load_leaves_nothing_but_its_room(void **state)
{
    struct sweep_run *r = *state;
    struct err e;
    sweep_settle(r);
    struct bus *load = load_begin(r, "770009");
    assert_true(load->ops->abort(load, &e));
    sweep_settle(r);
    assert_int_equal(clinics_known(r), 0);
    assert_int_equal(register_mark(r, "770009"), register_end(r, "770009"));
    load->ops->close(load);
}

static void test_due_work_waits_for_its_time(void **state)
{
    struct sweep_run *r = *state;
    Clinic__Attach__V1__Release m = CLINIC__ATTACH__V1__RELEASE__INIT;
    m.application_id = (char *)(uintptr_t)"application-due";
    sweep_event(r, TOPIC_CAPACITY_INBOX, bytes_str("770001"), EV_RELEASE, &m, "r", "application-due");
    sweep_settle(r);
    sweep_advance(r, 59999);
    assert_int_equal(harness_records(r, TOPIC_NOTIFICATION, NULL, 0), 0);
    sweep_advance(r, 1);
    assert_int_equal(harness_records(r, TOPIC_NOTIFICATION, NULL, 0), 1);
    sweep_advance(r, 0);
    assert_int_equal(harness_records(r, TOPIC_NOTIFICATION, NULL, 0), 1);
    sweep_advance(r, 60000);
    assert_int_equal(harness_records(r, TOPIC_NOTIFICATION, NULL, 0), 2);
    sweep_advance(r, 600000);
    assert_int_equal(harness_records(r, TOPIC_NOTIFICATION, NULL, 0), 2);
}

static void test_producer_is_recreated_after_trouble(void **state)
{
    struct sweep_run *r = *state;
    sweep_settle(r);
    fake_bus_set_troubled(r->m[0].bus);
    reserve_n(r, "770001", 1);
    sweep_settle(r);
    assert_false(r->m[0].bus->ops->troubled(r->m[0].bus));
    assert_int_equal(harness_used(r, "770001"), 1);
}

static void test_fenced_ends(void **state)
{
    struct sweep_run *r = *state;
    struct err e = {0};
    sweep_settle(r);
    fake_sleep_ms(r->cluster, 1);
    reserve_n(r, "770001", 1);
    r->m[0].fault.at = r->m[0].fault.calls + 1;
    r->m[0].fault.error = ERR_FENCED;
    assert_false(runtime_turn(r->m[0].rt, 40, &e));
    assert_int_equal(e.cls, ERR_FENCED);
}

/* Small memory: the batch is cut, nothing is lost and the order stays. */
static void test_batch_is_cut_when_memory_is_short(void **state)
{
    struct sweep_run *r = *state;
    sweep_stop(r, 0);
    r->conf.batch_max_bytes = 8192;
    sweep_start(r, 0);
    reserve_n(r, "770001", 60);
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 60);
    assert_true(fake_transactions(r->cluster) > 5);
    assert_true(sweep_in_order(r));
}

static void test_more_partitions_than_configured_is_fatal(void **state)
{
    struct sweep_run *r = *state;
    struct err e = {0};
    sweep_stop(r, 0);
    r->conf.partitions = 1;
    sweep_start(r, 0);
    assert_false(runtime_turn(r->m[0].rt, 40, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    sweep_stop(r, 0);
    r->conf.partitions = 2;
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(idle_commits_nothing),
        ROW(one_record_one_transaction),
        ROW(many_records_few_transactions),
        ROW(facts_are_coalesced),
        ROW(every_partition_is_begun_first),
        ROW(headers_of_an_event),
        ROW(trace_goes_on),
        ROW(headers_of_a_fact_and_a_dead_letter),
        ROW(store_away_decides_nothing),
        ROW(flushed_store_is_rebuilt_while_idle),
        ROW(mark_beyond_the_log_wipes),
        ROW(catchup_waits_for_an_open_transaction),
        ROW(a_load_under_way_holds_nobody_up),
        ROW(a_register_is_followed_without_waiting),
        ROW(an_aborted_load_leaves_nothing_but_its_room),
        ROW(due_work_waits_for_its_time),
        ROW(producer_is_recreated_after_trouble),
        ROW(fenced_ends),
        ROW(batch_is_cut_when_memory_is_short),
        ROW(more_partitions_than_configured_is_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
