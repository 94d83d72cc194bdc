#include "base/metric.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/metric_impl.h"

static struct metric *metrics[METRIC_MAX];
static atomic_size_t metrics_n;
static pthread_mutex_t metrics_lock = PTHREAD_MUTEX_INITIALIZER; /* registration only */

const double metric_bounds[METRIC_BOUNDS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                             0.5,   1,      2.5,   5,    10,    30,   60};

size_t metric_count(void) { return atomic_load_explicit(&metrics_n, memory_order_acquire); }

struct metric *metric_at(size_t i) { return metrics[i]; }

static struct metric *find_metric(const char *name)
{
    for (size_t i = 0; i < metric_count(); i++)
        if (strcmp(metrics[i]->name, name) == 0)
            return metrics[i];
    return NULL;
}

static struct series *new_series(const char *label_value)
{
    struct series *s = calloc(1, sizeof *s);
    must(s);
    s->label_value = strdup(label_value);
    must(s->label_value);
    return s;
}

static struct metric *make_metric(enum metric_kind kind, const char *name, const char *label, const char *help)
{
    struct metric *m = calloc(1, sizeof *m);
    must(m && metric_count() < METRIC_MAX);
    m->kind = kind;
    m->name = strdup(name);
    m->label = label ? strdup(label) : NULL;
    m->help = strdup(help);
    must(m->name && m->help && (!label || m->label));
    if (!label) /* shown from the start with value 0 */
        atomic_store(&m->series[0], new_series(""));
    return m;
}

struct metric *metric_new(enum metric_kind kind, const char *name, const char *label, const char *help)
{
    pthread_mutex_lock(&metrics_lock);
    struct metric *m = find_metric(name);
    if (!m) {
        m = make_metric(kind, name, label, help);
        metrics[metric_count()] = m;
        atomic_fetch_add_explicit(&metrics_n, 1, memory_order_release);
    }
    pthread_mutex_unlock(&metrics_lock);
    must(m->kind == kind && (label ? m->label && strcmp(m->label, label) == 0 : !m->label));
    return m;
}

struct metric *metric_of(const struct metric_row *r) { return metric_new(r->kind, r->name, r->label, r->help); }

/* Slots fill from the front and are never emptied; who loses the race for a slot looks at it again. Values beyond the
 * last slot share it under METRIC_OTHER, so that a label with open values cannot eat the memory. */
static struct series *series_of(struct metric *m, const char *label_value)
{
    const char *want = label_value && m->label ? label_value : "";
    struct series *made = NULL;
    for (size_t i = 0; i < METRIC_SERIES;) {
        struct series *s = atomic_load_explicit(&m->series[i], memory_order_acquire);
        if (s && (strcmp(s->label_value, want) == 0 || i == METRIC_SERIES - 1)) {
            metric_series_free(made);
            return s;
        }
        if (s) {
            i++;
            continue;
        }
        if (!made)
            made = new_series(i == METRIC_SERIES - 1 ? METRIC_OTHER : want);
        if (atomic_compare_exchange_strong(&m->series[i], &s, made))
            return made;
    }
    must(!"the last slot answers for every value");
    return NULL;
}

void metric_series_free(struct series *s)
{
    if (!s)
        return;
    free(s->label_value);
    free(s);
}

static void add_double(_Atomic double *to, double v)
{
    double old = atomic_load_explicit(to, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(to, &old, old + v, memory_order_relaxed, memory_order_relaxed))
        ;
}

void metric_add(struct metric *m, const char *label_value, double v)
{
    must(m->kind != METRIC_HISTOGRAM && (m->kind == METRIC_GAUGE || v >= 0));
    add_double(&series_of(m, label_value)->value, v);
}

void metric_set(struct metric *m, const char *label_value, double v)
{
    must(m->kind == METRIC_GAUGE);
    atomic_store_explicit(&series_of(m, label_value)->value, v, memory_order_relaxed);
}

void metric_observe(struct metric *m, const char *label_value, double s)
{
    must(m->kind == METRIC_HISTOGRAM);
    struct series *to = series_of(m, label_value);
    size_t i = 0;
    while (i < METRIC_BOUNDS && !(s <= metric_bounds[i]))
        i++;
    atomic_fetch_add_explicit(&to->buckets[i], 1, memory_order_relaxed);
    add_double(&to->value, s);
}
