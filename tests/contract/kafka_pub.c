/* What only a real broker shows: the idempotent producer of the doors, the topics, records that the broker refuses. */
#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include "kafka_env.h"
#include "ports_member.h"
#include "runtime/bus_kafka.h"
#include "runtime/pub.h"

static void count_done(void *ctx, bool ok)
{
    int *counts = ctx; /* callbacks come from one thread */
    counts[ok]++;
}

static struct bus *reader(void)
{
    struct bus *b = NULL;
    struct err e;
    OK(bus_kafka_open_reader(kafka_env_conf(), "contract-reader", &b, &e));
    return b;
}

static void every_send_is_answered_once_and_arrives_in_order(void **state)
{
    enum { N = 500 };
    static struct seen s[N];
    int counts[2] = {0};
    int64_t from, next;
    char value[16];
    struct pub *p;
    struct err e;
    (void)state;
    struct bus *b = reader();
    OK(b->ops->high(b, TOPIC_POLICY_INBOX, 0, &from, &e));
    OK(pub_open(kafka_env_conf(), "contract-pub", &p, &e));
    for (int i = 0; i < N; i++) {
        snprintf(value, sizeof value, "%d", i);
        struct bus_out o = member_out(TOPIC_POLICY_INBOX, 0, "k", value);
        OK(pub_send(p, &o, i % 2 ? count_done : NULL, counts, &e));
    }
    OK(pub_flush(p, 20000, &e));
    assert_int_equal(counts[true], N / 2);
    assert_int_equal(counts[false], 0);
    assert_true(pub_is_up(p));
    assert_int_equal(log_all(b, TOPIC_POLICY_INBOX, 0, from, from + N, s, N, &next), N);
    for (int i = 0; i < N; i++)
        assert_int_equal(atoi(s[i].value), i);
    pub_close(p);
    b->ops->close(b);
}

static void a_record_too_large_is_the_senders_mistake(void **state)
{
    int counts[2] = {0};
    struct pub *p;
    struct err e = {0};
    (void)state;
    char *big = calloc(1, 2 << 20);
    struct bus_out o = {.topic = TOPIC_POLICY_INBOX, .key = {"k", 1}, .value = {big, 2 << 20}};
    OK(pub_open(kafka_env_conf(), "contract-pub", &p, &e));
    assert_false(pub_send(p, &o, count_done, counts, &e));
    assert_int_equal(e.cls, ERR_INPUT);
    pub_close(p);
    assert_int_equal(counts[0] + counts[1], 0);
    free(big);
}

/* Nobody listens there: what was accepted is answered all the same. */
static void what_cannot_be_sent_is_answered_too(void **state)
{
    static const struct conf_opt none[] = {{NULL}};
    static const struct conf_opt *const tables[] = {none, NULL};
    int counts[2] = {0};
    struct pub *p;
    struct err e;
    (void)state;
    struct conf *c = conf_new(tables);
    OK(conf_set(c, "kafka.bootstrap.servers", "127.0.0.1:1", "test", &e));
    OK(pub_open(c, "contract-pub", &p, &e));
    struct bus_out o = member_out(TOPIC_POLICY_INBOX, 0, "k", "v");
    OK(pub_send(p, &o, count_done, counts, &e));
    assert_false(pub_flush(p, 100, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    assert_false(pub_is_up(p));
    pub_close(p);
    assert_int_equal(counts[false], 1);
    assert_int_equal(counts[true], 0);
    conf_free(c);
}

static void a_refused_record_aborts_and_the_next_transaction_is_good(void **state)
{
    struct member m;
    struct seen s[4];
    struct err e = {0};
    int64_t next;
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "refuse%lld", (long long)ports_mono_ms());
    member_open(&m, name, "0", TOPIC_POLICY_INBOX, TOPIC_POLICY_FACTS, TOPIC_ATTACHMENT_INBOX);
    member_await(&m, kafka_env.partitions(), NULL);
    int64_t facts = member_high(&m, m.facts, 0);
    char *big = calloc(1, 2 << 20);
    struct bus_out o = {.topic = m.facts, .key = {"k", 1}, .value = {big, 2 << 20}};
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "with it");
    assert_false(m.bus->ops->produce(m.bus, &o, &e));
    assert_int_equal(e.cls, ERR_ABORT);
    assert_string_equal(e.code, BUS_RECORD_REFUSED);
    OK(m.bus->ops->abort(m.bus, &e));
    assert_true(m.bus->ops->troubled(m.bus));
    OK(m.bus->ops->recreate(m.bus, &e));
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "without");
    member_offsets(&m, 0, 1);
    member_commit(&m);
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, member_high(&m, m.facts, 0), s, 4, &next), 1);
    assert_string_equal(s[0].value, "without");
    member_close(&m);
    free(big);
}

static void a_second_fence_in_a_minute_ends_the_instance(void **state)
{
    struct member old, young;
    struct err e = {0};
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "fence%lld", (long long)ports_mono_ms());
    member_open(&old, name, "0", TOPIC_POLICY_INBOX, TOPIC_POLICY_FACTS, TOPIC_ATTACHMENT_INBOX);
    member_await(&old, kafka_env.partitions(), NULL);
    for (int i = 0; i < 2; i++) {
        member_begin(&old);
        member_produce(&old, old.facts, 0, "person/1", "x");
        member_offsets(&old, 0, 1);
        member_open(&young, name, "0", TOPIC_POLICY_INBOX, TOPIC_POLICY_FACTS, TOPIC_ATTACHMENT_INBOX);
        assert_false(old.bus->ops->commit(old.bus, &e));
        assert_int_equal(e.cls, ERR_UNKNOWN);
        member_close(&young);
        if (i == 0)
            OK(old.bus->ops->recreate(old.bus, &e));
    }
    assert_false(old.bus->ops->recreate(old.bus, &e));
    assert_int_equal(e.cls, ERR_FENCED);
    member_close(&old);
}

static int threads(void)
{
    struct dirent *d;
    int n = 0;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    while ((d = readdir(dir)))
        n += d->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* Handles for logs and for their ends cost two threads each at least; both rest while a member only polls. */
static void a_member_that_needs_no_logs_lets_their_handles_rest(void **state)
{
    struct member m;
    struct seen s[4];
    int64_t next, until = ports_mono_ms() + PORTS_WAIT_MS;
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "rest%lld", (long long)ports_mono_ms());
    member_open(&m, name, "0", TOPIC_POLICY_INBOX, TOPIC_POLICY_FACTS, TOPIC_ATTACHMENT_INBOX);
    member_await(&m, kafka_env.partitions(), NULL);
    int64_t facts = member_high(&m, m.facts, 0);
    int busy = threads();
    while (threads() > busy - 4 && ports_mono_ms() < until)
        (void)member_poll(&m, 100, s, 4);
    assert_true(threads() <= busy - 4);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", "read by a new handle");
    member_offsets(&m, 0, 1);
    member_commit(&m);
    assert_int_equal(log_all(m.bus, m.facts, 0, facts, member_high(&m, m.facts, 0), s, 4, &next), 1);
    assert_string_equal(s[0].value, "read by a new handle");
    member_close(&m);
}

static void topics_are_as_planned(void **state)
{
    struct topic_plan plan[TOPIC_N];
    struct err e;
    (void)state;
    OK(kafka_topics_plan(kafka_env_conf(), plan, &e));
    for (int i = 0; i < TOPIC_N; i++) {
        assert_int_equal(plan[i].topic, i);
        assert_true(plan[i].exists && plan[i].partitions == kafka_env.partitions());
    }
    OK(kafka_topics_create(kafka_env_conf(), plan, 3, 1, &e)); /* nothing to do */
    struct bus *b = reader();
    assert_int_equal(bus_kafka_partitions(b, TOPIC_POLICY_FACTS, &e), kafka_env.partitions());
    b->ops->close(b);
}

/* Until the topic is told to differ in n settings: a broker answers from what it has heard of so far. */
static void compare_until(struct topic_plan *plan, int topic, size_t n)
{
    struct err e;
    int64_t end = ports_mono_ms() + PORTS_WAIT_MS;
    do
        OK(kafka_topics_compare(kafka_env_conf(), plan, 1, &e));
    while (plan[topic].differ_n != n && ports_mono_ms() < end);
    assert_int_equal(plan[topic].differ_n, n);
}

/* Facts are the truth: a topic of them that is deleted by age must be seen. */
static void settings_that_differ_are_told(void **state)
{
    const int topic = TOPIC_POLICY_FACTS;
    struct topic_plan plan[TOPIC_N];
    struct topic_setting wanted[TOPIC_SETTINGS_MAX], other[TOPIC_SETTINGS_MAX];
    const struct topic_difference *d = plan[topic].differ;
    struct err e;
    (void)state;
    size_t n = kafka_topic_settings(topic, 1, wanted);
    memcpy(other, wanted, sizeof other);
    assert_string_equal(other[0].name, "cleanup.policy");
    snprintf(other[0].value, sizeof other[0].value, "compact,delete");
    kafka_env_alter(topic, other, n);
    OK(kafka_topics_plan(kafka_env_conf(), plan, &e));
    compare_until(plan, topic, 1);
    assert_string_equal(d->wanted.name, "cleanup.policy");
    assert_string_equal(d->wanted.value, "compact");
    assert_string_equal(d->is, "compact,delete");
    kafka_env_alter(topic, wanted, n);
    compare_until(plan, topic, 0);
    OK(kafka_topics_compare(kafka_env_conf(), plan, 3, &e));
    assert_string_equal(d->wanted.name, "min.insync.replicas");
    plan[topic].replicas = 3; /* as it would be on a cluster: no option has to say so */
    compare_until(plan, topic, 1);
    assert_string_equal(d->wanted.name, "min.insync.replicas");
}

static void settings_that_exactly_once_rests_on_cannot_be_changed(void **state)
{
    static const struct conf_opt none[] = {{NULL}};
    static const struct conf_opt *const tables[] = {none, NULL};
    static const char *const bad[][2] = {{"kafka.isolation.level", "read_uncommitted"}, {"kafka.no.such.thing", "1"}};
    struct bus *b;
    struct err e;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct conf *c = conf_new(tables);
        OK(conf_set(c, bad[i][0], bad[i][1], "test", &e));
        assert_false(bus_kafka_open_reader(c, "contract", &b, &e));
        assert_int_equal(e.cls, ERR_FATAL);
        assert_non_null(strstr(e.text, bad[i][0]));
        conf_free(c);
    }
}

int kafka_pub_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_that_needs_no_logs_lets_their_handles_rest),
        cmocka_unit_test(topics_are_as_planned),
        cmocka_unit_test(settings_that_differ_are_told),
        cmocka_unit_test(settings_that_exactly_once_rests_on_cannot_be_changed),
        cmocka_unit_test(every_send_is_answered_once_and_arrives_in_order),
        cmocka_unit_test(a_record_too_large_is_the_senders_mistake),
        cmocka_unit_test(what_cannot_be_sent_is_answered_too),
        cmocka_unit_test(a_refused_record_aborts_and_the_next_transaction_is_good),
        cmocka_unit_test(a_second_fence_in_a_minute_ends_the_instance),
    };
    return cmocka_run_group_tests_name("doors and topics, Kafka", tests, NULL, NULL);
}
