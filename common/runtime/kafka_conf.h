/* kafka_conf.h - settings of every librdkafka handle the platform opens, one table; kafka.* options come last.
 * Threads: any. */
#ifndef CLINIC_KAFKA_CONF_H
#define CLINIC_KAFKA_CONF_H
#include <librdkafka/rdkafka.h>
#include "base/conf.h"

enum kafka_role {
    KAFKA_GROUP = 1,    /* member of the consumer group of a service */
    KAFKA_READER = 2,   /* reads logs, read_committed, no group */
    KAFKA_OBSERVER = 4, /* asks for high watermarks, no isolation */
    KAFKA_TXN = 8,      /* transactional producer */
    KAFKA_PUB = 16,     /* idempotent producer of the doors */
    KAFKA_ADMIN = 32,   /* topics */
    KAFKA_SCAN = 64,    /* as KAFKA_READER, for a tool that reads one log after the other and ends */
    KAFKA_REPLAY = 256, /* as KAFKA_READER, for logs that are read to their end and closed: does not wait there */
    KAFKA_LOAD = 128,   /* as KAFKA_TXN, for a tool that writes much in one transaction; its time limit is the caller's */
};
/* The broker's time limit of a transaction: a dead instance holds back readers of what it touched no longer. */
#define KAFKA_TXN_TIMEOUT_MS 15000
/* How long a load waits for a broker that is away; no transaction of a load has a shorter limit. */
#define KAFKA_LOAD_WAIT_MS 60000

/* gives; rd_kafka_conf_destroy() unless handed to rd_kafka_new(). id = group.id or transactional.id or NULL. ERR_FATAL
 * names the option that is wrong. */
bool kafka_conf_new(const struct conf *c, enum kafka_role role, const char *client_id, const char *id,
                    rd_kafka_conf_t **ret, struct err *e) MUST_CHECK;
/* Would kafka_conf_new take the kafka.* options? Asks no broker: for --check-config. */
bool kafka_conf_check(const struct conf *c, struct err *e) MUST_CHECK;
/* New handle; takes conf in every case. gives. */
bool kafka_handle_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, struct err *e) MUST_CHECK;
#endif
