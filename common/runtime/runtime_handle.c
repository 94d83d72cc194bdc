/* runtime_handle.c - plan, one checked read, handle: the calls of svc.h over the overlay of the batch. */
#include "runtime/runtime_int.h"

static const void *entry_msg(struct runtime *rt, struct entry *en)
{
    if (en->era == rt->b.era)
        return en->msg;
    en->era = rt->b.era;
    en->msg = NULL;
    if (!en->value.p)
        return NULL;
    en->msg = protobuf_c_message_unpack(events[rt->def->tables[en->table].type].msg, arena_pb(rt->b.scratch), en->value.n,
                                        en->value.p);
    must(en->msg); /* facts are packed here, registers are checked as they are applied */
    return en->msg;
}

/* --- plan --- */
void svc_read(struct svc_plan *p, int table, struct bytes key)
{
    struct runtime *rt = p->rt;
    must(table >= 0 && table < rt->tables_n && key.n > 0);
    uint32_t at = overlay_entry(&rt->b.over, p->item->part->id, table, key);
    LIST_AT(&rt->b.over.entries, at)->planned = true;
    *LIST_ADD(&rt->b.plan, rt->b.mem) = at;
    p->item->plan_n++;
}


static struct entry *first_planned(const struct runtime *rt, const struct item *it)
{
    return LIST_AT(&rt->b.over.entries, *LIST_AT(&rt->b.plan, it->plan_at));
}

void handle_plan(struct runtime *rt, struct item *it)
{
    struct svc_plan p = {rt, it};
    struct svc_event ev = decode_event(rt, it);
    it->plan_at = rt->b.plan.n;
    it->plan_n = 0;
    if (it->due) {
        svc_read(&p, it->due->table, it->due->key);
        ev.msg = entry_msg(rt, first_planned(rt, it));
    } else if (!decode_is_good(rt, it, &ev)) {
        it->row = NULL;
    }
    if (it->row && it->row->plan)
        it->row->plan(&ev, &p);
    batch_forget(rt);
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
    for (uint32_t i = 0; i < o->entries.n; i++) {
        struct entry *en = LIST_AT(&o->entries, i);
        en->stored = en->value = gets[i].val;
        en->era = 0;
    }
}

static bool read_entries(struct runtime *rt, struct err *e)
{
    struct overlay *o = &rt->b.over;
    size_t stale = 0, parts = (size_t)rt->d.conf->partitions, n = o->entries.n;
    struct store_expect *exp = ARENA_ARRAY(rt->b.scratch, struct store_expect, parts * (size_t)rt->sources_n);
    struct store_get *gets = ARENA_ARRAY(rt->b.scratch, struct store_get, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct entry *en = LIST_AT(&o->entries, i);
        gets[i] = (struct store_get){en->part, en->table, en->key, {0}};
    }
    size_t exp_n = expects_of(rt, exp);
    if (!rt->store->ops->read(rt->store, exp, exp_n, gets, n, rt->b.mem, &stale, e)) {
        if (e->cls == ERR_STALE && stale < exp_n)
            part_rejoin(rt, part_of(rt, exp[stale].part), JOIN_STALE);
        return false;
    }
    entries_fill(o, gets);
    return true;
}

bool handle_read(struct runtime *rt, struct err *e)
{
    bool ok = rt->b.over.entries.n == 0 || read_entries(rt, e);
    batch_forget(rt);
    return ok;
}

/* --- handle --- */
static struct entry *planned_entry(struct svc_call *c, int table, struct bytes key)
{
    const struct batch *b = &c->rt->b;
    for (uint32_t i = 0; i < c->item->plan_n; i++) {
        struct entry *en = LIST_AT(&b->over.entries, *LIST_AT(&b->plan, c->item->plan_at + i));
        if (en->table == table && bytes_eq(en->key, key))
            return en;
    }
    return NULL;
}

const void *svc_get(struct svc_call *c, int table, struct bytes key)
{
    struct entry *en = planned_entry(c, table, key);
    must(en);
    return entry_msg(c->rt, en);
}

void *svc_take(struct svc_call *c, int table, struct bytes key)
{
    struct entry *en = planned_entry(c, table, key);
    must(en);
    void *msg = (void *)(uintptr_t)entry_msg(c->rt, en);
    en->era = 0; /* who asks again gets the value as it is stored */
    return msg;
}

static struct bytes pack(struct arena *mem, const ProtobufCMessage *msg)
{
    size_t n = protobuf_c_message_get_packed_size(msg);
    uint8_t *to = arena_alloc(mem, n ? n : 1);
    return bytes_of(to, protobuf_c_message_pack(msg, to));
}

static void entry_write(struct svc_call *c, int table, struct bytes key, struct bytes value, int64_t due_ms)
{
    struct runtime *rt = c->rt;
    must(table >= 0 && table < rt->tables_n && rt->def->tables[table].source < 0 && key.n > 0);
    uint32_t at = overlay_entry(&rt->b.over, c->item->part->id, table, key);
    struct entry *en = LIST_AT(&rt->b.over.entries, at);
    *LIST_ADD(&rt->b.undos, rt->b.mem) = (struct undo){at, en->value, en->writer, en->due_off, en->due_ms};
    en->value = value;
    en->era = 0;
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

/* Often the key of the input. */
static struct bytes kept_key(const struct svc_call *c, struct bytes key)
{
    struct bytes own = c->item->due ? c->item->due->key : c->item->open->key;
    return bytes_eq(own, key) ? own : bytes_of(arena_dup(c->rt->b.mem, key.p, key.n), key.n);
}

/* Nearly always the application that the item is about anyway. */
static const char *kept_subject(const struct svc_call *c, const char *subject)
{
    return strcmp(subject, c->item->subject) == 0 ? c->item->subject : arena_strdup(c->rt->b.mem, subject);
}

void svc_emit(struct svc_call *c, enum topic_id topic, struct bytes key, enum event_id type, const void *msg,
              const char *subject)
{
    struct runtime *rt = c->rt;
    must(svc_may_emit(rt->def->outputs, topic, type) && key.n > 0);
    must(((const ProtobufCMessage *)msg)->descriptor == events[type].msg);
    struct effect *ef = LIST_ADD(&rt->b.effects, rt->b.mem);
    *ef = (struct effect){.by = c->item, .topic = topic, .type = type, .seq = ++c->seq};
    ef->part = wire_partition(key, rt->d.conf->partitions);
    ef->key = kept_key(c, key);
    ef->value = pack(rt->b.mem, msg);
    ef->subject = kept_subject(c, subject ? subject : "");
    if (ef->seq == 1 && ef->subject[0])
        c->item->subject = ef->subject; /* the handler knows better than who wrote the input */
}

void svc_outbound(struct svc_call *c, const void *msg)
{
    must(((const ProtobufCMessage *)msg)->descriptor == events[c->rt->def->outbound_type].msg);
    *LIST_ADD(&c->rt->b.orders, c->rt->b.mem) = (struct order){c->item, pack(c->rt->b.mem, msg)};
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
        b->undos.n--;
        const struct undo *u = LIST_AT(&b->undos, b->undos.n);
        struct entry *en = LIST_AT(&b->over.entries, u->entry);
        en->value = u->value;
        en->writer = u->writer;
        en->era = 0;
        en->due_off = u->due_off;
        en->due_ms = u->due_ms;
    }
}

/* Is the record still due, as of this point of the batch? Another record of the batch, or of a batch before, may
 * have settled or moved it. */
static bool is_still_due(struct runtime *rt, const struct item *it, struct entry *en)
{
    const struct svc_table *t = &rt->def->tables[it->due->table];
    const void *msg = entry_msg(rt, en);
    int64_t due = msg && t->due_ms ? t->due_ms(msg) : 0;
    return due > 0 && due <= it->now_ms;
}

/* Due work is planned with its record in hand, so the records are read first: one more round trip, only when due. */
bool handle_read_due(struct runtime *rt, size_t first, struct err *e)
{
    struct batch *b = &rt->b;
    for (size_t i = first; i < b->n; i++)
        overlay_entry(&b->over, b->items[i].part->id, b->items[i].due->table, b->items[i].due->key);
    if (!handle_read(rt, e))
        return false;
    for (size_t i = first; i < b->n; i++) {
        struct item *it = &b->items[i];
        uint32_t at = overlay_entry(&b->over, it->part->id, it->due->table, it->due->key);
        it->skipped = !is_still_due(rt, it, LIST_AT(&b->over.entries, at));
        batch_forget(rt);
    }
    return true;
}

/* Refused due work would come again with every tick: its record stays, but is due no more, in the facts too, so that no
 * rebuild brings it back. Whoever writes the record anew makes it due again. */
static void give_up_due(struct svc_call *c)
{
    struct entry *en = first_planned(c->rt, c->item);
    entry_write(c, en->table, en->key, c->item->due_value, 0);
    en->due_off = true;
}

static void handle(struct runtime *rt, struct item *it)
{
    struct batch *b = &rt->b;
    uint32_t effects = b->effects.n, orders = b->orders.n, counts = b->counts.n;
    struct svc_call c = {rt, it, 0};
    struct svc_event ev = decode_event(rt, it);
    b->undos.n = 0;
    if (it->due) {
        it->due_value = first_planned(rt, it)->value;
        ev.msg = entry_msg(rt, first_planned(rt, it));
    }
    must(ev.msg); /* it was good when it was planned */
    it->verdict = it->row->handle(&ev, &c);
    if (!it->verdict.rejected)
        return;
    if (it->verdict.detail)
        it->verdict.detail = arena_strdup(b->mem, it->verdict.detail);
    take_back(rt, effects, orders, counts);
    if (it->due)
        give_up_due(&c);
}

void handle_item(struct runtime *rt, struct item *it)
{
    if (!it->row || it->skipped)
        return;
    if (it->due)
        it->skipped = !is_still_due(rt, it, first_planned(rt, it));
    if (!it->skipped)
        handle(rt, it);
    batch_forget(rt);
}
