/* expand.h - from a request to notices by the table of milestones: texts at once, orders for SMS and e-mail. Pure. */
#ifndef CLINIC_NOTIFICATION_EXPAND_H
#define CLINIC_NOTIFICATION_EXPAND_H
#include "notice.h"

/* A copy of the request without what no notice needs (trail, findings, evidence); its personal block is the request's. */
PB(NotificationRequested) * expand_request(const struct svc_event *ev, const PB(NotificationRequested) * r);
/* Of the personal data only contacts and salutation stay in the state, sealed again: minimal data, as the record lives
 * on a topic. Nothing to do when every channel is settled, for then the request goes altogether. */
void expand_minimise(struct notice *n);
void expand_all(struct notice *n);
/* When no channel to the applicant has worked or may still work: the next one of the milestone, if any. */
void expand_fallback(struct notice *n);
#endif
