/* runtime_gather.c - how many inputs a transaction takes along, and how long it waits for them: none when idle, the longer
 * the busier; longer when nobody waits for what is there. Transactions cost the same whatever is in them. */
#include "runtime/runtime_int.h"

#define BUSY_N 16           /* records per batch from which a batch waits the whole gather time */
#define FLOOD_N 150         /* from so many on it waits longer still, */
#define FLOOD_GATHER 4      /* at most so many times the gather time */
#define VALUE_GROWTH 3      /* bytes that a byte of value costs: itself, in what is stored, in what is emitted */
#define HEADER_COST 40      /* of a header: itself, and what of its text other records do not share */
#define COST_N 200          /* from so many records on a batch tells what one costs */

static int busy_window(const struct runtime *rt)
{
    double share = (rt->usual_n - 1) / (BUSY_N - 1), flood = rt->usual_n / FLOOD_N;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    if (flood > 1) /* work piles up: what counts is how much a transaction takes along */
        share = flood < FLOOD_GATHER ? flood : FLOOD_GATHER;
    return (int)(rt->d.conf->gather_max_ms * share);
}

/* Steady clock at which the batch is closed. Not soon after a transaction: while the broker still writes its markers, the
 * client would wait for them, 20 ms whatever is left. */
static int64_t close_at(const struct runtime *rt)
{
    const struct runtime_conf *conf = rt->d.conf;
    int64_t busy = rt->b.began_ms + busy_window(rt), apart = rt->ended_ms + conf->spacing_ms;
    int64_t patient = rt->b.awaited ? 0 : rt->b.began_ms + conf->gather_patient_ms;
    int64_t at = busy > apart ? busy : apart;
    return at > patient ? at : patient;
}

/* Records that may still be taken: what does not fit into the memory of a batch would have to be given back. */
static size_t room(const struct runtime *rt)
{
    const struct batch *b = &rt->b;
    size_t most = (size_t)((double)rt->d.conf->batch_max_bytes / rt->usual_cost) + 1;
    if (b->values_bytes * VALUE_GROWTH >= rt->d.conf->batch_max_bytes)
        return 0;
    most = most < rt->limit ? most : rt->limit;
    return b->recs_n < most ? most - b->recs_n : 0;
}

size_t gather_memory(const struct batch *b) { return arena_used(b->mem) + b->recs_bytes; }

/* From batches large enough to tell; sooner more than less. */
void gather_note_cost(struct runtime *rt)
{
    double cost = rt->b.n < COST_N ? 0 : (double)gather_memory(&rt->b) / (double)rt->b.n;
    if (cost > 0)
        rt->usual_cost += (cost - rt->usual_cost) * (cost > rt->usual_cost ? 0.5 : 0.05);
}

static bool is_awaited(const struct runtime *rt, const struct bus_rec *r)
{
    int type = r->ce_type.n ? event_by_type(r->ce_type.p, r->ce_type.n) : -1;
    return type < 0 || !rt->row_of[type] || !rt->row_of[type]->can_wait;
}

static void note_taken(struct runtime *rt, const struct bus_rec *recs, size_t n)
{
    struct batch *b = &rt->b;
    b->recs_n += n;
    for (size_t i = 0; i < n; i++) {
        size_t value = recs[i].key.n + recs[i].value.n;
        b->values_bytes += value;
        b->recs_bytes += value + recs[i].headers_n * HEADER_COST + sizeof *recs + sizeof *b->items;
        b->awaited = b->awaited || is_awaited(rt, &recs[i]);
    }
}

static bool poll_more(struct runtime *rt, int wait_ms, size_t *ret_n, struct err *e)
{
    struct batch *b = &rt->b;
    uint32_t generation = rt->generation;
    *ret_n = 0;
    if (!rt->bus->ops->poll(rt->bus, wait_ms, b->recs + b->recs_n, room(rt), ret_n, e)) {
        for (int32_t i = 0; i < rt->d.conf->partitions; i++) /* records may have been taken and not given: seek them all */
            rt->parts[i].in_batch = true;
        return false;
    }
    note_taken(rt, b->recs + b->recs_n, *ret_n);
    if (generation != rt->generation) { /* what was gathered belongs to an assignment that is over */
        batch_give_back(rt);
        batch_drop(rt);
        *ret_n = 0;
        rt->busy = true;
    }
    return true;
}

bool batch_gather(struct runtime *rt, int wait_ms, struct err *e)
{
    size_t n;
    if (!poll_more(rt, wait_ms, &n, e))
        return false;
    rt->b.began_ms = rt_mono(rt);
    while (n > 0 && room(rt) > 0) {
        int64_t left = close_at(rt) - rt_mono(rt);
        if (left <= 0)
            break;
        if (!poll_more(rt, (int)left, &n, e))
            return false;
    }
    rt->busy = rt->busy || rt->b.recs_n > 0;
    return true;
}
