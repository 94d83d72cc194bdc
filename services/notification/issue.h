/* issue.h - NotificationIssued: what the public topic says of one notice on one channel. Pure. */
#ifndef CLINIC_NOTIFICATION_ISSUE_H
#define CLINIC_NOTIFICATION_ISSUE_H
#include "notice.h"

struct issue {
    const char *milestone;
    enum recipient to;
    PB(Channel) channel;
    const char *state;        /* INTENDED, SENT, DELIVERED, FAILED, UNKNOWN, SKIPPED */
    const char *cause;        /* NULL = none */
    const char *text;         /* NULL = none */
    const char *recipient_id; /* NULL = the applicant */
    uint32_t attempts;
};
void issue_emit(struct notice *n, const struct issue *i);
#endif
