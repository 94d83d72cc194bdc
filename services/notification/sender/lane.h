/* lane.h - the orders of one channel between the runtime and the sender's threads, and the promise that none is handed
 * to a provider twice.
 *
 * Before an order is handed over its attempt is claimed in Redis under "<application>/<milestone>/<channel>/<attempt>";
 * what came of it is put beside the claim before it is reported. An order that comes again (its answer was not heard
 * of) is answered from there. When neither is known, it is UNKNOWN: another process may have handed it over and died.
 * The claims may vanish with Redis, or go back in time with it: an attempt ordered before the claims' memory began, or
 * before the server that keeps it was started, is UNKNOWN too, unless this process knows that it never touched it. A first
 * order needs none of this, for nobody else has it; but not for long: the partition may move, and the new owner orders it
 * again, and hears what came of it. One old enough for that (this process stood still, the provider let it wait, or the
 * inbox did), or found claimed elsewhere, is UNKNOWN when the memory was lost since it began.
 * Lost memory costs a message, never sends it twice. It is taken for granted that the clocks of Redis and of the services
 * differ by less than half of answer_ms.
 *
 * Threads: any; lane_put never blocks. Jobs are owned by whoever took them until settled or put back. */
#ifndef CLINIC_NOTIFICATION_LANE_H
#define CLINIC_NOTIFICATION_LANE_H
#include "base/metric.h"
#include "outgoing.h"
#include "runtime/store_redis.h"
#include "wire/wire.h"

typedef void lane_report(void *ctx, struct bytes key, enum event_id type, const void *msg, const char *subject,
                         const char *trace);

struct lane_conf {
    PB(Channel) channel;
    size_t max;                /* orders held */
    const struct settings *set;
    struct claims *claims;     /* keeps */
    int64_t answer_ms;         /* an order unanswered so long is ordered again; one claimed elsewhere is waited for so long */
    lane_report *report;
    void *report_ctx;
};
struct lane;
struct job;

extern const struct metric_row lane_metrics[]; /* ended by .name == NULL */

struct lane *lane_new(const struct lane_conf *c);              /* gives */
void lane_free(struct lane *l);                                /* drops what is queued; NULL is fine */
int lane_wake_fd(const struct lane *l);                        /* readable when there may be something to take */
/* Copies. Dropped when the lane is full, stopping, or has this attempt already: due work brings it back.
 * begun_ms: steady clock when no other process knew of it yet. */
void lane_put(struct lane *l, const PB(NotificationOrder) * o, struct bytes packed, const char *trace,
              int64_t begun_ms);
/* Before the first lane_take of a thread: notes when the memory of claims began. Waits for Redis, or until the lane stops. */
void lane_begin(struct lane *l);
/* Notices a loss of the memory of claims soon, though nothing is taken: what is ordered after it is then known to be safe.
 * Cheap, for loops that wait; may ask Redis. */
void lane_look(struct lane *l);
void lane_stop(struct lane *l);                                /* lane_take answers NULL from now on */
bool lane_stopping(struct lane *l);
/* Next order that is ready; waits up to wait_ms. NULL: none. */
struct job *lane_take(struct lane *l, int wait_ms);
bool lane_waiting(struct lane *l);                             /* something is queued, ready or not */
void lane_put_back(struct lane *l, struct job *j, int delay_ms);
/* True: hand it over now, and settle it whatever happens. False: it is settled, or put back; not the caller's any more. */
bool lane_claim(struct lane *l, struct job *j) MUST_CHECK;
/* Decode and render; false: settled as REJECTED, for one when the order has expired. ret lives in mem. */
bool lane_render(struct lane *l, struct job *j, struct arena *mem, struct outgoing *ret) MUST_CHECK;
void lane_settle(struct lane *l, struct job *j, const struct outcome *o);
/* Wait without taking, up to ms or until the lane stops. */
void lane_pause(struct lane *l, int ms);
/* Report a receipt of a message of this lane, in the trace of its order ("" = not known). */
void lane_receipt(struct lane *l, const PB(ReceiptArrived) * r, const char *trace);

struct claims *lane_claims(struct lane *l);
/* Ids of the notice a job is of, borrowed until it is settled. */
struct job_ids {
    const char *application_id, *milestone, *person_ref;
    const char *claim; /* name of the claim */
    const char *trace; /* of the order, as it was given; "" = it has none */
};
struct job_ids job_ids(const struct job *j);
int64_t clock_wall_ms(void);
int64_t clock_steady_ms(void);
#endif
