/* sender.h - publishing from the tool: events with their CloudEvents headers, as fast as the broker takes them.
 * Threads: main thread; delivery is counted on the producer's thread. */
#ifndef CLINIC_CTL_SENDER_H
#define CLINIC_CTL_SENDER_H
#include "services/attachctl/ctl.h"

struct sender;
/* Asks the cluster how many partitions each topic has. bulk: batch for throughput. gives. */
bool sender_open(struct ctl *c, bool bulk, struct sender **ret, struct err *e) MUST_CHECK;
/* Waits while the queue is full. id: ce_id; subject "" = none. ERR_INPUT: the topic is missing, the record too large. */
bool sender_put(struct sender *s, enum topic_id topic, enum event_id event, struct bytes key, const void *msg,
                const char *id, const char *subject, struct err *e) MUST_CHECK;
/* Until the broker has everything. ERR_RETRY: not all of it got there; *ret_failed may be NULL. */
bool sender_flush(struct sender *s, uint64_t *ret_failed, struct err *e) MUST_CHECK;
void sender_close(struct sender *s); /* NULL is fine */
#endif
