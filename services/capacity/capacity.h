/* capacity.h - the capacity service: its descriptor, for its program and for tests. */
#ifndef CLINIC_SERVICE_CAPACITY_H
#define CLINIC_SERVICE_CAPACITY_H
#include "runtime/svc.h"

extern const struct svc_def capacity_svc;
#endif
