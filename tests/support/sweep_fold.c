/* sweep_fold.c - the reference: plan and handle over a map, one record at a time, in the order of publication. */
#include <stdlib.h>
#include "support/sweep_impl.h"

void fold_start(struct sweep_run *r)
{
    struct fold *f = calloc(1, sizeof *f);
    must(f);
    struct runtime_deps d = sweep_deps(r);
    f->rt = runtime_new(&d);
    f->store = fake_store_open(r->db, NULL);
    runtime_start(f->rt, NULL, f->store);
    f->out = open_memstream(&f->text, &f->text_n);
    must(f->out);
    r->fold = f;
}

void fold_stop(struct sweep_run *r)
{
    fclose(r->fold->out);
    free(r->fold->text);
    r->fold->store->ops->close(r->fold->store);
    runtime_free(r->fold->rt);
    free(r->fold);
    r->fold = NULL;
}

static void put(struct sweep_run *r, int32_t part, int topic, struct store_put *puts, size_t n)
{
    struct err e;
    int64_t mark;
    struct fold *f = r->fold;
    must(f->store->ops->mark(f->store, part, topic, &mark, &e));
    struct store_batch b = {.part = part, .topic = topic, .prev = mark < 0 ? 0 : mark, .puts = puts, .n = n};
    b.next = b.prev + 1;
    must(f->store->ops->apply(f->store, &b, 1, &e) && b.ret == STORE_APPLIED);
    for (int s = 0; s < f->rt->sources_n; s++)
        if (f->rt->sources[s] == topic)
            f->rt->parts[part].src[s] = (struct source){.topic = topic, .mark = b.next};
}

static void emit(struct sweep_run *r, const struct bus_out *o)
{
    struct bus_rec rec = {.topic = o->topic, .partition = o->partition, .key = o->key, .value = o->value,
                          .headers = o->headers, .headers_n = o->headers_n};
    sweep_line(r->fold->out, &rec);
}

static void take_effect(struct sweep_run *r)
{
    struct batch *b = &r->fold->rt->b;
    for (uint32_t i = 0; i < b->outs_n; i++) {
        struct bus_out out = outs_make(r->fold->rt, i);
        if (out.topic != (int)r->c->def->facts)
            emit(r, &out);
    }
    for (size_t i = 0; i < b->applies_n; i++)
        put(r, b->applies[i].part, b->applies[i].topic, b->applies[i].puts, b->applies[i].n);
}

static void decide(struct sweep_run *r)
{
    struct runtime *rt = r->fold->rt;
    struct batch *b = &rt->b;
    struct err e;
    b->items[0].part->in_batch = true;
    if (b->due_first == 0)
        must(handle_read_due(rt, 0, &e));
    if (b->items[0].row && !b->items[0].skipped) {
        handle_plan(rt, &b->items[0]);
        must(handle_read(rt, &e));
        handle_item(rt, &b->items[0]);
    }
    outs_build(rt);
    take_effect(r);
    batch_drop(rt);
}

static void on_input(void *ctx, const struct bus_rec *rec)
{
    struct sweep_run *r = ctx;
    struct batch *b = &r->fold->rt->b;
    if (rec->offset < r->fold->next[rec->topic][rec->partition])
        return;
    r->fold->next[rec->topic][rec->partition] = rec->offset + 1;
    b->n = b->due_first = 1;
    decode_record(r->fold->rt, &b->items[0], rec, part_of(r->fold->rt, rec->partition));
    decide(r);
}

static void on_registry(void *ctx, const struct bus_rec *rec)
{
    struct sweep_run *r = ctx;
    struct runtime *rt = r->fold->rt;
    size_t n = 0;
    if (rec->offset < r->fold->next[rec->topic][rec->partition])
        return;
    r->fold->next[rec->topic][rec->partition] = rec->offset + 1;
    for (int s = 1; s < rt->sources_n; s++)
        if (rt->sources[s] == rec->topic) {
            struct store_put *puts = catchup_puts(rt, s, rec, 1, &n);
            put(r, rec->partition, rec->topic, puts, n);
        }
    batch_drop(rt);
}

static bool due_once(struct sweep_run *r, int32_t part)
{
    struct runtime *rt = r->fold->rt;
    struct store_due due;
    struct err e;
    size_t n = 0;
    int64_t next;
    int64_t now = fake_now_ms(r->cluster);
    must(rt->store->ops->due(rt->store, part, now, 1, rt->b.mem, &due, &n, &next, &e));
    if (n == 0)
        return false;
    rt->b.n = 1;
    rt->b.due_first = 0;
    rt->b.now_ms = now;
    decode_due(rt, &rt->b.items[0], &due, part_of(rt, part));
    decide(r);
    return true;
}

void fold_settle(struct sweep_run *r)
{
    struct runtime *rt = r->fold->rt;
    for (int s = 1; s < rt->sources_n; s++)
        for (int32_t p = 0; p < r->c->partitions; p++)
            fake_each(r->cluster, rt->sources[s], p, on_registry, r);
    for (int32_t p = 0; p < r->c->partitions; p++)
        fake_each(r->cluster, (int)r->c->def->inbox, p, on_input, r);
    for (int32_t p = 0; p < r->c->partitions; p++)
        for (int n = 0; n < 1000 && due_once(r, p); n++)
            ;
}
