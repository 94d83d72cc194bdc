/* runtime_outs.c - what a decided batch produces (facts, events, dead letters), applies and commits; all of it is
 * built before the transaction begins, so that the transaction stays open for milliseconds. */
#include "runtime/runtime_int.h"
#include "wire/facts.h"

static const char *source_of(struct runtime *rt) { return ARENA_CAT(rt->b.mem, "/clinic/", rt->def->name); }

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

static const char *span_of(struct runtime *rt, const struct ce_trace *t, const char *seed)
{
    char *span = arena_alloc(rt->b.mem, CE_TRACEPARENT_BYTES);
    ce_child_traceparent(t->parent, seed, span);
    return span;
}

/* The input's trace; else one of the application, the same whoever begins it. */
static struct ce_trace trace_of(struct runtime *rt, const struct item *by, const char *subject)
{
    if (by->trace.parent[0])
        return by->trace;
    char *root = arena_alloc(rt->b.mem, CE_TRACEPARENT_BYTES);
    ce_child_traceparent("", subject[0] ? subject : by->base, root);
    return (struct ce_trace){.parent = root, .origin = bytes_of(root, CE_TRACEPARENT_BYTES - 1)};
}

static const char *cause_of(const struct item *by) { return by->ev.ce_id[0] ? by->ev.ce_id : by->base; }

void outs_explain(struct runtime *rt, struct item *it, struct ce *ce)
{
    if (!it->own.parent) {
        it->own = trace_of(rt, it, it->subject);
        it->own.parent = span_of(rt, &it->own, it->base);
    }
    ce->subject = it->subject;
    ce->causationid = cause_of(it);
    ce->traceparent = it->own.parent;
    ce->origin = it->own.origin;
    ce->tracestate = it->own.state;
}

static void add_fact(struct runtime *rt, const struct entry *en, const char *source, uint32_t seq)
{
    struct arena *mem = rt->b.mem;
    const struct svc_table *t = &rt->def->tables[en->table];
    struct item *by = en->writer;
    struct ce ce = {.event = t->type, .id = ARENA_CAT(mem, by->base, "/s", arena_i64(mem, seq)), .source = source,
                    .time_ms = by->ev.now_ms};
    outs_explain(rt, by, &ce);
    struct bus_out *out = LIST_ADD(&rt->b.outs, mem);
    *out = (struct bus_out){.topic = (int)rt->def->facts, .partition = en->part, .key = facts_key(t->name, en->key, mem),
                            .value = en->value};
    out->headers = ce_headers(&ce, mem, &out->headers_n);
    if (en->due_off && !MUTANT(due_off_not_told))
        mark_due_off(mem, out);
}

/* Facts of a partition in the order of the overlay: each key once, with its last value. */
static void add_facts(struct runtime *rt, struct part *p, const char *source)
{
    struct batch *b = &rt->b;
    struct store_batch *a = &b->applies[b->applies_n];
    *a = (struct store_batch){.part = p->id, .topic = (int)rt->def->facts};
    a->puts = arena_alloc(b->mem, sizeof *a->puts * (b->over.n + 1));
    for (uint32_t i = 0; i < b->over.n; i++) {
        const struct entry *en = &b->over.entries[i];
        if (en->part != p->id || !is_changed(en))
            continue;
        add_fact(rt, en, source, i);
        a->puts[a->n++] = (struct store_put){en->table, en->key, en->value, en->value.p ? en->due_ms : 0};
    }
    if (a->n > 0)
        b->applies_to[b->applies_n++] = p;
}

static void add_event(struct runtime *rt, const struct effect *ef, const char *source)
{
    struct arena *mem = rt->b.mem;
    struct ce_trace trace = trace_of(rt, ef->by, ef->subject);
    struct ce ce = {
        .event = ef->type, .id = ARENA_CAT(mem, ef->by->base, "/", arena_i64(mem, ef->seq)), .source = source,
        .subject = ef->subject, .causationid = cause_of(ef->by), .origin = trace.origin, .tracestate = trace.state,
        .time_ms = ef->by->ev.now_ms,
    };
    ce.traceparent = span_of(rt, &trace, ce.id);
    struct bus_out *out = LIST_ADD(&rt->b.outs, mem);
    *out = (struct bus_out){.topic = (int)ef->topic, .partition = ef->part, .key = ef->key, .value = ef->value};
    out->headers = ce_headers(&ce, mem, &out->headers_n);
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

/* Ahead goes one record for each partition that the transaction writes to: the client asks the coordinator for the
 * partitions it has seen, once for those of the first moment and, a millisecond and a round trip later, for the rest. */
static void order_outs(struct runtime *rt)
{
    struct batch *b = &rt->b;
    size_t parts = (size_t)rt->d.conf->partitions, first = 0, rest = 0;
    bool *seen = ARENA_ARRAY(b->mem, bool, TOPIC_N * parts);
    uint32_t *later = ARENA_ARRAY(b->mem, uint32_t, b->outs.n);
    b->order = ARENA_ARRAY(b->mem, uint32_t, b->outs.n);
    for (uint32_t i = 0; i < b->outs.n; i++) {
        const struct bus_out *o = &b->outs.v[i];
        bool *at = &seen[(size_t)o->topic * parts + (size_t)o->partition];
        if (*at)
            later[rest++] = i;
        else
            b->order[first++] = i;
        *at = true;
    }
    memcpy(b->order + first, later, rest * sizeof *later);
}

void outs_build(struct runtime *rt)
{
    struct batch *b = &rt->b;
    const char *source = source_of(rt);
    if (b->n < b->due_first)
        b->due_first = b->n; /* the batch was cut short */
    b->applies = ARENA_ARRAY(b->mem, struct store_batch, (size_t)rt->d.conf->partitions);
    b->applies_to = ARENA_ARRAY(b->mem, struct part *, (size_t)rt->d.conf->partitions);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].in_batch)
            add_facts(rt, &rt->parts[i], source);
    for (uint32_t i = 0; i < b->effects.n; i++)
        add_event(rt, &b->effects.v[i], source);
    for (size_t i = 0; i < b->n; i++)
        if (b->items[i].verdict.rejected)
            deadletter_build(rt, &b->items[i], LIST_ADD(&b->outs, b->mem));
    add_offsets(rt);
    order_outs(rt);
}
