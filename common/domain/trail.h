/* trail.h - the stages that an application has passed, on its case and in its state. Pure.
 * Memory: new arrays and steps in the arena; what was there is shared, never changed. */
#ifndef CLINIC_TRAIL_H
#define CLINIC_TRAIL_H
#include "base/arena.h"
#include "domain/pb.h"

/* *trail becomes a longer copy that ends with this step. at_ms: UTC. */
void trail_add(struct arena *mem, PB(Step) ***trail, size_t *n, PB(Status) status, int64_t at_ms);
/* A shallow copy of the case with one more step. */
PB(Case) *trail_case(struct arena *mem, const PB(Case) *k, PB(Status) status, int64_t at_ms);
#endif
