/* runtime_metrics.c - what an operator may want to know of the runtime: one table, registered once per process. */
#include "runtime/runtime_int.h"
#include "runtime/runtime_metrics.h"

const struct metric_row build_metric[] = {{METRIC_GAUGE, "clinic_build_info", "version", "1, labelled with the version"}, {0}};
const struct metric_row rt_metrics[RT_METRICS_N + 1] = {
#define X(id, kind, name, label, help) [RT_##id] = {METRIC_##kind, name, label, help},
    RT_METRICS(X)
#undef X
};

static struct metric *made[RT_METRICS_N];

#define DEFS_MAX 16 /* services of one process: one, but for tests that run all of them */
static struct {
    const struct svc_def *def;
    struct metric *counters[32];
} services[DEFS_MAX];

static struct metric *const *counters_of(const struct svc_def *def)
{
    for (int i = 0; i < DEFS_MAX; i++) {
        if (services[i].def == def)
            return services[i].counters;
        if (services[i].def)
            continue;
        services[i].def = def;
        for (int m = 0; def->metrics && def->metrics[m].name; m++) {
            must(m < 32);
            services[i].counters[m] =
                metric_new(METRIC_COUNTER, def->metrics[m].name, def->metrics[m].label, def->metrics[m].help);
        }
        return services[i].counters;
    }
    return NULL;
}

void rt_metrics_init(struct runtime *rt)
{
    for (int i = 0; i < RT_METRICS_N && !made[i]; i++)
        made[i] = metric_of(&rt_metrics[i]);
    rt->counters = counters_of(rt->def);
}

void rt_count_txn(const char *result) { metric_add(made[RT_TRANSACTIONS], result, 1); }
void rt_count_retry(const char *what) { metric_add(made[RT_RETRIES], what, 1); }
void rt_count_skip(const char *what) { metric_add(made[RT_SKIPPED], what, 1); }

void rt_count_assigned(const struct runtime *rt)
{
    int n = 0;
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        n += rt->parts[i].state != PART_AWAY;
    metric_set(made[RT_ASSIGNED], NULL, n);
}

void rt_count_join(enum join_cause c)
{
    static const char *const names[JOIN_CAUSES] = {"assigned", "stale", "store", "apply", "outcome"};
    metric_add(made[RT_CATCHUPS], names[c], 1);
}

static void count_item(const struct item *it, int64_t now_ms, size_t *done, size_t *due)
{
    if (it->verdict.rejected)
        metric_add(made[RT_DLQ], svc_reject_name(it->verdict.reason), 1);
    if (!it->rec) {
        *due += !it->skipped;
        return;
    }
    metric_observe(made[RT_AGE], NULL, (double)(now_ms - it->now_ms) / 1000.0);
    if (!it->verdict.rejected)
        ++*done;
}

void rt_count_batch(struct runtime *rt)
{
    const struct batch *b = &rt->b;
    size_t done = 0, due = 0;
    int64_t now = rt_now(rt);
    for (size_t i = 0; i < b->n; i++)
        count_item(&b->items[i], now, &done, &due);
    metric_add(made[RT_CONSUMED], "done", (double)done);
    metric_add(made[RT_CONSUMED], "rejected", (double)(b->due_first - done));
    metric_add(made[RT_CONSUMED], "due", (double)due);
    metric_add(made[RT_PRODUCED], NULL, (double)b->outs_n);
    metric_set(made[RT_BATCH], NULL, rt->usual_n);
    metric_observe(made[RT_PROCESSING], NULL, (double)(rt_mono(rt) - b->began_ms) / 1000.0);
    for (uint32_t i = 0; i < b->counts.n; i++)
        if (rt->counters)
            metric_add(rt->counters[LIST_AT(&b->counts, i)->metric], LIST_AT(&b->counts, i)->label, 1);
}
