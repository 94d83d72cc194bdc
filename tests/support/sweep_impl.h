/* sweep_impl.h - shared by the rooms of the crash sweep: run (members and their restarts), fold, outcome, sweeps. */
#ifndef CLINIC_SWEEP_IMPL_H
#define CLINIC_SWEEP_IMPL_H
#include <stdio.h>
#include "runtime/runtime_int.h"
#include "support/crash_sweep.h"

#define SWEEP_MEMBERS 2

struct sweep_member {
    struct sweep_run *run;
    char instance[4];
    struct runtime *rt;        /* NULL = not running */
    struct bus *bus;
    struct store *store;
    struct fake_fault fault;
    bool is_replaced;          /* its ordinal is another process's now: when it ends it is not started again */
};
struct fold {                  /* the reference */
    struct runtime *rt;        /* decodes and handles; never turned */
    struct store *store;
    int64_t next[TOPIC_N][16]; /* read so far */
    FILE *out;
    char *text;
    size_t text_n;
};
struct sweep_run {
    const struct sweep_case *c;
    struct fake_cluster *cluster;
    struct store_table tables[16];
    size_t tables_n;
    struct fake_db *db;
    struct runtime_conf conf;
    struct sweep_member m[SWEEP_MEMBERS];
    struct fake_trace trace;   /* of both, interleaved */
    struct fold *fold;         /* not NULL: this run is the fold */
    const struct keyring *keys; /* of dead letters; NULL = empty boxes */
    bool stuck;                /* never became quiet */
    long second_at;            /* plan a second death at this call of the next life; 0 = none */
    /* for hooks */
    struct fake_db *snapshot;
    long restore_at;
};

/* sweep_run.c */
struct sweep_run *sweep_run_new(const struct sweep_case *c); /* gives */
void sweep_run_free(struct sweep_run *r);
void sweep_start(struct sweep_run *r, int member);
void sweep_stop(struct sweep_run *r, int member);            /* without warning */
/* One turn; a member that ended is started again. True when it is idle. */
bool sweep_turn(struct sweep_run *r, int member);
struct runtime_deps sweep_deps(struct sweep_run *r);
/* sweep_fold.c */
void fold_start(struct sweep_run *r);
void fold_settle(struct sweep_run *r);
void fold_stop(struct sweep_run *r);
/* sweep_outcome.c: sorted lines of everything that can be seen; gives (malloc) */
char *sweep_outcome(struct sweep_run *r);
void sweep_line(FILE *to, const struct bus_rec *r);
bool sweep_in_order(struct sweep_run *r);
#endif
