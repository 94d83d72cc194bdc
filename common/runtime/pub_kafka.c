/* pub.h on librdkafka. The handle is replaced when the idempotent producer has failed for good (old versions do after
 * a disconnect): what was in flight is then reported as not delivered, and the sender decides. */
#include "runtime/pub.h"
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"

enum { POLL_MS = 100, PROBE_EVERY_MS = 1000, PROBE_TIMEOUT_MS = 1000, PURGE_TIMEOUT_MS = 2000 };

struct pub {
    rd_kafka_conf_t *conf;    /* template */
    rd_kafka_t *rk;           /* guarded by lock: senders share it, replacing takes it alone */
    pthread_rwlock_t lock;
    pthread_t thread;
    atomic_bool stop, up, failed;
    pthread_mutex_t count_lock;
    pthread_cond_t all_done;
    long pending;             /* sends whose callback has not returned; guarded by count_lock */
};

struct ticket { /* one accepted send */
    pub_done *done;
    void *ctx;
};

static void count(struct pub *p, int by)
{
    pthread_mutex_lock(&p->count_lock);
    p->pending += by;
    if (p->pending == 0)
        pthread_cond_broadcast(&p->all_done);
    pthread_mutex_unlock(&p->count_lock);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *ctx)
{
    struct pub *p = ctx;
    struct ticket *t = m->_private;
    (void)rk;
    if (!m->err)
        atomic_store(&p->up, true);
    if (t->done)
        t->done(t->ctx, !m->err);
    free(t);
    count(p, -1);
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
    struct pub *p = ctx;
    (void)rk;
    if (kafka_note_error(code, text))
        log_line(LOG_ERROR, "PUB-DENIED", text, NULL);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        atomic_store(&p->up, false);
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        atomic_store(&p->failed, true);
}

/* Serves the reports of everything that will not be sent any more. */
static void bury(rd_kafka_t *rk)
{
    rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(rk, PURGE_TIMEOUT_MS);
    rd_kafka_destroy(rk);
}

static void replace(struct pub *p)
{
    rd_kafka_t *fresh, *old = p->rk;
    struct err e;
    if (!kafka_handle_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(p->conf), &fresh, &e))
        return; /* tried again at the next turn */
    pthread_rwlock_wrlock(&p->lock);
    p->rk = fresh;
    pthread_rwlock_unlock(&p->lock);
    atomic_store(&p->failed, false);
    bury(old); /* not under the lock: a callback may send again */
}

static void probe(struct pub *p)
{
    const struct rd_kafka_metadata *md;
    if (rd_kafka_metadata(p->rk, 0, NULL, &md, PROBE_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    atomic_store(&p->up, md->broker_cnt > 0);
    rd_kafka_metadata_destroy(md);
}

/* Only this thread replaces the handle, so it may use it without the lock. */
static void *serve(void *arg)
{
    struct pub *p = arg;
    int64_t probe_at = 0;
    while (!atomic_load(&p->stop)) {
        rd_kafka_poll(p->rk, POLL_MS);
        if (atomic_load(&p->failed))
            replace(p);
        if (!atomic_load(&p->up) && kafka_mono_ms() >= probe_at) {
            probe(p);
            probe_at = kafka_mono_ms() + PROBE_EVERY_MS;
        }
    }
    bury(p->rk);
    return NULL;
}

static bool monotonic_cond(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    return pthread_cond_init(c, &attr) == 0;
}

bool pub_open(const struct conf *c, const char *client_id, struct pub **ret, struct err *e)
{
    struct pub *p = calloc(1, sizeof(*p));
    must(p);
    if (!kafka_conf_new(c, KAFKA_PUB, client_id, NULL, &p->conf, e)) {
        free(p);
        return false;
    }
    rd_kafka_conf_set_opaque(p->conf, p);
    rd_kafka_conf_set_dr_msg_cb(p->conf, on_delivery);
    rd_kafka_conf_set_error_cb(p->conf, on_error);
    if (!kafka_handle_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(p->conf), &p->rk, e)) {
        rd_kafka_conf_destroy(p->conf);
        free(p);
        return false;
    }
    must(pthread_rwlock_init(&p->lock, NULL) == 0);
    must(pthread_mutex_init(&p->count_lock, NULL) == 0 && monotonic_cond(&p->all_done));
    must(pthread_create(&p->thread, NULL, serve, p) == 0);
    *ret = p;
    return true;
}

static struct ticket *ticket_new(pub_done *done, void *ctx)
{
    struct ticket *t = malloc(sizeof(*t));
    must(t);
    *t = (struct ticket){done, ctx};
    return t;
}

bool pub_send(struct pub *p, const struct bus_out *o, pub_done *done, void *ctx, struct err *e)
{
    struct ticket *t = ticket_new(done, ctx);
    rd_kafka_headers_t *hs = kafka_headers_of(o);
    count(p, 1);
    pthread_rwlock_rdlock(&p->lock);
    rd_kafka_resp_err_t code = rd_kafka_producev(
        p->rk, RD_KAFKA_V_TOPIC(topics[o->topic].name), RD_KAFKA_V_PARTITION(o->partition),
        RD_KAFKA_V_KEY(o->key.p, o->key.n), RD_KAFKA_V_VALUE((void *)(uintptr_t)o->value.p, o->value.n),
        RD_KAFKA_V_TIMESTAMP(o->time_ms), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(t),
        RD_KAFKA_V_HEADERS(hs), RD_KAFKA_V_END);
    pthread_rwlock_unlock(&p->lock);
    if (!code)
        return true; /* the library keeps t for on_delivery. NOLINT(clang-analyzer-unix.Malloc) */
    count(p, -1);
    free(t);
    if (hs)
        rd_kafka_headers_destroy(hs);
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return err_set(e, ERR_INPUT, "PUB-SIZE", "record is larger than the broker takes");
    return kafka_read_fail(code == RD_KAFKA_RESP_ERR__FATAL ? RD_KAFKA_RESP_ERR__RETRY : code, "publish", NULL, e);
}

bool pub_flush(struct pub *p, int timeout_ms, struct err *e)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int rc = 0;
    pthread_mutex_lock(&p->count_lock);
    while (p->pending > 0 && rc == 0)
        rc = pthread_cond_timedwait(&p->all_done, &p->count_lock, &until);
    long left = p->pending;
    pthread_mutex_unlock(&p->count_lock);
    return left == 0 || err_set(e, ERR_RETRY, "BUS-RETRY", "%ld records are not delivered yet", left);
}

bool pub_is_up(struct pub *p) { return atomic_load(&p->up); }

void pub_close(struct pub *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    pthread_join(p->thread, NULL);
    rd_kafka_conf_destroy(p->conf);
    pthread_rwlock_destroy(&p->lock);
    pthread_mutex_destroy(&p->count_lock);
    pthread_cond_destroy(&p->all_done);
    free(p);
}
