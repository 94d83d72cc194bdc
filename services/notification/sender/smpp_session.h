/* smpp_session.h - SMS over one SMPP 3.4 transceiver: bind, a window of submits, link tests, receipts. One thread. */
#ifndef CLINIC_NOTIFICATION_SMPP_SESSION_H
#define CLINIC_NOTIFICATION_SMPP_SESSION_H
#include "base/conf.h"
#include "lane.h"

struct smpp_session;
struct smpp_session *smpp_session_new(const struct conf *c, struct lane *l); /* gives; keeps both */
/* Binds again and again until the lane stops; then waits for answers on their way, and unbinds. */
void smpp_session_run(struct smpp_session *s);
void smpp_session_free(struct smpp_session *s);
#endif
