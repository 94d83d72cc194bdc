/* One transaction at a time. */
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_error.h"

enum {
    CALL_TIMEOUT_MS = 5000, /* one librdkafka call; repeated until the deadline */
    SLOW_COMMIT_MS = 2000,  /* something between us and the coordinator went wrong */
};

static struct kafka_producer *producer_of(struct bus_kafka *b) { return &b->txn.producers[b->txn.turn]; }

bool bus_kafka_begin(struct bus *bus, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    must(!b->txn.open);
    if (!b->txn.ready && !bus_kafka_recreate(bus, e))
        return false;
    b->txn.turn = (b->txn.turn + 1) % b->txn.producers_n;
    rd_kafka_error_t *ke = rd_kafka_begin_transaction(producer_of(b)->rk);
    if (ke)
        return bus_kafka_txn_fail(b, ke, "begin", e);
    for (int32_t p = 0; p < b->txn.ends_n; p++)
        b->txn.ends[p] = -1;
    b->txn.open = true;
    b->txn.troubled = false;
    return true;
}

static rd_kafka_resp_err_t produce_once(struct bus_kafka *b, const struct bus_out *o)
{
    const struct kafka_producer *p = producer_of(b);
    rd_kafka_headers_t *hs = kafka_headers_of(o);
    rd_kafka_resp_err_t code = rd_kafka_producev(
        p->rk, RD_KAFKA_V_RKT(p->topics[o->topic]), RD_KAFKA_V_PARTITION(o->partition),
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
    rd_kafka_error_t *ke = rd_kafka_commit_transaction(producer_of(b)->rk, CALL_TIMEOUT_MS);
    if (ke)
        kafka_txn_fail(ke, "produce", e);
    e->cls = ERR_ABORT;
}

bool bus_kafka_produce(struct bus *bus, const struct bus_out *o, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    must(b->txn.open && producer_of(b)->topics[o->topic]);
    int64_t deadline = kafka_mono_ms() + b->txn.patience_ms;
    rd_kafka_resp_err_t code;
    while ((code = produce_once(b, o)) == RD_KAFKA_RESP_ERR__QUEUE_FULL && kafka_mono_ms() < deadline)
        rd_kafka_poll(producer_of(b)->rk, 5);
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
        return rd_kafka_send_offsets_to_transaction(producer_of(b)->rk, list, b->member, CALL_TIMEOUT_MS);
    case COMMIT:
        return rd_kafka_commit_transaction(producer_of(b)->rk, CALL_TIMEOUT_MS);
    default:
        return rd_kafka_abort_transaction(producer_of(b)->rk, CALL_TIMEOUT_MS);
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
        bus_kafka_txn_fail(b, ke, names[call], e);
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
