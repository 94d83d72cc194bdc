/* bus_kafka.h - bus.h on librdkafka, and the few administrative calls the tools need. */
#ifndef CLINIC_BUS_KAFKA_H
#define CLINIC_BUS_KAFKA_H
#include "base/conf.h"
#include "runtime/bus.h"

bool bus_kafka_open(const struct conf *c, const struct bus_conf *bc, struct bus **ret, struct err *e) MUST_CHECK; /* gives */
/* Logs only (high, log_*, done, close): for tools. read_committed. */
bool bus_kafka_open_reader(const struct conf *c, const char *client_id, struct bus **ret, struct err *e) MUST_CHECK;
/* Transactions only (recreate, begin, produce, commit, abort, close): for a tool that writes much at once. id: the
 * transactional id, keeps nothing; outputs: ended by TOPIC_N; timeout_ms: the broker's limit of a transaction, at least
 * KAFKA_LOAD_WAIT_MS. What a broker in trouble answers is waited for so long too. gives. */
bool bus_kafka_open_writer(const struct conf *c, const char *id, const enum topic_id *outputs, int timeout_ms, struct bus **ret,
                           struct err *e) MUST_CHECK;
/* Read any topic by name, not only those of topics.def, is not supported: tools work on topics.def. */
int32_t bus_kafka_partitions(struct bus *b, int topic, struct err *e); /* -1 on error; e->cls RETRY when unknown topic */

/* Topics as they are and as topics.def wants them (attachctl topics plan|apply). */
#define TOPIC_SETTINGS_MAX 8
struct topic_setting {
    const char *name;
    char value[24];
};
struct topic_difference {
    struct topic_setting wanted;
    char is[64];            /* the value that the broker goes by */
};
struct topic_plan {
    int topic;
    bool exists;
    int32_t partitions;     /* as they are; 0 when missing */
    int replicas;           /* of its first partition; 0 when missing */
    struct topic_difference differ[TOPIC_SETTINGS_MAX]; /* filled by kafka_topics_compare() */
    size_t differ_n;
};
/* What a topic is created with; returns how many. */
size_t kafka_topic_settings(int topic, int replication, struct topic_setting ret[TOPIC_SETTINGS_MAX]);
bool kafka_topics_plan(const struct conf *c, struct topic_plan ret[TOPIC_N], struct err *e) MUST_CHECK;
/* Which settings of the topics that exist are not those they would be created with now. A topic of more replicas than asked
 * for is taken as one of as many. */
bool kafka_topics_compare(const struct conf *c, struct topic_plan plan[TOPIC_N], int replication, struct err *e) MUST_CHECK;
/* Create the missing ones with `partitions`, `replication` and the settings of topics.def. */
bool kafka_topics_create(const struct conf *c, const struct topic_plan *plan, int32_t partitions, int replication,
                         struct err *e) MUST_CHECK;
#endif
