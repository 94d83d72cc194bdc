/* The producers that take turns with transactions: made, initialised, warmed, dropped.
 *
 * Why two: when commit_transaction() returns, the outcome is decided and the coordinator still writes its markers, one for
 * each partition of the transaction. A producer that begins again meanwhile is told CONCURRENT_TRANSACTIONS and waits 20 ms,
 * which is longer than all the rest of a transaction; another producer does not wait. Their transactions never overlap:
 * one is begun when the outcome of the one before is known. Nothing rests on the order of their markers: records lie in
 * the order in which they were written, readers wait for the older transaction, and of two offsets of a group the
 * coordinator keeps the one that was sent later. */
#include <stdio.h>
#include <stdlib.h>
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"

enum {
    METADATA_TIMEOUT_MS = 5000,
    INIT_TIMEOUT_MS = 10000,
    CLOSE_TIMEOUT_MS = 2000,
    FENCE_WINDOW_MS = 60000, /* two fences in it: another process has our ordinal */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *ctx)
{
    struct bus_kafka *b = ctx;
    struct kafka_txn *t = &b->txn;
    (void)rk;
    if (m->err) {
        t->troubled = true; /* sequence numbers may have a hole: the next transaction would fail */
        return;
    }
    if ((intptr_t)m->_private != b->facts)
        return;
    if (m->partition >= t->ends_n) {
        t->ends = realloc(t->ends, (size_t)(m->partition + 1) * sizeof(*t->ends));
        must(t->ends);
        while (t->ends_n <= m->partition)
            t->ends[t->ends_n++] = -1;
    }
    if (m->offset >= t->ends[m->partition])
        t->ends[m->partition] = m->offset + 1;
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
    struct bus_kafka *b = ctx;
    (void)rk;
    kafka_note_error(code, text);
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
        code == RD_KAFKA_RESP_ERR__TIMED_OUT)
        b->txn.troubled = true;
}

static bool producer_conf(struct bus_kafka *b, const struct conf *c, enum kafka_role role, const char *id, struct err *e)
{
    if (!kafka_conf_new(c, role, id, id, &b->txn.conf, e))
        return false;
    rd_kafka_conf_set_opaque(b->txn.conf, b);
    rd_kafka_conf_set_dr_msg_cb(b->txn.conf, on_delivery);
    rd_kafka_conf_set_error_cb(b->txn.conf, on_error);
    return true;
}

/* Later the coordinator has ended the transaction anyhow. */
bool bus_kafka_txn_conf(struct bus_kafka *b, const struct conf *c, const char *id, struct err *e)
{
    b->txn.patience_ms = KAFKA_TXN_TIMEOUT_MS;
    b->txn.producers_n = KAFKA_PRODUCERS;
    return producer_conf(b, c, KAFKA_TXN, id, e);
}

bool bus_kafka_load_conf(struct bus_kafka *b, const struct conf *c, const char *id, int timeout_ms, struct err *e)
{
    char text[200], value[24];
    must(timeout_ms >= KAFKA_LOAD_WAIT_MS);
    b->txn.patience_ms = KAFKA_LOAD_WAIT_MS;
    b->txn.producers_n = 1;
    snprintf(value, sizeof value, "%d", timeout_ms);
    return producer_conf(b, c, KAFKA_LOAD, id, e) &&
           (rd_kafka_conf_set(b->txn.conf, "transaction.timeout.ms", value, text, sizeof text) == RD_KAFKA_CONF_OK ||
            err_set(e, ERR_FATAL, "KAFKA-CONF", "%s", text));
}

/* The first has the id of the instance, the other one derived from it: under the same prefix, for access rights. */
static bool make_producer(struct bus_kafka *b, size_t which, struct err *e)
{
    char id[256], text[200];
    size_t n = sizeof id;
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(b->txn.conf);
    must(rd_kafka_conf_get(conf, "transactional.id", id, &n) == RD_KAFKA_CONF_OK);
    if (which > 0) {
        n = strlen(id);
        snprintf(id + n, sizeof id - n, "/%zu", which + 1);
        must(rd_kafka_conf_set(conf, "transactional.id", id, text, sizeof text) == RD_KAFKA_CONF_OK);
    }
    return kafka_handle_new(RD_KAFKA_PRODUCER, conf, &b->txn.producers[which].rk, e);
}

static void drop_producer(struct kafka_producer *p)
{
    for (int i = 0; i < TOPIC_N; i++)
        if (p->topics[i])
            rd_kafka_topic_destroy(p->topics[i]);
    if (p->rk) {
        rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(p->rk);
    }
    *p = (struct kafka_producer){0};
}

/* What is left open is aborted when the coordinator is near: readers need not wait for its time limit, and destroying a
 * producer of 2.0 that is about to register partitions can end the process (assertion txn_req_cnt). */
static void drop_producers(struct kafka_txn *t)
{
    if (t->open)
        rd_kafka_error_destroy(rd_kafka_abort_transaction(t->producers[t->turn].rk, CLOSE_TIMEOUT_MS));
    for (size_t i = 0; i < t->producers_n; i++)
        drop_producer(&t->producers[i]);
    t->ready = t->open = false;
}

void bus_kafka_txn_free(struct bus_kafka *b)
{
    drop_producers(&b->txn);
    if (b->txn.conf)
        rd_kafka_conf_destroy(b->txn.conf);
    free(b->txn.ends);
}

/* A fence may be our own past: the coordinator ended a transaction that stood too long. A second one soon after is
 * another process with the same ordinal, and only one of the two may live. */
static void note_fence(struct kafka_txn *t)
{
    int64_t now = kafka_mono_ms();
    t->fenced_twice = t->fenced_at_ms && now - t->fenced_at_ms < FENCE_WINDOW_MS;
    t->fenced_at_ms = now;
}

bool bus_kafka_txn_fail(struct bus_kafka *b, rd_kafka_error_t *ke, const char *what, struct err *e)
{
    if (kafka_is_fence(rd_kafka_error_code(ke)))
        note_fence(&b->txn);
    b->txn.troubled = true;
    kafka_txn_fail(ke, what, e);
    if (e->cls == ERR_UNKNOWN) /* nothing more can be done with this producer */
        b->txn.ready = b->txn.open = false;
    return false;
}

static bool init_producer(struct bus_kafka *b, struct kafka_producer *p, struct err *e)
{
    rd_kafka_error_t *ke = rd_kafka_init_transactions(p->rk, INIT_TIMEOUT_MS);
    p->half_made = ke && rd_kafka_error_is_retriable(ke);
    if (!ke)
        return true;
    bool fence = kafka_is_fence(rd_kafka_error_code(ke)), retriable = p->half_made;
    rd_kafka_poll(p->rk, 0); /* lets the error callback speak */
    bus_kafka_txn_fail(b, ke, "init transactions", e);
    e->cls = fence || (retriable && e->cls != ERR_FATAL) ? ERR_RETRY : ERR_FATAL; /* what is left are permissions and settings */
    return false;
}

static bool is_known(const struct rd_kafka_metadata *md, const char *name, struct err *e)
{
    for (int i = 0; i < md->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &md->topics[i];
        if (strcmp(t->topic, name) != 0)
            continue;
        if (t->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            return kafka_read_fail(t->err, name, NULL, e);
        if (t->err == RD_KAFKA_RESP_ERR_NO_ERROR && t->partition_cnt > 0)
            return true;
    }
    return err_set(e, ERR_RETRY, "BUS-NO-TOPIC", "topic %s does not exist", name);
}

/* Make the producer learn every output topic now: the first record to an unknown one takes a second. */
static bool warm(const struct bus_kafka *b, struct kafka_producer *p, struct err *e)
{
    const struct rd_kafka_metadata *md;
    for (const enum topic_id *t = b->outputs; *t != TOPIC_N; t++)
        if (!p->topics[*t] && !(p->topics[*t] = rd_kafka_topic_new(p->rk, topics[*t].name, NULL)))
            return kafka_read_fail(rd_kafka_last_error(), topics[*t].name, NULL, e);
    rd_kafka_resp_err_t code = rd_kafka_metadata(p->rk, 0, NULL, &md, METADATA_TIMEOUT_MS);
    if (code)
        return kafka_read_fail(code, "metadata of the output topics", NULL, e);
    bool ok = true;
    for (const enum topic_id *t = b->outputs; ok && *t != TOPIC_N; t++)
        ok = is_known(md, topics[*t].name, e);
    rd_kafka_metadata_destroy(md);
    return ok;
}

static bool make_ready(struct bus_kafka *b, size_t which, struct err *e)
{
    struct kafka_producer *p = &b->txn.producers[which];
    if (!p->half_made)
        drop_producer(p);
    if ((!p->rk && !make_producer(b, which, e)) || !init_producer(b, p, e) || !warm(b, p, e))
        return false;
    p->ready = true;
    return true;
}

/* A repeat of this call goes on where the last one failed: with the producers it has made, and with one that has only
 * failed to initialise. */
bool bus_kafka_recreate(struct bus *bus, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    struct kafka_txn *t = &b->txn;
    if (t->fenced_twice)
        return err_set(e, ERR_FENCED, "BUS-FENCED", "another process uses the transactional id of this instance");
    if (!t->remaking)
        drop_producers(t);
    t->remaking = true;
    for (size_t i = 0; i < t->producers_n; i++)
        if (!t->producers[i].ready && !make_ready(b, i, e)) {
            if (t->fenced_twice)
                e->cls = ERR_FENCED;
            return false;
        }
    t->remaking = false;
    t->ready = true;
    t->troubled = false;
    return true;
}

bool bus_kafka_troubled(struct bus *bus)
{
    struct kafka_txn *t = &bus_kafka_of(bus)->txn;
    for (size_t i = 0; i < t->producers_n; i++)
        if (t->producers[i].rk)
            rd_kafka_poll(t->producers[i].rk, 0); /* lets the error callback speak */
    return !t->ready || t->troubled;
}
