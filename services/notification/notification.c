/* notification - tells the citizen and the parties (domain.md section 5), each notice once per channel. Requests become
 * notices and orders; the sender's reports and the providers' receipts become outcomes; due work brings back what was
 * lost with a process, under the number of the attempt it had. */
#include "notification.h"
#include <string.h>
#include "expand.h"
#include "sender/sender.h"

static struct bytes asked_key(const struct svc_event *ev)
{
    const PB(NotificationRequested) *r = ev->msg;
    const char *milestone = r->case_ ? milestone_of(r) : NULL;
    return milestone ? notice_key(ev->arena, r->case_->application_id, milestone) : bytes_of(NULL, 0);
}

static void plan_requested(const struct svc_event *ev, struct svc_plan *p)
{
    struct bytes key = asked_key(ev);
    if (key.p)
        svc_read(p, TABLE_NOTICE, key);
}

/* NULL = in order; else what is wrong. */
static const char *broken(const PB(NotificationRequested) * r)
{
    if (!r->case_ || !*r->case_->application_id)
        return "case.application_id: required";
    if (!*r->case_->person_ref)
        return "case.person_ref: required";
    if (!milestone_of(r))
        return "milestone: not in the table of notices";
    return r->case_->application ? NULL : "case.application: required";
}

static struct svc_verdict handle_requested(const struct svc_event *ev, struct svc_call *c)
{
    const PB(NotificationRequested) *r = ev->msg;
    const char *wrong = broken(r);
    if (wrong)
        return svc_rejected(SVC_REJECT_INVALID, wrong);
    if (svc_get(c, TABLE_NOTICE, asked_key(ev))) {
        svc_count(c, METRIC_REPEATS, NULL);
        return SVC_DONE;
    }
    struct notice n;
    notice_new(&n, ev, c, milestone_of(r), expand_request(ev, r));
    if (!notice_is_expired(&n) && !notice_personal(&n))
        return svc_rejected(SVC_REJECT_INVALID, "case.application.sealed: no sealed personal data that opens");
    expand_all(&n);
    expand_minimise(&n);
    notice_save(&n);
    return SVC_DONE;
}

static struct bytes reported_key(const struct svc_event *ev)
{
    const PB(SendReported) *r = ev->msg;
    return notice_key(ev->arena, r->application_id, r->milestone);
}

static void plan_reported(const struct svc_event *ev, struct svc_plan *p) { svc_read(p, TABLE_NOTICE, reported_key(ev)); }

/* A report counts when it is of the attempt under way; and a sure answer corrects UNKNOWN, which another process may
 * have reported while the first was still waiting. */
static bool counts(const PB(NoticeChannel) * ch, const PB(SendReported) * r)
{
    if (!ch || ch->attempt != r->attempt || ch->attempt == 0)
        return false;
    bool sure = r->result == PB_SEND(ACCEPTED) || r->result == PB_SEND(REJECTED);
    return ch->result == PB_SEND(UNSPECIFIED) || (ch->result == PB_SEND(UNKNOWN) && sure);
}

static struct svc_verdict handle_reported(const struct svc_event *ev, struct svc_call *c)
{
    const PB(SendReported) *r = ev->msg;
    struct notice n;
    if (r->result == PB_SEND(UNSPECIFIED) || r->result > PB_SEND(UNKNOWN))
        return svc_rejected(SVC_REJECT_INVALID, "result: unknown");
    if (!*r->person_ref)
        return svc_rejected(SVC_REJECT_INVALID, "person_ref: required");
    if (!notice_open(&n, ev, c, reported_key(ev)))
        return SVC_DONE; /* forgotten meanwhile */
    n.person_ref = r->person_ref;
    PB(NoticeChannel) *ch = notice_channel(&n, r->channel);
    if (!counts(ch, r))
        return SVC_DONE;
    if (r->result == PB_SEND(RETRY))
        notice_retry(&n, ch, r->cause);
    else
        notice_settle(&n, ch, r->result, r->cause);
    expand_fallback(&n);
    notice_save(&n);
    return SVC_DONE;
}

static struct bytes receipt_key(const struct svc_event *ev)
{
    const PB(ReceiptArrived) *r = ev->msg;
    return notice_key(ev->arena, r->application_id, r->milestone);
}

static void plan_receipt(const struct svc_event *ev, struct svc_plan *p) { svc_read(p, TABLE_NOTICE, receipt_key(ev)); }

/* A receipt may come before the report of the answer (SMSCs do that): it settles the channel just as well. */
static struct svc_verdict handle_receipt(const struct svc_event *ev, struct svc_call *c)
{
    const PB(ReceiptArrived) *r = ev->msg;
    struct notice n;
    if (!*r->person_ref)
        return svc_rejected(SVC_REJECT_INVALID, "person_ref: required");
    if (!notice_open(&n, ev, c, receipt_key(ev)))
        return SVC_DONE;
    n.person_ref = r->person_ref;
    PB(NoticeChannel) *ch = notice_channel(&n, r->channel);
    bool failed = ch && ch->result == PB_SEND(REJECTED); /* every part of a long SMS may say so */
    if (!ch || ch->attempt == 0 || ch->delivered || (failed && !r->delivered))
        return SVC_DONE;
    notice_receipt(&n, ch, r->delivered, r->cause);
    expand_fallback(&n);
    notice_save(&n);
    return SVC_DONE;
}

static void plan_due(const struct svc_event *ev, struct svc_plan *p) { svc_read(p, TABLE_NOTICE, ev->key); }

static struct svc_verdict handle_due(const struct svc_event *ev, struct svc_call *c)
{
    struct notice n;
    if (!notice_open(&n, ev, c, ev->key))
        return SVC_DONE;
    if (n.state->forget_at_ms != 0 && n.state->forget_at_ms <= ev->now_ms) {
        svc_del(c, TABLE_NOTICE, n.key);
        return SVC_DONE;
    }
    if (notice_due_ms(n.state) > ev->now_ms)
        return SVC_DONE; /* changed earlier in this batch */
    notice_order_due(&n);
    expand_fallback(&n);
    notice_save(&n);
    return SVC_DONE;
}

static const struct svc_output outputs[] = {
    {TOPIC_NOTIFICATION, EV_NOTIFICATION_ISSUED},
    {TOPIC_N},
};

static const enum event_id reports[] = {EV_SEND_REPORTED, EV_RECEIPT_ARRIVED, EV_N};

static const struct svc_table tables[] = {
    [TABLE_NOTICE] = {.name = "notice", .type = EV_STATE_NOTICE, .source = -1, .due_ms = notice_due_ms},
    {NULL},
};

static const struct svc_handler handlers[] = {
    {.type = EV_NOTIFICATION_REQUESTED, .due_table = -1, .plan = plan_requested, .handle = handle_requested, .can_wait = true},
    {.type = EV_SEND_REPORTED, .due_table = -1, .plan = plan_reported, .handle = handle_reported, .can_wait = true},
    {.type = EV_RECEIPT_ARRIVED, .due_table = -1, .plan = plan_receipt, .handle = handle_receipt, .can_wait = true},
    {.due_table = TABLE_NOTICE, .plan = plan_due, .handle = handle_due},
    {.handle = NULL},
};

static const struct svc_metric metrics[] = {
    [METRIC_NOTICES] = {"clinic_notifications_total", "result", "Notices by channel and state"},
    [METRIC_REPEATS] = {"clinic_notification_repeats_total", NULL, "Requests for a notice that was given already"},
    {NULL},
};

const struct svc_def notification_svc = {
    .name = "notification",
    .summary = "tells the citizen and the parties by account, SMS, e-mail and system messages",
    .inbox = TOPIC_NOTIFICATION_INBOX,
    .facts = TOPIC_NOTIFICATION_FACTS,
    .dlq = TOPIC_NOTIFICATION_DLQ,
    .outputs = outputs,
    .tables = tables,
    .handlers = handlers,
    .options = notification_options,
    .metrics = metrics,
    .init = settings_init,
    .outbound = &sender_ops,
    .outbound_type = EV_NOTIFICATION_ORDER,
    .reports = reports,
};
