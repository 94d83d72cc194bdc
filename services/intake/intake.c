/* intake: the door of the flow. Takes applications of all portals, tells repeats from new ones, answers at the gates,
 * numbers the rest, watches their term and remembers their outcome. */
#include "services/intake/intake.h"
#include "flow.h"

bool intake_owns(const struct svc_event *ev, PB(Source) source, const char *external_ref, char ret[37])
{
    ret[0] = '\0';
    if (source == PB_SOURCE(UNSPECIFIED) || external_ref[0] == '\0')
        return false;
    application_id_of(source, external_ref, ret);
    return wire_partition(bytes_str(ret), ev->partitions) == ev->partition;
}

struct svc_verdict intake_invalid(const struct svc_event *ev, const struct err *e)
{
    return svc_rejected(SVC_REJECT_INVALID, arena_printf(ev->arena, "%s: %s", e->code, e->text));
}

static int64_t application_due_ms(const void *msg)
{
    const PB(ApplicationState) *s = msg;
    if (s->outcome != PB_OUTCOME(UNSPECIFIED))
        return s->forget_at_ms;
    return s->sla_breached ? 0 : s->due_at_ms;
}

static bool intake_init(const struct conf *conf, void **ret, struct err *e)
{
    struct intake *in = ARENA_NEW(arena_new(4096, 4096), struct intake); /* for the life of the process */
    if (!rulesets_load_dir(conf_str(conf, "rules.dir"), &in->rules, e) ||
        !calendar_load_dir(conf_str(conf, "calendar.dir"), &in->calendar, e) ||
        !keyring_load(conf_str(conf, "keyring.file"), &in->keys, e))
        return false; /* the process ends */
    if (!keyring_can_seal(in->keys) || !keyring_can_name(in->keys))
        return err_set(e, ERR_FATAL, "INTAKE-KEYS", "keyring.file: needs the sections [seal] and [pseudonym]");
    in->retention_ms = conf_int(conf, "retention.closed");
    *ret = in;
    return true;
}

static const struct svc_output outputs[] = {
    {TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED},
    {TOPIC_INTAKE_INBOX, EV_APPLICATION_WITHDRAWAL},
    {TOPIC_IDENTITY_INBOX, EV_APPLICATION_REGISTERED},
    {TOPIC_ATTACHMENT_INBOX, EV_WITHDRAWAL_REQUESTED},
    {TOPIC_NOTIFICATION_INBOX, EV_NOTIFICATION_REQUESTED},
    {TOPIC_APPLICATION, EV_STATUS_CHANGED},
    {TOPIC_N},
};

static const struct svc_table tables[] = {
    [TABLE_APPLICATION] = {.name = "application", .type = EV_STATE_APPLICATION, .source = -1, .due_ms = application_due_ms},
    {0},
};

static const struct svc_handler handlers[] = {
    {EV_APPLICATION_SUBMITTED, -1, intake_plan_submitted, intake_submitted},
    {EV_APPLICATION_WITHDRAWAL, -1, intake_plan_withdrawal, intake_withdrawal},
    {EV_APPLICATION_CLOSED, -1, intake_plan_closed, intake_closed, .can_wait = true},
    {EV_N, TABLE_APPLICATION, intake_plan_due, intake_due},
    {0},
};

static const struct conf_opt options[] = {
    {"retention.closed", CONF_MS, "90d", 0, 0, false, "how long a closed application is remembered, for repeats and look-up"},
    {0},
};

static const struct svc_metric metrics[] = {
    [COUNT_APPLICATIONS] = {"clinic_intake_applications_total", "result",
                            "applications by what became of them at the door, and alarms of passed terms"},
    [COUNT_CALENDAR] = {"clinic_intake_calendar_missing_total", NULL,
                        "terms counted without a production calendar: the year's file is missing"},
    {0},
};

const struct svc_def intake_svc = {
    .name = "intake",
    .summary = "takes applications in, answers at the gates, numbers them and watches their term",
    .inbox = TOPIC_INTAKE_INBOX,
    .facts = TOPIC_INTAKE_FACTS,
    .dlq = TOPIC_INTAKE_DLQ,
    .structured = true,
    .outputs = outputs,
    .tables = tables,
    .handlers = handlers,
    .options = options,
    .metrics = metrics,
    .init = intake_init,
};
