/* bus_fake.h - bus.h in memory: one cluster, several members.
 * As real Kafka: transactions with markers that take an offset, read_committed up to the last stable offset, offsets
 * inside transactions, stable reads of them, fencing by transactional id, refusal of a generation that is over, eager
 * rebalances (range), LogAppendTime by the fake clock, compaction on request.
 * Two clocks: the wall clock moves only by fake_advance(); the steady clock also by waiting (poll, sleep).
 * Threads: one. Memory: records given to a runtime are copies, freed by bus_done(), so that ASan sees a late use. */
#ifndef CLINIC_BUS_FAKE_H
#define CLINIC_BUS_FAKE_H
#include "runtime/bus.h"
#include "support/fault_fake.h"

struct fake_cluster;
struct fake_cluster *fake_cluster_new(int32_t partitions, int64_t now_ms); /* gives */
void fake_cluster_free(struct fake_cluster *c);                           /* buses first */
int32_t fake_partitions(const struct fake_cluster *c);

/* Clocks, in the shape of struct runtime_deps: ctx = the cluster. */
int64_t fake_now_ms(void *cluster);
int64_t fake_mono_ms(void *cluster);
void fake_sleep_ms(void *cluster, int ms); /* steady clock only */
void fake_advance(struct fake_cluster *c, int64_t ms);

/* --- topics --- */
/* As a portal or tool would: no transaction. o->partition < 0 = by the key. Returns the offset. */
int64_t fake_publish(struct fake_cluster *c, const struct bus_out *o);
/* An event with its CloudEvents headers; id may be NULL. */
int64_t fake_publish_event(struct fake_cluster *c, int topic, struct bytes key, enum event_id type, const void *msg,
                           const char *id, const char *subject);
/* Calls fn for every committed record of a partition, in order (uncommitted and aborted ones are invisible). */
void fake_each(struct fake_cluster *c, int topic, int32_t part, void (*fn)(void *ctx, const struct bus_rec *r),
               void *ctx);
int64_t fake_end(const struct fake_cluster *c, int topic, int32_t part); /* high watermark */
/* Keep the last committed record of each key; tombstones stay. */
void fake_compact(struct fake_cluster *c, int topic);
/* Delete a topic and make it anew, empty. */
void fake_recreate_topic(struct fake_cluster *c, int topic);

/* --- members --- */
/* A member of the group of bc->inbox; fault may be NULL (keeps). Close through ops->close, or fake_bus_kill. gives. */
struct bus *fake_bus_open(struct fake_cluster *c, const struct bus_conf *bc, struct fake_fault *fault);
/* Process gone: its open transaction stays open, its group goes on without it. Frees. */
void fake_bus_kill(struct bus *b);
/* Session timed out: its group goes on without it, it does not know before its next poll. */
void fake_bus_expel(struct bus *b);
void fake_bus_set_troubled(struct bus *b);
/* Refuse every record whose value holds this text (ERR_ABORT, BUS_RECORD_REFUSED), to make a poison; NULL = none. */
void fake_bus_refuse(struct bus *b, const char *text);
void fake_rebalance(struct fake_cluster *c, int inbox);
/* transaction.timeout.ms passes: open transactions are aborted, their producers fenced. */
void fake_txn_timeout(struct fake_cluster *c);
int64_t fake_committed(const struct fake_cluster *c, int inbox, int32_t part); /* -1 = none */
size_t fake_transactions(const struct fake_cluster *c); /* committed so far */

/* Deliberate mistake of an adapter, for the tests of the tests: group metadata is taken when offsets are sent. The group
 * then takes the offsets of whoever asks: a member under its newest generation, one that is none any more as nobody. */
extern bool fake_bus_late_metadata;
#endif
