#include "runtime/bus_kafka.h"
#include <stdlib.h>
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"

enum { RECORDS_RESERVE_BYTES = 1 << 30, RECORDS_KEEP_BYTES = 2 << 20 };

/* A record that was in the queue when its partition was paused, sought or taken away is dropped here. */
static bool is_wanted(struct bus_kafka *b, const rd_kafka_message_t *m)
{
    struct kafka_part *p = bus_kafka_part(b, m->partition);
    if (!p || p->paused || m->offset < p->next)
        return false;
    p->next = m->offset + 1;
    return true;
}

static bool poll_failed(struct bus_kafka *b, rd_kafka_message_t *m, struct err *e)
{
    char text[200] = "";
    rd_kafka_resp_err_t code = m->err;
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        code = rd_kafka_fatal_error(b->consumer, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s", rd_kafka_message_errstr(m));
    rd_kafka_message_destroy(m);
    kafka_read_fail(code, "inbox", text, e);
    return e->cls == ERR_RETRY; /* true: nothing lost, go on when there are records in hand */
}

/* Positions are those of the caller, whatever the library holds back. Fails only where a partition is not started yet
 * or any more, and then there is nothing to ask for. */
static void ask_for_more(struct bus_kafka *b, int waited_ms)
{
    if (!thirst_is_dry(&b->thirst, waited_ms))
        return;
    for (int32_t p = 0; p < b->parts_n; p++)
        if (b->parts[p].assigned && !b->parts[p].paused)
            rd_kafka_seek(b->inbox_rkt, p, b->parts[p].next, 0);
}

static bool bus_kafka_poll(struct bus *bus, int timeout_ms, struct bus_rec *out, size_t max, size_t *ret_n,
                           struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    /* Rebalances must not run inside a transaction, but in one that failed and will only be aborted. */
    must(!b->txn.open || b->txn.troubled);
    int64_t deadline = kafka_mono_ms() + timeout_ms;
    unsigned long seen = b->revocations;
    kafka_side_rest(&b->reader);
    kafka_side_rest(&b->replayer);
    kafka_side_rest(&b->observer);
    size_t n = 0;
    while (n < max && bus_kafka_has_room(b)) {
        int64_t left = n ? 0 : deadline - kafka_mono_ms();
        int wait = thirst_wait_ms(&b->thirst, left > 0 ? (int)left : 0);
        rd_kafka_message_t *m = rd_kafka_consumer_poll(b->consumer, wait);
        if (b->revocations != seen) { /* what was taken so far in this call belongs to others now */
            seen = b->revocations;
            n = 0;
        }
        if (!m) {
            if (left > 0 && kafka_mono_ms() < deadline) {
                ask_for_more(b, wait);
                continue;
            }
            break;
        }
        if (m->err) {
            if (!poll_failed(b, m, e) || n == 0)
                return false;
            break;
        }
        thirst_note(&b->thirst, m->len);
        if (is_wanted(b, m))
            bus_kafka_take(b, m, b->inbox, &out[n++]);
        else
            rd_kafka_message_destroy(m);
    }
    /* Who has never been given a place may wait for one for ever without any call failing. */
    if (n == 0 && !b->member && kafka_is_refused(topics[b->inbox].name, e))
        return false;
    *ret_n = n;
    return true;
}

static void leave(struct bus_kafka *b)
{
    if (!b->consumer)
        return;
    b->closing = true;
    rd_kafka_consumer_close(b->consumer);
    if (b->member)
        rd_kafka_consumer_group_metadata_destroy(b->member);
    if (b->inbox_rkt)
        rd_kafka_topic_destroy(b->inbox_rkt);
    rd_kafka_destroy(b->consumer);
}

static void bus_kafka_close(struct bus *bus)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    if (!b)
        return;
    bus_kafka_done(bus);
    bus_kafka_txn_free(b);
    leave(b);
    kafka_side_close(&b->reader);
    kafka_side_close(&b->replayer);
    kafka_side_close(&b->observer);
    arena_free(b->mem);
    free(b->parts);
    free(b->group);
    free(b);
}

static const struct bus_ops ops = {
    .poll = bus_kafka_poll,
    .done = bus_kafka_done,
    .committed = bus_kafka_committed,
    .seek = bus_kafka_seek,
    .pause = bus_kafka_pause,
    .high = bus_kafka_high,
    .stable = bus_kafka_stable,
    .log_open = bus_kafka_log_open,
    .log_read = bus_kafka_log_read,
    .log_close = bus_kafka_log_close,
    .begin = bus_kafka_begin,
    .produce = bus_kafka_produce,
    .send_offsets = bus_kafka_send_offsets,
    .commit = bus_kafka_commit,
    .produced_end = bus_kafka_produced_end,
    .abort = bus_kafka_abort,
    .recreate = bus_kafka_recreate,
    .troubled = bus_kafka_troubled,
    .close = bus_kafka_close,
};

static bool open_group(const struct conf *c, const char *client_id, struct bus_kafka *b, struct err *e)
{
    rd_kafka_conf_t *kc;
    if (!kafka_conf_new(c, KAFKA_GROUP, client_id, b->group, &kc, e))
        return false;
    rd_kafka_conf_set_opaque(kc, b);
    rd_kafka_conf_set_rebalance_cb(kc, bus_kafka_on_rebalance);
    return kafka_handle_new(RD_KAFKA_CONSUMER, kc, &b->consumer, e);
}

static struct bus_kafka *new_bus(void)
{
    struct bus_kafka *b = calloc(1, sizeof(*b));
    must(b);
    b->bus.ops = &ops;
    b->inbox = b->facts = -1;
    b->mem = arena_new(RECORDS_RESERVE_BYTES, RECORDS_KEEP_BYTES);
    return b;
}

static bool open_readers(const struct conf *c, enum kafka_role role, const char *client_id, struct bus_kafka *b,
                         struct err *e)
{
    return kafka_side_open(&b->reader, c, role, client_id, e) &&
           kafka_side_open(&b->observer, c, KAFKA_OBSERVER, client_id, e);
}

static bool join(struct bus_kafka *b, struct err *e)
{
    rd_kafka_poll_set_consumer(b->consumer);
    b->inbox_rkt = rd_kafka_topic_new(b->consumer, topics[b->inbox].name, NULL);
    must(b->inbox_rkt);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topics[b->inbox].name, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(b->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code || kafka_read_fail(code, "subscribe", NULL, e);
}

static void set_outputs(struct bus_kafka *b, const enum topic_id *outputs)
{
    size_t n = 0;
    for (; outputs && *outputs != TOPIC_N; outputs++)
        if (n < TOPIC_N)
            b->outputs[n++] = *outputs;
    b->outputs[n] = TOPIC_N;
}

static void describe(struct bus_kafka *b, const struct bus_conf *bc)
{
    b->inbox = bc->inbox;
    b->facts = bc->facts;
    b->listener = bc->listener;
    set_outputs(b, bc->outputs);
    must(asprintf(&b->group, "clinic.attach.%s", bc->service) > 0);
}

bool bus_kafka_open(const struct conf *c, const struct bus_conf *bc, struct bus **ret, struct err *e)
{
    struct bus_kafka *b = new_bus();
    char *client = NULL;
    describe(b, bc);
    must(asprintf(&client, "%s-%s", bc->service, bc->instance) > 0);
    bool ok = bus_kafka_txn_conf(b, c, client, e) && open_readers(c, KAFKA_READER, client, b, e) &&
              kafka_conf_new(c, KAFKA_REPLAY, client, NULL, &b->replayer.conf, e) && open_group(c, client, b, e) && join(b, e);
    free(client);
    if (!ok) {
        bus_kafka_close(&b->bus);
        return false;
    }
    *ret = &b->bus;
    return true;
}

bool bus_kafka_open_reader(const struct conf *c, const char *client_id, struct bus **ret, struct err *e)
{
    struct bus_kafka *b = new_bus();
    if (!open_readers(c, KAFKA_SCAN, client_id, b, e)) {
        bus_kafka_close(&b->bus);
        return false;
    }
    *ret = &b->bus;
    return true;
}

bool bus_kafka_open_writer(const struct conf *c, const char *id, const enum topic_id *outputs, int timeout_ms, struct bus **ret,
                           struct err *e)
{
    struct bus_kafka *b = new_bus();
    set_outputs(b, outputs);
    if (!bus_kafka_load_conf(b, c, id, timeout_ms, e)) {
        bus_kafka_close(&b->bus);
        return false;
    }
    *ret = &b->bus;
    return true;
}
