/* attachment.h - the attachment service: its descriptor, for its program and for tests. */
#ifndef CLINIC_SERVICE_ATTACHMENT_H
#define CLINIC_SERVICE_ATTACHMENT_H
#include "runtime/svc.h"

extern const struct svc_def attachment_svc;
#endif
