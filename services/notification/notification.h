/* notification.h - the notification service: its descriptor, for its program and for tests. */
#ifndef CLINIC_SERVICE_NOTIFICATION_H
#define CLINIC_SERVICE_NOTIFICATION_H
#include "runtime/svc.h"

extern const struct svc_def notification_svc;
#endif
