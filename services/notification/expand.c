#include "expand.h"
#include <string.h>
#include "domain/contact.h"
#include "issue.h"
#include "values.h"

static char *text_or_empty(char *s) { return s ? s : ""; }

/* Contacts and names to address, nothing else. */
static PB(Personal) * contacts_of(const PB(Personal) * p, struct arena *mem)
{
    PB(Personal) *k = ARENA_NEW(mem, PB(Personal));
    clinic__attach__v1__personal__init(k);
    const PB(Representative) *rep = p->representative;
    bool by_rep = rep && *text_or_empty(rep->name);
    k->name = by_rep ? rep->name : p->name;
    k->patronymic = by_rep ? rep->patronymic : p->patronymic;
    k->phone = p->phone;
    k->email = p->email;
    return k;
}

/* Of the trail the status left and the one entered: N-03 names them. */
static void keep_change(PB(Case) * k)
{
    if (k->n_trail <= 2)
        return;
    k->trail += k->n_trail - 2;
    k->n_trail = 2;
}

PB(NotificationRequested) * expand_request(const struct svc_event *ev, const PB(NotificationRequested) * r)
{
    PB(NotificationRequested) *copy = arena_dup(ev->arena, r, sizeof *r);
    copy->case_ = arena_dup(ev->arena, r->case_, sizeof *r->case_);
    copy->case_->application = arena_dup(ev->arena, r->case_->application, sizeof *r->case_->application);
    keep_change(copy->case_);
    copy->case_->n_findings = copy->case_->application->n_evidence = 0;
    return copy;
}

void expand_minimise(struct notice *n)
{
    const PB(Personal) *whole = notice_personal(n);
    if (notice_is_open(n) && whole)
        n->state->request->case_->application->sealed =
            seal_personal(n->set->keys, contacts_of(whole, n->ev->arena), n->application_id, n->ev->arena);
}

/* Why a channel cannot be used; NULL = it can. */
static const char *obstacle(struct notice *n, PB(Channel) channel)
{
    char phone[PHONE_LEN + 1];
    if (notice_is_expired(n))
        return NOTICE_EXPIRED;
    if (!settings_channel_on(n->set, n->state->request->case_, channel, n->ev->now_ms))
        return "not_configured";
    const PB(Personal) *p = notice_personal(n);
    if (!p)
        return "sealed";
    if (channel == PB_CHANNEL(SMS))
        return !*p->phone ? "no_phone" : phone_normal(p->phone, phone) ? NULL : "bad_phone";
    return !*p->email ? "no_email" : email_ok(p->email) ? NULL : "bad_email";
}

static void start_channel(struct notice *n, const struct notice_row *row, const char *cause)
{
    PB(NoticeChannel) *ch = notice_add(n, row->channel);
    const char *why_not = obstacle(n, row->channel);
    if (why_not) {
        notice_settle(n, ch, PB_SEND(REJECTED), why_not);
        return;
    }
    ch->attempt = 1;
    issue_add(n, &(struct issue){.milestone = row->milestone, .to = row->to, .channel = row->channel,
                                  .state = SAID_INTENDED, .cause = cause, .attempts = 1});
    notice_order(n, ch);
}

static bool is_of(const struct notice *n, const struct notice_row *row) { return strcmp(row->asked, n->milestone) == 0; }

static bool applies(const struct notice *n, const struct notice_row *row)
{
    const PB(NotificationRequested) *r = n->state->request;
    switch (row->when) {
    case NOTICE_OLD_CLINIC:
        return *r->old_clinic_id != '\0';
    case NOTICE_INSURER:
        return *r->case_->insurer_id != '\0';
    case NOTICE_GATED:
        return r->outcome == PB_OUTCOME(GATED);
    case NOTICE_FALLBACK:
        return false;
    case NOTICE_ALWAYS:
        break;
    }
    return true;
}

static const char *recipient_id(const struct notice *n, enum recipient to)
{
    const PB(NotificationRequested) *r = n->state->request;
    if (to == TO_OLD_CLINIC)
        return r->old_clinic_id;
    if (to == TO_NEW_CLINIC)
        return r->case_->application->clinic_id;
    return to == TO_INSURER ? r->case_->insurer_id : NULL;
}

static void publish(struct notice *n, const struct notice_row *row, const char *const *values)
{
    const struct text *text = texts_find(n->set->texts, row->milestone, row->channel);
    struct issue i = {.milestone = row->milestone, .to = row->to, .channel = row->channel,
                      .recipient_id = recipient_id(n, row->to)};
    if (notice_is_expired(n)) {
        i.state = SAID_SKIPPED;
        i.cause = NOTICE_EXPIRED;
    } else {
        i.state = SAID_SENT;
        i.text = template_render(text->body, values, TEMPLATE_TEXT, n->ev->arena);
        i.attempts = 1;
    }
    issue_add(n, &i);
}

static bool names_complaint(const struct notice *n)
{
    for (size_t i = 0; i < notice_rows_n; i++) {
        const struct notice_row *row = &notice_rows[i];
        if (is_of(n, row) && !channel_is_sent(row->channel) &&
            template_uses(texts_find(n->set->texts, row->milestone, row->channel)->body, VALUE_complaint))
            return true;
    }
    return false;
}

void expand_all(struct notice *n)
{
    const char *values[NOTICE_VALUE_N];
    const PB(Case) *k = n->state->request->case_;
    bool one_by_one = settings_first_ok(n->set, k, n->ev->now_ms), started = false;
    notice_values(&(struct value_ctx){.set = n->set, .request = n->state->request, .now_ms = n->ev->now_ms,
                                      .names_complaint = names_complaint(n)},
                  n->ev->arena, values);
    for (size_t i = 0; i < notice_rows_n; i++) {
        const struct notice_row *row = &notice_rows[i];
        if (!is_of(n, row) || !applies(n, row))
            continue;
        if (!channel_is_sent(row->channel)) {
            publish(n, row, values);
        } else if (!(one_by_one && started)) {
            start_channel(n, row, NULL);
            started = true;
        }
    }
    expand_fallback(n);
}

static bool reached(const struct notice *n)
{
    for (size_t i = 0; i < n->state->n_channels; i++) {
        const PB(NoticeChannel) *ch = n->state->channels[i];
        if (ch->next_at_ms != 0 || ch->result == PB_SEND(ACCEPTED))
            return true;
    }
    return false;
}

void expand_fallback(struct notice *n)
{
    for (size_t i = 0; i < notice_rows_n && n->state->request && !reached(n); i++) {
        const struct notice_row *row = &notice_rows[i];
        if (is_of(n, row) && channel_is_sent(row->channel) && !notice_channel(n, row->channel))
            start_channel(n, row, "fallback");
    }
}
