/* policy.h - the policy service: its descriptor, for its program and for tests. */
#ifndef CLINIC_SERVICE_POLICY_H
#define CLINIC_SERVICE_POLICY_H
#include "runtime/svc.h"

extern const struct svc_def policy_svc;
#endif
