/* harness.h - one tally service on the fakes, for tests of single protocol steps. */
#ifndef CLINIC_RUNTIME_HARNESS_H
#define CLINIC_RUNTIME_HARNESS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "runtime/tally_svc.h"
#include "support/sweep_impl.h"

/* A run with one member started, nothing published; batches of at most `batch_max`. */
struct sweep_run *harness_new(int32_t partitions, size_t batch_max);
/* Committed records of a topic, all partitions; the first `max` are copied to out (bytes borrowed from the log). */
size_t harness_records(struct sweep_run *r, int topic, struct bus_rec *out, size_t max);
/* Header of a record as text, "" when absent; static ring of buffers. */
const char *harness_header(const struct bus_rec *rec, const char *name);
/* Counter of a clinic in the store; -1 = absent. */
int64_t harness_used(struct sweep_run *r, const char *clinic);
/* A keyring of tests; freed by keyring_free. */
struct keyring *harness_keys(void);
/* Turn n times, whatever happens. */
void harness_turn(struct sweep_run *r, int n);
#endif
