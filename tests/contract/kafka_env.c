#include "kafka_env.h"
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "ports_member.h"
#include "runtime/bus_kafka.h"
#include "runtime/bus_kafka_impl.h"
#include "runtime/pub.h"

static struct conf *conf;
static struct pub *door;
static int32_t count;

const struct conf *kafka_env_conf(void) { return conf; }

static void set(const char *name, const char *value)
{
    struct err e;
    OK(conf_set(conf, name, value, "test", &e));
}

bool kafka_env_start(void)
{
    static const struct conf_opt none[] = {{NULL}};
    static const struct conf_opt *const tables[] = {none, NULL};
    struct topic_plan plan[TOPIC_N];
    struct err e;
    const char *at = getenv("CLINIC_TEST_KAFKA");
    if (!at || !*at)
        return false;
    log_open("contract", LOG_ERROR);
    conf = conf_new(tables);
    set("kafka.bootstrap.servers", at);
    set("kafka.session.timeout.ms", "6000");
    set("kafka.max.poll.interval.ms", "8000"); /* an instance that stands still loses its place after that */
    OK(kafka_topics_plan(conf, plan, &e));
    OK(kafka_topics_create(conf, plan, 3, 1, &e));
    OK(kafka_topics_plan(conf, plan, &e));
    count = plan[TOPIC_ATTACHMENT_INBOX].partitions;
    OK(pub_open(conf, "contract", &door, &e));
    return true;
}

void kafka_env_stop(void)
{
    pub_close(door);
    conf_free(conf);
}

static void nothing(void) {}
static int32_t partitions(void) { return count; }

static struct bus *open_bus(const struct bus_conf *bc)
{
    struct bus *b = NULL;
    struct err e;
    OK(bus_kafka_open(conf, bc, &b, &e));
    return b;
}

static void on_done(void *ctx, bool ok) { *(int *)ctx += ok; }

static void publish_one(const struct bus_out *o)
{
    struct err e;
    int delivered = 0;
    OK(pub_send(door, o, on_done, &delivered, &e));
    OK(pub_flush(door, 20000, &e));
    assert_int_equal(delivered, 1);
}

/* The broker sees the connections of the process end; the transaction is nobody's. */
static void kill_bus(struct bus *b)
{
    bus_kafka_of(b)->txn.open = false;
    b->ops->close(b);
}

/* It is not polled any more: the group goes on without it after max.poll.interval.ms. */
static void expel(struct bus *b) { (void)b; }

/* In the new process: up to the commit, and an alarm that ends it there. */
int kafka_env_die(char **argv)
{
    struct member m;
    int round = atoi(argv[2]);
    bus_env = &kafka_env;
    member_open(&m, argv[0], "0", TOPIC_ATTACHMENT_INBOX, TOPIC_ATTACHMENT_FACTS, TOPIC_CAPACITY_INBOX);
    member_await(&m, count, NULL);
    member_begin(&m);
    member_produce(&m, m.facts, 0, "person/1", argv[1]);
    member_offsets(&m, 0, round + 1);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 100 + round * 400}, NULL);
    member_commit(&m);
    raise(SIGKILL);
    return 1;
}

/* A commit takes 5 to 10 ms here: some are cut before anything was sent, some after the coordinator has decided. */
static void die_in_commit(const char *service, const char *value, int round)
{
    char nth[16];
    int status;
    snprintf(nth, sizeof nth, "%d", round);
    const char *argv[] = {"test_kafka", "die", service, value, nth, NULL};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL));
}

void kafka_env_alter(int topic, const struct topic_setting *settings, size_t n)
{
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, NULL, 0);
    rd_kafka_brokers_add(rk, getenv("CLINIC_TEST_KAFKA"));
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_ConfigResource_t *res = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[topic].name);
    for (size_t i = 0; i < n; i++)
        rd_kafka_ConfigResource_set_config(res, settings[i].name, settings[i].value);
    rd_kafka_AlterConfigs(rk, &res, 1, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 20000);
    assert_non_null(ev);
    assert_int_equal(rd_kafka_event_error(ev), RD_KAFKA_RESP_ERR_NO_ERROR);
    const rd_kafka_ConfigResource_t **done = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(ev), &n);
    assert_int_equal(n, 1);
    assert_int_equal(rd_kafka_ConfigResource_error(done[0]), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(ev);
    rd_kafka_ConfigResource_destroy(res);
    rd_kafka_queue_destroy(q);
    rd_kafka_destroy(rk);
}

static bool has_repeated_key(const struct seen *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (strcmp(s[i].key, "roll") != 0 && strcmp(s[i].key, s[k].key) == 0)
                return true;
    return false;
}

/* The cleaner takes closed segments only: another record closes the one that is written. */
static bool is_compacted(struct bus *b, int topic, int32_t part)
{
    static struct seen s[4096];
    int64_t high, next;
    struct err e;
    publish(topic, part, "roll", "");
    OK(b->ops->high(b, topic, part, &high, &e));
    return !has_repeated_key(s, log_all(b, topic, part, 0, high, s, 4096, &next));
}

static void compact(int topic)
{
    static const struct topic_setting eager[] = {{"cleanup.policy", "compact"},   {"segment.ms", "100"},
                                                 {"retention.ms", "-1"},          {"min.cleanable.dirty.ratio", "0.001"},
                                                 {"max.compaction.lag.ms", "100"}};
    kafka_env_alter(topic, eager, sizeof eager / sizeof *eager);
    struct bus *b = NULL;
    struct err e;
    OK(bus_kafka_open_reader(conf, "contract-reader", &b, &e));
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS;
    while (!is_compacted(b, topic, 2)) {
        assert_true(ports_mono_ms() < deadline);
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    b->ops->close(b);
}

const struct bus_env kafka_env = {
    .name = "bus, Kafka",
    .fresh = nothing,
    .tidy = nothing,
    .partitions = partitions,
    .open = open_bus,
    .publish = publish_one,
    .kill = kill_bus,
    .expel = expel,
    .die_in_commit = die_in_commit,
    .txn_timeout = nothing, /* passes by itself */
    .compact = compact,
};
