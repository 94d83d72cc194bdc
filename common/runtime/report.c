#include "runtime/report.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include "base/log.h"

struct report {
    struct reports *all;
    struct arena *mem;     /* the record and its headers */
    struct bus_out out;
    struct report *next;   /* in the list of those that failed */
};
struct reports {
    struct pub *pub;
    const struct svc_def *def;
    int32_t partitions;
    pthread_mutex_t lock;
    struct report *failed;
    size_t open;
};

struct reports *reports_new(struct pub *pub, const struct svc_def *def, int32_t partitions)
{
    struct reports *r = calloc(1, sizeof *r);
    must(r);
    *r = (struct reports){.pub = pub, .def = def, .partitions = partitions};
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

static void settle(struct report *rep, bool ok)
{
    struct reports *all = rep->all;
    pthread_mutex_lock(&all->lock);
    if (ok) {
        all->open--;
    } else {
        rep->next = all->failed;
        all->failed = rep;
    }
    pthread_mutex_unlock(&all->lock);
    if (ok)
        arena_free(rep->mem);
    else
        log_line(LOG_WARN, "REPORT-AGAIN", "a report did not reach the broker; tried again", NULL);
}

static void done(void *ctx, bool ok) { settle(ctx, ok); }

static void give(struct report *rep)
{
    struct err e = {0};
    if (!pub_send(rep->all->pub, &rep->out, done, rep, &e))
        settle(rep, false);
}

static const char *random_id(const struct reports *r, struct arena *mem)
{
    uint64_t v[2] = {0};
    must(getrandom(v, sizeof v, 0) == sizeof v);
    return arena_printf(mem, "%s-report-%016llx%016llx", r->def->name, (unsigned long long)v[0],
                        (unsigned long long)v[1]);
}

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void build(struct report *rep, struct bytes key, enum event_id type, const void *msg, const char *subject,
                  const char *trace)
{
    struct arena *mem = rep->mem;
    struct reports *r = rep->all;
    char span[CE_TRACEPARENT_BYTES], root[CE_TRACEPARENT_BYTES];
    struct ce_trace of = ce_trace_read(arena_strdup(mem, trace ? trace : ""));
    struct ce ce = {.event = type, .id = random_id(r, mem), .source = arena_printf(mem, "/clinic/%s/sender", r->def->name),
                    .subject = arena_strdup(mem, subject ? subject : ""), .time_ms = wall_ms()};
    if (!of.parent.n) {
        ce_child_traceparent("", ce.subject[0] ? ce.subject : ce.id, root);
        of = ce_trace_read(arena_strdup(mem, root));
    }
    ce_child_of_trace(&of, ce.id, span);
    ce.traceparent = arena_strdup(mem, span);
    ce.origin = of.origin;
    ce.tracestate = of.state;
    uint8_t *packed = arena_alloc(mem, protobuf_c_message_get_packed_size(msg) + 1);
    rep->out = (struct bus_out){.topic = (int)r->def->inbox, .partition = wire_partition(key, r->partitions)};
    rep->out.key = bytes_of(arena_dup(mem, key.p, key.n), key.n);
    rep->out.value = bytes_of(packed, protobuf_c_message_pack(msg, packed));
    rep->out.headers = ce_headers(&ce, mem, &rep->out.headers_n);
}

static bool may_report(const struct svc_def *def, enum event_id type)
{
    for (const enum event_id *t = def->reports; t && *t != EV_N; t++)
        if (*t == type)
            return true;
    return false;
}

void reports_send(void *ctx, struct bytes key, enum event_id type, const void *msg, const char *subject,
                  const char *trace)
{
    struct reports *all = ctx;
    must(may_report(all->def, type));
    struct arena *mem = arena_new(1 << 20, 0);
    struct report *rep = ARENA_NEW(mem, struct report);
    rep->all = all;
    rep->mem = mem;
    build(rep, key, type, msg, subject, trace);
    pthread_mutex_lock(&all->lock);
    all->open++;
    pthread_mutex_unlock(&all->lock);
    give(rep);
}

void reports_retry(struct reports *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    struct report *list = r->failed;
    r->failed = NULL;
    pthread_mutex_unlock(&r->lock);
    while (list) {
        struct report *rep = list;
        list = rep->next;
        give(rep);
    }
}

size_t reports_open(struct reports *r)
{
    pthread_mutex_lock(&r->lock);
    size_t n = r->open;
    pthread_mutex_unlock(&r->lock);
    return n;
}

void reports_free(struct reports *r)
{
    if (!r)
        return;
    while (r->failed) {
        struct report *rep = r->failed;
        r->failed = rep->next;
        arena_free(rep->mem);
    }
    pthread_mutex_destroy(&r->lock);
    free(r);
}
