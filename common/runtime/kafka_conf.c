#include "runtime/kafka_conf.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "runtime/kafka_error.h"
#include "runtime/kafka_nap.h"

#define LOGS (KAFKA_READER | KAFKA_REPLAY | KAFKA_SCAN)
#define CONSUMERS (KAFKA_GROUP | LOGS | KAFKA_OBSERVER)
#define TRANSACTIONS (KAFKA_TXN | KAFKA_LOAD)
#define PRODUCERS (TRANSACTIONS | KAFKA_PUB)
#define ALL (CONSUMERS | PRODUCERS | KAFKA_ADMIN)
#define STR_(x) #x
#define STR(x) STR_(x)

struct setting {
    const char *name, *value;
    int roles;     /* bits of kafka_role */
    bool optional; /* unknown to old versions, or not built in: leave it */
};

static const struct setting settings[] = {
    {"bootstrap.servers", "127.0.0.1:9092", ALL},
    {"socket.nagle.disable", "true", ALL},
    {"socket.keepalive.enable", "true", ALL},
    {"socket.timeout.ms", "10000", ALL},
    {"reconnect.backoff.ms", "50", ALL},
    {"reconnect.backoff.max.ms", "1000", ALL},
    {"log.connection.close", "false", ALL},
    /* Groups: classic protocol and range, because the cooperative path of old versions loses records. */
    {"group.protocol", "classic", KAFKA_GROUP, true},
    {"partition.assignment.strategy", "range", KAFKA_GROUP},
    {"session.timeout.ms", "10000", KAFKA_GROUP},
    {"heartbeat.interval.ms", "1000", KAFKA_GROUP},
    {"max.poll.interval.ms", "60000", KAFKA_GROUP},
    {"enable.auto.commit", "false", CONSUMERS},
    {"enable.auto.offset.store", "false", CONSUMERS},
    {"auto.offset.reset", "error", CONSUMERS}, /* a lost offset must not silently skip or replay */
    {"isolation.level", "read_committed", KAFKA_GROUP | LOGS},
    {"isolation.level", "read_uncommitted", KAFKA_OBSERVER},
    {"enable.partition.eof", "true", LOGS},
    {"allow.auto.create.topics", "false", CONSUMERS},
    {"fetch.wait.max.ms", "500", KAFKA_GROUP | KAFKA_OBSERVER}, /* data end the wait at once; less only burns CPU */
    /* The end of a log is learnt from the fetch that finds nothing, and a fetch that waits for one log keeps the others of
     * the handle waiting. */
    {"fetch.wait.max.ms", "250", KAFKA_READER},
    {"fetch.wait.max.ms", "20", KAFKA_REPLAY | KAFKA_SCAN},
    {"fetch.error.backoff.ms", "100", CONSUMERS},
    /* Bounded memory: a queue holds its limit and one fetch more, and the records of a fetch are compressed. The queue of
     * the group is one for all partitions, those of logs are one for each. */
    {"message.max.bytes", "262144", CONSUMERS}, /* a fetch may not be smaller; larger records come all the same */
    {"fetch.max.bytes", "393216", CONSUMERS},
    {"max.partition.fetch.bytes", "393216", KAFKA_GROUP}, /* runs of one partition: a transaction touches fewer */
    {"max.partition.fetch.bytes", "65536", KAFKA_READER | KAFKA_REPLAY | KAFKA_OBSERVER},
    {"queued.min.messages", "1600", KAFKA_GROUP},
    {"max.partition.fetch.bytes", "262144", KAFKA_SCAN},
    {"queued.min.messages", "1000", KAFKA_READER | KAFKA_REPLAY | KAFKA_OBSERVER},
    {"queued.min.messages", "20000", KAFKA_SCAN},
    {"queued.max.messages.kbytes", "8192", KAFKA_SCAN},
    {"queued.max.messages.kbytes", "1536", KAFKA_GROUP},
    {"queued.max.messages.kbytes", "512", KAFKA_READER | KAFKA_REPLAY | KAFKA_OBSERVER},
    {"fetch.queue.backoff.ms", "10", CONSUMERS, true},
    /* Producers. */
    {"enable.idempotence", "true", PRODUCERS},
    {"transaction.timeout.ms", STR(KAFKA_TXN_TIMEOUT_MS), KAFKA_TXN},
    {"message.timeout.ms", "14000", KAFKA_TXN}, /* below the transaction's, so that its end is always known */
    {"message.timeout.ms", "30000", KAFKA_PUB},
    {"message.timeout.ms", STR(KAFKA_LOAD_WAIT_MS), KAFKA_LOAD},
    {"retry.backoff.ms", "5", PRODUCERS}, /* with 100, every second transaction waits for the markers of the first */
    {"linger.ms", "1", KAFKA_TXN | KAFKA_PUB},
    {"linger.ms", "20", KAFKA_LOAD},
    {"compression.codec", "lz4", PRODUCERS, true},
    {"message.max.bytes", "1048576", PRODUCERS},
    {"queue.buffering.max.messages", "600", KAFKA_TXN}, /* of a batch, what is on its way: copies, 2 KB each with headers */
    {"queue.buffering.max.messages", "20000", KAFKA_PUB},
    {"queue.buffering.max.kbytes", "4096", KAFKA_TXN},
    {"queue.buffering.max.kbytes", "32768", KAFKA_PUB},
    {"queue.buffering.max.messages", "200000", KAFKA_LOAD},
    {"queue.buffering.max.kbytes", "131072", KAFKA_LOAD},
    {"batch.size", "262144", KAFKA_LOAD},
    {"batch.num.messages", "20000", KAFKA_LOAD},
    {"delivery.report.only.error", "true", KAFKA_LOAD}, /* of millions, the commit tells of all that went well */
};

/* Exactly-once rests on these; the rest is the operator's to change. */
static const char *const reserved[] = {
    "group.id",           "transactional.id",       "enable.idempotence",   "enable.auto.commit",
    "enable.auto.offset.store", "isolation.level",  "enable.partition.eof", "partition.assignment.strategy",
    "group.protocol",     "transaction.timeout.ms", "client.id",
};

static bool set(rd_kafka_conf_t *kc, const char *name, const char *value, bool optional, struct err *e)
{
    char text[200];
    rd_kafka_conf_res_t res = rd_kafka_conf_set(kc, name, value, text, sizeof text);
    if (res == RD_KAFKA_CONF_OK || optional)
        return true;
    return err_set(e, ERR_FATAL, "KAFKA-CONF", "kafka.%s: %s", name, text);
}

/* The library tells of a file it cannot read in the words of OpenSSL, and only when a handle is made. */
static bool can_read(const char *name, const char *value, struct err *e)
{
    static const char end[] = ".location";
    size_t n = strlen(name), m = sizeof end - 1;
    if (n < m || strcmp(name + n - m, end) != 0 || !*value || strcmp(value, "probe") == 0 || access(value, R_OK) == 0)
        return true;
    return err_set(e, ERR_FATAL, "KAFKA-CONF", "kafka.%s: %s: %s", name, value, strerror(errno));
}

struct overlay {
    rd_kafka_conf_t *kc;
    struct err *e;
    bool ok;
};

static void set_option(const char *name, const char *value, void *ctx)
{
    struct overlay *o = ctx;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (o->ok && strcmp(name, reserved[i]) == 0)
            o->ok = err_set(o->e, ERR_FATAL, "KAFKA-CONF", "kafka.%s is the platform's own and cannot be set", name);
    o->ok = o->ok && can_read(name, value, o->e) && set(o->kc, name, value, false, o->e);
}

/* librdkafka's own lines join ours; its warnings of settings meant for the other kind of handle are noise, because
 * kafka.* options go to every handle. */
static void on_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
    enum log_level to = level <= 4 ? LOG_WARN : level <= 6 ? LOG_INFO : LOG_DEBUG; /* what is an error, we decide */
    log_line(strcmp(fac, "CONFWARN") == 0 ? LOG_DEBUG : to, "KAFKA-LIB", text, "facility", fac, "handle",
             rk ? rd_kafka_name(rk) : "", (char *)NULL);
}

/* Wakes nobody and logs nothing: brokers come and go, the calls in need of them say so. */
static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
    (void)rk, (void)ctx;
    kafka_note_error(code, text);
}

static bool set_all(const struct conf *c, enum kafka_role role, rd_kafka_conf_t *kc, struct err *e)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if ((settings[i].roles & (int)role) && !set(kc, settings[i].name, settings[i].value, settings[i].optional, e))
            return false;
    struct overlay o = {kc, e, true};
    conf_each_kafka(c, set_option, &o);
    return o.ok;
}

bool kafka_conf_new(const struct conf *c, enum kafka_role role, const char *client_id, const char *id,
                    rd_kafka_conf_t **ret, struct err *e)
{
    rd_kafka_conf_t *kc = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(kc, on_log);
    rd_kafka_conf_set_error_cb(kc, on_error);
    if (!set_all(c, role, kc, e) || !set(kc, "client.id", client_id, false, e) ||
        (id && !set(kc, (int)role & TRANSACTIONS ? "transactional.id" : "group.id", id, false, e))) {
        rd_kafka_conf_destroy(kc);
        return false;
    }
    *ret = kc;
    return true;
}

bool kafka_conf_check(const struct conf *c, struct err *e)
{
    rd_kafka_conf_t *kc;
    if (!kafka_conf_new(c, KAFKA_PUB, "check", NULL, &kc, e))
        return false;
    rd_kafka_conf_destroy(kc);
    return true;
}

bool kafka_handle_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct err *e)
{
    char text[200];
    kafka_nap_enable(conf);
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        return err_set(e, ERR_FATAL, "KAFKA-CONF", "%s", text);
    }
    *ret = rk;
    return true;
}
