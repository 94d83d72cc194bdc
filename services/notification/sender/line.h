/* line.h - a provider that takes one message at a time: SMTP, HTTP. One object per thread. */
#ifndef CLINIC_NOTIFICATION_LINE_H
#define CLINIC_NOTIFICATION_LINE_H
#include "base/conf.h"
#include "outgoing.h"

struct line;
struct line_ops {
    bool (*open)(const struct conf *c, struct line **ret, struct err *e); /* gives; no connection yet */
    /* The provider can be reached and lets us in. Asked before an order is claimed: an outage uses up no attempt. */
    bool (*ready)(struct line *l, struct err *e);
    struct outcome (*send)(struct line *l, const struct outgoing *out, struct arena *mem);
    void (*close)(struct line *l); /* NULL is fine */
};
extern const struct line_ops smtp_line;
extern const struct line_ops sms_http_line;
#endif
