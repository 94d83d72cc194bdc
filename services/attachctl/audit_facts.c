/* audit_facts.c - what the last values of the facts topics say: states of applications, persons, places, notices. */
#include <string.h>
#include "services/attachctl/audit_impl.h"
#include "wire/seal.h"

static void fact_application(struct audit *a, const char *id, const PB(ApplicationState) * s)
{
    struct app *app = audit_app(a, id);
    if (!app) {
        audit_find(a, AUDIT_UNREADABLE, id, "intake facts: key is not an application id");
        return;
    }
    if (!s) {
        app->flags |= APP_FORGOTTEN;
        return;
    }
    app->flags |= APP_FACTS | (s->due_at_ms ? APP_DUE : 0) | (s->sla_breached ? APP_BREACHED : 0);
    app->outcome = (uint8_t)s->outcome;
    app->rule = audit_rule(a, s->rule_set);
    if (s->n_trail)
        app->decided_s = (uint32_t)(s->trail[s->n_trail - 1]->at_ms / 1000);
}

static void person_attachment(struct audit *a, const char *ref, const PB(Attachment) * t)
{
    if (t->basis.len != 16) {
        audit_find(a, AUDIT_UNREADABLE, ref, "attachment at %s without a basis", t->clinic_id);
        return;
    }
    a->sum.attachments++;
    struct hold *h = audit_hold(a, t->basis.data, (uint8_t)t->profile);
    if (h->has_attachment)
        audit_find(a, AUDIT_DOUBLE_ATTACHMENT, ref, "one application is the basis of two attachments, also of %s",
                   (const char *)h->person);
    h->has_attachment = 1;
    h->att_clinic = audit_clinic(a, t->clinic_id);
    h->att_doctor = t->doctor_id;
    strncpy((char *)h->person, ref, sizeof h->person - 1);
}

static void check_one_per_profile(struct audit *a, const char *ref, const PB(PersonState) * s)
{
    for (size_t i = 0; i < s->n_attachments; i++)
        for (size_t j = i + 1; j < s->n_attachments; j++)
            if (s->attachments[i]->profile == s->attachments[j]->profile)
                audit_find(a, AUDIT_DOUBLE_ATTACHMENT, ref, "profile %d at %s and at %s",
                           (int)s->attachments[i]->profile, s->attachments[i]->clinic_id, s->attachments[j]->clinic_id);
    for (size_t i = 0; i < s->n_in_flight; i++)
        for (size_t j = i + 1; j < s->n_in_flight; j++)
            if (s->in_flight[i]->profile == s->in_flight[j]->profile)
                audit_find(a, AUDIT_DOUBLE_ATTACHMENT, ref, "two applications in flight for profile %d",
                           (int)s->in_flight[i]->profile);
}

static void fact_person(struct audit *a, const char *ref, const PB(PersonState) * s)
{
    if (!s)
        return;
    a->sum.persons++;
    check_one_per_profile(a, ref, s);
    for (size_t i = 0; i < s->n_attachments; i++)
        person_attachment(a, ref, s->attachments[i]);
    for (size_t i = 0; i < s->n_changes; i++)
        if (s->changes[i]->basis.len == 16)
            audit_change(a, ref, (uint8_t)s->changes[i]->profile, s->changes[i]->at_s, s->changes[i]->basis.data);
    for (size_t i = 0; i < s->n_in_flight; i++) {
        struct app *app = s->in_flight[i]->case_ ? audit_app(a, s->in_flight[i]->case_->application_id) : NULL;
        if (app)
            app->flags |= APP_IN_FLIGHT;
    }
}

static void fact_places(struct audit *a, const char *clinic_id, const PB(ClinicPlaces) * s)
{
    for (size_t i = 0; s && i < s->n_doctors; i++)
        audit_doctor(a, audit_clinic(a, clinic_id), s->doctors[i]->doctor_id)->used = s->doctors[i]->used;
}

static void fact_reservation(struct audit *a, char *key, const PB(Reservation) * s)
{
    char *slash = strchr(key, '/');
    uint8_t id[16];
    if (!slash || !uuid_to_bytes(slash + 1, id)) {
        audit_find(a, AUDIT_UNREADABLE, key, "capacity facts: key is not clinic/application");
        return;
    }
    if (!s)
        return;
    *slash = '\0';
    a->sum.reservations++;
    a->sum.over_norm_allowed += s->over_norm;
    uint32_t clinic = audit_clinic(a, key);
    struct doctor *d = audit_doctor(a, clinic, s->doctor_id);
    d->held++;
    d->unflagged += !s->over_norm;
    if (!s->over_norm && s->norm > d->norm)
        d->norm = s->norm;
    struct hold *h = audit_hold(a, id, (uint8_t)s->profile);
    if (h->has_place)
        audit_find(a, AUDIT_LEAKED_PLACE, slash + 1, "holds a place at %s and at %s",
                   audit_clinic_name(a, h->place_clinic), key);
    h->has_place = 1;
    h->over_norm = s->over_norm;
    h->place_clinic = clinic;
    h->place_doctor = s->doctor_id;
}

static void fact_notice(struct audit *a, char *key, const PB(NoticeState) * s)
{
    char *slash = strchr(key, '/');
    if (slash)
        *slash = '\0';
    struct app *app = slash ? audit_app(a, key) : NULL;
    if (!app) {
        audit_find(a, AUDIT_UNREADABLE, key, "notification facts: key is not application/milestone");
        return;
    }
    app->notices |= audit_milestone_bit(slash + 1);
    a->sum.notices++;
    for (size_t i = 0; s && i < s->n_channels; i++) {
        a->sum.open_messages += s->channels[i]->next_at_ms != 0;
        a->sum.unknown_outcomes +=
            s->channels[i]->result == CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_UNKNOWN && !s->channels[i]->delivered;
    }
}

void audit_fact(struct audit *a, int topic, char *key, int event, struct bytes value)
{
    char *rest = strchr(key, '/');
    if (!rest)
        return;
    *rest++ = '\0';
    static const struct {
        const char *table;
        int topic, event;
    } rows[] = {{"application", TOPIC_INTAKE_FACTS, EV_STATE_APPLICATION},
                {"person", TOPIC_ATTACHMENT_FACTS, EV_STATE_PERSON},
                {"places", TOPIC_CAPACITY_FACTS, EV_STATE_PLACES},
                {"reservation", TOPIC_CAPACITY_FACTS, EV_STATE_RESERVATION},
                {"notice", TOPIC_NOTIFICATION_FACTS, EV_STATE_NOTICE}};
    size_t i = 0, n = sizeof rows / sizeof *rows;
    while (i < n && (rows[i].topic != topic || strcmp(rows[i].table, key) != 0))
        i++;
    if (i == n)
        return;
    void *s = audit_unpack(a, rows[i].event, value);
    if (value.p && (!s || event != rows[i].event)) {
        audit_find(a, AUDIT_UNREADABLE, rest, "%s: value is not a %s", topics[topic].name, events[rows[i].event].type);
        return;
    }
    switch (rows[i].event) {
    case EV_STATE_APPLICATION:
        fact_application(a, rest, s);
        break;
    case EV_STATE_PERSON:
        fact_person(a, rest, s);
        break;
    case EV_STATE_PLACES:
        fact_places(a, rest, s);
        break;
    case EV_STATE_RESERVATION:
        fact_reservation(a, rest, s);
        break;
    default:
        fact_notice(a, rest, s);
    }
}
