#include <stdlib.h>
#include <time.h>
#include "gateway.h"

#define END_AGE_MS 1000  /* a crowd of misses asks the broker once a second and partition */
#define SETTLED_MS 15000 /* an end asked this long ago at most is still good enough to measure a projection by */
#define WAIT_MS    1000  /* longest wait of a request for the broker's word */
/* Control records after the last fact: its commit leaves one. (Facts of an aborted attempt at the very end look as if they
 * were missing, until the attempt is repeated.) */
#define MARKERS_MAX 2

struct end {
    int64_t offset, asked_ms; /* the last that the broker said */
    int64_t before, before_ms; /* what it had said the time before, a second earlier or more */
    int64_t mark, need;     /* of the projection: as last seen; how far it must come again since it went back */
    unsigned tries;         /* finished questions, good or bad */
    bool is_known, has_before, is_wanted;
};

/* The library's question may last as long as the broker is away, whatever time limit it is given; so a thread of its
 * own asks, and requests wait for it no longer than they like. */
struct gw_ends {
    pthread_mutex_t lock;
    pthread_cond_t wanted, answered;
    pthread_t thread;
    bool is_running, is_asking, must_stop;
    int32_t partitions;
    struct end ends[];
};

struct gw_ends *gw_ends_new(int32_t partitions)
{
    struct gw_ends *t = calloc(1, sizeof *t + (size_t)partitions * TOPIC_N * sizeof t->ends[0]);
    must(t != NULL);
    t->partitions = partitions;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wanted, NULL);
    pthread_cond_init(&t->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return t;
}

static struct end *next_wanted(struct gw_ends *t)
{
    for (size_t i = 0; i < (size_t)t->partitions * TOPIC_N; i++)
        if (t->ends[i].is_wanted)
            return &t->ends[i];
    return NULL;
}

/* Under the lock, which is given up while the broker is asked. */
static void ask(struct gw *gw, struct end *end)
{
    struct gw_ends *t = gw->ends;
    size_t at = (size_t)(end - t->ends);
    struct err e;
    int64_t offset;
    t->is_asking = true;
    pthread_mutex_unlock(&t->lock);
    bool is_good = gw->log.high(gw->log.ctx, (int)(at / (size_t)t->partitions), (int32_t)(at % (size_t)t->partitions),
                                &offset, &e);
    int64_t now_ms = gw->tick_ms();
    pthread_mutex_lock(&t->lock);
    t->is_asking = false;
    end->is_wanted = false;
    if (is_good) {
        end->has_before = end->is_known;
        end->before = end->offset;
        end->before_ms = end->asked_ms;
        end->is_known = true;
        end->offset = offset;
        end->asked_ms = now_ms;
    }
    end->tries++;
    pthread_cond_broadcast(&t->answered);
}

static void *ends_main(void *arg)
{
    struct gw *gw = arg;
    struct gw_ends *t = gw->ends;
    pthread_mutex_lock(&t->lock);
    while (!t->must_stop) {
        struct end *end = next_wanted(t);
        if (end)
            ask(gw, end);
        else
            pthread_cond_wait(&t->wanted, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

void gw_ends_run(struct gw_ends *t, struct gw *gw)
{
    must(pthread_create(&t->thread, NULL, ends_main, gw) == 0);
    t->is_running = true;
}

bool gw_ends_free(struct gw_ends *t)
{
    if (!t)
        return true;
    pthread_mutex_lock(&t->lock);
    t->must_stop = true;
    bool is_stuck = t->is_asking;
    pthread_cond_signal(&t->wanted);
    pthread_mutex_unlock(&t->lock);
    if (is_stuck) {
        pthread_detach(t->thread); /* ends with the process */
        return false;
    }
    if (t->is_running)
        pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wanted);
    pthread_cond_destroy(&t->answered);
    pthread_mutex_destroy(&t->lock);
    free(t);
    return true;
}

static bool is_fresh(const struct gw *gw, const struct end *end)
{
    return end->is_known && gw->tick_ms() - end->asked_ms < END_AGE_MS;
}

/* Under the lock: until this question is answered, or it has taken too long. */
static void wait_for(struct gw_ends *t, struct end *end)
{
    struct timespec until;
    unsigned tries = end->tries;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_MS / 1000;
    end->is_wanted = true;
    pthread_cond_signal(&t->wanted);
    while (end->tries == tries && pthread_cond_timedwait(&t->answered, &t->lock, &until) == 0)
        ;
}

/* In normal work a projection is behind the end of this moment by what is in flight, but not behind that of a moment ago.
 * One that went back (flushed, or an old copy) has to come as far as the log was when that was noticed. */
static bool has_caught_up(const struct gw *gw, struct end *end, int64_t mark)
{
    bool has_settled = end->has_before && gw->tick_ms() - end->before_ms <= SETTLED_MS;
    int64_t target = has_settled ? end->before : end->offset;
    if (mark < end->mark || end->need > end->offset) /* the latter: the log itself was made anew */
        end->need = end->offset;
    end->mark = mark;
    target = target > end->need ? target : end->need;
    return mark < 0 ? target == 0 : mark + MARKERS_MAX >= target;
}

bool gw_caught_up(struct gw *gw, int topic, int32_t part, int64_t mark, bool *ret, struct err *e)
{
    struct gw_ends *t = gw->ends;
    struct end *end = &t->ends[topic * t->partitions + part];
    bool is_up = gw->log.is_up(gw->log.ctx);
    pthread_mutex_lock(&t->lock);
    if (is_up && !is_fresh(gw, end)) {
        if (t->is_running)
            wait_for(t, end);
        else
            ask(gw, end);
    }
    bool is_known = end->is_known;
    *ret = is_known && has_caught_up(gw, end, mark);
    pthread_mutex_unlock(&t->lock);
    return is_known || err_set(e, ERR_RETRY, "GATEWAY-END", "the broker has not told where the log ends");
}
