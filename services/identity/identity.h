/* identity.h - the identity service: its descriptor, for its program and for tests. */
#ifndef CLINIC_SERVICE_IDENTITY_H
#define CLINIC_SERVICE_IDENTITY_H
#include "runtime/svc.h"

extern const struct svc_def identity_svc;
#endif
