#include <stdlib.h>
#include "gateway.h"

#define ARENA_RESERVE_BYTES (256u << 20) /* address space only: a list of clinics is the largest thing read */
#define ARENA_KEEP_BYTES    (1u << 20)

struct gw_pool {
    struct gw *gw;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct gw_req *first, **last;
    size_t queued, queue_max;
    bool must_stop;
    void (*open)(struct gw_worker *w, void *ctx);
    void (*close)(struct gw_worker *w, void *ctx);
    void *ctx;
    int threads_n;
    pthread_t threads[];
};

/* Next request, or NULL when the pool stops and the queue is empty. */
static struct gw_req *pop(struct gw_pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->first && !p->must_stop)
        pthread_cond_wait(&p->wake, &p->lock);
    struct gw_req *r = p->first;
    if (r) {
        p->first = r->next;
        if (!p->first)
            p->last = &p->first;
        p->queued--;
        r->next = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    return r;
}

static void push(struct gw_pool *p, struct gw_req *r)
{
    r->next = NULL;
    *p->last = r;
    p->last = &r->next;
    p->queued++;
    pthread_cond_signal(&p->wake);
}

bool gw_pool_push(struct gw_pool *p, struct gw_req *r)
{
    pthread_mutex_lock(&p->lock);
    bool fits = p->queued < p->queue_max && !p->must_stop;
    if (fits)
        push(p, r);
    pthread_mutex_unlock(&p->lock);
    return fits;
}

void gw_pool_push_after(struct gw *gw, struct gw_req *r)
{
    struct gw_pool *p = gw->pool;
    pthread_mutex_lock(&p->lock);
    push(p, r);
    pthread_mutex_unlock(&p->lock);
}

/* The first half is the endpoint; the second, if it asked for one, comes after the broker's acknowledgement. */
static void work_on(struct gw_worker *w, struct gw_req *r)
{
    void (*step)(struct gw_worker *, struct gw_req *) = r->after_ack ? r->after_ack : r->route->handle;
    r->after_ack = NULL;
    step(w, r);
    arena_reset(w->mem);
}

static void *worker_main(void *arg)
{
    struct gw_pool *p = arg;
    struct gw_worker w = {.gw = p->gw, .mem = arena_new(ARENA_RESERVE_BYTES, ARENA_KEEP_BYTES)};
    p->open(&w, p->ctx);
    for (struct gw_req *r; (r = pop(p));)
        work_on(&w, r);
    p->close(&w, p->ctx);
    arena_free(w.mem);
    return NULL;
}

struct gw_pool *gw_pool_new(struct gw *gw, int workers, size_t queue_max, void (*open)(struct gw_worker *w, void *ctx),
                            void (*close)(struct gw_worker *w, void *ctx), void *ctx)
{
    struct gw_pool *p = calloc(1, sizeof *p + (size_t)workers * sizeof p->threads[0]);
    must(p != NULL);
    *p = (struct gw_pool){.gw = gw, .queue_max = queue_max, .open = open, .close = close, .ctx = ctx};
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (; p->threads_n < workers; p->threads_n++)
        must(pthread_create(&p->threads[p->threads_n], NULL, worker_main, p) == 0);
    return p;
}

void gw_pool_free(struct gw_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->must_stop = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->threads_n; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void gw_count(struct gw *gw, const struct gw_req *r)
{
    must(r->answer.status != 0);
    if (!gw->requests)
        return;
    const char *name = r->route ? r->route->name : "unknown";
    char label[48];
    snprintf(label, sizeof label, "%s %d", name, r->answer.status);
    metric_add(gw->requests, label, 1);
    metric_observe(gw->seconds, name, (double)(gw->tick_ms() - r->started_ms) / 1e3);
}

void gw_finish(struct gw *gw, struct gw_req *r)
{
    gw_count(gw, r);
    gw->finished(r);
}
