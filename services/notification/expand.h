/* expand.h - from a request to notices by the table of milestones: texts at once, orders for SMS and e-mail. Pure. */
#ifndef CLINIC_NOTIFICATION_EXPAND_H
#define CLINIC_NOTIFICATION_EXPAND_H
#include "notice.h"

/* A copy of the request with no more than a notice needs: the trail is gone, and of the personal data only contacts and
 * salutation are left, sealed again. ERR_INPUT: the sealed block does not open. */
bool expand_request(const struct svc_event *ev, struct svc_call *c, const PB(NotificationRequested) * r,
                    PB(NotificationRequested) * *ret, struct err *e) MUST_CHECK;
void expand_all(struct notice *n);
/* When no channel to the applicant has worked or may still work: the next one of the milestone, if any. */
void expand_fallback(struct notice *n);
#endif
