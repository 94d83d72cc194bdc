/* issue.h - NotificationIssued: what the public topic says of the notices that one event changed. Pure. */
#ifndef CLINIC_NOTIFICATION_ISSUE_H
#define CLINIC_NOTIFICATION_ISSUE_H
#include "notice.h"

/* What may be said of a notice, and how the counter of notices calls it in a channel. */
#define SAID(X, channel)                                                                                              \
    X(INTENDED, channel "_intended") X(SENT, channel "_sent") X(DELIVERED, channel "_delivered")                      \
    X(FAILED, channel "_failed") X(UNKNOWN, channel "_unknown") X(SKIPPED, channel "_skipped")
enum said {
#define X(id, label) SAID_##id,
    SAID(X, "")
#undef X
    SAID_N
};

struct issue {
    const char *milestone;
    enum recipient to;
    PB(Channel) channel;
    enum said state;
    const char *cause;        /* NULL = none */
    const char *text;         /* NULL = none */
    const char *recipient_id; /* NULL = the applicant */
    uint32_t attempts;
};
/* Strings are kept until issue_publish: static, arena, or of the event. */
void issue_add(struct notice *n, const struct issue *i);
/* One event with all that was added; none when nothing was. A record per notice would cost more than the notice. */
void issue_publish(struct notice *n);
#endif
