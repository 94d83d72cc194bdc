/* values.h - what a notice says: the values of its template's names, from what was requested. Pure.
 * The same function fills the account texts in the handler and the letters in the sender. */
#ifndef CLINIC_NOTIFICATION_VALUES_H
#define CLINIC_NOTIFICATION_VALUES_H
#include "settings.h"

struct value_ctx {
    const struct settings *set;
    const PB(NotificationRequested) * request;
    const PB(Personal) * personal; /* NULL: private values stay empty */
    int64_t now_ms;                /* date of the notice, UTC */
    bool names_complaint;          /* a text to be filled says where to complain; else that value stays empty */
};
/* ret: NOTICE_VALUE_N strings, arena; never NULL. */
void notice_values(const struct value_ctx *v, struct arena *mem, const char *ret[NOTICE_VALUE_N]);
#endif
