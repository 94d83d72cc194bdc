/* runtime_catchup.c - one routine for assignment, mismatch, flush and unknown outcome: bring the store's projection of
 * a partition to the present, then open the partition at its committed offset (kafka.md section 4, CATCH_UP). And
 * between batches: follow the registries, and make sure that the store still has what it is believed to have. */
#include "runtime/runtime_int.h"
#include "wire/facts.h"
#include "wire/msg.h"

#define REPLAY_WAIT_MS 10 /* an open transaction of a dead producer holds the end of the log back: wait, do not spin */

static int64_t from_mark(int64_t mark) { return mark > 0 ? mark : 0; }

/* How far a source must have been read before decisions. The facts: to the end of the log, for what a predecessor committed
 * may lie above a transaction that hangs. A register: as far as anybody can see it. A load is one transaction that may
 * take minutes, nothing in it concerns us before it is committed, and then it is followed. */
static bool source_target(struct runtime *rt, const struct part *p, struct source *s, struct err *e)
{
    return s == &p->src[0] || rt->bus->ops->stable(rt->bus, s->topic, p->id, &s->target, e);
}

/* A mark that is missing, or beyond the log (the topic was made anew), says nothing about the data: start from nothing. */
static bool source_open(struct runtime *rt, struct part *p, struct source *s, struct err *e)
{
    int64_t mark;
    /* In this order: between the two, others may write and apply. */
    if (!rt->store->ops->mark(rt->store, p->id, s->topic, &mark, e) ||
        !rt->bus->ops->high(rt->bus, s->topic, p->id, &s->target, e))
        return false;
    if (mark < 0 || mark > s->target) {
        if (!rt->store->ops->wipe(rt->store, p->id, s->topic, e))
            return false;
        mark = 0;
    }
    s->mark = s->next = from_mark(mark);
    if (!source_target(rt, p, s, e))
        return false;
    return rt->bus->ops->log_open(rt->bus, s->topic, p->id, s->next, &s->log, e);
}

static bool join(struct runtime *rt, struct part *p, struct err *e)
{
    part_close_logs(rt, p);
    if (!rt->bus->ops->pause(rt->bus, p->id, true, e) || !rt->bus->ops->committed(rt->bus, p->id, &p->position, e))
        return false;
    if (p->position < 0)
        p->position = 0;
    for (int i = 0; i < rt->sources_n; i++) {
        p->src[i].topic = rt->sources[i];
        if (!source_open(rt, p, &p->src[i], e))
            return false;
        if (MUTANT(open_without_replay))
            p->src[i].target = 0;
    }
    part_move(p, PART_REPLAYING);
    return true;
}

static bool decodes(const struct svc_table *t, struct arena *mem, struct bytes v, ProtobufCMessage **ret)
{
    *ret = protobuf_c_message_unpack(events[t->type].msg, arena_pb(mem), v.n, v.p);
    return *ret != NULL;
}

int64_t catchup_due_ms(struct runtime *rt, int table, struct bytes value)
{
    const struct svc_table *t = &rt->def->tables[table];
    ProtobufCMessage *msg;
    if (!t->due_ms || !value.p || !decodes(t, rt->b.mem, value, &msg))
        return 0;
    return t->due_ms(msg);
}

/* "<table>/<key>" of a fact; table -1 when this version knows no such table. */
static int fact_table(const struct runtime *rt, struct bytes key, struct bytes *ret_key)
{
    const char *slash = key.n ? memchr(key.p, '/', key.n) : NULL;
    if (!slash)
        return -1;
    size_t n = (size_t)(slash - (const char *)key.p);
    for (int t = 0; t < rt->tables_n; t++) {
        const struct svc_table *tab = &rt->def->tables[t];
        if (tab->source < 0 && strlen(tab->name) == n && memcmp(tab->name, key.p, n) == 0) {
            *ret_key = bytes_of(slash + 1, key.n - n - 1);
            return t;
        }
    }
    return -1;
}

static bool is_due_off(const struct bus_rec *r)
{
    for (size_t i = 0; i < r->headers_n; i++)
        if (strcmp(r->headers[i].name, FACTS_DUE_OFF) == 0)
            return true;
    return false;
}

static void put_fact(struct runtime *rt, const struct bus_rec *r, struct store_put *puts, size_t *n)
{
    struct bytes key;
    int table = fact_table(rt, r->key, &key);
    if (table < 0) {
        rt_count_skip("fact");
        return;
    }
    puts[(*n)++] = (struct store_put){table, key, r->value, is_due_off(r) ? 0 : catchup_due_ms(rt, table, r->value)};
}

/* Registers come from outside: a value that does not decode, or has no key, must not stop the service. */
static void put_registry(struct runtime *rt, const struct bus_rec *r, int topic, struct store_put *puts, size_t *n)
{
    for (int t = 0; t < rt->tables_n; t++) {
        ProtobufCMessage *msg;
        if (rt->def->tables[t].source != topic)
            continue;
        struct err e;
        if (r->key.n == 0 ||
            (r->value.p && (!decodes(&rt->def->tables[t], rt->b.mem, r->value, &msg) || !msg_text_ok(msg, &e)))) {
            rt_count_skip("register");
            continue;
        }
        puts[(*n)++] = (struct store_put){t, r->key, r->value, 0};
    }
}

struct store_put *catchup_puts(struct runtime *rt, int source, const struct bus_rec *recs, size_t n, size_t *ret_n)
{
    struct store_put *puts = ARENA_ARRAY(rt->b.mem, struct store_put, n * (size_t)rt->tables_n + 1);
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (source == 0)
            put_fact(rt, &recs[i], puts, ret_n);
        else
            put_registry(rt, &recs[i], rt->sources[source], puts, ret_n);
    }
    return puts;
}

/* Read on in one log; *ret has next == 0 when there was nothing to apply. Past the markers of a register and what was aborted
 * there the mark moves too: who compares it with the end of the log must not think that something is missing. */
static bool read_on(struct runtime *rt, struct part *p, int source, int wait_ms, struct store_batch *ret,
                    struct err *e)
{
    struct source *s = &p->src[source];
    size_t n = 0;
    int64_t next = s->next;
    *ret = (struct store_batch){0};
    if (!rt->bus->ops->log_read(rt->bus, s->log, wait_ms, rt->log_recs, LOG_CHUNK, &n, &next, e))
        return false;
    s->next = next;
    if (n == 0 && (source == 0 || next == s->mark))
        return true;
    *ret = (struct store_batch){.part = p->id, .topic = s->topic, .prev = s->mark, .next = next};
    ret->puts = catchup_puts(rt, source, rt->log_recs, n, &ret->n);
    return true;
}

static void applied(struct runtime *rt, struct part *p, int source, const struct store_batch *b)
{
    if (b->ret == STORE_APPLIED)
        p->src[source].mark = b->next;
    else
        part_rejoin(rt, p, JOIN_STALE);
}

/* The store works on one piece while the next one is read, of this partition or of another: its answer is heard after the
 * reading. What it refused makes the partition join again, and what was read meanwhile is forgotten. */
static bool replay_source(struct runtime *rt, struct part *p, int source, struct err *e)
{
    struct store_batch b;
    if (!read_on(rt, p, source, rt->logs_dry ? REPLAY_WAIT_MS : 0, &b, e) || !txn_settle(rt, e))
        return false;
    rt->logs_gave = rt->logs_gave || b.next > 0;
    if (b.next == 0 || p->state != PART_REPLAYING)
        return true;
    if (!txn_send(rt, &b, &p, 1, e))
        return false;
    p->src[source].mark = b.next; /* believed, as after a transaction */
    return true;
}

static bool open_up(struct runtime *rt, struct part *p, struct err *e)
{
    if (p->src[0].log)
        rt->bus->ops->log_close(rt->bus, p->src[0].log);
    p->src[0].log = NULL;
    if (!rt->bus->ops->seek(rt->bus, p->id, p->position, e) || !rt->bus->ops->pause(rt->bus, p->id, false, e))
        return false;
    p->next_due_ms = rt_now(rt);
    p->looked_ms = 0;
    part_move(p, PART_OPEN);
    rt_relax(rt);
    log_line(LOG_INFO, "RT-OPEN", "partition open", "partition", log_i64(p->id), "position", log_i64(p->position), NULL);
    return true;
}

static bool replay(struct runtime *rt, struct part *p, struct err *e)
{
    bool reached = true;
    for (int i = 0; i < rt->sources_n && p->state == PART_REPLAYING; i++) {
        if (p->src[i].next >= p->src[i].target)
            continue;
        if (!replay_source(rt, p, i, e))
            return false;
        reached = reached && p->src[i].next >= p->src[i].target;
    }
    return p->state != PART_REPLAYING || !reached || open_up(rt, p, e);
}

static bool step(struct runtime *rt, struct part *p, struct err *e)
{
    if (p->state == PART_AWAY) {
        part_close_logs(rt, p);
        return true;
    }
    if (p->state == PART_OPEN)
        return true;
    rt->busy = true;
    bool ok = p->state == PART_JOINING ? txn_settle(rt, e) && join(rt, p, e) : replay(rt, p, e);
    if (!ok)
        part_rejoin(rt, p, JOIN_STORE);
    arena_reset(rt->b.mem);
    rt->bus->ops->done(rt->bus);
    return ok;
}

bool catchup_step(struct runtime *rt, struct err *e)
{
    if (rt->producer_broken) /* a transaction of unknown outcome may still be open */
        return true;
    rt->logs_gave = false;
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (!step(rt, &rt->parts[i], e))
            return false;
    rt->logs_dry = !rt->logs_gave;
    return true;
}

struct source_ref {
    struct part *part;
    int source;
};

/* Apply what arrived in the registries: one call to the store for all partitions. */
static bool follow_apply(struct runtime *rt, struct store_batch *b, const struct source_ref *at, size_t n, struct err *e)
{
    if (n == 0)
        return true;
    rt->busy = rt->b.followed = true;
    rt->followed_ms = rt_mono(rt);
    if (!rt->store->ops->apply(rt->store, b, n, e)) {
        for (size_t i = 0; i < n; i++)
            part_rejoin(rt, at[i].part, JOIN_APPLY);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        applied(rt, at[i].part, at[i].source, &b[i]);
    return true;
}

bool catchup_follow(struct runtime *rt, struct err *e)
{
    if (rt->sources_n < 2)
        return true;
    size_t cap = (size_t)rt->d.conf->partitions * (size_t)rt->sources_n, n = 0;
    struct store_batch *b = ARENA_ARRAY(rt->b.mem, struct store_batch, cap);
    struct source_ref *at = ARENA_ARRAY(rt->b.mem, struct source_ref, cap);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++) {
        struct part *p = &rt->parts[i];
        for (int s = 1; s < rt->sources_n && p->state == PART_OPEN; s++) {
            if (!read_on(rt, p, s, 0, &b[n], e)) {
                part_rejoin(rt, p, JOIN_STORE);
                return false;
            }
            at[n] = (struct source_ref){p, s};
            n += b[n].next > 0;
        }
    }
    return follow_apply(rt, b, at, n, e);
}

size_t catchup_expect(const struct runtime *rt, const struct part *p, struct store_expect *out)
{
    if (MUTANT(marks_not_checked))
        return 0;
    for (int s = 0; s < rt->sources_n; s++)
        out[s] = (struct store_expect){p->id, p->src[s].topic, p->src[s].mark};
    return (size_t)rt->sources_n;
}

bool catchup_probe(struct runtime *rt, struct err *e)
{
    int64_t now = rt_mono(rt);
    if (now - rt->probed_ms < PROBE_MS)
        return true;
    rt->probed_ms = now;
    size_t n = 0, stale = 0;
    struct store_expect *exp =
        ARENA_ARRAY(rt->b.mem, struct store_expect, (size_t)rt->d.conf->partitions * (size_t)rt->sources_n);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].state == PART_OPEN)
            n += catchup_expect(rt, &rt->parts[i], exp + n);
    if (n == 0 || rt->store->ops->read(rt->store, exp, n, NULL, 0, rt->b.mem, &stale, e))
        return true;
    if (e->cls != ERR_STALE)
        return false;
    part_rejoin(rt, part_of(rt, exp[stale].part), JOIN_STALE);
    rt->probed_ms = 0; /* there may be more */
    rt->busy = true;
    return true;
}
