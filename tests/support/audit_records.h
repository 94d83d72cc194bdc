/* audit_records.h - a small platform made by hand, record by record, for tests of the audit: what the services would have
 * left on their topics. Header only. The records gather in recs; a test judges them in memory or publishes them.
 * Applications are named by their reference ("a"); see sound_platform. */
#ifndef CLINIC_AUDIT_RECORDS_H
#define CLINIC_AUDIT_RECORDS_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "wire/seal.h"
#include "wire/wire.h"

#define SENT(x) CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_##x
#define PERSON "AAAAAAAAAAAAAAAA"
#define OTHER "BBBBBBBBBBBBBBBB"

static inline int64_t noon(int y, int m, int d) { return text_day_start(text_day_of(y, m, d), 180) + 12 * 3600000LL; }

struct rec {
    int topic;
    char key[120];
    int event;
    uint8_t value[2048];
    size_t n;
    bool tombstone, waiting;
    int64_t offset, time_ms;
};
static struct rec recs[256];
static size_t recs_n;

static inline struct rec *put(int topic, const char *key, int event, const void *msg)
{
    assert_true(recs_n < sizeof recs / sizeof *recs);
    struct rec *r = &recs[recs_n];
    *r = (struct rec){.topic = topic, .event = event, .tombstone = !msg, .offset = (int64_t)recs_n, .time_ms = noon(2026, 5, 12)};
    snprintf(r->key, sizeof r->key, "%s", key);
    if (msg)
        r->n = protobuf_c_message_pack(msg, r->value);
    recs_n++;
    return r;
}

static inline const char *id_of(const char *ref)
{
    static char ids[8][37];
    static unsigned at;
    char *id = ids[at++ % 8];
    application_id_of(PB_SOURCE(MOSRU), ref, id);
    return id;
}

static inline struct rec *submit(const char *ref)
{
    PB(Application) m = CLINIC__ATTACH__V1__APPLICATION__INIT;
    m.source = PB_SOURCE(MOSRU);
    m.external_ref = (char *)(uintptr_t)ref;
    return put(TOPIC_INTAKE_INBOX, id_of(ref), EV_APPLICATION_SUBMITTED, &m);
}

static inline void state(const char *ref, PB(Outcome) outcome, int64_t at_ms)
{
    PB(ApplicationState) m = CLINIC__ATTACH__V1__APPLICATION_STATE__INIT;
    PB(RuleSetRef) rules = CLINIC__ATTACH__V1__RULE_SET_REF__INIT;
    PB(Step) step = CLINIC__ATTACH__V1__STEP__INIT, *trail[] = {&step};
    char key[80];
    rules.id = "RU-MOW";
    step.status = PB_STATUS(REGISTERED);
    step.at_ms = at_ms;
    m.person_ref = PERSON;
    m.rule_set = &rules;
    m.trail = trail;
    m.n_trail = 1;
    m.outcome = outcome;
    m.due_at_ms = at_ms + 3 * TEXT_DAY_MS;
    snprintf(key, sizeof key, "application/%s", id_of(ref));
    put(TOPIC_INTAKE_FACTS, key, EV_STATE_APPLICATION, &m);
}

static inline void publish(const char *ref, PB(Status) status, PB(Outcome) outcome, int64_t at_ms)
{
    PB(ApplicationStatusChanged) m = CLINIC__ATTACH__V1__APPLICATION_STATUS_CHANGED__INIT;
    m.application_id = (char *)(uintptr_t)id_of(ref);
    m.status = status;
    m.outcome = outcome;
    m.at_ms = at_ms;
    put(TOPIC_APPLICATION, PERSON, EV_STATUS_CHANGED, &m);
}

/* The term passed (N-19): no status. */
static inline void alarm_raised(const char *ref, int64_t at_ms)
{
    PB(ApplicationStatusChanged) m = CLINIC__ATTACH__V1__APPLICATION_STATUS_CHANGED__INIT;
    m.application_id = (char *)(uintptr_t)id_of(ref);
    m.sla_breached = true;
    m.at_ms = at_ms;
    put(TOPIC_APPLICATION, PERSON, EV_STATUS_CHANGED, &m);
}

/* channel, if given, is the only one. */
static inline void notice_by(const char *ref, const char *milestone, PB(NoticeChannel) * channel)
{
    PB(NoticeState) m = CLINIC__ATTACH__V1__NOTICE_STATE__INIT;
    char key[80];
    m.channels = &channel;
    m.n_channels = channel != NULL;
    snprintf(key, sizeof key, "notice/%s/%s", id_of(ref), milestone);
    put(TOPIC_NOTIFICATION_FACTS, key, EV_STATE_NOTICE, &m);
}
static inline void notice(const char *ref, const char *milestone) { notice_by(ref, milestone, NULL); }

static inline void issued(const char *ref, const char *milestone, const char *what)
{
    PB(NotificationIssued) m = CLINIC__ATTACH__V1__NOTIFICATION_ISSUED__INIT;
    PB(Notice) notice = CLINIC__ATTACH__V1__NOTICE__INIT, *notices[] = {&notice};
    m.application_id = (char *)(uintptr_t)id_of(ref);
    m.notices = notices;
    m.n_notices = 1;
    notice.milestone = (char *)(uintptr_t)milestone;
    notice.channel = CLINIC__ATTACH__V1__CHANNEL__CHANNEL_SMS;
    notice.recipient = "APPLICANT";
    notice.state = (char *)(uintptr_t)what;
    put(TOPIC_NOTIFICATION, PERSON, EV_NOTIFICATION_ISSUED, &m);
}

static inline void reported(const char *ref, unsigned attempt, PB(SendResult) result)
{
    PB(SendReported) m = CLINIC__ATTACH__V1__SEND_REPORTED__INIT;
    m.application_id = (char *)(uintptr_t)id_of(ref);
    m.milestone = "N-06";
    m.channel = CLINIC__ATTACH__V1__CHANNEL__CHANNEL_SMS;
    m.attempt = attempt;
    m.result = result;
    put(TOPIC_NOTIFICATION_INBOX, PERSON, EV_SEND_REPORTED, &m);
}

/* A person: attachments as {ref, clinic, doctor}, an application in flight, counted changes by ref and time. */
struct seat {
    const char *ref, *clinic;
    unsigned doctor;
    int64_t counted_at_ms; /* 0 = not counted */
};
static inline void person(const char *who, const struct seat *seats, size_t n, const char *in_flight)
{
    PB(PersonState) m = CLINIC__ATTACH__V1__PERSON_STATE__INIT;
    PB(Attachment) a[4], *as[4];
    PB(CountedChange) c[4], *cs[4];
    PB(InFlight) f = CLINIC__ATTACH__V1__IN_FLIGHT__INIT, *fs[] = {&f};
    PB(Case) k = CLINIC__ATTACH__V1__CASE__INIT;
    uint8_t ids[4][16];
    char key[40];
    for (size_t i = 0; i < n; i++) {
        uuid_to_bytes(id_of(seats[i].ref), ids[i]);
        if (seats[i].clinic) {
            clinic__attach__v1__attachment__init(&a[m.n_attachments]);
            a[m.n_attachments].profile = PB_PROFILE(ADULT_THERAPEUTIC);
            a[m.n_attachments].clinic_id = (char *)(uintptr_t)seats[i].clinic;
            a[m.n_attachments].doctor_id = seats[i].doctor;
            a[m.n_attachments].basis = (ProtobufCBinaryData){16, ids[i]};
            as[m.n_attachments] = &a[m.n_attachments];
            m.n_attachments++;
        }
        if (seats[i].counted_at_ms) {
            clinic__attach__v1__counted_change__init(&c[m.n_changes]);
            c[m.n_changes].profile = PB_PROFILE(ADULT_THERAPEUTIC);
            c[m.n_changes].at_s = (uint32_t)(seats[i].counted_at_ms / 1000);
            c[m.n_changes].basis = (ProtobufCBinaryData){16, ids[i]};
            cs[m.n_changes] = &c[m.n_changes];
            m.n_changes++;
        }
    }
    m.attachments = as;
    m.changes = cs;
    if (in_flight) {
        k.application_id = (char *)(uintptr_t)id_of(in_flight);
        f.profile = PB_PROFILE(ADULT_THERAPEUTIC);
        f.case_ = &k;
        m.in_flight = fs;
        m.n_in_flight = 1;
    }
    snprintf(key, sizeof key, "person/%s", who);
    put(TOPIC_ATTACHMENT_FACTS, key, EV_STATE_PERSON, &m);
}

static inline void place(const char *clinic, const char *ref, unsigned doctor, bool over_norm, unsigned norm)
{
    PB(Reservation) m = CLINIC__ATTACH__V1__RESERVATION__INIT;
    char key[100];
    m.doctor_id = doctor;
    m.over_norm = over_norm;
    m.norm = norm;
    m.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    snprintf(key, sizeof key, "reservation/%s/%s", clinic, id_of(ref));
    put(TOPIC_CAPACITY_FACTS, key, EV_STATE_RESERVATION, &m);
}
static inline void no_place(const char *clinic, const char *ref)
{
    char key[100];
    snprintf(key, sizeof key, "reservation/%s/%s", clinic, id_of(ref));
    put(TOPIC_CAPACITY_FACTS, key, EV_STATE_RESERVATION, NULL);
}
static inline void places(const char *clinic, unsigned doctor, unsigned used)
{
    PB(ClinicPlaces) m = CLINIC__ATTACH__V1__CLINIC_PLACES__INIT;
    PB(DoctorPlaces) d = CLINIC__ATTACH__V1__DOCTOR_PLACES__INIT, *ds[] = {&d};
    char key[60];
    d.doctor_id = doctor;
    d.used = used;
    m.doctors = ds;
    m.n_doctors = 1;
    snprintf(key, sizeof key, "places/%s", clinic);
    put(TOPIC_CAPACITY_FACTS, key, EV_STATE_PLACES, &m);
}

/* "a" was approved and rests at 770001; "b" was refused; "c" waits for a place; "d" was gated. */
static inline void sound_platform(void)
{
    int64_t at = noon(2026, 5, 12);
    recs_n = 0;
    submit("a");
    submit("b");
    submit("c");
    submit("d");
    state("a", PB_OUTCOME(UNSPECIFIED), at); /* older value of the key: does not count */
    state("a", PB_OUTCOME(APPROVED), at);
    state("b", PB_OUTCOME(REFUSED), at);
    state("c", PB_OUTCOME(UNSPECIFIED), at);
    state("d", PB_OUTCOME(GATED), at);
    publish("a", PB_STATUS(VERIFYING_IDENTITY), PB_OUTCOME(UNSPECIFIED), at);
    publish("a", PB_STATUS(VERIFYING_POLICY), PB_OUTCOME(UNSPECIFIED), at);
    publish("a", PB_STATUS(CHECKING_CAPACITY), PB_OUTCOME(UNSPECIFIED), at);
    publish("a", PB_STATUS(ATTACHED), PB_OUTCOME(APPROVED), at);
    publish("b", PB_STATUS(REFUSED), PB_OUTCOME(REFUSED), at);
    publish("c", PB_STATUS(CHECKING_CAPACITY), PB_OUTCOME(UNSPECIFIED), at);
    publish("d", PB_STATUS(GATED), PB_OUTCOME(GATED), at);
    notice("a", "N-01");
    notice("a", "N-06");
    notice("b", "N-01");
    notice("b", "N-08");
    notice("c", "N-01");
    notice("d", "N-02");
    issued("a", "N-06", "INTENDED");
    issued("a", "N-06", "SENT");
    issued("a", "N-06", "DELIVERED");
    reported("a", 1, SENT(RETRY));
    reported("a", 2, SENT(ACCEPTED));
    reported("a", 2, SENT(ACCEPTED));
    person(PERSON, (struct seat[]){{"a", "770001", 1, at}}, 1, NULL);
    person(OTHER, (struct seat[]){{"old", "770002", 0, 0}}, 1, "c");
    place("770001", "a", 1, false, 5);
    place("770001", "c", 1, false, 5);
    place("770002", "old", 3, true, 0);
    places("770001", 1, 2);
    places("770002", 3, 1);
}
#endif
