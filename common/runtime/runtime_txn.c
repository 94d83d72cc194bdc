/* runtime_txn.c - one transaction: begin, produce, send offsets, commit; then the store. Error classes decide, text
 * never does (kafka.md section 4, steps 6 to 14). */
#include "runtime/runtime_int.h"

#define ABORT_WITHIN_MS 5000 /* a transaction in trouble for longer is ended by the next producer, without more waiting */
#define SLOW_COMMIT_MS 2000 /* a commit that took longer may have been delayed in the network: recreate afterwards */

static bool step_begin(struct runtime *rt, struct err *e) { return rt->bus->ops->begin(rt->bus, e); }

static bool step_produce(struct runtime *rt, struct err *e)
{
    struct batch *b = &rt->b;
    bool ok = true;
    for (; ok && b->produced < b->outs_n; b->produced += ok) {
        struct bus_out out = outs_make(rt, b->produced);
        ok = rt->bus->ops->produce(rt->bus, &out, e);
        batch_forget(rt);
    }
    return ok;
}

static bool step_offsets(struct runtime *rt, struct err *e)
{
    if (MUTANT(commit_without_offsets))
        return true;
    return rt->bus->ops->send_offsets(rt->bus, rt->b.offsets, rt->b.offsets_n, e);
}

static bool step_commit(struct runtime *rt, struct err *e)
{
    int64_t began = rt_mono(rt);
    bool ok = rt->bus->ops->commit(rt->bus, e);
    if (rt_mono(rt) - began > SLOW_COMMIT_MS)
        rt->producer_broken = true;
    return ok;
}

static const struct txn_step {
    const char *name;
    bool (*run)(struct runtime *rt, struct err *e);
} steps[] = {{"begin", step_begin}, {"produce", step_produce}, {"send_offsets", step_offsets}, {"commit", step_commit}};
enum { STEP_BEGIN, STEP_PRODUCE, STEP_OFFSETS, STEP_COMMIT, STEPS };

bool txn_mend(struct runtime *rt, struct err *e)
{
    if (!rt->bus->ops->recreate(rt->bus, e)) {
        rt->producer_broken = true;
        part_rejoin_all(rt, JOIN_OUTCOME);
        return false;
    }
    rt->producer_broken = false;
    rt_count_txn("recreated");
    return true;
}

/* The same call while it may be repeated. A full queue repeats quietly; else a repeat near a transaction is a reason to
 * recreate the producer before the next one. */
static bool patiently(struct runtime *rt, int step, struct err *e)
{
    struct repeat r = {.began_ms = rt_mono(rt)};
    while (!steps[step].run(rt, e)) {
        if (e->cls != ERR_RETRY)
            return false;
        rt_count_retry(steps[step].name);
        if (step >= STEP_OFFSETS)
            rt->producer_broken = true;
        if (!rt_repeat(rt, &r))
            return false;
    }
    return true;
}

static enum txn_result unknown(struct runtime *rt, const char *step, const struct err *e)
{
    rt_count_txn("unknown");
    log_line(LOG_WARN, "RT-UNKNOWN", e->text, "step", step, "code", e->code, NULL);
    rt->producer_broken = true;
    if (MUTANT(unknown_is_committed) && strcmp(step, "commit") == 0)
        return TXN_COMMITTED;
    return TXN_UNKNOWN;
}

static enum txn_result give_up(struct runtime *rt, int step, const struct err *why, struct err *e)
{
    struct repeat r = {.began_ms = rt_mono(rt)};
    struct err ae = {0};
    if (r.began_ms - rt->b.txn_ms > ABORT_WITHIN_MS)
        return unknown(rt, steps[step].name, why);
    while (!rt->bus->ops->abort(rt->bus, &ae)) {
        if (ae.cls == ERR_FENCED || ae.cls == ERR_FATAL) {
            *e = ae;
            return TXN_END;
        }
        if (ae.cls != ERR_RETRY || !rt_repeat(rt, &r))
            return unknown(rt, "abort", &ae);
    }
    rt_count_txn("aborted");
    log_line(LOG_WARN, "RT-ABORTED", why->text, "step", steps[step].name, "code", why->code, NULL);
    if (step == STEP_COMMIT)
        rt->producer_broken = true;
    return step == STEP_COMMIT ? TXN_DOUBTFUL : TXN_ABORTED;
}

static enum txn_result classify(struct runtime *rt, int step, struct err *e)
{
    struct err why = *e;
    switch (e->cls) {
    case ERR_FENCED:
    case ERR_FATAL:
        return TXN_END;
    case ERR_RETRY: /* still, after the deadline */
        if (step == STEP_COMMIT || step == STEP_BEGIN)
            return unknown(rt, steps[step].name, &why);
        return give_up(rt, step, &why, e);
    case ERR_ABORT:
    case ERR_STALE:
    case ERR_INPUT:
        if (step == STEP_BEGIN)
            return unknown(rt, steps[step].name, &why);
        return give_up(rt, step, &why, e);
    case ERR_UNKNOWN:
    case ERR_NONE:
        break;
    }
    return unknown(rt, steps[step].name, &why);
}

enum txn_result txn_run(struct runtime *rt, struct err *e)
{
    if ((rt->producer_broken || rt->bus->ops->troubled(rt->bus)) && !txn_mend(rt, e))
        return TXN_NOT_BEGUN;
    rt->b.txn_ms = rt_mono(rt);
    for (int i = 0; i < STEPS; i++) {
        if (i == STEP_COMMIT && MUTANT(apply_before_commit) && !txn_apply(rt, e))
            return classify(rt, i, e);
        if (!patiently(rt, i, e))
            return classify(rt, i, e);
    }
    rt->ended_ms = rt_mono(rt);
    rt_count_txn("committed");
    return TXN_COMMITTED;
}

static void apply_positions(struct runtime *rt)
{
    struct batch *b = &rt->b;
    for (size_t i = 0; i < b->applies_n; i++) {
        struct source *s = &b->applies_to[i]->src[0];
        b->applies[i].prev = s->mark;
        b->applies[i].next = rt->bus->ops->produced_end(rt->bus, s->topic, b->applies[i].part);
        must(b->applies[i].next > s->mark || MUTANT(apply_before_commit));
    }
}

bool txn_send(struct runtime *rt, struct store_batch *batches, struct part *const *to, size_t n, struct err *e)
{
    must(rt->pending_n == 0);
    bool ok = rt->store->ops->apply_begin(rt->store, batches, n, e);
    for (size_t i = 0; i < n; i++)
        if (ok)
            rt->pending[rt->pending_n++] = (struct pending){to[i], to[i]->epoch};
        else
            part_rejoin(rt, to[i], JOIN_APPLY);
    return ok;
}

/* Facts of a committed transaction into the store, chained. What goes wrong here costs a catch-up and loses nothing:
 * the facts are in the log. The marks are believed at once: nothing is read before txn_settle. */
bool txn_apply(struct runtime *rt, struct err *e)
{
    struct batch *b = &rt->b;
    if (b->applies_n == 0)
        return true;
    if (!txn_settle(rt, e))
        return false;
    apply_positions(rt);
    if (!txn_send(rt, b->applies, b->applies_to, b->applies_n, e))
        return false;
    for (size_t i = 0; i < b->applies_n; i++) {
        struct source *s = &b->applies_to[i]->src[0];
        s->mark = s->next = b->applies[i].next;
    }
    return true;
}

/* A partition that was given up, or made to rejoin, meanwhile asks the store itself where it stands. */
bool txn_settle(struct runtime *rt, struct err *e)
{
    size_t n = rt->pending_n;
    if (n == 0)
        return true;
    rt->pending_n = 0;
    bool ok = rt->store->ops->apply_end(rt->store, rt->pending_ret, n, e);
    for (size_t i = 0; i < n; i++)
        if ((!ok || rt->pending_ret[i] == STORE_GAP) && rt->pending[i].part->epoch == rt->pending[i].epoch)
            part_rejoin(rt, rt->pending[i].part, JOIN_APPLY);
    return ok;
}
