/* metric.h - counters, gauges and histograms in Prometheus text format. Registration at start, updates from any
 * thread without locks (atomics). Labels have closed value lists: a series is created at first use, at most 64 per metric.
 * Names: clinic_<what>_<unit>_total etc. (ecosystem B8). */
#ifndef CLINIC_METRIC_H
#define CLINIC_METRIC_H
#include <stddef.h>
#include <stdint.h>

struct metric;
enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* gives (process lifetime). label may be NULL. Histogram buckets are seconds, 1 ms to 60 s. */
struct metric *metric_new(enum metric_kind kind, const char *name, const char *label, const char *help);
/* A metric by its row in a table: tables are what --describe and deploy/reference.md list. */
struct metric_row {
    enum metric_kind kind;
    const char *name, *label, *help; /* name NULL ends a table; label may be NULL */
};
struct metric *metric_of(const struct metric_row *r);
void metric_add(struct metric *m, const char *label_value, double v);     /* counter, gauge */
void metric_set(struct metric *m, const char *label_value, double v);     /* gauge */
void metric_observe(struct metric *m, const char *label_value, double s); /* histogram */
/* Render all into a malloc'd text; gives. Adds process_* (resident memory, CPU seconds, start time). */
char *metric_render(size_t *ret_n);
#endif
