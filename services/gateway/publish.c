#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "answer.h"

/* One record under way. The broker's answer comes exactly once, sooner or later; the client waits publish_ms at most.
 * Whichever is first takes the request; the record itself lives until the broker's answer. */
struct wait {
    struct gw *gw;
    struct gw_req *req; /* NULL = the client has been answered */
    int64_t deadline_ms;
    struct wait *prev, *next;
};

struct gw_waits {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t clock;
    bool is_running, must_stop;
    struct wait head; /* ring, earliest deadline first: all wait equally long */
};

struct gw_waits *gw_waits_new(void)
{
    struct gw_waits *w = calloc(1, sizeof *w);
    must(w != NULL);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->head.prev = w->head.next = &w->head;
    return w;
}

static void unlink_wait(struct wait *w)
{
    w->prev->next = w->next;
    w->next->prev = w->prev;
    w->req = NULL;
}

static void append_wait(struct gw_waits *ws, struct wait *w)
{
    pthread_mutex_lock(&ws->lock);
    bool was_empty = ws->head.next == &ws->head;
    w->prev = ws->head.prev;
    w->next = &ws->head;
    w->prev->next = ws->head.prev = w;
    if (was_empty)
        pthread_cond_signal(&ws->wake);
    pthread_mutex_unlock(&ws->lock);
}

/* The request of w when it still waits, and the right to answer it. */
static struct gw_req *take_request(struct gw_waits *ws, struct wait *w)
{
    pthread_mutex_lock(&ws->lock);
    struct gw_req *r = w->req;
    if (r)
        unlink_wait(w);
    pthread_mutex_unlock(&ws->lock);
    return r;
}

static void count_publish(const struct gw *gw, const char *result)
{
    if (gw->publishes)
        metric_add(gw->publishes, result, 1);
}

static void refuse(struct gw *gw, struct gw_req *r, const char *result)
{
    count_publish(gw, result);
    gw_answer_later(gw, r, GW_PROBLEM_BROKER_DOWN, "Заявление не принято, повторите запрос позже");
    gw_finish(gw, r);
}

/* On the broker's thread. */
static void on_delivered(void *ctx, bool ok)
{
    struct wait *w = ctx;
    struct gw *gw = w->gw;
    struct gw_req *r = take_request(gw->waits, w);
    free(w);
    if (!r)
        return;
    if (!ok) {
        refuse(gw, r, "failed");
        return;
    }
    count_publish(gw, "acknowledged");
    if (r->accepted)
        gw_recent_add(gw->recent, r->accepted);
    if (r->after_ack)
        gw->again(gw, r);
    else
        gw_finish(gw, r);
}

void gw_publish(struct gw *gw, struct gw_req *r, const struct bus_out *o)
{
    if (!gw->log.is_up(gw->log.ctx)) {
        refuse(gw, r, "broker_down");
        return;
    }
    struct wait *w = calloc(1, sizeof *w);
    must(w != NULL);
    *w = (struct wait){.gw = gw, .req = r, .deadline_ms = gw->tick_ms() + gw->publish_ms};
    append_wait(gw->waits, w);
    struct err e;
    if (gw->log.send(gw->log.ctx, o, on_delivered, w, &e))
        return;
    r = take_request(gw->waits, w); /* the clock may have answered it meanwhile */
    free(w);
    if (r)
        refuse(gw, r, "queue_full");
}

int64_t gw_waits_expire(struct gw *gw, int64_t now_ms)
{
    struct gw_waits *ws = gw->waits;
    for (;;) {
        pthread_mutex_lock(&ws->lock);
        struct wait *w = ws->head.next;
        bool is_empty = w == &ws->head;
        int64_t deadline_ms = is_empty ? -1 : w->deadline_ms;
        struct gw_req *r = NULL;
        if (!is_empty && deadline_ms <= now_ms) {
            r = w->req;
            unlink_wait(w);
        }
        pthread_mutex_unlock(&ws->lock);
        if (!r)
            return deadline_ms;
        refuse(gw, r, "timeout");
    }
}

/* Sleep until deadline_ms (monotonic; -1 = until woken). Called with the lock. */
static void doze(struct gw_waits *ws, int64_t deadline_ms)
{
    if (deadline_ms < 0) {
        if (ws->head.next == &ws->head)
            pthread_cond_wait(&ws->wake, &ws->lock);
        return;
    }
    struct timespec until = {deadline_ms / 1000, deadline_ms % 1000 * 1000000};
    pthread_cond_timedwait(&ws->wake, &ws->lock, &until);
}

static void *clock_main(void *arg)
{
    struct gw *gw = arg;
    struct gw_waits *ws = gw->waits;
    bool must_stop = false;
    while (!must_stop) {
        int64_t next_ms = gw_waits_expire(gw, gw->tick_ms());
        pthread_mutex_lock(&ws->lock);
        if (!ws->must_stop)
            doze(ws, next_ms);
        must_stop = ws->must_stop;
        pthread_mutex_unlock(&ws->lock);
    }
    return NULL;
}

void gw_waits_run(struct gw_waits *ws, struct gw *gw)
{
    must(pthread_create(&ws->clock, NULL, clock_main, gw) == 0);
    ws->is_running = true;
}

void gw_waits_free(struct gw_waits *ws)
{
    if (!ws)
        return;
    pthread_mutex_lock(&ws->lock);
    ws->must_stop = true;
    pthread_cond_signal(&ws->wake);
    pthread_mutex_unlock(&ws->lock);
    if (ws->is_running)
        pthread_join(ws->clock, NULL);
    must(ws->head.next == &ws->head);
    pthread_cond_destroy(&ws->wake);
    pthread_mutex_destroy(&ws->lock);
    free(ws);
}
