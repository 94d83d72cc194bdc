/* pub.h - an idempotent producer outside transactions, for the doors: gateway, attachctl, sender reports.
 * Threads: pub_send from any thread; callbacks on the thread that polls (its own, started by pub_open). */
#ifndef CLINIC_PUB_H
#define CLINIC_PUB_H
#include "base/conf.h"
#include "base/err.h"
#include "runtime/bus.h"
#include "wire/ce.h"

struct pub;
/* done(ctx, ok): the broker has it (acks=all), or it will never get there; called exactly once per accepted send. */
typedef void pub_done(void *ctx, bool ok);
bool pub_open(const struct conf *c, const char *client_id, struct pub **ret, struct err *e) MUST_CHECK; /* gives */
/* Bytes are copied. ERR_RETRY queue full. done may be NULL. */
bool pub_send(struct pub *p, const struct bus_out *o, pub_done *done, void *ctx, struct err *e) MUST_CHECK;
bool pub_flush(struct pub *p, int timeout_ms, struct err *e) MUST_CHECK;
bool pub_is_up(struct pub *p); /* brokers reachable, as far as known */
void pub_close(struct pub *p);
#endif
