/* runtime.c - the turn of the loop, its patience with errors, and the life of the runtime. */
#include "runtime/runtime_int.h"
#include <stdlib.h>
#include <time.h>

#define HOLD_MIN_MS 20
#define HOLD_MAX_MS 2000
#define REPEAT_TRIES 60
#define FOLLOWING_MS 100 /* registers had something so lately: more is on its way, */
#define FOLLOW_WAIT_MS 2 /* and records of the inbox are not waited for longer */
#define REPEAT_MS 10000

#ifdef RUNTIME_MUTATIONS
struct runtime_mutation runtime_mutation;
#endif

int64_t rt_now(const struct runtime *rt) { return rt->d.now_ms(rt->d.now_ctx); }

int64_t rt_mono(const struct runtime *rt)
{
    if (rt->d.mono_ms)
        return rt->d.mono_ms(rt->d.now_ctx);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void rt_sleep(struct runtime *rt, int ms)
{
    if (rt->d.sleep_ms) {
        rt->d.sleep_ms(rt->d.now_ctx, ms);
        return;
    }
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

void rt_hold(struct runtime *rt)
{
    rt->hold_ms = rt->hold_ms ? rt->hold_ms * 2 : HOLD_MIN_MS;
    if (rt->hold_ms > HOLD_MAX_MS)
        rt->hold_ms = HOLD_MAX_MS;
    rt->held_until = rt_mono(rt) + rt->hold_ms;
}

void rt_relax(struct runtime *rt) { rt->hold_ms = 0; }

bool rt_repeat(struct runtime *rt, struct repeat *r)
{
    if (++r->tries > REPEAT_TRIES || rt_mono(rt) - r->began_ms > REPEAT_MS)
        return false;
    rt_sleep(rt, r->tries < 5 ? 5 : r->tries < 20 ? 50 : 250);
    return true;
}

bool rt_absorb(struct runtime *rt, const char *what, struct err *e)
{
    if (e->cls == ERR_FENCED || e->cls == ERR_FATAL || e->cls == ERR_INPUT)
        return err_prefix(e, "%s", what);
    log_line(LOG_WARN, e->code[0] ? e->code : "RT-TROUBLE", e->text, "during", what, "class", err_class_name(e->cls),
             NULL);
    rt_count_retry(what);
    if (e->cls == ERR_UNKNOWN) {
        rt->producer_broken = true;
        part_rejoin_all(rt, JOIN_OUTCOME);
    }
    rt_hold(rt);
    return true;
}

static bool rt_is_held(const struct runtime *rt) { return rt_mono(rt) < rt->held_until; }

static int64_t earlier(int64_t a, int64_t b) { return b < a ? b : a; }

/* How long the poll may wait when there is nothing to do: not past due work, nor past the end of a back-off, nor
 * for a load of registers to go by, a piece with every turn. */
static int idle_wait(const struct runtime *rt, int max_wait_ms)
{
    int64_t wait = max_wait_ms, now = rt_now(rt);
    bool held = rt_is_held(rt);
    for (int32_t i = 0; i < rt->d.conf->partitions; i++) {
        const struct part *p = &rt->parts[i];
        if (!held && (p->state == PART_JOINING || p->state == PART_REPLAYING))
            return 0;
        if (p->state == PART_OPEN && p->next_due_ms)
            wait = earlier(wait, p->next_due_ms > now ? p->next_due_ms - now : rt->d.conf->tick_ms);
    }
    if (held)
        wait = earlier(wait, rt->held_until - rt_mono(rt));
    else if (rt->followed_ms && rt_mono(rt) - rt->followed_ms < FOLLOWING_MS)
        wait = earlier(wait, FOLLOW_WAIT_MS);
    return wait > 0 ? (int)wait : 0;
}

/* The work of a turn, in the order that the commit protocol needs it. A back-off stops only what asks the servers for
 * something new: the partitions it concerns are paused, the group is served all the same. */
static bool turn_work(struct runtime *rt, int max_wait_ms, const char **doing, struct err *e)
{
    bool held = rt_is_held(rt);
    *doing = "recreate";
    if (!held && rt->producer_broken && !txn_mend(rt, e))
        return false;
    *doing = "catch-up";
    if (!held && !catchup_step(rt, e))
        return false;
    *doing = "poll";
    if (!batch_gather(rt, idle_wait(rt, max_wait_ms), e))
        return false;
    *doing = "apply";
    if (!txn_settle(rt, e))
        return false;
    *doing = "registers";
    if (!catchup_follow(rt, e))
        return false;
    *doing = "due work";
    if (!batch_build(rt, e))
        return false;
    *doing = "batch";
    if (rt->b.n > 0)
        return batch_run(rt, e);
    *doing = "probe";
    return catchup_probe(rt, e);
}

bool runtime_turn(struct runtime *rt, int max_wait_ms, struct err *e)
{
    struct err why = {0};
    const char *doing = "";
    rt->busy = false;
    bool ok = turn_work(rt, max_wait_ms, &doing, &why);
    if (!ok) {
        batch_give_back(rt);
        rt->busy = true;
    }
    batch_drop(rt);
    if (rt->outside_range)
        return err_set(e, ERR_FATAL, "RT-PARTITIONS", "the inbox has more partitions than topics.partitions says");
    if (ok || rt_absorb(rt, doing, &why))
        return true;
    *e = why;
    return false;
}

bool runtime_is_ready(const struct runtime *rt)
{
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (rt->parts[i].state == PART_JOINING || rt->parts[i].state == PART_REPLAYING)
            return false;
    return rt->had_assignment && !rt->producer_broken;
}

bool runtime_is_idle(const struct runtime *rt)
{
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        if (part_wants_due(rt, &rt->parts[i]))
            return false;
    return runtime_is_ready(rt) && !rt->busy;
}

static void index_tables(struct runtime *rt)
{
    const struct svc_def *def = rt->def;
    rt->sources[rt->sources_n++] = def->facts;
    for (; def->tables[rt->tables_n].name; rt->tables_n++) {
        must(rt->tables_n < TABLES_MAX);
        int topic = def->tables[rt->tables_n].source, known = topic < 0;
        for (int s = 0; s < rt->sources_n && !known; s++)
            known = rt->sources[s] == topic;
        if (!known) {
            must(rt->sources_n < SOURCES_MAX);
            rt->sources[rt->sources_n++] = topic;
        }
    }
}

static void index_handlers(struct runtime *rt)
{
    for (const struct svc_handler *h = rt->def->handlers; h->handle; h++) {
        if (h->due_table >= 0) {
            must(h->due_table < rt->tables_n && rt->def->tables[h->due_table].source < 0);
            rt->due_row[h->due_table] = h;
        } else {
            must(h->type < EV_N && !rt->row_of[h->type]);
            rt->row_of[h->type] = h;
        }
    }
}

struct runtime *runtime_new(const struct runtime_deps *d)
{
    struct runtime *rt = calloc(1, sizeof *rt);
    must(rt && d->conf->partitions > 0 && d->conf->batch_max_records > 0);
    rt->d = *d;
    rt->def = d->def;
    rt->limit = d->conf->batch_max_records;
    index_tables(rt);
    index_handlers(rt);
    rt->parts = calloc((size_t)d->conf->partitions, sizeof *rt->parts);
    must(rt->parts);
    for (int32_t i = 0; i < d->conf->partitions; i++)
        rt->parts[i] = (struct part){.id = i, .failed_offset = -1};
    rt->pending = calloc((size_t)d->conf->partitions, sizeof *rt->pending);
    rt->pending_ret = calloc((size_t)d->conf->partitions, sizeof *rt->pending_ret);
    must(rt->pending && rt->pending_ret);
    rt->log_recs = calloc(LOG_CHUNK, sizeof *rt->log_recs);
    must(rt->log_recs);
    batch_init(rt);
    rt_metrics_init(rt);
    return rt;
}

struct bus_listener runtime_listener(struct runtime *rt)
{
    return (struct bus_listener){.assigned = part_assigned, .revoked = part_revoked, .ctx = rt};
}

void runtime_start(struct runtime *rt, struct bus *b, struct store *s)
{
    rt->bus = b;
    rt->store = s;
    /* Made in the first turn, not with the first record: missing rights show before the service says it is ready, and
     * what a dead predecessor left open is ended before its facts are read. */
    rt->producer_broken = true;
}

void runtime_free(struct runtime *rt)
{
    if (!rt)
        return;
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        part_close_logs(rt, &rt->parts[i]);
    batch_fini(rt);
    free(rt->log_recs);
    free(rt->pending);
    free(rt->pending_ret);
    free(rt->parts);
    free(rt);
}
