#include "issue.h"
#include <ctype.h>

/* Label of the counter: "sms_sent", ...; a closed list, channels by states. */
static const char *label(struct arena *mem, const struct issue *i)
{
    char *s = arena_printf(mem, "%s_%s", channel_code(i->channel), i->state);
    for (char *p = s; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return s;
}

void issue_emit(struct notice *n, const struct issue *i)
{
    PB(NotificationIssued) m = CLINIC__ATTACH__V1__NOTIFICATION_ISSUED__INIT;
    const struct text *text = texts_find(n->set->texts, i->milestone, i->channel);
    m.application_id = (char *)n->application_id;
    m.milestone = (char *)i->milestone;
    m.channel = i->channel;
    m.recipient = (char *)recipient_name(i->to);
    m.state = (char *)i->state;
    m.text = (char *)(i->text ? i->text : "");
    m.template_ = text ? (char *)text->name : "";
    m.attempts = i->attempts;
    m.cause = (char *)(i->cause ? i->cause : "");
    m.at_ms = n->ev->now_ms;
    m.recipient_id = (char *)(i->recipient_id ? i->recipient_id : "");
    svc_emit(n->call, TOPIC_NOTIFICATION, bytes_str(n->person_ref), EV_NOTIFICATION_ISSUED, &m, n->application_id);
    svc_count(n->call, METRIC_NOTICES, label(n->ev->arena, i));
}
