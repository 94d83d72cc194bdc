/* sender.h - publishing from the tool: events with their CloudEvents headers, as fast as the broker takes them; one by one,
 * or all of them in one transaction.
 * Threads: main thread; delivery is counted on the producer's thread. */
#ifndef CLINIC_CTL_SENDER_H
#define CLINIC_CTL_SENDER_H
#include "services/attachctl/ctl.h"

struct sender;
/* Asks the cluster how many partitions each topic has. gives. */
bool sender_open(struct ctl *c, struct sender **ret, struct err *e) MUST_CHECK;
/* All that is put becomes visible at sender_commit, or never: also when the process dies. id: the transactional id; whoever
 * opens the same one ends what its predecessor left open. outputs: topics, ended by TOPIC_N. timeout_ms: the broker
 * ends the transaction by itself after that. Code BUS-FENCED from any call: it did, or another has opened this id. gives. */
bool sender_open_txn(struct ctl *c, const char *id, const enum topic_id *outputs, int timeout_ms, struct sender **ret,
                     struct err *e) MUST_CHECK;
/* Waits while the queue is full. id: ce_id; subject "" = none. ERR_INPUT: the topic is missing, the record too large. */
bool sender_put(struct sender *s, enum topic_id topic, enum event_id event, struct bytes key, const void *msg,
                const char *id, const char *subject, struct err *e) MUST_CHECK;
/* Until the broker has everything. ERR_RETRY: not all of it got there; *ret_failed may be NULL. */
bool sender_flush(struct sender *s, uint64_t *ret_failed, struct err *e) MUST_CHECK;
/* ERR_UNKNOWN: committed or not, the broker did not say; any other failure: nothing is or will be visible. */
bool sender_commit(struct sender *s, struct err *e) MUST_CHECK;
/* False: the broker has not heard of it, and readers of these topics wait until it ends the transaction by itself. */
bool sender_abort(struct sender *s, struct err *e) MUST_CHECK;
void sender_close(struct sender *s); /* NULL is fine */
#endif
