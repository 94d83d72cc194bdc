/* lane_impl.h - what lane.c (queue, reports) and lane_claim.c (claims) share; nobody else includes it. */
#ifndef CLINIC_NOTIFICATION_LANE_IMPL_H
#define CLINIC_NOTIFICATION_LANE_IMPL_H
#include <pthread.h>
#include <stdatomic.h>
#include "base/metric.h"
#include "base/text.h"
#include "lane.h"

#define CLAIM_TTL_MS   (7 * TEXT_DAY_MS)
#define BUCKETS        4096
#define NAME_BYTES     96

struct job {
    struct job *next;        /* in the queue */
    struct job *same_bucket;
    char name[NAME_BYTES];   /* of the claim */
    char application_id[40], milestone[8], person_ref[24];
    const char *trace;       /* behind the packed order */
    uint32_t attempt;
    bool again;
    int64_t ordered_at_ms;
    int64_t begun_ms;        /* steady clock: no other process knew of it earlier */
    int64_t not_before_ms;   /* steady clock */
    int64_t expires_ms;      /* steady clock: too late from then on; 0 = never */
    int64_t elsewhere_ms;    /* steady clock: since when it is known to be claimed elsewhere; 0 = it is not */
    size_t packed_n;
    uint8_t packed[];
};

/* What this process knows without Redis, by hash of the name; newer entries push out older ones. */
struct memory {
    uint64_t hash;
    uint8_t result;          /* SendResult; 0 = dropped before it was touched */
};
#define MEMORY 16384

struct lane {
    struct lane_conf c;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int wake_fd;
    bool stopping;
    struct job *first, *last;
    size_t n;                /* queued */
    struct job *in_hand[BUCKETS]; /* queued or taken */
    struct memory memory[MEMORY];
    int64_t since_ms;        /* when the memory of claims began, as last seen; 0 = not known yet */
    int64_t since_seen_ms;   /* steady clock: when that was first seen; the memory may be as young as this */
    int64_t ahead_ms;        /* clock of Redis less steady clock, at the last look */
    int64_t looked_ms;       /* steady clock: when lane_look() last tried */
    atomic_llong since_checked_ms; /* steady clock: when the memory of claims was last looked at; far past = never */
    struct metric *queued, *dropped;
};

/* The job is answered: report it and let it go. */
void lane_finish(struct lane *l, struct job *j, const struct outcome *o);
/* What this process knows of a name: a result, UNSPECIFIED = never touched, -1 = nothing. */
int lane_recall(struct lane *l, const char *name);
#endif
