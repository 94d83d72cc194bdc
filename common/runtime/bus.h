/* bus.h - the log: input records of one consumer group, compacted logs to replay, and one transaction at a time.
 * Role:      port; implemented by bus_kafka.c (librdkafka) and tests/support/bus_fake.c. One suite runs on both.
 * Threads:   confined to the runtime thread. Rebalance callbacks run only inside bus_poll().
 * Memory:    bytes of records are borrowed until bus_done().
 * Errors:    classed in one place per adapter: RETRY same call again, ABORT abort and redo the batch, UNKNOWN recreate the
 *            producer and read back, FENCED end the process, FATAL end the process. */
#ifndef CLINIC_BUS_H
#define CLINIC_BUS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/ce.h"
#include "wire/wire.h"

/* A record read. Header fields are "" when absent; `headers` gives all of them for a dead letter. */
struct bus_rec {
    int topic;                 /* topic_id */
    int32_t partition;
    int64_t offset;
    int64_t time_ms;           /* record timestamp */
    struct bytes key, value;   /* .p == NULL when absent */
    /* not zero-terminated */
    struct bytes content_type, ce_type, ce_id, ce_source, ce_subject, ce_time, ce_expirytime;
    struct bytes traceparent, tracestate, ce_traceparent, ce_tracestate;
    const struct bus_header *headers; /* every header, in order; arena of the adapter, until bus_done() */
    size_t headers_n;
};

/* Code of an ERR_ABORT that the content of a record causes (too large, invalid): it would fail again for ever. */
#define BUS_RECORD_REFUSED "BUS-RECORD"

/* A record to produce. */
struct bus_out {
    int topic;
    int32_t partition;
    struct bytes key, value;   /* value.p == NULL = tombstone */
    int64_t time_ms;           /* 0 = now */
    const struct bus_header *headers;
    size_t headers_n;
};

struct bus_pos {
    int32_t partition;
    int64_t next;              /* next input offset to read */
};

/* Called inside bus_poll(). After revoked() returns, records of those partitions must not be acted upon. */
struct bus_listener {
    void (*assigned)(void *ctx, const int32_t *parts, size_t n);
    void (*revoked)(void *ctx, const int32_t *parts, size_t n, bool lost);
    void *ctx;
};

struct bus;
struct bus_log; /* reader of one partition of a compacted topic, read_committed */

struct bus_ops {
    /* --- input --- */
    /* Serve the group and take up to max records; waits at most timeout_ms for the first, never for more.
     * New partitions arrive paused: the runtime seeks and resumes them once caught up. */
    bool (*poll)(struct bus *b, int timeout_ms, struct bus_rec *out, size_t max, size_t *ret_n, struct err *e);
    void (*done)(struct bus *b); /* release every record polled or read from logs so far */
    /* Committed input offset, stable (waits for pending transactions of a previous owner); -1 = none. RETRY. */
    bool (*committed)(struct bus *b, int32_t part, int64_t *ret, struct err *e);
    bool (*seek)(struct bus *b, int32_t part, int64_t offset, struct err *e);  /* records polled before are stale */
    bool (*pause)(struct bus *b, int32_t part, bool paused, struct err *e);
    /* --- logs --- */
    /* High watermark of a partition, asked without isolation. RETRY. */
    bool (*high)(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e);
    /* Last stable offset: how far readers of what is committed come at this moment. RETRY. */
    bool (*stable)(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e);
    bool (*log_open)(struct bus *b, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e);
    /* Up to max committed records; *ret_next = offset after the last record, or after the markers when the end of the
     * log was reached. Waits at most timeout_ms. n == 0 and unchanged next = nothing new. */
    bool (*log_read)(struct bus *b, struct bus_log *l, int timeout_ms, struct bus_rec *out, size_t max, size_t *ret_n,
                     int64_t *ret_next, struct err *e);
    void (*log_close)(struct bus *b, struct bus_log *l); /* NULL is fine */
    /* --- one transaction --- */
    bool (*begin)(struct bus *b, struct err *e);
    bool (*produce)(struct bus *b, const struct bus_out *o, struct err *e);
    /* Never commit unless this returned true. Uses the group metadata taken when the partitions were assigned. */
    bool (*send_offsets)(struct bus *b, const struct bus_pos *pos, size_t n, struct err *e);
    bool (*commit)(struct bus *b, struct err *e);
    /* After commit: offset after the last record this transaction wrote to partition part of `topic`; -1 = none. */
    int64_t (*produced_end)(struct bus *b, int topic, int32_t part);
    bool (*abort)(struct bus *b, struct err *e);
    /* Destroy the producer, make a new one, init_transactions, warm the output topics. RETRY, FENCED, FATAL. */
    bool (*recreate)(struct bus *b, struct err *e);
    /* Transport trouble was seen since the last begin: the runtime recreates before the next transaction. */
    bool (*troubled)(struct bus *b);
    /* Leave the group and free. NULL is fine. */
    void (*close)(struct bus *b);
};
struct bus {
    const struct bus_ops *ops; /* first member of every implementation */
};

/* What an adapter needs to know of a service. */
struct bus_conf {
    const char *service;          /* group id is clinic.attach.<service>; client and transactional id <service>-<instance> */
    const char *instance;         /* stable ordinal, for example "0" */
    int inbox;                    /* topic_id subscribed to */
    int facts;                    /* topic_id; offsets of its records are reported by produced_end */
    const enum topic_id *outputs; /* warmed after every recreate; ended by TOPIC_N */
    struct bus_listener listener;
};
#endif
