/* crash_sweep.h - does a service stay exactly-once whatever happens? A corpus (a script of publications and of time that
 * passes) is run once as a pure fold (plan and handle over a map, no protocol at all), then again and again on the real
 * runtime over the fakes, each time disturbed at another port call; after every run the committed outputs, the facts
 * folded by key, the store and the committed offsets must equal the fold's.
 *
 *     static void script(struct sweep_run *r)
 *     {
 *         sweep_event(r, TOPIC_CAPACITY_INBOX, key, EV_RESERVE, &reserve, "id-1", "app-1");
 *         sweep_settle(r);
 *         sweep_advance(r, 60000);        time passes only after everything is settled: then due work has one order
 *     }
 *     static const struct sweep_case c = {"reserve", &capacity_svc, &conf, 2, 3, script};
 *     assert_true(sweep_crashes(&c, &report));
 *
 * A violation prints the difference and the trace of the port calls of all members as they interleaved, and is counted
 * in the report.
 * Threads: one. Memory: everything of a run is freed with it. */
#ifndef CLINIC_CRASH_SWEEP_H
#define CLINIC_CRASH_SWEEP_H
#include "runtime/svc.h"
#include "support/bus_fake.h"
#include "support/store_fake.h"

struct sweep_run;
struct sweep_case {
    const char *name;
    const struct svc_def *def;
    const void *svc_conf;         /* what handlers see as ev->conf */
    int32_t partitions;           /* 2 or more, so that batches mix partitions */
    size_t batch_max;             /* small, so that there are many batches */
    void (*script)(struct sweep_run *r);
};
struct sweep_report {
    long runs, disturbed, violations;
    bool quiet;                   /* do not print: violations are wanted */
    long stop_after;              /* violations after which a sweep stops; 0 = 1 */
};

/* --- for scripts --- */
void sweep_event(struct sweep_run *r, int topic, struct bytes key, enum event_id type, const void *msg, const char *id,
                 const char *subject);
void sweep_publish(struct sweep_run *r, const struct bus_out *o); /* any bytes; partition < 0 = by the key */
void sweep_settle(struct sweep_run *r);
void sweep_advance(struct sweep_run *r, int64_t ms);              /* then settles */
void sweep_compact(struct sweep_run *r);                          /* the facts topic */

/* --- sweeps; true = no violation --- */
bool sweep_plain(const struct sweep_case *c, struct sweep_report *ret);   /* nothing disturbed */
/* Die at every port call, before and after its effect, and start again. */
bool sweep_crashes(const struct sweep_case *c, struct sweep_report *ret);
/* Die twice: at call n, and again at the k-th call of the next life. */
bool sweep_double_crashes(const struct sweep_case *c, struct sweep_report *ret);
/* Every error class at every port call, once and for as long as patience lasts. */
bool sweep_errors(const struct sweep_case *c, struct sweep_report *ret);
/* At every port call the process stands still, is thrown out of the group, and a successor does all there is to do. */
bool sweep_zombies(const struct sweep_case *c, struct sweep_report *ret);
/* The same, and the successor has its ordinal: only one of the two may ever commit. */
bool sweep_replaced(const struct sweep_case *c, struct sweep_report *ret);
/* At every port call a second member joins; later it dies: partitions move between the two. */
bool sweep_rebalances(const struct sweep_case *c, struct sweep_report *ret);
/* At every port call the store forgets everything; goes back in time; applies half; is away for a while. */
bool sweep_stores(const struct sweep_case *c, struct sweep_report *ret);
/* All of them; prints one line of counts. */
bool sweep_all(const struct sweep_case *c, struct sweep_report *ret);
#endif
