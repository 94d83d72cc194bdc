/* platform_fake.h - any number of services on one fake cluster, turned in rounds until quiet: the whole platform in
 * one process, in milliseconds, without a clock but the test's.
 *
 *     struct platform *p = platform_new(2, 1790000000000);
 *     int intake = platform_add(p, &intake_svc, &conf);       (conf: what its init would give)
 *     fake_publish_event(platform_cluster(p), TOPIC_INTAKE_INBOX, key, EV_APPLICATION_SUBMITTED, &app, "id-1", "");
 *     platform_run(p);                                        until nobody has anything in hand
 *     platform_advance(p, 60000);                             a minute later: due work runs
 *     fake_each(platform_cluster(p), TOPIC_APPLICATION, part, on_record, ctx);
 *     platform_each(p, intake, 0, on_state, ctx);             table 0 of intake, decoded
 *     platform_free(p);
 *
 * A failure of a runtime is a failed must(): these tests inject no faults; see crash_sweep.h for those.
 * Threads: one. Memory: all of the platform's, until platform_free(). */
#ifndef CLINIC_PLATFORM_FAKE_H
#define CLINIC_PLATFORM_FAKE_H
#include "runtime/runtime.h"
#include "support/bus_fake.h"
#include "support/store_fake.h"

#define PLATFORM_SERVICES 16

struct platform;
struct platform *platform_new(int32_t partitions, int64_t now_ms); /* gives */
void platform_free(struct platform *p);
/* One instance of a service; returns its number. svc_conf (keeps, may be NULL) is what handlers see as ev->conf. */
int platform_add(struct platform *p, const struct svc_def *def, const void *svc_conf);
/* Keys for the boxes of dead letters (keeps); without them boxes are empty. Before platform_add. */
void platform_set_keys(struct platform *p, const struct keyring *keys);
/* Where svc_outbound messages go (decoded, after the commit); NULL = nowhere. */
void platform_on_outbound(struct platform *p, int service, void (*fn)(void *ctx, const void *msg, const char *trace),
                          void *ctx);
struct fake_cluster *platform_cluster(struct platform *p);
struct fake_db *platform_db(struct platform *p, int service);
int64_t platform_now(const struct platform *p);
/* Turn everybody until all are idle. */
void platform_run(struct platform *p);
/* Let time pass, then run: due work is found in one step, so pass several small steps where order matters. */
void platform_advance(struct platform *p, int64_t ms);
/* Earliest time at which any record of any service becomes due; 0 = none. To advance from event to event. */
int64_t platform_next_due(struct platform *p);
/* A held instance is passed over by platform_run: what is for it waits. */
void platform_hold(struct platform *p, int service, bool held);
/* Stop an instance without warning and start it again; what it had in hand is redone. */
void platform_restart(struct platform *p, int service);
/* Every record of a table of a service, decoded; msg is valid during the call. */
void platform_each(struct platform *p, int service, int table,
                   void (*fn)(void *ctx, int32_t part, struct bytes key, const void *msg), void *ctx);
/* One record, decoded into mem; NULL when absent. */
const void *platform_get(struct platform *p, int service, int table, struct bytes key, struct arena *mem);
#endif
