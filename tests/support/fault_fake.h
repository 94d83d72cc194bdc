/* fault_fake.h - faults of the ports of one process under test: die at the n-th port call, or get an error there.
 * Calls that touch a server are counted from 1 over bus and store together; those that cannot fail are not.
 * Threads: one. Memory: the caller's. */
#ifndef CLINIC_FAULT_FAKE_H
#define CLINIC_FAULT_FAKE_H
#include <stdbool.h>
#include "base/err.h"

#define FAKE_TRACE 96

/* The last port calls of all processes of a run, in the order they happened: a ring, [(n - 1) % FAKE_TRACE] is the newest. */
struct fake_trace {
    struct fake_step {
        int who;                /* number of the process */
        const char *call;
        bool disturbed;
    } steps[FAKE_TRACE];
    long n;                     /* steps so far */
};

struct fake_fault {
    struct fake_trace *trace;   /* keeps; NULL = none */
    int who;
    long calls;                 /* made so far */
    long at;                    /* the call to disturb; 0 = none */
    bool after;                 /* its effect takes place, the good answer does not arrive */
    enum err_class error;       /* what it answers; ERR_NONE = the process dies there: this and every later call is FATAL */
    long times;                 /* how many calls from `at` on answer so; 0 = one */
    bool (*pause)(void *ctx);   /* called once before call `pause_at`: what others do meanwhile */
    void *pause_ctx;
    long pause_at;
    bool is_dead;               /* the process is to be dropped and made anew */
    bool hit;                   /* the disturbance took place */
    const char *where;          /* name of the call disturbed */
};

enum fake_verdict { FAKE_GO_ON, FAKE_BEFORE, FAKE_AFTER };
/* Enter a port call. BEFORE: fail without effect; AFTER: take effect, then fail. *e is filled in both. NULL f is fine. */
enum fake_verdict fake_fault_enter(struct fake_fault *f, const char *call, struct err *e);
/* Forget what was planned, keep what happened: a new process takes the place of the dead one. */
void fake_fault_clear(struct fake_fault *f);
/* For a failed test: what was disturbed, and the interleaving. */
void fake_fault_print(const struct fake_fault *f);
void fake_trace_print(const struct fake_trace *t);
#endif
