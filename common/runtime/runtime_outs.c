/* runtime_outs.c - what a decided batch produces (facts, events, dead letters), applies and commits. All of it is decided
 * before the transaction begins, so that the transaction stays open for milliseconds; the headers of a record are made when
 * the bus takes it, which copies them: those of a whole batch would be more than its records. */
#include "runtime/runtime_int.h"
#include "wire/facts.h"

static bool is_changed(const struct entry *en)
{
    if (!en->writer)
        return false;
    if (!en->planned || en->due_off)
        return true;
    return (en->stored.p == NULL) != (en->value.p == NULL) || !bytes_eq(en->stored, en->value);
}

static void mark_due_off(struct arena *mem, struct bus_out *out)
{
    struct bus_header *h = ARENA_ARRAY(mem, struct bus_header, out->headers_n + 1);
    memcpy(h, out->headers, out->headers_n * sizeof *h);
    h[out->headers_n++] = (struct bus_header){FACTS_DUE_OFF, bytes_str("1")};
    out->headers = h;
}

/* The input's trace; else one of the application, the same whoever begins it. */
static struct ce_trace trace_of(struct runtime *rt, const struct item *by, const char *subject)
{
    if (by->trace.parent.n)
        return by->trace;
    char *root = arena_alloc(rt->b.scratch, CE_TRACEPARENT_BYTES);
    ce_child_traceparent("", subject[0] ? subject : by->base, root);
    return (struct ce_trace){bytes_str(root), bytes_str(root), {0}};
}

void outs_explain(struct runtime *rt, const struct item *by, const char *subject, const char *seed, struct ce *ce)
{
    struct ce_trace trace = trace_of(rt, by, subject);
    char *span = arena_alloc(rt->b.scratch, CE_TRACEPARENT_BYTES);
    ce_child_of_trace(&trace, seed, span);
    ce->subject = subject;
    ce->causationid = by->cause.n ? by->cause : bytes_str(by->base);
    ce->traceparent = span;
    ce->origin = trace.origin;
    ce->tracestate = trace.state;
}

static struct bus_out make_fact(struct runtime *rt, uint32_t seq)
{
    struct arena *mem = rt->b.scratch;
    const struct entry *en = LIST_AT(&rt->b.over.entries, seq);
    const struct svc_table *t = &rt->def->tables[en->table];
    const struct item *by = en->writer;
    struct ce ce = {.event = t->type, .id = ARENA_CAT(mem, by->base, "/s", arena_i64(mem, seq)), .source = rt->b.source,
                    .time_ms = by->now_ms};
    outs_explain(rt, by, by->subject, by->base, &ce);
    struct bus_out out = {.topic = (int)rt->def->facts, .partition = en->part, .key = facts_key(t->name, en->key, mem),
                          .value = en->value};
    out.headers = ce_headers(&ce, mem, &out.headers_n);
    if (en->due_off && !MUTANT(due_off_not_told))
        mark_due_off(mem, &out);
    return out;
}

static struct bus_out make_event(struct runtime *rt, const struct effect *ef)
{
    struct arena *mem = rt->b.scratch;
    struct ce ce = {.event = ef->type, .id = ARENA_CAT(mem, ef->by->base, "/", arena_i64(mem, ef->seq)),
                    .source = rt->b.source, .time_ms = ef->by->now_ms};
    outs_explain(rt, ef->by, ef->subject, ce.id, &ce);
    struct bus_out out = {.topic = (int)ef->topic, .partition = ef->part, .key = ef->key, .value = ef->value};
    out.headers = ce_headers(&ce, mem, &out.headers_n);
    return out;
}

struct bus_out outs_make(struct runtime *rt, uint32_t i)
{
    const struct out *o = &rt->b.outs[i];
    if (o->kind == OUT_FACT)
        return make_fact(rt, o->at);
    if (o->kind == OUT_EVENT)
        return make_event(rt, LIST_AT(&rt->b.effects, o->at));
    return deadletter_make(rt, &rt->b.items[o->at]);
}

/* Facts of a partition in the order of the overlay: each key once, with its last value. */
static void add_facts(struct runtime *rt, struct part *p, struct store_put *puts, struct out *all, uint32_t *n)
{
    struct batch *b = &rt->b;
    struct store_batch *a = &b->applies[b->applies_n];
    *a = (struct store_batch){.part = p->id, .topic = (int)rt->def->facts, .puts = puts};
    for (uint32_t i = 0; i < b->over.entries.n; i++) {
        const struct entry *en = LIST_AT(&b->over.entries, i);
        if (en->part != p->id || !is_changed(en))
            continue;
        all[(*n)++] = (struct out){OUT_FACT, i};
        a->puts[a->n++] = (struct store_put){en->table, en->key, en->value, en->value.p ? en->due_ms : 0};
    }
    if (a->n > 0)
        b->applies_to[b->applies_n++] = p;
}

/* Every partition with anything in the batch: its next offset, or for due work alone the one it stands at. */
static void add_offsets(struct runtime *rt)
{
    struct batch *b = &rt->b;
    b->offsets = ARENA_ARRAY(b->mem, struct bus_pos, (size_t)rt->d.conf->partitions);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++) {
        const struct part *p = &rt->parts[i];
        if (!p->in_batch)
            continue;
        struct bus_pos *pos = &b->offsets[b->offsets_n++];
        *pos = (struct bus_pos){p->id, p->position};
        for (size_t k = 0; k < b->due_first && k < b->n; k++)
            if (b->items[k].part == p)
                pos->next = b->items[k].rec->offset + 1;
    }
}

/* The place where a record goes: each partition of each topic has a number. */
static size_t place_of(const struct runtime *rt, const struct out *o)
{
    size_t parts = (size_t)rt->d.conf->partitions;
    const struct effect *ef = o->kind == OUT_EVENT ? LIST_AT(&rt->b.effects, o->at) : NULL;
    if (ef)
        return ef->topic * parts + (size_t)ef->part;
    if (o->kind == OUT_FACT)
        return rt->def->facts * parts + (size_t)LIST_AT(&rt->b.over.entries, o->at)->part;
    return rt->def->dlq * parts + (size_t)rt->b.items[o->at].part->id;
}

/* Ahead goes one record for each partition that the transaction writes to: the client asks the coordinator for the
 * partitions it has seen, once for those of the first moment and, a millisecond and a round trip later, for the rest. Then
 * place by place, each in its own order: the client sends what it has of a partition after a millisecond, so that records
 * of many partitions in turn would go out, be stored and be fetched a handful at a time. */
static void order_outs(struct runtime *rt, const struct out *all, uint32_t n)
{
    struct batch *b = &rt->b;
    size_t places = TOPIC_N * (size_t)rt->d.conf->partitions;
    uint32_t *at = ARENA_ARRAY(b->scratch, uint32_t, places), heads = 0;
    bool *begun = ARENA_ARRAY(b->scratch, bool, places);
    for (uint32_t i = 0; i < n; i++)
        heads += at[place_of(rt, &all[i])]++ == 0;
    for (uint32_t k = 0, next = heads; k < places; k++) {
        uint32_t rest = at[k] ? at[k] - 1 : 0;
        at[k] = next;
        next += rest;
    }
    b->outs = arena_alloc(b->mem, n * sizeof *b->outs);
    for (uint32_t i = 0; i < n; i++) {
        size_t k = place_of(rt, &all[i]);
        b->outs[begun[k] ? at[k]++ : b->outs_n++] = all[i];
        begun[k] = true;
    }
    b->outs_n = n;
}

static uint32_t written_n(const struct overlay *o)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < o->entries.n; i++)
        n += LIST_AT(&o->entries, i)->writer != NULL;
    return n;
}

void outs_build(struct runtime *rt)
{
    struct batch *b = &rt->b;
    if (b->n < b->due_first)
        b->due_first = b->n; /* the batch was cut short */
    uint32_t written = written_n(&b->over), n = 0;
    struct out *all = ARENA_ARRAY(b->scratch, struct out, written + b->effects.n + (uint32_t)b->n);
    struct store_put *puts = ARENA_ARRAY(b->mem, struct store_put, written);
    b->source = ARENA_CAT(b->mem, "/clinic/", rt->def->name);
    b->applies = ARENA_ARRAY(b->mem, struct store_batch, (size_t)rt->d.conf->partitions);
    b->applies_to = ARENA_ARRAY(b->mem, struct part *, (size_t)rt->d.conf->partitions);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].in_batch)
            add_facts(rt, &rt->parts[i], puts + n, all, &n);
    for (uint32_t i = 0; i < b->effects.n; i++)
        all[n++] = (struct out){OUT_EVENT, i};
    for (uint32_t i = 0; i < b->n; i++)
        if (b->items[i].verdict.rejected)
            all[n++] = (struct out){OUT_DEAD, i};
    add_offsets(rt);
    order_outs(rt, all, n);
    batch_forget(rt);
}
