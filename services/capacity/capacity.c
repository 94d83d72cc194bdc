/* capacity.c - the capacity service: holds places of doctors for applications and attachments.
 * It knows clinics and applications, never persons: a reservation is named by the application it serves, so every
 * command may be repeated. The descriptor below is the whole surface. */
#include "services/capacity/capacity.h"
#include "services/capacity/ledger.h"
#include "services/capacity/rules.h"
#include "services/capacity/vacancy.h"

static void plan_reserve(const struct svc_event *ev, struct svc_plan *p)
{
    cap_plan(ev, p);
    vacancy_plan(ev, p);
}

static const struct svc_output outputs[] = {
    {TOPIC_ATTACHMENT_INBOX, EV_RESERVED},
    {TOPIC_ATTACHMENT_INBOX, EV_RESERVE_REFUSED},
    {TOPIC_N},
};

static const struct svc_table tables[] = {
    [CAP_CLINIC] = {"clinic", EV_REGISTRY_CLINIC, TOPIC_REGISTRY_CLINIC},
    [CAP_PLACES] = {"places", EV_STATE_PLACES, -1},
    [CAP_RESERVATION] = {"reservation", EV_STATE_RESERVATION, -1},
    [CAP_VACANCY] = {"vacancy", EV_STATE_VACANCIES, -1},
    {0},
};

static const struct svc_handler handlers[] = {
    {EV_RESERVE, -1, plan_reserve, cap_reserve},
    {EV_CANCEL, -1, cap_plan, cap_cancel, .can_wait = true},
    {EV_RELEASE, -1, cap_plan, cap_release, .can_wait = true},
    {EV_OCCUPY, -1, cap_plan, cap_occupy},
    {0},
};

static const struct svc_metric metrics[] = {
    [CAP_M_ANSWERS] = {"clinic_capacity_answers_total", "answer", "Answers to Reserve: reserved, over_norm, refused."},
    [CAP_M_FREED] = {"clinic_capacity_places_freed_total", "by", "Places given back: cancelled, released."},
    {0},
};

const struct svc_def capacity_svc = {
    .name = "capacity",
    .summary = "places of doctors: reservation and release",
    .inbox = TOPIC_CAPACITY_INBOX,
    .facts = TOPIC_CAPACITY_FACTS,
    .dlq = TOPIC_CAPACITY_DLQ,
    .outputs = outputs,
    .tables = tables,
    .handlers = handlers,
    .metrics = metrics,
    .init = cap_rules_init,
};
