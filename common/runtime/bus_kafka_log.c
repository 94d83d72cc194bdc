/* Reading compacted topics from an offset on, outside the group, and asking where they end. */
#include <stdlib.h>
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_error.h"

enum { WATERMARK_TIMEOUT_MS = 5000 };

struct bus_log {
    struct kafka_side *side;
    rd_kafka_topic_t *rkt;
    rd_kafka_queue_t *queue;
    int topic;
    int32_t part;
    int64_t next;        /* what the caller may take for applied */
    struct err pending;  /* met after records that had to be given first; cls == ERR_NONE when none */
    struct thirst thirst;
};

/* The high one is that of the handle's isolation: of the observer the end of the log, of the reader the last stable offset. */
static bool watermarks(struct kafka_side *s, int topic, int32_t part, int64_t *low, int64_t *high, struct err *e)
{
    rd_kafka_t *rk = kafka_side_get(s, e);
    return rk && kafka_done(rk, rd_kafka_query_watermark_offsets(rk, topics[topic].name, part, low, high, WATERMARK_TIMEOUT_MS),
                            topics[topic].name, e);
}

/* The last stable offset would not do: committed records may lie above the open transaction of a dead instance. */
bool bus_kafka_high(struct bus *bus, int topic, int32_t part, int64_t *ret, struct err *e)
{
    int64_t low, high;
    if (!watermarks(&bus_kafka_of(bus)->observer, topic, part, &low, &high, e))
        return false;
    *ret = high;
    return true;
}

bool bus_kafka_stable(struct bus *bus, int topic, int32_t part, int64_t *ret, struct err *e)
{
    int64_t low, stable;
    if (!watermarks(&bus_kafka_of(bus)->reader, topic, part, &low, &stable, e))
        return false;
    *ret = stable;
    return true;
}

bool bus_kafka_log_open(struct bus *bus, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    int64_t low, high;
    struct kafka_side *side = topic == b->facts ? &b->replayer : &b->reader; /* facts are closed at their end */
    rd_kafka_t *rk = kafka_side_get(side, e);
    if (!rk || !watermarks(&b->observer, topic, part, &low, &high, e))
        return false;
    if (from > high)
        return err_set(e, ERR_STALE, "BUS-LOG-SHORT", "%s/%d ends at %lld, before %lld", topics[topic].name, (int)part,
                       (long long)high, (long long)from);
    struct bus_log *l = calloc(1, sizeof(*l));
    must(l);
    *l = (struct bus_log){.side = side, .topic = topic, .part = part, .next = from};
    l->rkt = rd_kafka_topic_new(rk, topics[topic].name, NULL);
    l->queue = rd_kafka_queue_new(rk);
    if (!l->rkt || rd_kafka_consume_start_queue(l->rkt, part, from > low ? from : low, l->queue) != 0) {
        rd_kafka_resp_err_t code = rd_kafka_last_error();
        rd_kafka_queue_destroy(l->queue);
        if (l->rkt)
            rd_kafka_topic_destroy(l->rkt);
        free(l);
        return kafka_read_fail(code, "log", NULL, e);
    }
    side->users++;
    *ret = l;
    return true;
}

/* An event that is not a record. True: the end was reached. */
static bool take_event(struct bus_log *l, rd_kafka_message_t *m)
{
    bool end = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    l->thirst = (struct thirst){0}; /* nothing is being held back */
    if (end && m->offset > l->next)
        l->next = m->offset; /* past markers and aborted records */
    if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        err_set(&l->pending, ERR_STALE, "BUS-LOG-SHORT", "%s/%d: %s", topics[l->topic].name, (int)l->part,
                rd_kafka_message_errstr(m));
    else if (!end)
        kafka_read_fail(m->err, topics[l->topic].name, rd_kafka_message_errstr(m), &l->pending);
    rd_kafka_message_destroy(m);
    return end;
}

static bool give_pending(struct bus_log *l, struct err *e)
{
    *e = l->pending;
    l->pending.cls = ERR_NONE;
    return false;
}

static rd_kafka_message_t *next_message(struct bus_log *l, int timeout_ms)
{
    int soon = thirst_wait_ms(&l->thirst, timeout_ms);
    rd_kafka_message_t *m = rd_kafka_consume_queue(l->queue, soon);
    if (m || !thirst_is_dry(&l->thirst, soon))
        return m;
    rd_kafka_seek(l->rkt, l->part, l->next, 0);
    return timeout_ms > soon ? rd_kafka_consume_queue(l->queue, timeout_ms - soon) : NULL;
}

bool bus_kafka_log_read(struct bus *bus, struct bus_log *l, int timeout_ms, struct bus_rec *out, size_t max,
                        size_t *ret_n, int64_t *ret_next, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    size_t n = 0;
    rd_kafka_poll(l->side->rk, 0);
    while (n < max && l->pending.cls == ERR_NONE && bus_kafka_has_room(b)) {
        rd_kafka_message_t *m = next_message(l, n ? 0 : timeout_ms);
        if (!m)
            break;
        if (m->err) {
            if (take_event(l, m))
                break;
            continue;
        }
        l->next = m->offset + 1;
        thirst_note(&l->thirst, m->len);
        bus_kafka_take(b, m, l->topic, &out[n++]);
    }
    if (n == 0 && l->pending.cls != ERR_NONE)
        return give_pending(l, e);
    *ret_n = n;
    *ret_next = l->next;
    return true;
}

void bus_kafka_log_close(struct bus *bus, struct bus_log *l)
{
    (void)bus;
    if (!l)
        return;
    rd_kafka_consume_stop(l->rkt, l->part);
    rd_kafka_queue_destroy(l->queue);
    rd_kafka_topic_destroy(l->rkt);
    l->side->users--;
    l->side->used_ms = kafka_mono_ms();
    free(l);
}
