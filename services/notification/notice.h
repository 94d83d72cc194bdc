/* notice.h - one notice (application and milestone) through its life: what was ordered, what came of it. Pure.
 * Every change of a channel goes through notice_settle, notice_retry or notice_receipt; every order through
 * notice_order, which writes the intention into the state that is committed before the sender hears of it.
 *
 * Of a channel (NoticeChannel): attempt 0 = skipped; next_at_ms != 0 = open. ordered_at_ms != 0: the attempt is with
 * the sender, next_at_ms says when it is ordered again under the same number. ordered_at_ms == 0: waits for its turn. */
#ifndef CLINIC_NOTIFICATION_NOTICE_H
#define CLINIC_NOTIFICATION_NOTICE_H
#include "clinic/attach/v1/events.pb-c.h"
#include "runtime/svc.h"
#include "settings.h"

#define NOTICE_EXPIRED "expired" /* cause of what is said no more */

enum { TABLE_NOTICE };
enum { METRIC_NOTICES, METRIC_REPEATS };

struct notice {
    const struct svc_event *ev;
    struct svc_call *call;
    const struct settings *set;
    struct bytes key;            /* table key: application_id/milestone */
    const char *application_id;
    const char *milestone;
    const char *person_ref;      /* "" when the state does not know it any more */
    PB(NoticeState) *state;      /* taken (svc_take) */
    const PB(Personal) *personal; /* opened once, when first asked for (notice_personal) */
    bool opened;
    PB(Notice) **issued;         /* what issue_publish will tell; arena */
    size_t issued_n, issued_cap;
};

/* Table key; arena. */
struct bytes notice_key(struct arena *mem, const char *application_id, const char *milestone);
/* A notice that exists, by its planned key; false = there is none. */
bool notice_open(struct notice *n, const struct svc_event *ev, struct svc_call *c, struct bytes key);
/* A new one. request: arena, stays in the state while a channel is open. */
void notice_new(struct notice *n, const struct svc_event *ev, struct svc_call *c, const char *milestone,
                PB(NotificationRequested) * request);

PB(NoticeChannel) * notice_channel(const struct notice *n, PB(Channel) channel); /* NULL = not one of this notice */
PB(NoticeChannel) * notice_add(struct notice *n, PB(Channel) channel);           /* attempt 0, settled: skipped */
void notice_order(struct notice *n, PB(NoticeChannel) * ch);                     /* the attempt of ch, now */
void notice_order_due(struct notice *n);                                         /* every attempt whose time has come */
/* The channel has its result. cause: short, no personal data; NULL = none. */
void notice_settle(struct notice *n, PB(NoticeChannel) * ch, PB(SendResult) result, const char *cause);
/* The provider did not take the attempt: another one later, or FAILED when there were enough. */
void notice_retry(struct notice *n, PB(NoticeChannel) * ch, const char *cause);
void notice_receipt(struct notice *n, PB(NoticeChannel) * ch, bool delivered, const char *cause);
/* Personal data of the request; NULL when no key of the keyring opens them any more. */
const PB(Personal) * notice_personal(struct notice *n);
bool notice_is_open(const struct notice *n); /* a channel is not settled yet */
/* It is too late: nothing is said or handed over any more. Judged by when the event was taken up. */
bool notice_is_expired(const struct notice *n);
/* Tell what changed and put the state; drops the request, with its sealed contacts, once every channel is settled. */
void notice_save(struct notice *n);

int64_t notice_due_ms(const void *state);
#endif
