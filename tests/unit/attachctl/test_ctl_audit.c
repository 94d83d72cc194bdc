/* The audit over records made by hand: a sound platform has no finding, each planted violation is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "services/attachctl/audit.h"
#include "support/audit_records.h"


static char found[8192]; /* "kind who" lines */
static size_t found_n;

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

static int64_t deleted; /* records that retention has deleted from the beginning of topics without state */

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
    publish("e", PB_STATUS(REGISTERED), PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
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
    publish("b", PB_STATUS(ATTACHED), PB_OUTCOME(APPROVED), noon(2026, 5, 12));
    struct audit_sum s;
    judged(&s);
    assert_int_equal(s.findings[AUDIT_DECIDED_TWICE], 1);
    sound_platform();
    publish("a", PB_STATUS(ATTACHED), PB_OUTCOME(APPROVED), noon(2026, 5, 12));
    expect("decided_twice", id_of("a"));
}

static void test_statuses_in_turn(void **unused)
{
    (void)unused;
    sound_platform();
    publish("c", PB_STATUS(VERIFYING_POLICY), PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
    expect("status_order", id_of("c")); /* gone back */
    sound_platform();
    publish("c", PB_STATUS(CHECKING_CAPACITY), PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
    expect("status_order", id_of("c")); /* told twice */
    sound_platform();
    publish("b", PB_STATUS(CHECKING_CAPACITY), PB_OUTCOME(UNSPECIFIED), noon(2026, 5, 12));
    expect("status_order", id_of("b")); /* after the outcome */
    struct audit_sum s;
    sound_platform();
    alarm_raised("b", noon(2026, 5, 20));
    alarm_raised("c", noon(2026, 5, 20));
    assert_string_equal(judged(&s), ""); /* an alarm may stand anywhere */
}

static void test_double_attachment(void **unused)
{
    (void)unused;
    sound_platform();
    person(PERSON, (struct seat[]){{"a", "770001", 1, noon(2026, 5, 12)}, {"z", "770002", 3, 0}}, 2, NULL);
    place("770002", "z", 3, false, 9);
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
    no_place("770001", "a");
    places("770001", 1, 1);
    place("770002", "a", 3, false, 5);
    places("770002", 3, 2);
    expect("attachments_without_place", PERSON); /* held, but at another clinic */
    sound_platform();
    place("770001", "a", 2, false, 5); /* the attachment says doctor 1 */
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
    place("770001", "nobody", 1, false, 5);
    places("770001", 1, 3);
    expect("leaked_places", id_of("nobody"));
    sound_platform();
    place("770001", "b", 1, false, 5); /* held by a refused application */
    places("770001", 1, 3);
    expect("leaked_places", id_of("b"));
    sound_platform();
    person(OTHER, (struct seat[]){{"old", "770002", 0, 0}}, 1, NULL); /* "c" is not in flight any more, and so lost too */
    struct audit_sum s;
    judged(&s);
    assert_int_equal(s.findings[AUDIT_LEAKED_PLACE], 1);
    assert_int_equal(s.findings[AUDIT_LOST], 1);
    assert_int_equal(s.open_reservations, 0);
    sound_platform();
    person(PERSON, (struct seat[]){{"a", NULL, 0, noon(2026, 5, 12)}}, 1, NULL); /* the attachment by "a" has ended */
    expect("leaked_places", id_of("a"));
    sound_platform();
    places("770001", 1, 3);
    expect("place_counters", "770001/1");
}

static void test_over_norm(void **unused)
{
    (void)unused;
    sound_platform();
    place("770001", "a", 1, false, 1);
    place("770001", "c", 1, false, 1);
    expect("over_norm", "770001/1");
    sound_platform();
    place("770001", "a", 1, false, 1);
    place("770001", "c", 1, true, 1); /* the second one by right of residence */
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
    publish("e", PB_STATUS(REFUSED), PB_OUTCOME(REFUSED), at);
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

static void test_messages_open_and_of_unknown_outcome(void **unused)
{
    (void)unused;
    struct audit_sum s;
    PB(NoticeChannel) ch = CLINIC__ATTACH__V1__NOTICE_CHANNEL__INIT;
    sound_platform();
    ch.next_at_ms = noon(2026, 5, 12);
    notice_by("a", "N-01", &ch);
    judged(&s);
    assert_int_equal(s.open_messages, 1);
    assert_int_equal(s.unknown_outcomes, 0);
    ch.next_at_ms = 0;
    ch.result = CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_UNKNOWN;
    notice_by("a", "N-01", &ch);
    assert_string_equal(judged(&s), "");
    assert_int_equal(s.open_messages, 0);
    assert_int_equal(s.unknown_outcomes, 1);
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
        cmocka_unit_test(test_statuses_in_turn),
        cmocka_unit_test(test_double_attachment),
        cmocka_unit_test(test_lost_place),
        cmocka_unit_test(test_leaked_place),
        cmocka_unit_test(test_over_norm),
        cmocka_unit_test(test_two_changes),
        cmocka_unit_test(test_missing_notice),
        cmocka_unit_test(test_messages_open_and_of_unknown_outcome),
        cmocka_unit_test(test_duplicate_message),
        cmocka_unit_test(test_horizon),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
