/* outgoing.h - an order made into what a provider takes: the contacts are opened, the template is filled. Pure. */
#ifndef CLINIC_NOTIFICATION_OUTGOING_H
#define CLINIC_NOTIFICATION_OUTGOING_H
#include "clinic/attach/v1/events.pb-c.h"
#include "settings.h"

struct outgoing {
    const char *id;      /* "<application>.<milestone>": the same for every attempt */
    const char *to;      /* address, or +7XXXXXXXXXX */
    const char *from;    /* SMS: sender's name of the region's rules */
    const char *subject; /* e-mail */
    const char *text;
    int utc_offset_min;  /* of the region */
    int64_t now_ms;
};

/* What came of an attempt. */
struct outcome {
    PB(SendResult) result;
    char provider_id[68]; /* "" = none */
    char cause[64];       /* short, no personal data; "" = none */
};
struct outcome outcome_of(PB(SendResult) result, const char *cause);
struct outcome outcome_code(PB(SendResult) result, const char *what, long code); /* cause "<what>_<code>" */

/* arena. ERR_INPUT: the contacts cannot be opened, or are not there: e->code is the cause to report. */
bool outgoing_of(const struct settings *set, const PB(NotificationOrder) * order, int64_t now_ms, struct arena *mem,
                 struct outgoing *ret, struct err *e) MUST_CHECK;
#endif
