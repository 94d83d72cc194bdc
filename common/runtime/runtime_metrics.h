/* runtime_metrics.h - the one list of the runtime's metrics, for registration and for --describe. */
#ifndef CLINIC_RUNTIME_METRICS_H
#define CLINIC_RUNTIME_METRICS_H
#include "base/metric.h"

#define RT_METRICS(X)                                                                                                \
    X(CONSUMED, COUNTER, "clinic_events_consumed_total", "outcome", "Inputs decided and committed: done, rejected, due") \
    X(PRODUCED, COUNTER, "clinic_records_produced_total", NULL, "Facts, events and dead letters committed")           \
    X(PROCESSING, HISTOGRAM, "clinic_event_processing_seconds", NULL, "From the first record of a batch to its end")  \
    X(AGE, HISTOGRAM, "clinic_event_age_seconds", NULL, "Age of an input when its effects were committed")            \
    X(DLQ, COUNTER, "clinic_dlq_messages_total", "reason", "Records sent to the dead-letter topic")                   \
    X(TRANSACTIONS, COUNTER, "clinic_transactions_total", "result", "committed, aborted, unknown, recreated")         \
    X(BATCH, GAUGE, "clinic_batch_records", NULL, "Records per transaction, moving average")                          \
    X(ASSIGNED, GAUGE, "clinic_partitions_assigned", NULL, "Partitions of the inbox that this process owns")          \
    X(CATCHUPS, COUNTER, "clinic_catchups_total", "cause", "Partitions brought to the present")                       \
    X(RETRIES, COUNTER, "clinic_retries_total", "step", "Calls repeated or put off")                                  \
    X(SKIPPED, COUNTER, "clinic_log_records_skipped_total", "log", "Facts or register records that could not be used")
enum {
#define X(id, kind, name, label, help) RT_##id,
    RT_METRICS(X)
#undef X
    RT_METRICS_N
};
extern const struct metric_row rt_metrics[];   /* ended by .name == NULL */
extern const struct metric_row build_metric[]; /* one row, ended likewise: of every program */
#endif
