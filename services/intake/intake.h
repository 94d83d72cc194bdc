/* intake.h - the intake service: its descriptor, for its program and for tests. */
#ifndef CLINIC_SERVICE_INTAKE_H
#define CLINIC_SERVICE_INTAKE_H
#include "runtime/svc.h"

extern const struct svc_def intake_svc;
#endif
