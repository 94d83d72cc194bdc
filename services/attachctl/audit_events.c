/* audit_events.c - what inboxes, public topics and dead letters say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "services/attachctl/audit_impl.h"
#include "wire/seal.h"
#include "clinic/attach/v1/events.pb-c.h"

static void mark(struct audit *a, const char *application_id, const struct audit_rec *r)
{
    struct app *app = audit_app(a, application_id);
    if (app && r->waiting)
        app->flags |= APP_WAITING;
}

static void on_submitted(struct audit *a, const struct audit_rec *r, const PB(Application) * m)
{
    char id[37];
    application_id_of(m->source, m->external_ref, id);
    struct app *app = audit_app(a, id);
    app->flags |= APP_INBOX | (r->waiting ? APP_WAITING : 0);
    struct inbox_ref ref = {r->partition, 0, r->offset};
    struct inbox_ref *e = htab_put(&a->inbox, &ref, NULL);
    memcpy(e->id, app->id, 16);
    if (e->rejected)
        app->flags |= APP_REJECTED;
}

/* On the way, statuses come in the order of their numbers (domain/status.h); only an alarm may follow the outcome. */
static void on_way(struct audit *a, struct app *app, const PB(ApplicationStatusChanged) * m)
{
    if (m->sla_breached)
        return;
    if (app->public_outcome)
        audit_find(a, AUDIT_STATUS_ORDER, m->application_id, "status %d after outcome %d", (int)m->status,
                   app->public_outcome);
    else if (m->status <= app->last_status)
        audit_find(a, AUDIT_STATUS_ORDER, m->application_id, "status %d after status %d", (int)m->status,
                   app->last_status);
    app->last_status = (uint8_t)m->status;
}

static void on_status(struct audit *a, const PB(ApplicationStatusChanged) * m)
{
    struct app *app = audit_app(a, m->application_id);
    if (!app) {
        audit_find(a, AUDIT_UNREADABLE, m->application_id, "public status of what is not an application id");
        return;
    }
    app->flags |= APP_PUBLIC | (m->due_at_ms ? APP_DUE : 0);
    if (!app->rule)
        app->rule = audit_rule(a, m->rule_set);
    if (!m->outcome || m->sla_breached) {
        on_way(a, app, m);
        return;
    }
    uint32_t bit = m->status < 32 ? 1u << m->status : 0;
    if (app->public_outcome && app->public_outcome != m->outcome)
        audit_find(a, AUDIT_DECIDED_TWICE, m->application_id, "outcome %d and outcome %d", app->public_outcome,
                   (int)m->outcome);
    else if (app->final_statuses & bit)
        audit_find(a, AUDIT_DECIDED_TWICE, m->application_id, "status %d published twice", (int)m->status);
    app->public_outcome = (uint8_t)m->outcome;
    app->final_statuses |= bit;
    app->decided_s = (uint32_t)(m->at_ms / 1000);
}

static void on_change(struct audit *a, const PB(AttachmentChanged) * m)
{
    uint8_t basis[16];
    if (m->counted && uuid_to_bytes(m->application_id, basis))
        audit_change(a, m->person_ref, (uint8_t)m->profile, (uint32_t)(m->effective_from_ms / 1000), basis);
}

/* 8 bytes that stand for one message: application, milestone, channel and who gets it. */
static uint64_t message_key(const char *id, const char *milestone, int channel, const char *to, const char *to_id)
{
    char text[256];
    uint8_t digest[16];
    uint64_t key;
    int n = snprintf(text, sizeof text, "%s/%s/%d/%s/%s", id, milestone, channel, to, to_id);
    htab_digest(bytes_of(text, n < (int)sizeof text ? (size_t)n : sizeof text - 1), digest);
    memcpy(&key, digest, sizeof key);
    return key;
}

static void on_notice(struct audit *a, const char *application_id, const PB(Notice) * m)
{
    struct app *app = audit_app(a, application_id);
    if (app)
        app->notices |= audit_milestone_bit(m->milestone);
    if (strcmp(m->state, "SENT") != 0)
        return;
    bool fresh;
    uint64_t key = message_key(application_id, m->milestone, (int)m->channel, m->recipient, m->recipient_id);
    htab_put(&a->sent, &key, &fresh);
    a->sum.messages_sent++;
    if (!fresh)
        audit_find(a, AUDIT_DUPLICATE_MESSAGE, application_id, "%s on channel %d to %s is SENT twice", m->milestone,
                   (int)m->channel, m->recipient);
}

static void on_notices(struct audit *a, const PB(NotificationIssued) * m)
{
    for (size_t i = 0; i < m->n_notices; i++)
        on_notice(a, m->application_id, m->notices[i]);
}

/* Two attempts that the provider accepted are two messages in somebody's hands; one answer reported twice is not. */
static void on_report(struct audit *a, const PB(SendReported) * m)
{
    if (m->result != CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_ACCEPTED)
        return;
    bool fresh;
    uint64_t key = message_key(m->application_id, m->milestone, (int)m->channel, "", "");
    uint8_t *e = htab_put(&a->accepted, &key, &fresh);
    uint32_t attempt = m->attempt, before;
    memcpy(&before, e + 8, sizeof before);
    if (fresh)
        memcpy(e + 8, &attempt, sizeof attempt);
    else if (before != attempt)
        audit_find(a, AUDIT_DUPLICATE_MESSAGE, m->application_id, "%s on channel %d was accepted at attempts %u and %u",
                   m->milestone, (int)m->channel, before, attempt);
}

/* A dead letter of intake: the application it was is not lost. origin is "topic/partition/offset" in some separator. */
static void on_dead_letter(struct audit *a, const struct audit_rec *r, const PB(DeadLetter) * m)
{
    a->sum.dead_letters++;
    const char *name = topics[TOPIC_INTAKE_INBOX].name;
    if (r->topic != TOPIC_INTAKE_DLQ || strncmp(m->origin, name, strlen(name)) != 0)
        return;
    char *end;
    struct inbox_ref ref = {.zero = 0};
    ref.partition = (int32_t)strtol(m->origin + strlen(name) + 1, &end, 10);
    ref.offset = *end ? strtoll(end + 1, NULL, 10) : -1;
    struct inbox_ref *e = htab_put(&a->inbox, &ref, NULL);
    e->rejected = true;
    struct app *app = htab_get(&a->apps, e->id); /* absent: the letter was read first */
    if (app)
        app->flags |= APP_REJECTED;
}

static const char *case_id(const PB(Case) * k) { return k ? k->application_id : ""; }

static void on_stage(struct audit *a, const struct audit_rec *r, const void *m)
{
    switch (r->event) {
    case EV_APPLICATION_REGISTERED:
        mark(a, case_id(((const PB(ApplicationRegistered) *)m)->case_), r);
        break;
    case EV_IDENTITY_VERIFIED:
        mark(a, case_id(((const PB(IdentityVerified) *)m)->case_), r);
        break;
    case EV_POLICY_VERIFIED:
        mark(a, case_id(((const PB(PolicyVerified) *)m)->case_), r);
        break;
    case EV_APPLICATION_STOPPED:
        mark(a, case_id(((const PB(ApplicationStopped) *)m)->case_), r);
        break;
    case EV_APPLICATION_CLOSED:
        mark(a, ((const PB(ApplicationClosed) *)m)->application_id, r);
        break;
    case EV_NOTIFICATION_REQUESTED:
        mark(a, case_id(((const PB(NotificationRequested) *)m)->case_), r);
        break;
    default:
        break;
    }
}

void audit_event(struct audit *a, const struct audit_rec *r)
{
    if (r->waiting)
        a->sum.waiting++;
    const void *m = audit_unpack(a, r->event, r->value);
    if (!m) /* what an inbox refuses becomes a dead letter; nothing else may be broken */
        return;
    switch (r->event) {
    case EV_APPLICATION_SUBMITTED:
        if (r->topic == TOPIC_INTAKE_INBOX)
            on_submitted(a, r, m);
        break;
    case EV_STATUS_CHANGED:
        on_status(a, m);
        break;
    case EV_ATTACHMENT_CHANGED:
        on_change(a, m);
        break;
    case EV_NOTIFICATION_ISSUED:
        on_notices(a, m);
        break;
    case EV_SEND_REPORTED:
        on_report(a, m);
        break;
    case EV_DEAD_LETTER:
        on_dead_letter(a, r, m);
        break;
    default:
        on_stage(a, r, m);
    }
}
