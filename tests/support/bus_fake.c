/* bus_fake.c - the operations of bus.h for one member. */
#include "support/bus_fake.h"
#include <stdio.h>
#include <stdlib.h>
#include "support/bus_fake_impl.h"

bool fake_bus_late_metadata;

static struct fake_bus *of(struct bus *b) { return (struct fake_bus *)b; }

/* Enter the call; what must not happen returns here. `fv` tells done() whether the answer arrives. */
#define ENTER(b, call, e)                                                                                            \
    struct err fault_err = {0};                                                                                      \
    enum fake_verdict fv = fake_fault_enter((b)->fault, (call), &fault_err);                                         \
    if (fv == FAKE_BEFORE) {                                                                                         \
        *(e) = fault_err;                                                                                            \
        return false;                                                                                                \
    }
#define LEAVE(e, ok) return fv == FAKE_AFTER ? (*(e) = fault_err, false) : (ok)

/* --- records given out are copies --- */
static void *hold(struct fake_bus *b, const void *p, size_t n)
{
    struct held *h = malloc(sizeof *h + n + 1);
    must(h);
    h->next = b->held;
    b->held = h;
    if (n)
        memcpy(h + 1, p, n);
    return h + 1;
}

static struct bytes held_bytes(struct fake_bus *b, struct bytes v)
{
    return v.p ? bytes_of(hold(b, v.p, v.n), v.n) : v;
}

static void give(struct fake_bus *b, const struct fake_rec *r, int topic, int32_t part, struct bus_rec *out)
{
    struct fake_rec copy = *r;
    copy.key = held_bytes(b, r->key);
    copy.value = held_bytes(b, r->value);
    copy.headers = hold(b, r->headers, r->headers_n * sizeof *r->headers);
    for (size_t i = 0; i < r->headers_n; i++) {
        copy.headers[i].name = hold(b, r->headers[i].name, strlen(r->headers[i].name) + 1);
        copy.headers[i].value = held_bytes(b, r->headers[i].value);
    }
    fake_fill(&copy, topic, part, out);
}

static void op_done(struct bus *bus)
{
    struct fake_bus *b = of(bus);
    while (b->held) {
        struct held *h = b->held;
        b->held = h->next;
        free(h);
    }
}

/* --- input --- */
static size_t fetch(struct fake_bus *b, int32_t part, struct bus_rec *out, size_t max)
{
    const struct fake_log *l = &b->c->logs[b->conf.inbox][part];
    int64_t stable = fake_stable(b->c, b->conf.inbox, part);
    size_t n = 0;
    for (; n < max && b->fetch[part] < stable; b->fetch[part]++)
        if (fake_is_visible(&l->v[b->fetch[part]]))
            give(b, &l->v[b->fetch[part]], b->conf.inbox, part, &out[n++]);
    return n;
}

static bool op_poll(struct bus *bus, int timeout_ms, struct bus_rec *out, size_t max, size_t *ret_n, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "poll", e);
    fake_group_serve(b);
    size_t n = 0;
    b->turn++;
    for (int32_t i = 0; i < b->c->partitions; i++) {
        int32_t part = (i + b->turn) % b->c->partitions;
        if (b->owned[part] && !b->paused[part])
            n += fetch(b, part, out + n, max - n);
    }
    if (n == 0)
        b->c->waited_ms += timeout_ms;
    *ret_n = n;
    LEAVE(e, true);
}

static bool not_ours(struct fake_bus *b, int32_t part, struct err *e)
{
    if (part >= 0 && part < b->c->partitions && b->owned[part])
        return false;
    err_set(e, ERR_STALE, "FAKE-NOT-OURS", "partition %d is not assigned", (int)part);
    return true;
}

static bool op_committed(struct bus *bus, int32_t part, int64_t *ret, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "committed", e);
    if (fake_txn_has_pending(b->c, b->conf.inbox, part))
        return err_set(e, ERR_RETRY, "FAKE-UNSTABLE", "offsets of an open transaction");
    *ret = b->c->groups[b->conf.inbox].committed[part];
    LEAVE(e, true);
}

static bool op_seek(struct bus *bus, int32_t part, int64_t offset, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "seek", e);
    if (not_ours(b, part, e))
        return false;
    must(offset >= 0);
    b->fetch[part] = offset;
    LEAVE(e, true);
}

static bool op_pause(struct bus *bus, int32_t part, bool paused, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "pause", e);
    if (not_ours(b, part, e))
        return false;
    b->paused[part] = paused;
    LEAVE(e, true);
}

/* --- logs --- */
struct bus_log {
    int topic;
    int32_t part;
    int64_t next;
};

static bool op_high(struct bus *bus, int topic, int32_t part, int64_t *ret, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "high", e);
    *ret = fake_end(b->c, topic, part);
    LEAVE(e, true);
}

static bool op_stable(struct bus *bus, int topic, int32_t part, int64_t *ret, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "stable", e);
    *ret = fake_stable(b->c, topic, part);
    LEAVE(e, true);
}

static bool op_log_open(struct bus *bus, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "log_open", e);
    if (from > fake_end(b->c, topic, part))
        return err_set(e, ERR_STALE, "FAKE-SHORT", "the log ends before %lld", (long long)from);
    if (fv == FAKE_AFTER) {
        *e = fault_err;
        return false;
    }
    *ret = malloc(sizeof **ret);
    must(*ret);
    **ret = (struct bus_log){topic, part, from};
    return true;
}

static bool op_log_read(struct bus *bus, struct bus_log *l, int timeout_ms, struct bus_rec *out, size_t max,
                        size_t *ret_n, int64_t *ret_next, struct err *e)
{
    struct fake_bus *b = of(bus);
    if (timeout_ms > 0) { /* following with nothing new is too frequent to be disturbed at every look */
        ENTER(b, "log_read", e);
        if (fv == FAKE_AFTER) {
            *e = fault_err;
            return false;
        }
    }
    int64_t stable = fake_stable(b->c, l->topic, l->part), end = fake_end(b->c, l->topic, l->part);
    if (l->next > end)
        return err_set(e, ERR_STALE, "FAKE-SHORT", "the log was made anew");
    size_t n = 0;
    for (; n < max && l->next < stable; l->next++)
        if (fake_is_visible(&b->c->logs[l->topic][l->part].v[l->next]))
            give(b, &b->c->logs[l->topic][l->part].v[l->next], l->topic, l->part, &out[n++]);
    if (n == 0)
        b->c->waited_ms += timeout_ms;
    *ret_n = n;
    *ret_next = l->next;
    return true;
}

static void op_log_close(struct bus *bus, struct bus_log *l)
{
    (void)bus;
    free(l);
}

/* --- transaction --- */
static bool is_fenced(struct fake_bus *b, struct err *e)
{
    if (b->epoch == b->producer->epoch)
        return false;
    b->txn = NULL; /* ended by whoever fenced it */
    err_set(e, ERR_FENCED, "BUS-FENCED", "another producer has the transactional id");
    return true;
}

static bool op_begin(struct bus *bus, struct err *e)
{
    struct fake_bus *b = of(bus);
    must(!b->txn);
    ENTER(b, "begin", e);
    if (fv == FAKE_AFTER) { /* local: it fails without effect or not at all */
        *e = fault_err;
        return false;
    }
    b->txn = b->producer->open = fake_txn_new(b->c, b->conf.inbox);
    for (int32_t p = 0; p < FAKE_PARTS; p++)
        b->ends[p] = -1;
    return true;
}

static bool is_refused(const struct fake_bus *b, const struct bus_out *o)
{
    return b->refused && o->value.p &&
           memmem(o->value.p, o->value.n, b->refused, strlen(b->refused)) != NULL;
}

static bool op_produce(struct bus *bus, const struct bus_out *o, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "produce", e);
    if (fv == FAKE_AFTER && fault_err.cls == ERR_RETRY) { /* a full queue took nothing, ever */
        *e = fault_err;
        return false;
    }
    if (is_fenced(b, e))
        return false;
    must(b->txn && o->partition >= 0);
    if (is_refused(b, o))
        return err_set(e, ERR_ABORT, BUS_RECORD_REFUSED, "produce: the broker refuses the record");
    b->txn->touched[o->topic][o->partition] = true;
    struct fake_rec *r = fake_append(b->c, o->topic, o->partition, o, b->txn);
    if (o->topic == b->conf.facts)
        b->ends[o->partition] = r->offset + 1;
    LEAVE(e, true);
}

static bool op_send_offsets(struct bus *bus, const struct bus_pos *pos, size_t n, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "send_offsets", e);
    if (is_fenced(b, e))
        return false;
    must(b->txn && n > 0);
    bool is_member = fake_group_has(b) && b->generation == b->c->groups[b->conf.inbox].generation;
    if (!is_member && !fake_bus_late_metadata)
        return err_set(e, ERR_ABORT, "FAKE-GENERATION", "illegal generation");
    for (size_t i = 0; i < n; i++)
        b->txn->pending[pos[i].partition] = pos[i].next;
    LEAVE(e, true);
}

static bool end(struct fake_bus *b, bool commit, struct err *e)
{
    if (is_fenced(b, e))
        return false;
    must(b->txn);
    if (b->txn->state == TXN_OPEN)
        fake_txn_end(b->c, b->txn, commit);
    b->txn = b->producer->open = NULL;
    return true;
}

static bool op_commit(struct bus *bus, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "commit", e);
    if (fv == FAKE_AFTER && (fault_err.cls == ERR_RETRY || fault_err.cls == ERR_ABORT)) {
        struct fake_txn *t = b->txn; /* committed; the answer says otherwise, the producer still thinks it is open */
        if (end(b, true, e)) {
            b->txn = t;
            *e = fault_err;
        }
        return false;
    }
    bool ok = end(b, true, e);
    LEAVE(e, ok);
}

static int64_t op_produced_end(struct bus *bus, int topic, int32_t part)
{
    must(topic == of(bus)->conf.facts);
    return of(bus)->ends[part];
}

static bool op_abort(struct bus *bus, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "abort", e);
    if (b->txn && b->txn->state == TXN_DONE) {
        b->txn = NULL;
        return err_set(e, ERR_UNKNOWN, "FAKE-STATE", "abort: the transaction is not open");
    }
    if (!b->txn) /* a repeat */
        return true;
    bool ok = end(b, false, e);
    LEAVE(e, ok);
}

static bool op_recreate(struct bus *bus, struct err *e)
{
    struct fake_bus *b = of(bus);
    ENTER(b, "recreate", e);
    if (b->producer->open)
        fake_txn_end(b->c, b->producer->open, false);
    b->producer->open = b->txn = NULL;
    b->epoch = ++b->producer->epoch;
    b->is_troubled = false;
    LEAVE(e, true);
}

static bool op_troubled(struct bus *bus) { return of(bus)->is_troubled; }

void fake_bus_kill(struct bus *bus)
{
    fake_group_leave(of(bus));
    op_done(bus);
    free(of(bus));
}

static void op_close(struct bus *bus)
{
    if (!bus)
        return;
    struct fake_bus *b = of(bus);
    struct err e;
    if (b->txn && !is_fenced(b, &e))
        (void)end(b, false, &e);
    fake_bus_kill(bus);
}

void fake_bus_set_troubled(struct bus *b) { of(b)->is_troubled = true; }
void fake_bus_refuse(struct bus *b, const char *text) { of(b)->refused = text; }

static const struct bus_ops ops = {
    .poll = op_poll, .done = op_done, .committed = op_committed, .seek = op_seek, .pause = op_pause, .high = op_high,
    .stable = op_stable,
    .log_open = op_log_open, .log_read = op_log_read, .log_close = op_log_close, .begin = op_begin,
    .produce = op_produce, .send_offsets = op_send_offsets, .commit = op_commit, .produced_end = op_produced_end,
    .abort = op_abort, .recreate = op_recreate, .troubled = op_troubled, .close = op_close,
};

struct bus *fake_bus_open(struct fake_cluster *c, const struct bus_conf *bc, struct fake_fault *fault)
{
    struct fake_bus *b = calloc(1, sizeof *b);
    char id[64];
    must(b);
    *b = (struct fake_bus){.bus = {&ops}, .c = c, .conf = *bc, .fault = fault, .generation = -1};
    snprintf(id, sizeof id, "%s-%s", bc->service, bc->instance);
    b->producer = fake_producer_of(c, id);
    if (b->producer->open)
        fake_txn_end(c, b->producer->open, false);
    b->producer->open = NULL;
    b->epoch = ++b->producer->epoch;
    fake_group_join(b);
    return &b->bus;
}
