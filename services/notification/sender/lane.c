#include "lane.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "lane_impl.h"
#include "notice.h"

#define LOOK_MS 2000 /* how often a waiting sender looks after the memory of claims */

int64_t clock_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_steady_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t hash_of(const char *name)
{
    uint64_t h = 14695981039346656037ULL;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211ULL;
    return h ? h : 1;
}

const struct metric_row lane_metrics[] = {
    {METRIC_GAUGE, "clinic_sender_queued", "channel", "Orders waiting for a provider"},
    {METRIC_COUNTER, "clinic_sender_dropped_total", "channel", "Orders that found the queue full; they come back"},
    {0},
};

struct lane *lane_new(const struct lane_conf *c)
{
    struct lane *l = calloc(1, sizeof *l);
    must(l);
    l->c = *c;
    atomic_store(&l->since_checked_ms, -TEXT_DAY_MS);
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&l->wake, &steady);
    pthread_condattr_destroy(&steady);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(l->wake_fd >= 0);
    l->queued = metric_of(&lane_metrics[0]);
    l->dropped = metric_of(&lane_metrics[1]);
    return l;
}

void lane_free(struct lane *l)
{
    if (!l)
        return;
    while (l->first) {
        struct job *j = l->first;
        l->first = j->next;
        free(j);
    }
    close(l->wake_fd);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

int lane_wake_fd(const struct lane *l) { return l->wake_fd; }
struct claims *lane_claims(struct lane *l) { return l->c.claims; }

struct job_ids job_ids(const struct job *j)
{
    return (struct job_ids){j->application_id, j->milestone, j->person_ref, j->name, j->trace};
}

static struct job *job_new(const PB(NotificationOrder) * o, struct bytes packed, const char *trace)
{
    size_t trace_n = strlen(trace) + 1;
    struct job *j = calloc(1, sizeof *j + packed.n + trace_n);
    must(j);
    snprintf(j->application_id, sizeof j->application_id, "%s", o->application_id);
    snprintf(j->milestone, sizeof j->milestone, "%s", o->milestone);
    snprintf(j->person_ref, sizeof j->person_ref, "%s", o->person_ref);
    snprintf(j->name, sizeof j->name, "%s/%s/%s/%u", j->application_id, j->milestone, channel_code(o->channel), o->attempt);
    j->attempt = o->attempt;
    j->again = o->again;
    j->ordered_at_ms = o->ordered_at_ms;
    j->packed_n = packed.n;
    memcpy(j->packed, packed.p, packed.n);
    j->trace = memcpy(j->packed + packed.n, trace, trace_n);
    return j;
}

static struct job **in_hand(struct lane *l, const char *name)
{
    struct job **at = &l->in_hand[hash_of(name) % BUCKETS];
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->same_bucket;
    return at;
}

static void remember(struct lane *l, const char *name, PB(SendResult) result)
{
    uint64_t h = hash_of(name);
    l->memory[h % MEMORY] = (struct memory){h, (uint8_t)result};
}

/* Call with the lock held. */
static void wake(struct lane *l)
{
    uint64_t one = 1;
    ssize_t done = write(l->wake_fd, &one, sizeof one);
    (void)done; /* full = it is readable already */
    pthread_cond_signal(&l->wake);
}

static void append(struct lane *l, struct job *j)
{
    j->next = NULL;
    if (l->last && l->first)
        l->last->next = j;
    else
        l->first = j;
    l->last = j;
    l->n++;
    metric_set(l->queued, channel_code(l->c.channel), (double)l->n);
    wake(l);
}

void lane_put(struct lane *l, const PB(NotificationOrder) * o, struct bytes packed, const char *trace,
              int64_t begun_ms)
{
    struct job *j = job_new(o, packed, trace);
    j->begun_ms = begun_ms;
    j->expires_ms = o->expires_in_ms ? begun_ms + o->expires_in_ms : 0;
    pthread_mutex_lock(&l->lock);
    struct job **place = in_hand(l, j->name);
    bool full = l->n >= l->c.max || l->stopping;
    if (*place || full) {
        if (!*place && !j->again)
            remember(l, j->name, PB_SEND(UNSPECIFIED));
        if (!*place)
            metric_add(l->dropped, channel_code(l->c.channel), 1);
        pthread_mutex_unlock(&l->lock);
        free(j);
        return;
    }
    *place = j;
    append(l, j);
    pthread_mutex_unlock(&l->lock);
}

void lane_stop(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    wake(l);
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
}

bool lane_stopping(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
    bool stopping = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return stopping;
}

bool lane_waiting(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
    bool waiting = l->n > 0;
    pthread_mutex_unlock(&l->lock);
    return waiting;
}

/* First job that is ready, unlinked; NULL = none, *ret_next = when the next will be (0 = never). Lock held. */
static struct job *take_ready(struct lane *l, int64_t now, int64_t *ret_next)
{
    struct job *before = NULL;
    *ret_next = 0;
    for (struct job *j = l->first; j; before = j, j = j->next) {
        if (j->not_before_ms <= now) {
            *(before ? &before->next : &l->first) = j->next;
            if (l->last == j)
                l->last = before;
            l->n--;
            metric_set(l->queued, channel_code(l->c.channel), (double)l->n);
            return j;
        }
        if (*ret_next == 0 || j->not_before_ms < *ret_next)
            *ret_next = j->not_before_ms;
    }
    return NULL;
}

static void wait_until(struct lane *l, int64_t steady_ms)
{
    struct timespec t = {.tv_sec = steady_ms / 1000, .tv_nsec = steady_ms % 1000 * 1000000};
    pthread_cond_timedwait(&l->wake, &l->lock, &t);
}

struct job *lane_take(struct lane *l, int wait_ms)
{
    int64_t now = clock_steady_ms(), end = now + wait_ms, next;
    struct job *j = NULL;
    pthread_mutex_lock(&l->lock);
    while (!l->stopping && !(j = take_ready(l, now, &next)) && now < end) {
        wait_until(l, next != 0 && next < end ? next : end);
        now = clock_steady_ms();
    }
    pthread_mutex_unlock(&l->lock);
    return j;
}

void lane_pause(struct lane *l, int ms)
{
    int64_t end = clock_steady_ms() + ms, now;
    while (!lane_stopping(l) && (now = clock_steady_ms()) < end) {
        lane_look(l);
        pthread_mutex_lock(&l->lock);
        if (!l->stopping)
            wait_until(l, end < now + LOOK_MS ? end : now + LOOK_MS);
        pthread_mutex_unlock(&l->lock);
    }
}

void lane_put_back(struct lane *l, struct job *j, int delay_ms)
{
    j->not_before_ms = delay_ms ? clock_steady_ms() + delay_ms : 0;
    pthread_mutex_lock(&l->lock);
    if (delay_ms == 0) { /* it keeps its turn */
        j->next = l->first;
        l->first = j;
        if (!j->next)
            l->last = j;
        l->n++;
    } else {
        append(l, j);
    }
    pthread_mutex_unlock(&l->lock);
}

static void report(struct lane *l, const struct job *j, const struct outcome *o)
{
    PB(SendReported) r = CLINIC__ATTACH__V1__SEND_REPORTED__INIT;
    r.application_id = (char *)j->application_id;
    r.milestone = (char *)j->milestone;
    r.channel = l->c.channel;
    r.attempt = j->attempt;
    r.result = o->result;
    r.provider_id = (char *)o->provider_id;
    r.cause = (char *)o->cause;
    r.person_ref = (char *)j->person_ref;
    l->c.report(l->c.report_ctx, bytes_str(j->person_ref), EV_SEND_REPORTED, &r, j->application_id, j->trace);
}

/* Known before it is reported: who hears the report may order the attempt again at once. */
void lane_finish(struct lane *l, struct job *j, const struct outcome *o)
{
    pthread_mutex_lock(&l->lock);
    remember(l, j->name, o->result);
    struct job **at = in_hand(l, j->name);
    must(*at == j);
    *at = j->same_bucket;
    pthread_mutex_unlock(&l->lock);
    report(l, j, o);
    free(j);
}

void lane_settle(struct lane *l, struct job *j, const struct outcome *o)
{
    char name[NAME_BYTES + 8], result = (char)('0' + o->result);
    struct err e;
    snprintf(name, sizeof name, "%s=", j->name);
    /* Without Redis the own memory answers for it; the report below reaches the broker in any case. */
    if (!claims_put(l->c.claims, name, bytes_of(&result, 1), CLAIM_TTL_MS, &e))
        log_line(LOG_WARN, "NOTIFY-RESULT-NOT-KEPT", e.text, NULL);
    lane_finish(l, j, o);
}

bool lane_render(struct lane *l, struct job *j, struct arena *mem, struct outgoing *ret)
{
    struct err e;
    PB(NotificationOrder) *o = clinic__attach__v1__notification_order__unpack(arena_pb(mem), j->packed_n, j->packed);
    must(o); /* packed by this very process */
    if (j->expires_ms && j->expires_ms <= clock_steady_ms())
        err_set(&e, ERR_INPUT, NOTICE_EXPIRED, "the provider was away for too long");
    else if (outgoing_of(l->c.set, o, clock_wall_ms(), mem, ret, &e))
        return true;
    struct outcome rejected = outcome_of(PB_SEND(REJECTED), e.code);
    lane_settle(l, j, &rejected);
    return false;
}

void lane_receipt(struct lane *l, const PB(ReceiptArrived) * r, const char *trace)
{
    l->c.report(l->c.report_ctx, bytes_str(r->person_ref), EV_RECEIPT_ARRIVED, r, r->application_id, trace);
}

int lane_recall(struct lane *l, const char *name)
{
    uint64_t h = hash_of(name);
    pthread_mutex_lock(&l->lock);
    struct memory m = l->memory[h % MEMORY];
    pthread_mutex_unlock(&l->lock);
    return m.hash == h ? m.result : -1;
}
