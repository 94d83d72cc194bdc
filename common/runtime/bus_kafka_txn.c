/* One transaction at a time, and the producer behind it. */
#include <stdlib.h>
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"

enum {
    CALL_TIMEOUT_MS = 5000,      /* one librdkafka call; repeated until the deadline */
    SLOW_COMMIT_MS = 2000,       /* something between us and the coordinator went wrong */
    INIT_TIMEOUT_MS = 10000,
    CLOSE_TIMEOUT_MS = 2000,
    FENCE_WINDOW_MS = 60000,     /* two fences in it: another process has our ordinal */
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
    return producer_conf(b, c, KAFKA_TXN, id, e);
}

bool bus_kafka_load_conf(struct bus_kafka *b, const struct conf *c, const char *id, int timeout_ms, struct err *e)
{
    char text[200], value[24];
    must(timeout_ms >= KAFKA_LOAD_WAIT_MS);
    b->txn.patience_ms = KAFKA_LOAD_WAIT_MS;
    snprintf(value, sizeof value, "%d", timeout_ms);
    return producer_conf(b, c, KAFKA_LOAD, id, e) &&
           (rd_kafka_conf_set(b->txn.conf, "transaction.timeout.ms", value, text, sizeof text) == RD_KAFKA_CONF_OK ||
            err_set(e, ERR_FATAL, "KAFKA-CONF", "%s", text));
}

/* What is left open is aborted when the coordinator is near: readers need not wait for its time limit, and destroying a
 * producer of 2.0 that is about to register partitions can end the process (assertion txn_req_cnt). */
static void drop_producer(struct kafka_txn *t)
{
    if (t->open)
        rd_kafka_error_destroy(rd_kafka_abort_transaction(t->rk, CLOSE_TIMEOUT_MS));
    for (int i = 0; i < TOPIC_N; i++) {
        if (t->topics[i])
            rd_kafka_topic_destroy(t->topics[i]);
        t->topics[i] = NULL;
    }
    if (t->rk) {
        rd_kafka_purge(t->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(t->rk);
    }
    t->rk = NULL;
    t->ready = t->open = t->half_made = false;
}

void bus_kafka_txn_free(struct bus_kafka *b)
{
    drop_producer(&b->txn);
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

static bool txn_fail(struct bus_kafka *b, rd_kafka_error_t *ke, const char *what, struct err *e)
{
    if (kafka_is_fence(rd_kafka_error_code(ke)))
        note_fence(&b->txn);
    b->txn.troubled = true;
    kafka_txn_fail(ke, what, e);
    if (e->cls == ERR_UNKNOWN) /* nothing more can be done with this producer */
        b->txn.ready = b->txn.open = false;
    return false;
}

static bool init_producer(struct bus_kafka *b, struct err *e)
{
    rd_kafka_error_t *ke = rd_kafka_init_transactions(b->txn.rk, INIT_TIMEOUT_MS);
    b->txn.half_made = ke && rd_kafka_error_is_retriable(ke);
    if (!ke)
        return true;
    bool fence = kafka_is_fence(rd_kafka_error_code(ke)), retriable = b->txn.half_made;
    rd_kafka_poll(b->txn.rk, 0); /* lets the error callback speak */
    txn_fail(b, ke, "init transactions", e);
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
static bool warm(struct bus_kafka *b, struct err *e)
{
    const struct rd_kafka_metadata *md;
    for (const enum topic_id *t = b->outputs; *t != TOPIC_N; t++)
        if (!b->txn.topics[*t] && !(b->txn.topics[*t] = rd_kafka_topic_new(b->txn.rk, topics[*t].name, NULL)))
            return kafka_read_fail(rd_kafka_last_error(), topics[*t].name, NULL, e);
    rd_kafka_resp_err_t code = rd_kafka_metadata(b->txn.rk, 0, NULL, &md, CALL_TIMEOUT_MS);
    if (code)
        return kafka_read_fail(code, "metadata of the output topics", NULL, e);
    bool ok = true;
    for (const enum topic_id *t = b->outputs; ok && *t != TOPIC_N; t++)
        ok = is_known(md, topics[*t].name, e);
    rd_kafka_metadata_destroy(md);
    return ok;
}

/* A producer that failed only to initialise is kept, so that a repeat of this call goes on with it. */
bool bus_kafka_recreate(struct bus *bus, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    struct kafka_txn *t = &b->txn;
    if (t->fenced_twice)
        return err_set(e, ERR_FENCED, "BUS-FENCED", "another process uses the transactional id of this instance");
    if (!t->half_made)
        drop_producer(t);
    if (!t->rk && !kafka_handle_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(t->conf), &t->rk, e))
        return false;
    if (!init_producer(b, e)) {
        if (t->fenced_twice)
            e->cls = ERR_FENCED;
        return false;
    }
    if (!warm(b, e))
        return false;
    t->ready = true;
    t->troubled = false;
    return true;
}

bool bus_kafka_troubled(struct bus *bus)
{
    struct kafka_txn *t = &bus_kafka_of(bus)->txn;
    if (t->rk)
        rd_kafka_poll(t->rk, 0); /* lets the error callback speak */
    return !t->ready || t->troubled;
}

bool bus_kafka_begin(struct bus *bus, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    must(!b->txn.open);
    if (!b->txn.ready && !bus_kafka_recreate(bus, e))
        return false;
    rd_kafka_error_t *ke = rd_kafka_begin_transaction(b->txn.rk);
    if (ke)
        return txn_fail(b, ke, "begin", e);
    for (int32_t p = 0; p < b->txn.ends_n; p++)
        b->txn.ends[p] = -1;
    b->txn.open = true;
    b->txn.troubled = false;
    return true;
}

static rd_kafka_resp_err_t produce_once(struct bus_kafka *b, const struct bus_out *o)
{
    rd_kafka_headers_t *hs = kafka_headers_of(o);
    rd_kafka_resp_err_t code = rd_kafka_producev(
        b->txn.rk, RD_KAFKA_V_RKT(b->txn.topics[o->topic]), RD_KAFKA_V_PARTITION(o->partition),
        RD_KAFKA_V_KEY(o->key.p, o->key.n), RD_KAFKA_V_VALUE((void *)(uintptr_t)o->value.p, o->value.n),
        RD_KAFKA_V_TIMESTAMP(o->time_ms), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE((void *)(intptr_t)o->topic), RD_KAFKA_V_HEADERS(hs), RD_KAFKA_V_END);
    if (code && hs)
        rd_kafka_headers_destroy(hs); /* the library took them only with the record */
    return code;
}

/* Of a record for a transaction that has failed already the library says no more than "erroneous state". The call that would
 * commit it tells why, and cannot commit it. */
static void ask_why(struct bus_kafka *b, struct err *e)
{
    rd_kafka_error_t *ke = rd_kafka_commit_transaction(b->txn.rk, CALL_TIMEOUT_MS);
    if (ke)
        kafka_txn_fail(ke, "produce", e);
    e->cls = ERR_ABORT;
}

bool bus_kafka_produce(struct bus *bus, const struct bus_out *o, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    must(b->txn.open && b->txn.topics[o->topic]);
    int64_t deadline = kafka_mono_ms() + b->txn.patience_ms;
    rd_kafka_resp_err_t code;
    while ((code = produce_once(b, o)) == RD_KAFKA_RESP_ERR__QUEUE_FULL && kafka_mono_ms() < deadline)
        rd_kafka_poll(b->txn.rk, 5);
    if (!code)
        return true;
    b->txn.troubled = true;
    enum err_class cls = code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ? ERR_FATAL : ERR_ABORT;
    err_set(e, cls, kafka_err_code(cls, code), "produce to %s/%d: %s: %s", topics[o->topic].name, (int)o->partition,
            rd_kafka_err2name(code), rd_kafka_err2str(code));
    if (code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__FATAL)
        ask_why(b, e);
    return false;
}

enum txn_call { SEND_OFFSETS, COMMIT, ABORT };

static rd_kafka_error_t *call_once(struct bus_kafka *b, enum txn_call call, const rd_kafka_topic_partition_list_t *list)
{
    switch (call) {
    case SEND_OFFSETS:
        return rd_kafka_send_offsets_to_transaction(b->txn.rk, list, b->member, CALL_TIMEOUT_MS);
    case COMMIT:
        return rd_kafka_commit_transaction(b->txn.rk, CALL_TIMEOUT_MS);
    default:
        return rd_kafka_abort_transaction(b->txn.rk, CALL_TIMEOUT_MS);
    }
}

/* The same call with the same arguments until it is done, fails for good or the transaction's time is over. */
static bool call_until(struct bus_kafka *b, enum txn_call call, const rd_kafka_topic_partition_list_t *list,
                       struct err *e)
{
    static const char *const names[] = {"send offsets", "commit", "abort"};
    int64_t start = kafka_mono_ms();
    for (;;) {
        rd_kafka_error_t *ke = call_once(b, call, list);
        int64_t took = kafka_mono_ms() - start;
        if (took > SLOW_COMMIT_MS)
            b->txn.troubled = true;
        if (!ke)
            return true;
        txn_fail(b, ke, names[call], e);
        if (e->cls != ERR_RETRY || took > b->txn.patience_ms)
            return false;
    }
}

bool bus_kafka_send_offsets(struct bus *bus, const struct bus_pos *pos, size_t n, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    must(b->txn.open && n > 0);
    if (!b->member) /* nothing would fence this commit */
        return err_set(e, ERR_ABORT, "BUS-NO-MEMBER", "send offsets: this instance holds no assignment");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, topics[b->inbox].name, pos[i].partition)->offset = pos[i].next;
    bool ok = call_until(b, SEND_OFFSETS, list, e);
    rd_kafka_topic_partition_list_destroy(list);
    if (!ok && e->cls == ERR_RETRY)
        e->cls = ERR_ABORT; /* out of time: never commit without offsets */
    return ok;
}

bool bus_kafka_commit(struct bus *bus, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    must(b->txn.open);
    if (!call_until(b, COMMIT, NULL, e)) {
        if (e->cls == ERR_RETRY) { /* out of time: it may have been applied */
            e->cls = ERR_UNKNOWN;
            b->txn.ready = b->txn.open = false;
        }
        return false;
    }
    b->txn.open = false;
    return true;
}

bool bus_kafka_abort(struct bus *bus, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    if (!b->txn.open)
        return true;
    if (!call_until(b, ABORT, NULL, e)) {
        e->cls = ERR_UNKNOWN;
        b->txn.ready = b->txn.open = false;
        return false;
    }
    b->txn.open = false;
    return true;
}

int64_t bus_kafka_produced_end(struct bus *bus, int topic, int32_t part)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    return topic == b->facts && part >= 0 && part < b->txn.ends_n ? b->txn.ends[part] : -1;
}
