#include "expand.h"
#include <string.h>
#include "domain/contact.h"
#include "issue.h"
#include "values.h"

static char *text_or_empty(char *s) { return s ? s : ""; }

/* Contacts and names to address, nothing else (minimal data: the record lives on a topic). */
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

static bool reseal(const struct svc_event *ev, PB(Case) * k, struct err *e)
{
    const struct settings *set = ev->conf;
    PB(Application) *a = k->application;
    PB(Personal) *whole;
    if (!a || a->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED)
        return err_set(e, ERR_INPUT, "case.application.sealed", "no sealed personal data");
    if (!seal_open(set->keys, a->sealed, k->application_id, ev->arena, &whole, e))
        return false;
    a->sealed = seal_personal(set->keys, contacts_of(whole, ev->arena), k->application_id, ev->arena);
    return true;
}

/* Of the trail the status left and the one entered: N-03 names them. */
static void keep_change(PB(Case) * k)
{
    if (k->n_trail <= 2)
        return;
    k->trail += k->n_trail - 2;
    k->n_trail = 2;
}

bool expand_request(const struct svc_event *ev, struct svc_call *c, const PB(NotificationRequested) * r,
                    PB(NotificationRequested) * *ret, struct err *e)
{
    PB(NotificationRequested) *copy = svc_copy(c, r);
    if (!reseal(ev, copy->case_, e))
        return false;
    keep_change(copy->case_);
    copy->case_->n_findings = copy->case_->application->n_evidence = 0;
    *ret = copy;
    return true;
}

static const PB(Personal) * contacts(const struct notice *n)
{
    struct err e;
    PB(Personal) *p;
    bool ok = seal_open(n->set->keys, n->state->request->case_->application->sealed, n->application_id, n->ev->arena,
                        &p, &e);
    return ok ? p : NULL; /* the key left the keyring meanwhile: nobody to write to */
}

/* Why a channel cannot be used; NULL = it can. */
static const char *obstacle(const struct notice *n, PB(Channel) channel)
{
    char phone[PHONE_LEN + 1];
    const PB(Personal) *p = contacts(n);
    if (!settings_channel_on(n->set, n->state->request->case_, channel, n->ev->now_ms))
        return "not_configured";
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
    issue_emit(n, &(struct issue){.milestone = row->milestone, .to = row->to, .channel = row->channel,
                                  .state = "INTENDED", .cause = cause, .attempts = 1});
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
    issue_emit(n, &(struct issue){.milestone = row->milestone, .to = row->to, .channel = row->channel, .state = "SENT",
                                  .text = template_render(text->body, values, TEMPLATE_TEXT, n->ev->arena),
                                  .recipient_id = recipient_id(n, row->to), .attempts = 1});
}

void expand_all(struct notice *n)
{
    const char *values[NOTICE_VALUE_N];
    const PB(Case) *k = n->state->request->case_;
    bool one_by_one = settings_first_ok(n->set, k, n->ev->now_ms), started = false;
    notice_values(&(struct value_ctx){.set = n->set, .request = n->state->request, .now_ms = n->ev->now_ms},
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
