/* attachment.c - the attachment service: the decision, the lock of one application per person and profile, the ledger
 * of changes, withdrawal and automatic detachment (architecture section 5). The descriptor below is the whole surface. */
#include "services/attachment/attachment.h"
#include "services/attachment/room.h"

/* Every message of the inbox is about the person it is keyed by; due work about the record that is due. */
static void plan_person(const struct svc_event *ev, struct svc_plan *p)
{
    if (ev->key.n) /* without one it is malformed: rejected before anything is read */
        svc_read(p, ATT_PERSON, ev->key);
}

static bool init(const struct conf *conf, void **ret, struct err *e)
{
    static struct att_conf c; /* one per process, read-only after this */
    if (!rulesets_load_dir(conf_str(conf, "rules.dir"), &c.rules, e))
        return false;
    if (!ruleset_federal(c.rules))
        return err_set(e, ERR_FATAL, "ATT-RULES", "rules.dir: the federal rule set is missing");
    *ret = &c;
    return true;
}

static const struct svc_output outputs[] = {
    {TOPIC_CAPACITY_INBOX, EV_RESERVE},
    {TOPIC_CAPACITY_INBOX, EV_CANCEL},
    {TOPIC_CAPACITY_INBOX, EV_RELEASE},
    {TOPIC_CAPACITY_INBOX, EV_OCCUPY},
    {TOPIC_INTAKE_INBOX, EV_APPLICATION_CLOSED},
    {TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED},
    {TOPIC_APPLICATION, EV_STATUS_CHANGED},
    {TOPIC_ATTACHMENT, EV_ATTACHMENT_CHANGED},
    {TOPIC_N},
};

static const struct svc_table tables[] = {
    [ATT_PERSON] = {"person", EV_STATE_PERSON, -1, person_due_ms},
    {0},
};

static const struct svc_handler handlers[] = {
    {EV_POLICY_VERIFIED, -1, plan_person, att_on_verified},
    {EV_APPLICATION_STOPPED, -1, plan_person, att_on_stopped},
    {EV_WITHDRAWAL_REQUESTED, -1, plan_person, att_on_withdrawal},
    {EV_RESERVED, -1, plan_person, att_on_reserved},
    {EV_RESERVE_REFUSED, -1, plan_person, att_on_refused},
    {EV_ATTACHMENT_IMPORTED, -1, plan_person, att_on_imported},
    {EV_N, ATT_PERSON, plan_person, att_on_due},
    {0},
};

static const struct svc_metric metrics[] = {
    [ATT_M_CLOSED] = {"clinic_attachment_applications_closed_total", "outcome", "Applications closed, by outcome."},
    [ATT_M_REPEATED] = {"clinic_attachment_reservations_repeated_total", NULL, "Reservations asked for again."},
    [ATT_M_LATE] = {"clinic_attachment_late_answers_total", NULL, "Places given back: the answer came after the end."},
    [ATT_M_ANSWERED_AGAIN] = {"clinic_attachment_answered_again_total", NULL,
                              "Repeats of closed applications, answered with the kept outcome."},
    {0},
};

const struct svc_def attachment_svc = {
    .name = "attachment",
    .summary = "decision, one application in flight, ledger of changes, detachment",
    .inbox = TOPIC_ATTACHMENT_INBOX,
    .facts = TOPIC_ATTACHMENT_FACTS,
    .dlq = TOPIC_ATTACHMENT_DLQ,
    .outputs = outputs,
    .tables = tables,
    .handlers = handlers,
    .metrics = metrics,
    .init = init,
};
