#include "issue.h"

#define STATE(id, label) [SAID_##id] = #id,
#define LABEL(id, label) [SAID_##id] = label,
#define LABELS(id, code) [PB_CHANNEL(id)] = {SAID(LABEL, code)},
static const char *const states[SAID_N] = {SAID(STATE, "")};
static const char *const labels[PB_CHANNEL_N][SAID_N] = {CHANNELS(LABELS)};

static PB(Notice) * *room(struct notice *n)
{
    if (n->issued_n == n->issued_cap) {
        n->issued_cap = n->issued_cap ? n->issued_cap * 2 : 8;
        PB(Notice) **all = ARENA_ARRAY(n->ev->arena, PB(Notice) *, n->issued_cap);
        for (size_t i = 0; i < n->issued_n; i++)
            all[i] = n->issued[i];
        n->issued = all;
    }
    return &n->issued[n->issued_n++];
}

void issue_add(struct notice *n, const struct issue *i)
{
    PB(Notice) *m = ARENA_NEW(n->ev->arena, PB(Notice));
    const struct text *text = texts_find(n->set->texts, i->milestone, i->channel);
    clinic__attach__v1__notice__init(m);
    m->milestone = (char *)i->milestone;
    m->channel = i->channel;
    m->recipient = (char *)recipient_name(i->to);
    m->state = (char *)states[i->state];
    m->text = (char *)(i->text ? i->text : "");
    m->template_ = text ? (char *)text->name : "";
    m->attempts = i->attempts;
    m->cause = (char *)(i->cause ? i->cause : "");
    m->recipient_id = (char *)(i->recipient_id ? i->recipient_id : "");
    *room(n) = m;
    svc_count(n->call, METRIC_NOTICES, labels[i->channel][i->state]);
}

void issue_publish(struct notice *n)
{
    PB(NotificationIssued) m = CLINIC__ATTACH__V1__NOTIFICATION_ISSUED__INIT;
    if (n->issued_n == 0)
        return;
    m.application_id = (char *)n->application_id;
    m.at_ms = n->ev->now_ms;
    m.notices = n->issued;
    m.n_notices = n->issued_n;
    svc_emit(n->call, TOPIC_NOTIFICATION, bytes_str(n->person_ref), EV_NOTIFICATION_ISSUED, &m, n->application_id);
    n->issued_n = 0;
}
