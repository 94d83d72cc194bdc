/* metric_impl.h - what metric.c (values) and metric_text.c (exposition) share. */
#ifndef CLINIC_METRIC_IMPL_H
#define CLINIC_METRIC_IMPL_H
#include <stdatomic.h>
#include "base/metric.h"

#define METRIC_MAX 256
#define METRIC_SERIES 64
#define METRIC_BOUNDS 15
#define METRIC_OTHER "other" /* label value of what came after the last slot */

struct series {
    char *label_value;
    _Atomic double value;                             /* counter, gauge; sum of a histogram */
    _Atomic uint64_t buckets[METRIC_BOUNDS + 1];      /* of a histogram, not cumulative; last = beyond every bound */
};
struct metric {
    enum metric_kind kind;
    char *name, *label, *help;                        /* label NULL = none */
    _Atomic(struct series *) series[METRIC_SERIES];   /* filled from the front */
};

extern const double metric_bounds[METRIC_BOUNDS];     /* upper bounds, seconds */
size_t metric_count(void);
struct metric *metric_at(size_t i);
void metric_series_free(struct series *s);
#endif
