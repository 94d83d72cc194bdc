/* The suite of bus.h. A test takes topics of one service of its own, so that on a broker shared by runs the groups and
 * positions of tests never meet: what was there before counts as the beginning. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ports_member.h"

const struct bus_env *bus_env;
char ports_service[64];
static int tests_n;

static int setup(void **state)
{
    (void)state;
    bus_env->fresh();
    snprintf(ports_service, sizeof ports_service, "ports%d-%d", (int)getpid(), ++tests_n);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bus_env->tidy();
    return 0;
}

void ports_open_one(struct member *m, const char *instance)
{
    member_open(m, ports_service, instance, TOPIC_ATTACHMENT_INBOX, TOPIC_ATTACHMENT_FACTS, TOPIC_CAPACITY_INBOX);
    member_await(m, bus_env->partitions(), NULL);
}

static void new_partitions_are_paused_until_resumed(void **state)
{
    struct member m;
    struct seen s;
    (void)state;
    ports_open_one(&m, "0");
    int64_t from = member_high(&m, m.inbox, 1);
    assert_int_equal(member_committed(&m, 1), -1);
    publish(m.inbox, 1, "k", "v");
    for (int i = 0; i < 5; i++)
        assert_int_equal(member_poll(&m, 50, &s, 1), 0);
    member_run(&m, 1, from);
    member_take(&m, &s, 1);
    assert_int_equal(s.part, 1);
    assert_int_equal(s.offset, from);
    assert_true(s.time_ms > 0);
    assert_string_equal(s.key, "k");
    assert_string_equal(s.value, "v");
    assert_string_equal(s.type, "test.happened");
    assert_int_equal(s.headers_n, 13);
    member_close(&m);
}

static void a_commit_makes_records_and_offsets_visible(void **state)
{
    struct member m;
    struct seen s[8];
    int64_t next;
    (void)state;
    ports_open_one(&m, "0");
    int64_t from = member_high(&m, m.inbox, 0), facts = member_high(&m, m.facts, 0), out = member_high(&m, m.out, 2);
    publish(m.inbox, 0, "k", "in");
    member_run(&m, 0, from);
    member_take(&m, s, 1);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "a");
    member_produce(&m, m.facts, 0, "person/2", "b");
    member_produce(&m, m.out, 2, "c", "reserve");
    member_offsets(&m, 0, s[0].offset + 1);
    member_commit(&m);
    assert_int_equal(m.bus->ops->produced_end(m.bus, m.facts, 0), facts + 2);
    assert_int_equal(m.bus->ops->produced_end(m.bus, m.facts, 1), -1);
    assert_int_equal(member_committed(&m, 0), from + 1);
    int64_t high = member_high_from(&m, m.facts, 0, facts + 3);
    assert_int_equal(high, facts + 3); /* the marker takes an offset */
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, high, s, 8, &next), 2);
    assert_string_equal(s[0].key, "person/1");
    assert_string_equal(s[1].value, "b");
    assert_int_equal(next, high);
    assert_int_equal(log_all(m.bus, m.out, 2, out, member_high(&m, m.out, 2), s, 8, &next), 1);
    member_close(&m);
}

static void aborted_records_are_never_seen(void **state)
{
    struct member m;
    struct seen s[8];
    struct err e;
    int64_t next;
    (void)state;
    ports_open_one(&m, "0");
    int64_t from = member_high(&m, m.inbox, 0), facts = member_high(&m, m.facts, 0);
    publish(m.inbox, 0, "k", "in");
    member_run(&m, 0, from);
    member_take(&m, s, 1);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "never");
    member_offsets(&m, 0, from + 1);
    OK(m.bus->ops->abort(m.bus, &e));
    assert_int_equal(member_committed(&m, 0), -1);
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, member_high(&m, m.facts, 0), s, 8, &next), 0);
    OK(m.bus->ops->seek(m.bus, 0, from, &e)); /* and the input comes again */
    member_take(&m, s, 1);
    assert_int_equal(s[0].offset, from);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "once");
    member_offsets(&m, 0, from + 1);
    member_commit(&m);
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, member_high(&m, m.facts, 0), s, 8, &next), 1);
    assert_string_equal(s[0].value, "once");
    member_close(&m);
}

/* Nobody waits for the markers of one transaction before the next begins: records and offsets are those of all of them, in
 * order, whatever was aborted in between. */
static void transactions_in_quick_succession_stand_in_order(void **state)
{
    enum { N = 40 };
    static struct seen s[N];
    struct member m;
    struct err e;
    int64_t next, end = 0;
    size_t kept = 0;
    char value[16];
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 0);
    for (int i = 1; i <= N; i++) {
        snprintf(value, sizeof value, "%d", i);
        member_begin(&m);
        member_produce(&m, m.facts, 0, "person/1", value);
        member_offsets(&m, 0, i);
        if (i % 4 == 2) {
            OK(m.bus->ops->abort(m.bus, &e));
            continue;
        }
        member_commit(&m);
        kept++;
        assert_true(m.bus->ops->produced_end(m.bus, m.facts, 0) > end);
        end = m.bus->ops->produced_end(m.bus, m.facts, 0);
    }
    assert_int_equal(member_committed(&m, 0), N);
    int64_t high = member_high_from(&m, m.facts, 0, end + 1); /* what was aborted may never have been sent */
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, high, s, N, &next), kept);
    for (size_t i = 0; i < kept; i++)
        assert_int_equal(atoi(s[i].value), 1 + (int)i + ((int)i + 2) / 3);
    member_close(&m);
}

static void a_compacted_log_reads_to_its_end(void **state)
{
    struct member m;
    struct seen s[64];
    int64_t next;
    char value[16];
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 2);
    for (int i = 0; i < 6; i++) {
        snprintf(value, sizeof value, "%d", i);
        member_begin(&m);
        member_produce(&m, m.facts, 2, "person/again", value);
        member_produce(&m, m.facts, 2, i == 0 ? "person/first" : "person/other", value);
        member_produce(&m, m.facts, 2, "person/gone", i < 5 ? value : NULL);
        member_offsets(&m, 2, i + 1);
        member_commit(&m);
    }
    bus_env->compact(m.facts);
    int64_t high = member_high(&m, m.facts, 2);
    size_t n = log_all(m.bus, m.facts, 2, facts, high, s, 64, &next);
    int again = 0, first = 0;
    for (size_t i = 0; i < n; i++) {
        again += strcmp(s[i].key, "person/again") == 0;
        first += strcmp(s[i].key, "person/first") == 0;
        assert_true(strcmp(s[i].key, "person/gone") != 0 || !s[i].has_value); /* its tombstone may stay a while */
        assert_true(i == 0 || s[i].offset > s[i - 1].offset);
    }
    assert_int_equal(again, 1);
    assert_int_equal(first, 1);
    assert_true(next >= high);
    member_close(&m);
}

static void two_members_share_and_take_over(void **state)
{
    struct member a, b;
    int32_t all = bus_env->partitions();
    (void)state;
    ports_open_one(&a, "0");
    member_open(&b, ports_service, "1", a.inbox, a.facts, a.out);
    member_await(&b, all / 2, &a);
    member_await(&a, all - all / 2, &b);
    for (int32_t p = 0; p < all; p++)
        assert_true(a.owned[p] != b.owned[p]);
    assert_true(a.revoked_n >= 1);
    member_close(&b);
    member_await(&a, all, NULL);
    member_begin(&a); /* with the metadata of the new assignment */
    member_produce(&a, a.facts, 2, "person/1", "x");
    member_offsets(&a, 2, 1);
    member_commit(&a);
    assert_int_equal(member_committed(&a, 2), 1);
    member_close(&a);
}

static void seek_and_pause_keep_order_and_lose_nothing(void **state)
{
    struct member m;
    struct seen s[8];
    struct err e;
    (void)state;
    ports_open_one(&m, "0");
    int64_t from = member_high(&m, m.inbox, 0);
    for (int i = 0; i < 5; i++)
        publish(m.inbox, 0, "k", (const char *[]){"0", "1", "2", "3", "4"}[i]);
    member_run(&m, 0, from);
    member_take(&m, s, 3);
    OK(m.bus->ops->seek(m.bus, 0, from + 1, &e));
    OK(m.bus->ops->pause(m.bus, 0, true, &e)); /* a pause after a seek must not forget the seek */
    for (int i = 0; i < 5; i++)
        assert_int_equal(member_poll(&m, 50, s, 8), 0);
    OK(m.bus->ops->pause(m.bus, 0, false, &e));
    member_take(&m, s, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(s[i].offset, from + 1 + i);
    OK(m.bus->ops->pause(m.bus, 0, true, &e));
    OK(m.bus->ops->seek(m.bus, 0, from + 2, &e)); /* and a seek while paused counts at resuming */
    publish(m.inbox, 0, "k", "5");
    OK(m.bus->ops->pause(m.bus, 0, false, &e));
    member_take(&m, s, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(s[i].offset, from + 2 + i);
    assert_int_equal(member_poll(&m, 50, s, 8), 0);
    member_close(&m);
}

static void a_poll_gives_no_more_than_asked(void **state)
{
    struct member m;
    struct seen s[8];
    (void)state;
    ports_open_one(&m, "0");
    int64_t from = member_high(&m, m.inbox, 0);
    for (int i = 0; i < 5; i++)
        publish(m.inbox, 0, "k", "v");
    member_run(&m, 0, from);
    size_t got = 0;
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS;
    while (got < 5) {
        size_t n = member_poll(&m, 100, s, 2);
        assert_true(n <= 2 && ports_mono_ms() < deadline);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(s[i].offset, from + (int64_t)got++);
    }
    member_close(&m);
}

static void a_large_transaction_counts_its_facts(void **state)
{
    enum { N = 3000 };
    struct member m;
    static struct seen s[N];
    int64_t next;
    char key[32];
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 0);
    member_begin(&m);
    for (int i = 0; i < N; i++) {
        snprintf(key, sizeof key, "person/%d", i);
        member_produce(&m, m.facts, 0, key, "a value of some length, for it is a state");
    }
    member_offsets(&m, 0, 1);
    member_commit(&m);
    assert_int_equal(m.bus->ops->produced_end(m.bus, m.facts, 0), facts + N);
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, facts + N, s, N, &next), N);
    for (int i = 0; i < N; i++)
        assert_int_equal(s[i].offset, facts + i);
    member_close(&m);
}

static void a_new_producer_goes_on(void **state)
{
    struct member m;
    struct seen s[8];
    struct err e;
    int64_t next;
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 0);
    for (int i = 0; i < 40; i++) { /* often: a producer thrown away at this moment has ended the process before */
        member_begin(&m);
        member_produce(&m, m.facts, 0, "person/1", "left open");
        OK(m.bus->ops->recreate(m.bus, &e)); /* ends the open transaction */
    }
    assert_false(m.bus->ops->troubled(m.bus));
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "good");
    member_offsets(&m, 0, 1);
    member_commit(&m);
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, member_high(&m, m.facts, 0), s, 8, &next), 1);
    assert_string_equal(s[0].value, "good");
    member_close(&m);
}

static void stable_from(struct member *m, int topic, int64_t offset)
{
    struct err e;
    int64_t stable = -1, until = ports_mono_ms() + PORTS_WAIT_MS;
    do
        OK(m->bus->ops->stable(m->bus, topic, 0, &stable, &e));
    while (stable < offset && ports_mono_ms() < until);
    assert_int_equal(stable, offset);
}

/* The end of a log counts what is not committed; the end that readers come to does not. */
static void the_stable_end_is_below_an_open_transaction(void **state)
{
    struct member m;
    struct err e;
    int64_t high, stable;
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 0);
    stable_from(&m, m.facts, facts);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "a");
    high = member_high_from(&m, m.facts, 0, facts + 1);
    OK(m.bus->ops->stable(m.bus, m.facts, 0, &stable, &e));
    assert_int_equal(high, facts + 1);
    assert_int_equal(stable, facts);
    member_offsets(&m, 0, 1);
    member_commit(&m);
    stable_from(&m, m.facts, facts + 2);
    member_close(&m);
}

static void a_log_does_not_open_beyond_its_end(void **state)
{
    struct member m;
    struct bus_log *l;
    struct err e = {0};
    (void)state;
    ports_open_one(&m, "0");
    assert_false(m.bus->ops->log_open(m.bus, m.facts, 0, member_high(&m, m.facts, 0) + 5, &l, &e));
    assert_int_equal(e.cls, ERR_STALE);
    assert_false(m.bus->ops->seek(m.bus, MEMBER_PARTS - 1, 0, &e));
    assert_int_equal(e.cls, ERR_STALE);
    m.bus->ops->log_close(m.bus, NULL);
    member_close(&m);
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int ports_bus_run(const struct bus_env *env)
{
    const struct CMUnitTest tests[] = {
        BUS_TEST(new_partitions_are_paused_until_resumed),
        BUS_TEST(a_commit_makes_records_and_offsets_visible),
        BUS_TEST(aborted_records_are_never_seen),
        BUS_TEST(transactions_in_quick_succession_stand_in_order),
        BUS_TEST(a_zombie_with_our_transactional_id_commits_nothing),
        BUS_TEST(a_zombie_of_every_producer_commits_nothing),
        BUS_TEST(a_death_in_one_transaction_leaves_the_one_before),
        BUS_TEST(a_zombie_of_an_old_generation_commits_nothing),
        BUS_TEST(offsets_of_a_dead_transaction_are_waited_out),
        BUS_TEST(a_crash_inside_commit_is_all_or_nothing),
        BUS_TEST(catch_up_waits_past_the_open_transaction_of_a_dead_producer),
        BUS_TEST(closing_ends_an_open_transaction),
        BUS_TEST(tombstones_are_absent_values_and_empty_values_are_not),
        BUS_TEST(a_compacted_log_reads_to_its_end),
        BUS_TEST(two_members_share_and_take_over),
        BUS_TEST(seek_and_pause_keep_order_and_lose_nothing),
        BUS_TEST(a_poll_gives_no_more_than_asked),
        BUS_TEST(records_have_their_own_headers),
        BUS_TEST(a_large_transaction_counts_its_facts),
        BUS_TEST(a_new_producer_goes_on),
        BUS_TEST(the_stable_end_is_below_an_open_transaction),
        BUS_TEST(a_log_does_not_open_beyond_its_end),
    };
    bus_env = env;
    return cmocka_run_group_tests_name(env->name, tests, NULL, NULL);
}
