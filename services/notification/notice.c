#include "notice.h"
#include <string.h>
#include "issue.h"

struct bytes notice_key(struct arena *mem, const char *application_id, const char *milestone)
{
    return bytes_str(ARENA_CAT(mem, application_id, "/", milestone));
}

PB(NoticeChannel) * notice_channel(const struct notice *n, PB(Channel) channel)
{
    for (size_t i = 0; i < n->state->n_channels; i++)
        if (n->state->channels[i]->channel == channel)
            return n->state->channels[i];
    return NULL;
}

bool notice_open(struct notice *n, const struct svc_event *ev, struct svc_call *c, struct bytes key)
{
    PB(NoticeState) *state = svc_take(c, TABLE_NOTICE, key);
    if (!state)
        return false;
    char *id = arena_printf(ev->arena, "%.*s", (int)key.n, (const char *)key.p);
    char *slash = strrchr(id, '/');
    must(slash);
    *slash = '\0';
    *n = (struct notice){.ev = ev, .call = c, .set = ev->conf, .key = key, .application_id = id,
                         .milestone = slash + 1, .person_ref = state->request ? state->request->case_->person_ref : "",
                         .state = state};
    return true;
}

void notice_new(struct notice *n, const struct svc_event *ev, struct svc_call *c, const char *milestone,
                PB(NotificationRequested) * request)
{
    PB(NoticeState) *state = ARENA_NEW(ev->arena, PB(NoticeState));
    clinic__attach__v1__notice_state__init(state);
    state->request = request;
    state->expires_at_ms = ev->expires_ms;
    state->channels = ARENA_ARRAY(ev->arena, PB(NoticeChannel) *, PB_CHANNEL_N);
    *n = (struct notice){.ev = ev, .call = c, .set = ev->conf,
                         .key = notice_key(ev->arena, request->case_->application_id, milestone),
                         .application_id = request->case_->application_id, .milestone = milestone,
                         .person_ref = request->case_->person_ref, .state = state};
}

PB(NoticeChannel) * notice_add(struct notice *n, PB(Channel) channel)
{
    PB(NoticeChannel) *ch = ARENA_NEW(n->ev->arena, PB(NoticeChannel));
    clinic__attach__v1__notice_channel__init(ch);
    ch->channel = channel;
    PB(NoticeChannel) **all = ARENA_ARRAY(n->ev->arena, PB(NoticeChannel) *, n->state->n_channels + 1);
    for (size_t i = 0; i < n->state->n_channels; i++)
        all[i] = n->state->channels[i];
    all[n->state->n_channels++] = ch;
    n->state->channels = all;
    return ch;
}

void notice_order(struct notice *n, PB(NoticeChannel) * ch)
{
    PB(NotificationOrder) order = CLINIC__ATTACH__V1__NOTIFICATION_ORDER__INIT;
    order.again = ch->ordered_at_ms != 0;
    if (!order.again)
        ch->ordered_at_ms = n->ev->now_ms;
    /* The longer nothing is heard (a provider that is down for hours), the rarer it is asked for again. */
    int64_t waited = n->ev->now_ms - ch->ordered_at_ms, most = n->set->answer_ms * 10;
    ch->next_at_ms = n->ev->now_ms + (waited < n->set->answer_ms ? n->set->answer_ms : waited > most ? most : waited);
    order.application_id = (char *)n->application_id;
    order.milestone = (char *)n->milestone;
    order.channel = ch->channel;
    order.attempt = ch->attempt;
    order.person_ref = (char *)n->person_ref;
    order.request = n->state->request;
    order.ordered_at_ms = ch->ordered_at_ms;
    order.expires_in_ms = n->state->expires_at_ms ? n->state->expires_at_ms - n->ev->read_ms : 0;
    if (notice_is_expired(n))
        order.expires_in_ms = 1; /* it may have been sent: whoever knows still tells, nobody sends it */
    svc_outbound(n->call, &order);
}

void notice_order_due(struct notice *n)
{
    for (size_t i = 0; i < n->state->n_channels; i++) {
        PB(NoticeChannel) *ch = n->state->channels[i];
        if (ch->next_at_ms == 0 || ch->next_at_ms > n->ev->now_ms)
            continue;
        if (ch->ordered_at_ms == 0 && notice_is_expired(n))
            notice_settle(n, ch, PB_SEND(REJECTED), NOTICE_EXPIRED);
        else
            notice_order(n, ch);
    }
}

static void say(struct notice *n, const PB(NoticeChannel) * ch, enum said state, const char *cause)
{
    issue_add(n, &(struct issue){.milestone = n->milestone, .to = TO_APPLICANT, .channel = ch->channel,
                                  .state = state, .cause = cause, .attempts = ch->attempt});
}

void notice_settle(struct notice *n, PB(NoticeChannel) * ch, PB(SendResult) result, const char *cause)
{
    static const enum said states[] = {
        [PB_SEND(ACCEPTED)] = SAID_SENT, [PB_SEND(REJECTED)] = SAID_FAILED, [PB_SEND(UNKNOWN)] = SAID_UNKNOWN};
    ch->result = result;
    ch->next_at_ms = 0;
    say(n, ch, ch->attempt == 0 ? SAID_SKIPPED : states[result], cause);
}

void notice_retry(struct notice *n, PB(NoticeChannel) * ch, const char *cause)
{
    if (ch->attempt >= n->set->attempts_max) {
        notice_settle(n, ch, PB_SEND(REJECTED), cause);
        return;
    }
    int64_t wait = n->set->backoff_ms;
    for (uint32_t i = 1; i < ch->attempt && wait < n->set->backoff_max_ms; i++)
        wait *= 2;
    ch->next_at_ms = n->ev->now_ms + (wait < n->set->backoff_max_ms ? wait : n->set->backoff_max_ms);
    ch->ordered_at_ms = 0;
    ch->attempt++;
}

void notice_receipt(struct notice *n, PB(NoticeChannel) * ch, bool delivered, const char *cause)
{
    ch->delivered = delivered;
    ch->result = delivered ? PB_SEND(ACCEPTED) : PB_SEND(REJECTED);
    ch->next_at_ms = 0;
    say(n, ch, delivered ? SAID_DELIVERED : SAID_FAILED, cause);
}

const PB(Personal) * notice_personal(struct notice *n)
{
    const PB(Application) *a = n->state->request->case_->application;
    struct err e;
    PB(Personal) *p;
    if (!n->opened && a->personal_block_case == CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED &&
        seal_open(n->set->keys, a->sealed, n->application_id, n->ev->arena, &p, &e))
        n->personal = p;
    n->opened = true;
    return n->personal;
}

bool notice_is_expired(const struct notice *n)
{
    return n->state->expires_at_ms != 0 && n->state->expires_at_ms <= n->ev->read_ms;
}

bool notice_is_open(const struct notice *n)
{
    for (size_t i = 0; i < n->state->n_channels; i++)
        if (n->state->channels[i]->next_at_ms != 0)
            return true;
    return false;
}

void notice_save(struct notice *n)
{
    issue_publish(n);
    if (!notice_is_open(n)) {
        n->state->request = NULL;
        n->state->expires_at_ms = 0;
        if (n->state->forget_at_ms == 0)
            n->state->forget_at_ms = n->ev->now_ms + n->set->retention_ms;
    }
    svc_put(n->call, TABLE_NOTICE, n->key, n->state);
}

int64_t notice_due_ms(const void *state)
{
    const PB(NoticeState) *s = state;
    int64_t first = s->forget_at_ms;
    for (size_t i = 0; i < s->n_channels; i++) {
        int64_t at = s->channels[i]->next_at_ms;
        if (at != 0 && (first == 0 || at < first))
            first = at;
    }
    return first;
}
