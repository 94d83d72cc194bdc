/* runtime_batch.c - the inputs gathered: decided in order, committed together, or given back. */
#include "runtime/runtime_int.h"
#include <stdlib.h>

#define COST_GUESS 4096.0   /* bytes that a record costs, before any was decided */
#define ARENA_SPARE ((size_t)256 << 20) /* address range beyond batch_max_bytes; touched only by a record that needs it */
#define SCRATCH_KEEP ((size_t)256 << 10) /* more than the records of every day need */
#define TRIES_MAX 3

void batch_init(struct runtime *rt)
{
    struct batch *b = &rt->b;
    size_t due_room = DUE_CHUNK * (size_t)rt->d.conf->partitions;
    b->items_cap = rt->d.conf->batch_max_records;
    b->items = calloc(b->items_cap + due_room, sizeof *b->items);
    b->recs = calloc(b->items_cap, sizeof *b->recs);
    must(b->items && b->recs);
    b->mem = arena_new(rt->d.conf->batch_max_bytes + ARENA_SPARE, rt->d.conf->batch_max_bytes);
    b->scratch = arena_new(ARENA_SPARE, SCRATCH_KEEP);
    rt->usual_cost = COST_GUESS;
    batch_drop(rt);
}

void batch_fini(struct runtime *rt)
{
    arena_free(rt->b.mem);
    arena_free(rt->b.scratch);
    free(rt->b.items);
    free(rt->b.recs);
}

void batch_drop(struct runtime *rt)
{
    struct batch *b = &rt->b;
    bool had = b->recs_n > 0 || b->n > 0 || b->followed;
    *b = (struct batch){.mem = b->mem, .scratch = b->scratch, .era = 1, .items = b->items, .items_cap = b->items_cap,
                        .recs = b->recs};
    arena_reset(b->mem);
    arena_reset(b->scratch);
    overlay_reset(&b->over, b->mem);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        rt->parts[i].in_batch = false;
    if (had && rt->bus)
        rt->bus->ops->done(rt->bus);
}

void batch_forget(struct runtime *rt)
{
    arena_reset(rt->b.scratch);
    rt->b.era++;
}

static void seek_back(struct runtime *rt, struct part *p)
{
    struct err e = {0};
    p->next_due_ms = rt_now(rt);
    p->looked_ms = 0;
    if (!rt->bus->ops->seek(rt->bus, p->id, p->position, &e))
        part_rejoin(rt, p, JOIN_STORE); /* opening seeks again */
}

/* Works from the records polled, not from the items: an error may come before there are any. */
void batch_give_back(struct runtime *rt)
{
    const struct batch *b = &rt->b;
    if (MUTANT(no_seek_after_abort))
        return;
    for (size_t i = 0; i < b->recs_n; i++) {
        struct part *p = part_of(rt, b->recs[i].partition);
        if (p)
            p->in_batch = true;
    }
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].in_batch && rt->parts[i].state == PART_OPEN)
            seek_back(rt, &rt->parts[i]);
}

static bool add_due(struct runtime *rt, struct part *p, struct err *e)
{
    struct batch *b = &rt->b;
    struct store_due *due = ARENA_ARRAY(b->mem, struct store_due, DUE_CHUNK);
    size_t n = 0;
    int64_t next = 0;
    if (!rt->store->ops->due(rt->store, p->id, b->now_ms, DUE_CHUNK, b->mem, due, &n, &next, e)) {
        part_rejoin(rt, p, JOIN_STORE);
        return false;
    }
    p->looked_ms = b->now_ms;
    p->next_due_ms = n == DUE_CHUNK ? b->now_ms : next;
    for (size_t i = 0; i < n; i++)
        if (due[i].table < rt->tables_n && rt->due_row[due[i].table]) {
            decode_due(rt, &b->items[b->n++], &due[i], p);
            p->in_batch = true;
        }
    return true;
}

bool batch_build(struct runtime *rt, struct err *e)
{
    struct batch *b = &rt->b;
    b->now_ms = rt_now(rt);
    for (size_t i = 0; i < b->recs_n; i++) {
        struct part *p = part_of(rt, b->recs[i].partition);
        if (!p || p->state != PART_OPEN || b->recs[i].offset < p->position)
            continue; /* stale: polled before a seek, or not ours */
        p->in_batch = true;
        decode_record(rt, &b->items[b->n++], &b->recs[i], p);
    }
    b->due_first = b->n;
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (part_wants_due(rt, &rt->parts[i]) && !add_due(rt, &rt->parts[i], e))
            return false;
    return true;
}

static bool read_all(struct runtime *rt, struct err *e)
{
    struct batch *b = &rt->b;
    if (b->due_first < b->n && !handle_read_due(rt, b->due_first, e))
        return false;
    for (size_t i = 0; i < b->n; i++)
        if (b->items[i].row && !b->items[i].skipped)
            handle_plan(rt, &b->items[i]);
    return handle_read(rt, e);
}

/* Where the store is in trouble or behind, partitions of the batch catch up before they decide again. */
static bool read_failed(struct runtime *rt, struct err *e)
{
    if (e->cls == ERR_STALE) {
        batch_give_back(rt);
        rt->busy = true;
        return true;
    }
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].in_batch)
            part_rejoin(rt, &rt->parts[i], JOIN_STORE);
    return false;
}

/* Decide in order; when the memory is used up, the rest is left for the next batch. */
static void decide(struct runtime *rt)
{
    struct batch *b = &rt->b;
    for (size_t i = 0; i < b->n; i++) {
        if (i > 0 && gather_memory(b) > rt->d.conf->batch_max_bytes) {
            b->cut = true;
            b->n = i;
            return;
        }
        handle_item(rt, &b->items[i]);
    }
}

static bool is_blamed(const struct err *e) { return strcmp(e->code, BUS_RECORD_REFUSED) == 0; }

/* Batches that begin at the same offset and keep being aborted are halved, down to the culprit alone. */
static void blame(struct runtime *rt, const struct err *e)
{
    int worst = 0;
    for (size_t i = rt->b.due_first; i-- > 0;) { /* backwards: the first of each partition stays */
        struct part *p = rt->b.items[i].part;
        p->in_batch = false;
    }
    for (size_t i = 0; i < rt->b.due_first && i < rt->b.n; i++) {
        struct part *p = rt->b.items[i].part;
        if (p->in_batch)
            continue;
        p->in_batch = true;
        p->tries = p->failed_offset == rt->b.items[i].rec->offset ? p->tries + 1 : 1;
        p->failed_offset = rt->b.items[i].rec->offset;
        worst = p->tries > worst ? p->tries : worst;
    }
    if (worst < TRIES_MAX)
        return;
    rt_hold(rt);
    if (rt->limit > 1)
        rt->limit = (rt->b.n < rt->limit ? rt->b.n : rt->limit) / 2;
    else if (is_blamed(e) && rt->b.due_first > 0)
        rt->b.items[0].part->poison = true;
    rt->limit = rt->limit ? rt->limit : 1;
    for (int32_t i = 0; rt->limit > 1 && i < rt->d.conf->partitions; i++)
        rt->parts[i].tries = 0;
}

/* The limit grows back once nothing that failed is left. */
static void forgive(struct runtime *rt)
{
    bool pending = false;
    for (int32_t i = 0; i < rt->d.conf->partitions; i++) {
        struct part *p = &rt->parts[i];
        if (p->failed_offset >= 0 && p->position > p->failed_offset) {
            p->failed_offset = -1;
            p->tries = 0;
            p->poison = false;
        }
        pending = pending || p->failed_offset >= 0;
    }
    if (!pending && rt->limit < rt->d.conf->batch_max_records)
        rt->limit = rt->limit * 2 < rt->d.conf->batch_max_records ? rt->limit * 2 : rt->d.conf->batch_max_records;
}

/* Due work that its handler left due is looked at again, after a tick. */
static void note_due(struct runtime *rt)
{
    const struct batch *b = &rt->b;
    for (size_t i = b->due_first; i < b->n; i++)
        b->items[i].part->next_due_ms = b->now_ms;
    for (size_t a = 0; a < b->applies_n; a++)
        for (size_t i = 0; i < b->applies[a].n; i++) {
            int64_t due = b->applies[a].puts[i].due_ms, *next = &b->applies_to[a]->next_due_ms;
            if (due && (!*next || due < *next))
                *next = due;
        }
}

static void give_orders(struct runtime *rt)
{
    struct batch *b = &rt->b;
    for (uint32_t i = 0; i < b->orders.n && rt->d.outbound; i++) {
        const struct order *o = LIST_AT(&b->orders, i);
        rt->d.outbound(rt->d.outbound_ctx, rt->def->outbound_type, o->packed, ce_trace_text(&o->by->trace, b->scratch),
                       b->txn_ms);
        batch_forget(rt);
    }
}

static bool committed(struct runtime *rt, struct err *e)
{
    struct batch *b = &rt->b;
    for (size_t i = 0; i < b->offsets_n; i++)
        part_of(rt, b->offsets[i].partition)->position = b->offsets[i].next;
    rt->usual_n = rt->usual_n * 0.8 + (double)b->due_first * 0.2;
    forgive(rt);
    bool ok = txn_apply(rt, e);
    note_due(rt);
    give_orders(rt);
    rt_count_batch(rt);
    if (b->cut)
        batch_give_back(rt);
    return ok;
}

static void in_doubt(struct runtime *rt, bool all)
{
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (all || rt->parts[i].in_batch)
            part_rejoin(rt, &rt->parts[i], JOIN_OUTCOME);
}

static bool settle(struct runtime *rt, enum txn_result r, struct err *e)
{
    rt->busy = true;
    switch (r) {
    case TXN_COMMITTED:
        return committed(rt, e);
    case TXN_ABORTED:
        batch_give_back(rt);
        blame(rt, e);
        return true;
    case TXN_DOUBTFUL:
        in_doubt(rt, false);
        blame(rt, e);
        return true;
    case TXN_UNKNOWN:
        rt->producer_broken = true;
        in_doubt(rt, true);
        rt_hold(rt);
        return true;
    case TXN_NOT_BEGUN:
    case TXN_END:
        break;
    }
    return false;
}

bool batch_run(struct runtime *rt, struct err *e)
{
    struct batch *b = &rt->b;
    if (!read_all(rt, e))
        return read_failed(rt, e);
    decide(rt);
    outs_build(rt);
    gather_note_cost(rt);
    if (b->due_first == 0 && b->outs_n == 0) {
        note_due(rt);
        return true; /* due work that had nothing to say: no transaction */
    }
    return settle(rt, txn_run(rt, e), e);
}
