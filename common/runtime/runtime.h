/* runtime.h - the commit protocol (architecture 4, kafka.md section 4) around one service: catch up, gather, read,
 * decide, commit, apply. The only room where exactly-once is made; knows the ports only.
 * Threads: confined to one thread. */
#ifndef CLINIC_RUNTIME_H
#define CLINIC_RUNTIME_H
#include "runtime/bus.h"
#include "runtime/store.h"
#include "runtime/svc.h"
#include "wire/seal.h"

struct runtime_conf {
    size_t batch_max_records;
    size_t batch_max_bytes;       /* memory of its records and of what they cause, that closes a batch */
    int gather_max_ms;            /* longest gathering when busy */
    int gather_patient_ms;        /* gathering while nobody waits for what is there (svc_handler.can_wait) */
    int spacing_ms;               /* from the end of a transaction to the next; the inputs gather meanwhile */
    size_t record_max_bytes;
    int tick_ms;                  /* how often due work is looked for */
    int32_t partitions;           /* of every keyed topic */
    bool time_from_event;         /* time.source = event */
    const char *instance;
};

struct runtime_deps {
    const struct svc_def *def;
    const struct runtime_conf *conf;   /* keeps */
    const void *svc_conf;              /* what def->init gave */
    const struct keyring *keys;        /* dead-letter boxes */
    int64_t (*now_ms)(void *ctx);      /* wall clock; fake in tests */
    int64_t (*mono_ms)(void *ctx);     /* steady clock for waits; NULL = CLOCK_MONOTONIC */
    void (*sleep_ms)(void *ctx, int ms); /* between repeats of a call; NULL = nanosleep */
    void *now_ctx;                     /* of the three above */
    /* In the shape of svc_outbound_ops.submit; may be NULL. */
    void (*outbound)(void *ctx, enum event_id type, struct bytes packed, const char *trace, int64_t begun_ms);
    void *outbound_ctx;
};

struct runtime;
struct runtime *runtime_new(const struct runtime_deps *d);     /* gives */
struct bus_listener runtime_listener(struct runtime *rt);      /* for bus_conf; before runtime_start */
void runtime_start(struct runtime *rt, struct bus *b, struct store *s); /* keeps both */
/* One turn: poll, and at most one batch or one catch-up step. False: the process must end (e->cls FENCED or FATAL). */
bool runtime_turn(struct runtime *rt, int max_wait_ms, struct err *e) MUST_CHECK;
/* True when nothing is in hand: no batch, no catch-up. */
bool runtime_is_idle(const struct runtime *rt);
bool runtime_is_ready(const struct runtime *rt);               /* every assigned partition is open; for /readyz */
/* Finish: no open transaction remains. */
void runtime_free(struct runtime *rt);
#endif
