/* report.h - the way back of a service's outbound side: what it found out becomes an event in the service's own inbox.
 * Threads: reports_send from any thread. Memory: messages are packed during the call. */
#ifndef CLINIC_REPORT_H
#define CLINIC_REPORT_H
#include "runtime/pub.h"
#include "runtime/svc.h"

struct reports;
struct reports *reports_new(struct pub *pub, const struct svc_def *def, int32_t partitions); /* keeps both; gives */
/* In the shape of svc_outbound_ops.start; ctx = struct reports. Tried until the broker has it. */
void reports_send(void *ctx, struct bytes key, enum event_id type, const void *msg, const char *subject,
                  const char *trace);
void reports_retry(struct reports *r); /* give what failed to the producer again; called by the loop */
size_t reports_open(struct reports *r); /* not yet with the broker */
void reports_free(struct reports *r);  /* after pub_close; NULL is fine */
#endif
