/* The part of the suite of bus.h about processes that are dead or should be: zombies and what they left open. */
#include <string.h>
#include "ports_member.h"

static bool is_fence(const struct err *e)
{
    return (e->cls == ERR_FENCED || e->cls == ERR_UNKNOWN) && strcmp(e->code, "BUS-FENCED") == 0;
}

/* A transaction that is committed and tells nothing: an adapter may take another producer for the next. */
static void commit_nothing(struct member *m)
{
    member_begin(m);
    member_offsets(m, 1, 1);
    member_commit(m);
}

/* A process stopped for long wakes up after another took its transactional id; so many transactions were before. */
static void zombie_after(int before)
{
    struct member old, young;
    struct seen s[8];
    struct err e = {0};
    int64_t next;
    ports_open_one(&old, "0");
    for (int i = 0; i < before; i++)
        commit_nothing(&old);
    int64_t facts = member_high(&old, old.facts, 0);
    member_begin(&old);
    member_produce(&old, old.facts, 0, "person/1", "zombie");
    member_offsets(&old, 0, 1);
    member_open(&young, ports_service, "0", old.inbox, old.facts, old.out);
    assert_false(old.bus->ops->commit(old.bus, &e));
    assert_true(is_fence(&e));
    assert_int_equal(log_all(young.bus, old.facts, 0, facts, member_high(&young, old.facts, 0), s, 8, &next), 0);
    bus_env->kill(old.bus);
    member_await(&young, bus_env->partitions(), NULL);
    assert_int_equal(member_committed(&young, 0), -1);
    member_begin(&young);
    member_produce(&young, old.facts, 0, "person/1", "successor");
    member_offsets(&young, 0, 1);
    member_commit(&young);
    assert_int_equal(log_all(young.bus, old.facts, 0, facts, member_high(&young, old.facts, 0), s, 8, &next), 1);
    assert_string_equal(s[0].value, "successor");
    member_close(&young);
}

void a_zombie_with_our_transactional_id_commits_nothing(void **state)
{
    (void)state;
    zombie_after(0);
}

void a_zombie_of_every_producer_commits_nothing(void **state)
{
    (void)state;
    zombie_after(1);
}

/* What a dead process left open is the transaction after one that was committed a moment before. */
void a_death_in_one_transaction_leaves_the_one_before(void **state)
{
    struct member old, young;
    struct seen s[8];
    int64_t next;
    (void)state;
    ports_open_one(&old, "0");
    int64_t facts = member_high(&old, old.facts, 0);
    member_begin(&old);
    member_produce(&old, old.facts, 0, "person/1", "done");
    member_offsets(&old, 0, 1);
    member_commit(&old);
    member_begin(&old);
    member_produce(&old, old.facts, 0, "person/1", "half");
    member_offsets(&old, 0, 2);
    bus_env->kill(old.bus);
    member_open(&young, ports_service, "0", old.inbox, old.facts, old.out); /* its producers end what the dead one left */
    assert_int_equal(member_committed(&young, 0), 1);
    assert_int_equal(log_all(young.bus, old.facts, 0, facts, member_high(&young, old.facts, 0), s, 8, &next), 1);
    assert_string_equal(s[0].value, "done");
    member_close(&young);
}

/* Its transactional id is still good, its place in the group is not: only the generation can stop it. */
void a_zombie_of_an_old_generation_commits_nothing(void **state)
{
    struct member old, young;
    struct seen s[8];
    struct err e = {0};
    int64_t next;
    (void)state;
    ports_open_one(&old, "0");
    int64_t facts = member_high(&old, old.facts, 0);
    bus_env->expel(old.bus);
    member_open(&young, ports_service, "1", old.inbox, old.facts, old.out);
    member_await(&young, bus_env->partitions(), NULL);
    member_begin(&old);
    member_produce(&old, old.facts, 0, "person/1", "zombie");
    assert_false(old.bus->ops->send_offsets(old.bus, &(struct bus_pos){0, 1}, 1, &e));
    assert_int_equal(e.cls, ERR_ABORT);
    OK(old.bus->ops->abort(old.bus, &e));
    assert_int_equal(member_committed(&young, 0), -1);
    assert_int_equal(log_all(young.bus, old.facts, 0, facts, member_high(&young, old.facts, 0), s, 8, &next), 0);
    bus_env->kill(old.bus);
    member_close(&young);
}

/* Dead between send_offsets and the end of commit: nobody may take the old offset for the truth before it is settled. */
void offsets_of_a_dead_transaction_are_waited_out(void **state)
{
    struct member old, young;
    struct seen s[8];
    struct err e = {0};
    int64_t offset = -2, next;
    (void)state;
    ports_open_one(&old, "0");
    int64_t facts = member_high(&old, old.facts, 0);
    member_begin(&old);
    member_produce(&old, old.facts, 0, "person/1", "half");
    member_offsets(&old, 0, 1);
    struct member peer;
    member_open(&peer, ports_service, "1", old.inbox, old.facts, old.out);
    assert_false(peer.bus->ops->committed(peer.bus, 0, &offset, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    bus_env->kill(old.bus);
    member_open(&young, ports_service, "0", old.inbox, old.facts, old.out); /* its producer ends what the dead one left */
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS;
    while (!peer.bus->ops->committed(peer.bus, 0, &offset, &e))
        assert_true(e.cls == ERR_RETRY && ports_mono_ms() < deadline);
    assert_int_equal(offset, -1);
    assert_int_equal(log_all(peer.bus, old.facts, 0, facts, member_high(&peer, old.facts, 0), s, 8, &next), 0);
    member_close(&young);
    member_close(&peer);
}

/* Which of the two is not ours to say; but once the offset is stable it tells, and the records agree. A group of its own
 * every time, so that nobody waits for the session of the dead one to end. */
void a_crash_inside_commit_is_all_or_nothing(void **state)
{
    enum { ROUNDS = 12 };
    struct member m;
    struct seen s[ROUNDS];
    char group[72], value[16];
    int64_t next, facts = -1;
    int done = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        snprintf(group, sizeof group, "%s-%d", ports_service, round);
        snprintf(value, sizeof value, "%d", round);
        member_open(&m, group, "1", TOPIC_ATTACHMENT_INBOX, TOPIC_ATTACHMENT_FACTS, TOPIC_CAPACITY_INBOX);
        facts = facts < 0 ? member_high(&m, m.facts, 0) : facts;
        member_close(&m);
        bus_env->die_in_commit(group, value, round);
        member_open(&m, group, "0", m.inbox, m.facts, m.out); /* its producer ends what the dead one left */
        bool happened = member_committed(&m, 0) == round + 1;
        done += happened;
        size_t n = log_all(m.bus, m.facts, 0, facts, member_high(&m, m.facts, 0), s, ROUNDS, &next);
        assert_int_equal(n, done);
        assert_true(!happened || strcmp(s[n - 1].value, value) == 0);
        member_close(&m);
    }
    print_message("of %d commits cut short %d happened\n", ROUNDS, done);
}

/* Committed facts can lie above the open transaction of a dead instance that never comes back. */
void catch_up_waits_past_the_open_transaction_of_a_dead_producer(void **state)
{
    struct member dead, alive;
    struct seen s[8];
    struct bus_log *l;
    struct bus_rec recs[8];
    struct err e;
    size_t n;
    int64_t next;
    (void)state;
    ports_open_one(&dead, "0");
    int64_t facts = member_high(&dead, dead.facts, 0);
    member_begin(&dead);
    member_produce(&dead, dead.facts, 0, "person/1", "open");
    member_offsets(&dead, 0, 1); /* and with it the record is in the log */
    member_high_from(&dead, dead.facts, 0, facts + 1);
    bus_env->kill(dead.bus);
    member_open(&alive, ports_service, "1", dead.inbox, dead.facts, dead.out);
    member_await(&alive, bus_env->partitions(), NULL);
    member_begin(&alive);
    member_produce(&alive, dead.facts, 0, "person/2", "committed");
    member_offsets(&alive, 1, 1);
    member_commit(&alive);
    int64_t high = member_high_from(&alive, dead.facts, 0, facts + 3);
    assert_int_equal(high, facts + 3);
    OK(alive.bus->ops->log_open(alive.bus, dead.facts, 0, facts, &l, &e));
    OK(alive.bus->ops->log_read(alive.bus, l, 300, recs, 8, &n, &next, &e));
    alive.bus->ops->log_close(alive.bus, l);
    assert_int_equal(n, 0); /* a reader that stopped here would believe to be at the end */
    assert_true(next < high);
    bus_env->txn_timeout();
    assert_int_equal(log_all(alive.bus, dead.facts, 0, facts, high, s, 8, &next), 1);
    assert_string_equal(s[0].value, "committed");
    assert_true(next >= high);
    member_close(&alive);
}

void closing_ends_an_open_transaction(void **state)
{
    struct member m, next_one;
    struct seen s[8];
    int64_t next;
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 0);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "never");
    member_offsets(&m, 0, 1);
    member_close(&m);
    member_open(&next_one, ports_service, "1", m.inbox, m.facts, m.out);
    member_await(&next_one, bus_env->partitions(), NULL);
    assert_int_equal(member_committed(&next_one, 0), -1);
    assert_int_equal(log_all(next_one.bus, m.facts, 0, facts, member_high(&next_one, m.facts, 0), s, 8, &next), 0);
    member_close(&next_one);
}
