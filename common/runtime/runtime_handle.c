/* runtime_handle.c - plan, one checked read, handle: the calls of svc.h over the overlay of the batch. */
#include "runtime/runtime_int.h"

/* --- plan --- */
void svc_read(struct svc_plan *p, int table, struct bytes key)
{
    struct runtime *rt = p->rt;
    must(table >= 0 && table < rt->tables_n && key.n > 0);
    uint32_t at = overlay_entry(&rt->b.over, p->item->part->id, table, key);
    rt->b.over.entries[at].planned = true;
    *LIST_ADD(&rt->b.plan, rt->b.mem) = at;
    p->item->plan_n++;
}

void handle_plan(struct runtime *rt, struct item *it)
{
    struct svc_plan p = {rt, it};
    it->plan_at = rt->b.plan.n;
    it->plan_n = 0;
    if (it->due_table >= 0)
        svc_read(&p, it->due_table, it->ev.key);
    if (it->row->plan)
        it->row->plan(&it->ev, &p);
}

/* --- read --- */
static size_t expects_of(struct runtime *rt, struct store_expect *exp)
{
    size_t n = 0;
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].in_batch)
            n += catchup_expect(rt, &rt->parts[i], exp + n);
    return n;
}

static void entries_fill(struct overlay *o, const struct store_get *gets)
{
    for (uint32_t i = 0; i < o->n; i++) {
        o->entries[i].stored = o->entries[i].value = gets[i].val;
        o->entries[i].decoded = gets[i].val.p == NULL;
    }
}

bool handle_read(struct runtime *rt, struct err *e)
{
    struct overlay *o = &rt->b.over;
    size_t stale = 0, parts = (size_t)rt->d.conf->partitions;
    if (o->n == 0)
        return true;
    struct store_expect *exp = ARENA_ARRAY(rt->b.mem, struct store_expect, parts * (size_t)rt->sources_n);
    struct store_get *gets = ARENA_ARRAY(rt->b.mem, struct store_get, o->n);
    for (uint32_t i = 0; i < o->n; i++)
        gets[i] = (struct store_get){o->entries[i].part, o->entries[i].table, o->entries[i].key, {0}};
    size_t exp_n = expects_of(rt, exp);
    if (!rt->store->ops->read(rt->store, exp, exp_n, gets, o->n, rt->b.mem, &stale, e)) {
        if (e->cls == ERR_STALE && stale < exp_n)
            part_rejoin(rt, part_of(rt, exp[stale].part), JOIN_STALE);
        return false;
    }
    entries_fill(o, gets);
    return true;
}

/* --- handle --- */
static struct entry *planned_entry(struct svc_call *c, int table, struct bytes key)
{
    const struct batch *b = &c->rt->b;
    for (uint32_t i = 0; i < c->item->plan_n; i++) {
        struct entry *en = &b->over.entries[b->plan.v[c->item->plan_at + i]];
        if (en->table == table && bytes_eq(en->key, key))
            return en;
    }
    return NULL;
}

static const void *entry_msg(struct runtime *rt, struct entry *en)
{
    if (!en->decoded) {
        en->msg = protobuf_c_message_unpack(events[rt->def->tables[en->table].type].msg, arena_pb(rt->b.mem),
                                            en->value.n, en->value.p);
        must(en->msg); /* facts are packed here, registers are checked as they are applied */
        en->decoded = true;
    }
    return en->msg;
}

const void *svc_get(struct svc_call *c, int table, struct bytes key)
{
    struct entry *en = planned_entry(c, table, key);
    must(en);
    return entry_msg(c->rt, en);
}

static struct bytes pack(struct arena *mem, const ProtobufCMessage *msg)
{
    size_t n = protobuf_c_message_get_packed_size(msg);
    uint8_t *to = arena_alloc(mem, n ? n : 1);
    return bytes_of(to, protobuf_c_message_pack(msg, to));
}

void *svc_copy(struct svc_call *c, const void *msg)
{
    const ProtobufCMessage *m = msg;
    struct bytes packed = pack(c->rt->b.mem, m);
    void *copy = protobuf_c_message_unpack(m->descriptor, arena_pb(c->rt->b.mem), packed.n, packed.p);
    must(copy);
    return copy;
}

static void entry_write(struct svc_call *c, int table, struct bytes key, struct bytes value, int64_t due_ms)
{
    struct runtime *rt = c->rt;
    must(table >= 0 && table < rt->tables_n && rt->def->tables[table].source < 0 && key.n > 0);
    uint32_t at = overlay_entry(&rt->b.over, c->item->part->id, table, key);
    struct entry *en = &rt->b.over.entries[at];
    *LIST_ADD(&rt->b.undos, rt->b.mem) = (struct undo){at, en->value, en->msg, en->writer, en->decoded, en->due_off, en->due_ms};
    en->value = value;
    en->msg = NULL;
    en->decoded = value.p == NULL;
    en->due_off = false;
    en->due_ms = due_ms;
    en->writer = c->item;
}

void svc_put(struct svc_call *c, int table, struct bytes key, const void *msg)
{
    const struct svc_table *t = &c->rt->def->tables[table];
    must(((const ProtobufCMessage *)msg)->descriptor == events[t->type].msg);
    entry_write(c, table, key, pack(c->rt->b.mem, msg), t->due_ms ? t->due_ms(msg) : 0);
}

void svc_del(struct svc_call *c, int table, struct bytes key) { entry_write(c, table, key, (struct bytes){0}, 0); }

void svc_emit(struct svc_call *c, enum topic_id topic, struct bytes key, enum event_id type, const void *msg,
              const char *subject)
{
    struct runtime *rt = c->rt;
    must(svc_may_emit(rt->def->outputs, topic, type) && key.n > 0);
    must(((const ProtobufCMessage *)msg)->descriptor == events[type].msg);
    struct effect *ef = LIST_ADD(&rt->b.effects, rt->b.mem);
    *ef = (struct effect){.by = c->item, .topic = topic, .type = type, .seq = ++c->seq};
    ef->part = wire_partition(key, rt->d.conf->partitions);
    ef->key = bytes_of(arena_dup(rt->b.mem, key.p, key.n), key.n);
    ef->value = pack(rt->b.mem, msg);
    ef->subject = arena_strdup(rt->b.mem, subject ? subject : "");
    if (ef->seq == 1 && ef->subject[0])
        c->item->subject = ef->subject; /* the handler knows better than who wrote the input */
}

void svc_outbound(struct svc_call *c, const void *msg)
{
    must(((const ProtobufCMessage *)msg)->descriptor == events[c->rt->def->outbound_type].msg);
    *LIST_ADD(&c->rt->b.orders, c->rt->b.mem) = (struct order){pack(c->rt->b.mem, msg), ce_trace_text(&c->item->trace, c->rt->b.mem)};
}

void svc_count(struct svc_call *c, int metric, const char *label)
{
    *LIST_ADD(&c->rt->b.counts, c->rt->b.mem) = (struct count){metric, label};
}

/* A rejected record leaves nothing behind but its dead letter. */
static void take_back(struct runtime *rt, uint32_t effects, uint32_t orders, uint32_t counts)
{
    struct batch *b = &rt->b;
    b->effects.n = effects;
    b->orders.n = orders;
    b->counts.n = counts;
    while (b->undos.n > 0) {
        const struct undo *u = &b->undos.v[--b->undos.n];
        struct entry *en = &b->over.entries[u->entry];
        en->value = u->value;
        en->msg = u->msg;
        en->writer = u->writer;
        en->decoded = u->decoded;
        en->due_off = u->due_off;
        en->due_ms = u->due_ms;
    }
}

/* Is the record still due, as of this point of the batch? Another record of the batch, or of a batch before, may
 * have settled or moved it. */
static bool is_still_due(struct runtime *rt, struct item *it, uint32_t entry)
{
    const struct svc_table *t = &rt->def->tables[it->due_table];
    it->ev.msg = entry_msg(rt, &rt->b.over.entries[entry]);
    int64_t due = it->ev.msg && t->due_ms ? t->due_ms(it->ev.msg) : 0;
    return due > 0 && due <= it->ev.now_ms;
}

/* Due work is planned with its record in hand, so the records are read first: one more round trip, only when due. */
bool handle_read_due(struct runtime *rt, size_t first, struct err *e)
{
    struct batch *b = &rt->b;
    for (size_t i = first; i < b->n; i++)
        overlay_entry(&b->over, b->items[i].part->id, b->items[i].due_table, b->items[i].ev.key);
    if (!handle_read(rt, e))
        return false;
    for (size_t i = first; i < b->n; i++) {
        struct item *it = &b->items[i];
        it->skipped = !is_still_due(rt, it, overlay_entry(&b->over, it->part->id, it->due_table, it->ev.key));
    }
    return true;
}

/* Refused due work would come again with every tick: its record stays, but is due no more, in the facts too, so that no
 * rebuild brings it back. Whoever writes the record anew makes it due again. */
static void give_up_due(struct svc_call *c)
{
    struct entry *en = &c->rt->b.over.entries[c->rt->b.plan.v[c->item->plan_at]];
    entry_write(c, en->table, en->key, c->item->due_value, 0);
    en->due_off = true;
}

void handle_item(struct runtime *rt, struct item *it)
{
    struct batch *b = &rt->b;
    uint32_t effects = b->effects.n, orders = b->orders.n, counts = b->counts.n;
    if (!it->row || it->skipped)
        return;
    if (it->due_table >= 0 && !is_still_due(rt, it, b->plan.v[it->plan_at])) {
        it->skipped = true;
        return;
    }
    struct svc_call c = {rt, it, 0};
    b->undos.n = 0;
    if (it->due_table >= 0)
        it->due_value = b->over.entries[b->plan.v[it->plan_at]].value;
    it->verdict = it->row->handle(&it->ev, &c);
    if (!it->verdict.rejected)
        return;
    take_back(rt, effects, orders, counts);
    if (it->due_table >= 0)
        give_up_due(&c);
}
