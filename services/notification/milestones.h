/* milestones.h - who is told what, by which channel: the one table of notices (domain.md section 5, C-24, C-25). Pure.
 * A new notice is a row here and a template of that name.
 *
 * N-03, every change of status, by e-mail and account: of one status one letter (domain.md 4.11: application, status,
 * channel), so a status that has a milestone with a letter of its own is told by that one: REGISTERED by N-01, AWAITING_DOCUMENTS
 * by N-05, ATTACHED by N-06 and N-07 (with N-03 in the account, A-01), REFUSED by N-08. What is left is told by N-03: the
 * application withdrawn, expired, or stopped by a gate after it was registered, when the screen of N-02 may be closed long
 * since. The stages that the platform passes by itself, in less than a second, are no letters: the topic of statuses and
 * GET /v1/applications/{id} show them. */
#ifndef CLINIC_NOTIFICATION_MILESTONES_H
#define CLINIC_NOTIFICATION_MILESTONES_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "domain/pb.h"

#define PB_CHANNEL(x) CLINIC__ATTACH__V1__CHANNEL__CHANNEL_##x
#define PB_CHANNEL_N  (PB_CHANNEL(SYSTEM) + 1) /* channels, with UNSPECIFIED at 0 */
#define PB_SEND(x)    CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_##x

enum recipient { TO_APPLICANT, TO_OLD_CLINIC, TO_NEW_CLINIC, TO_INSURER, TO_TFOMS, RECIPIENT_N };

/* When a row applies. */
enum notice_when {
    NOTICE_ALWAYS,
    NOTICE_OLD_CLINIC, /* an attachment elsewhere ended */
    NOTICE_INSURER,    /* the insurer is known */
    NOTICE_GATED,      /* the outcome is GATED */
    NOTICE_FALLBACK,   /* no other channel to the applicant has worked ("at least one channel must succeed") */
};

struct notice_row {
    const char *asked;      /* milestone that was asked for */
    const char *milestone;  /* milestone of the notice: asked, or one that goes with it */
    enum recipient to;
    PB(Channel) channel;
    enum notice_when when;
};
extern const struct notice_row notice_rows[];
extern const size_t notice_rows_n;

/* The milestone a request stands for: an approval filed in person is N-07, else as asked (N-06, N-07). NULL: unknown. */
const char *milestone_of(const PB(NotificationRequested) * r);
bool milestone_known(const char *milestone);
const char *recipient_name(enum recipient r);    /* APPLICANT, OLD_CLINIC, ...; static */
/* Channels and their codes. */
#define CHANNELS(X)                                                                                                   \
    X(UNSPECIFIED, "unspecified") X(SMS, "sms") X(EMAIL, "email") X(ACCOUNT, "account") X(SCREEN, "screen")           \
    X(SYSTEM, "system")
const char *channel_code(PB(Channel) channel);   /* sms, email, account, screen, system: template and metric names */
/* Channels that a sender and a provider carry. */
bool channel_is_sent(PB(Channel) channel);
#endif
