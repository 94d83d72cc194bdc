/* sender.h - the outbound side of notification: orders in, mail and SMS out, reports and receipts back. */
#ifndef CLINIC_NOTIFICATION_SENDER_H
#define CLINIC_NOTIFICATION_SENDER_H
#include "runtime/svc.h"

extern const struct svc_outbound_ops sender_ops;
#endif
