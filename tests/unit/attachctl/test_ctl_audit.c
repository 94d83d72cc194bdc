/* The audit over records made by hand: a sound platform has no finding, each planted violation is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "services/attachctl/audit.h"
#include "wire/seal.h"
#include "wire/wire.h"

#define STATUS(x) CLINIC__ATTACH__V1__STATUS__STATUS_##x
#define SENT(x) CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_##x
#define PERSON "AAAAAAAAAAAAAAAA"
#define OTHER "BBBBBBBBBBBBBBBB"

static char found[8192]; /* "kind who" lines */
static size_t found_n;
static int64_t noon(int y, int m, int d) { return text_day_start(text_day_of(y, m, d), 180) + 12 * 3600000LL; }

static void on_finding(void *ctx, enum audit_kind kind, const char *who, const char *detail)
{
    (void)ctx, (void)detail;
    found_n += (size_t)snprintf(found + found_n, sizeof found - found_n, "%s %s\n", audit_kind_name[kind], who);
}
static struct audit_limit on_limit(void *ctx, const char *rule_set, int profile, int32_t day)
{
    (void)ctx, (void)profile, (void)day;
    return (struct audit_limit){strcmp(rule_set, "RU-MOW") == 0 ? AUDIT_MONTH : AUDIT_YEAR, 1};
}

/* --- a small platform --- */

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
static int64_t deleted; /* records that retention has deleted from the beginning of topics without state */

static struct rec *put(int topic, const char *key, int event, const void *msg)
{
    struct rec *r = &recs[recs_n];
    *r = (struct rec){.topic = topic, .event = event, .tombstone = !msg, .offset = (int64_t)recs_n, .time_ms = noon(2026, 5, 12)};
    snprintf(r->key, sizeof r->key, "%s", key);
    if (msg)
        r->n = protobuf_c_message_pack(msg, r->value);
    recs_n++;
    return r;
}

static const char *id_of(const char *ref)
{
    static char ids[8][37];
    static unsigned at;
    char *id = ids[at++ % 8];
    application_id_of(PB_SOURCE(MOSRU), ref, id);
    return id;
}

static struct rec *submit(const char *ref)
{
    PB(Application) m = CLINIC__ATTACH__V1__APPLICATION__INIT;
    m.source = PB_SOURCE(MOSRU);
    m.external_ref = (char *)(uintptr_t)ref;
    return put(TOPIC_INTAKE_INBOX, id_of(ref), EV_APPLICATION_SUBMITTED, &m);
}

static void state(const char *ref, PB(Outcome) outcome, int64_t at_ms)
{
    PB(ApplicationState) m = CLINIC__ATTACH__V1__APPLICATION_STATE__INIT;
    PB(RuleSetRef) rules = CLINIC__ATTACH__V1__RULE_SET_REF__INIT;
    PB(Step) step = CLINIC__ATTACH__V1__STEP__INIT, *trail[] = {&step};
    char key[80];
    rules.id = "RU-MOW";
    step.status = STATUS(REGISTERED);
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

static void publish(const char *ref, PB(Status) status, PB(Outcome) outcome, int64_t at_ms)
{
    PB(ApplicationStatusChanged) m = CLINIC__ATTACH__V1__APPLICATION_STATUS_CHANGED__INIT;
    m.application_id = (char *)(uintptr_t)id_of(ref);
    m.status = status;
    m.outcome = outcome;
    m.at_ms = at_ms;
    put(TOPIC_APPLICATION, PERSON, EV_STATUS_CHANGED, &m);
}

static void notice(const char *ref, const char *milestone)
{
    PB(NoticeState) m = CLINIC__ATTACH__V1__NOTICE_STATE__INIT;
    char key[80];
    snprintf(key, sizeof key, "notice/%s/%s", id_of(ref), milestone);
    put(TOPIC_NOTIFICATION_FACTS, key, EV_STATE_NOTICE, &m);
}

static void issued(const char *ref, const char *milestone, const char *what)
{
    PB(NotificationIssued) m = CLINIC__ATTACH__V1__NOTIFICATION_ISSUED__INIT;
    m.application_id = (char *)(uintptr_t)id_of(ref);
    m.milestone = (char *)(uintptr_t)milestone;
    m.channel = CLINIC__ATTACH__V1__CHANNEL__CHANNEL_SMS;
    m.recipient = "APPLICANT";
    m.state = (char *)(uintptr_t)what;
    put(TOPIC_NOTIFICATION, PERSON, EV_NOTIFICATION_ISSUED, &m);
}

static void reported(const char *ref, unsigned attempt, PB(SendResult) result)
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
static void person(const char *who, const struct seat *seats, size_t n, const char *in_flight)
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

static void place(const char *clinic, const char *ref, unsigned doctor, bool confirmed, bool over_norm, unsigned norm)
{
    PB(Reservation) m = CLINIC__ATTACH__V1__RESERVATION__INIT;
    char key[100];
    m.doctor_id = doctor;
    m.confirmed = confirmed;
    m.over_norm = over_norm;
    m.norm = norm;
    m.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    snprintf(key, sizeof key, "reservation/%s/%s", clinic, id_of(ref));
    put(TOPIC_CAPACITY_FACTS, key, EV_STATE_RESERVATION, &m);
}
static void no_place(const char *clinic, const char *ref)
{
    char key[100];
    snprintf(key, sizeof key, "reservation/%s/%s", clinic, id_of(ref));
    put(TOPIC_CAPACITY_FACTS, key, EV_STATE_RESERVATION, NULL);
}
static void places(const char *clinic, unsigned doctor, unsigned used)
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
static void sound_platform(void)
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
    publish("a", STATUS(REGISTERED), PB_OUTCOME(UNSPECIFIED), at);
    publish("a", STATUS(ATTACHED), PB_OUTCOME(APPROVED), at);
    publish("b", STATUS(REFUSED), PB_OUTCOME(REFUSED), at);
    publish("c", STATUS(REGISTERED), PB_OUTCOME(UNSPECIFIED), at);
    publish("d", STATUS(GATED), PB_OUTCOME(GATED), at);
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
    place("770001", "a", 1, true, false, 5);
    place("770001", "c", 1, false, false, 5);
    place("770002", "old", 3, true, true, 0);
    places("770001", 1, 2);
    places("770002", 3, 1);
}

static int by_topic(const void *x, const void *y)
{
    const struct rec *a = x, *b = y;
    return a->topic != b->topic ? a->topic - b->topic : (a->offset > b->offset) - (a->offset < b->offset);
}

/* What the audit finds, as lines "kind who". */
static const char *judged(struct audit_sum *ret)
{
    struct audit_conf conf = {.utc_offset_min = 180, .limit = on_limit, .finding = on_finding};
    struct audit *a = audit_new(&conf);
    found[0] = '\0';
    found_n = 0;
    qsort(recs, recs_n, sizeof *recs, by_topic);
    for (size_t i = 0; i < recs_n; i++) {
        struct rec *r = &recs[i];
        struct audit_rec x = {.topic = r->topic, .offset = r->topic == TOPIC_INTAKE_INBOX ? r->offset : deleted,
                              .key = bytes_str(r->key), .value = bytes_of(r->tombstone ? NULL : r->value, r->n),
                              .event = r->event, .time_ms = r->time_ms, .waiting = r->waiting};
        audit_feed(a, &x);
        if (i + 1 == recs_n || recs[i + 1].topic != r->topic)
            audit_partition_end(a, r->topic);
    }
    *ret = audit_finish(a);
    audit_free(a);
    return found;
}

/* Finds exactly `kind` of `who`. */
static void expect(const char *kind, const char *who)
{
    char want[200];
    struct audit_sum s;
    snprintf(want, sizeof want, "%s %s\n", kind, who);
    assert_string_equal(judged(&s), want);
    assert_int_equal(s.findings_n, 1);
}

static void test_sound(void **unused)
{
    (void)unused;
    struct audit_sum s;
    sound_platform();
    assert_string_equal(judged(&s), "");
    assert_int_equal(s.submitted, 4);
    assert_int_equal(s.open, 1);
    assert_int_equal(s.outcomes[PB_OUTCOME(APPROVED)], 1);
    assert_int_equal(s.outcomes[PB_OUTCOME(REFUSED)], 1);
    assert_int_equal(s.outcomes[PB_OUTCOME(GATED)], 1);
    assert_int_equal(s.attachments, 2);
    assert_int_equal(s.reservations, 3);
    assert_int_equal(s.open_reservations, 1);
    assert_int_equal(s.messages_sent, 1);
}

static void test_lost_submission(void **unused)
{
    (void)unused;
    sound_platform();
    submit("gone");
    expect("lost", id_of("gone"));
    /* not when intake has still to read it, nor when intake refused it */
    struct audit_sum s;
    sound_platform();
    submit("waits")->waiting = true;
    struct rec *r = submit("invalid");
    PB(DeadLetter) m = CLINIC__ATTACH__V1__DEAD_LETTER__INIT;
    char origin[80];
    snprintf(origin, sizeof origin, "%s/0/%lld", topics[TOPIC_INTAKE_INBOX].name, (long long)r->offset);
    m.origin = origin;
    put(TOPIC_INTAKE_DLQ, "x", EV_DEAD_LETTER, &m);
    assert_string_equal(judged(&s), "");
    assert_int_equal(s.rejected, 1);
    assert_int_equal(s.waiting, 1);
}

static void test_missing_decision(void **unused)
{
    (void)unused;
    sound_platform();
    submit("e");
    state("e", PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
    publish("e", STATUS(REGISTERED), PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
    notice("e", "N-01");
    expect("lost", id_of("e")); /* open, and no stage has it */
    sound_platform();
    state("b", PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
    struct audit_sum s;
    judged(&s);
    assert_int_equal(s.findings[AUDIT_NO_DECISION], 1); /* published, but intake keeps it open */
    sound_platform();
    state("e", PB_OUTCOME(REFUSED), noon(2026, 5, 12));
    notice("e", "N-01");
    notice("e", "N-08");
    expect("missing_decisions", id_of("e")); /* closed, never published */
}

static void test_decided_twice(void **unused)
{
    (void)unused;
    sound_platform();
    publish("b", STATUS(ATTACHED), PB_OUTCOME(APPROVED), noon(2026, 5, 12));
    struct audit_sum s;
    judged(&s);
    assert_int_equal(s.findings[AUDIT_DECIDED_TWICE], 1);
    sound_platform();
    publish("a", STATUS(ATTACHED), PB_OUTCOME(APPROVED), noon(2026, 5, 12));
    expect("decided_twice", id_of("a"));
}

static void test_double_attachment(void **unused)
{
    (void)unused;
    sound_platform();
    person(PERSON, (struct seat[]){{"a", "770001", 1, noon(2026, 5, 12)}, {"z", "770002", 3, 0}}, 2, NULL);
    place("770002", "z", 3, true, false, 9);
    places("770002", 3, 2);
    expect("double_attachments", PERSON);
}

static void test_lost_place(void **unused)
{
    (void)unused;
    sound_platform();
    no_place("770001", "a");
    places("770001", 1, 1);
    expect("attachments_without_place", PERSON);
    sound_platform();
    place("770001", "a", 1, false, false, 5);
    expect("attachments_without_place", PERSON); /* not confirmed */
    sound_platform();
    place("770001", "a", 2, true, false, 5); /* the attachment says doctor 1 */
    places("770001", 1, 1);
    struct audit_sum s;
    judged(&s);
    assert_int_equal(s.findings[AUDIT_NO_PLACE], 1);
    assert_int_equal(s.findings[AUDIT_PLACE_COUNT], 1); /* the counter of doctor 2 was forgotten */
}

static void test_leaked_place(void **unused)
{
    (void)unused;
    sound_platform();
    place("770001", "nobody", 1, true, false, 5);
    places("770001", 1, 3);
    expect("leaked_places", id_of("nobody"));
    sound_platform();
    place("770001", "b", 1, false, false, 5); /* held by a refused application */
    places("770001", 1, 3);
    expect("leaked_places", id_of("b"));
    sound_platform();
    places("770001", 1, 3);
    expect("place_counters", "770001/1");
}

static void test_over_norm(void **unused)
{
    (void)unused;
    sound_platform();
    place("770001", "a", 1, true, false, 1);
    place("770001", "c", 1, false, false, 1);
    expect("over_norm", "770001/1");
    sound_platform();
    place("770001", "a", 1, true, false, 1);
    place("770001", "c", 1, false, true, 1); /* the second one by right of residence */
    struct audit_sum s;
    assert_string_equal(judged(&s), "");
}

static void test_two_changes(void **unused)
{
    (void)unused;
    struct seat seats[] = {{"old", NULL, 0, noon(2026, 5, 1)}, {"a", "770001", 1, noon(2026, 5, 31)}};
    sound_platform();
    person(PERSON, seats, 2, NULL);
    expect("two_changes", PERSON);
    seats[0].counted_at_ms = noon(2026, 4, 30); /* another month: by the rules of RU-MOW another window */
    sound_platform();
    person(PERSON, seats, 2, NULL);
    struct audit_sum s;
    assert_string_equal(judged(&s), "");
    /* the state and the public event tell of one change, not of two */
    sound_platform();
    PB(AttachmentChanged) m = CLINIC__ATTACH__V1__ATTACHMENT_CHANGED__INIT;
    m.person_ref = PERSON;
    m.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    m.application_id = (char *)(uintptr_t)id_of("a");
    m.counted = true;
    m.effective_from_ms = noon(2026, 5, 12);
    put(TOPIC_ATTACHMENT, PERSON, EV_ATTACHMENT_CHANGED, &m);
    assert_string_equal(judged(&s), "");
}

static void test_missing_notice(void **unused)
{
    (void)unused;
    int64_t at = noon(2026, 5, 12);
    sound_platform();
    state("e", PB_OUTCOME(REFUSED), at);
    publish("e", STATUS(REFUSED), PB_OUTCOME(REFUSED), at);
    notice("e", "N-01");
    expect("missing_notices", id_of("e"));
    notice("e", "N-08");
    struct audit_sum s;
    assert_string_equal(judged(&s), "");
}

static void test_duplicate_message(void **unused)
{
    (void)unused;
    sound_platform();
    issued("a", "N-06", "SENT");
    expect("duplicate_messages", id_of("a"));
    sound_platform();
    reported("a", 3, SENT(ACCEPTED)); /* attempt 2 was accepted already */
    expect("duplicate_messages", id_of("a"));
}

/* What retention has deleted cannot be asked for. */
static void test_horizon(void **unused)
{
    (void)unused;
    struct audit_sum s;
    sound_platform();
    state("e", PB_OUTCOME(REFUSED), noon(2026, 1, 12));
    judged(&s);
    assert_int_equal(s.findings[AUDIT_NO_DECISION], 1);
    assert_int_equal(s.findings[AUDIT_MISSING_NOTICE], 2);
    deleted = 1000;
    judged(&s);
    deleted = 0;
    assert_int_equal(s.findings_n, 0);
}

static void test_unreadable(void **unused)
{
    (void)unused;
    sound_platform();
    struct rec *r = put(TOPIC_ATTACHMENT_FACTS, "person/" OTHER "x", EV_STATE_PERSON, NULL);
    r->tombstone = false;
    memcpy(r->value, "\xff\xff\xff", 3);
    r->n = 3;
    expect("unreadable", OTHER "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_lost_submission),
        cmocka_unit_test(test_missing_decision),
        cmocka_unit_test(test_decided_twice),
        cmocka_unit_test(test_double_attachment),
        cmocka_unit_test(test_lost_place),
        cmocka_unit_test(test_leaked_place),
        cmocka_unit_test(test_over_norm),
        cmocka_unit_test(test_two_changes),
        cmocka_unit_test(test_missing_notice),
        cmocka_unit_test(test_duplicate_message),
        cmocka_unit_test(test_horizon),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
