/* test_attachment.c - every transition of the saga on the person's side, as stories with their traces. */
#include "desk.h"

#define ASKED(app, clinic) "reserve " app " " clinic "\nstatus " app " CHECKING_CAPACITY\n"
#define CLOSED(app, outcome, status, reasons) "closed " app " " outcome "\nstatus " app " " status " " outcome reasons "\n"

static void test_change(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"import K0 2020-01-01", "occupy import K0\n"},
        {"verified A1 K1", ASKED("A1", "K1")},
        {"reserved A1 K1 7", "release import K0\n"
                             CLOSED("A1", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 7 counted")
                             "change K0>K1 counted\nnotice A1 N-06 from K0\n"},
        {0},
    };
    desk_play(steps);
}

static void test_first_is_not_counted(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1", ASKED("A1", "K1")},
        {"reserved A1 K1 7", CLOSED("A1", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 7")
                             "change >K1\nnotice A1 N-06\n"},
        {"verified A2 K2", ASKED("A2", "K2")},
        {"reserved A2 K2 1", "release A1 K1\n"
                             CLOSED("A2", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 1 counted")
                             "change K1>K2 counted\nnotice A2 N-06 from K1\n"},
        {"verified A3 K3", CLOSED("A3", "REFUSED", "REFUSED", " CHANGE_LIMIT_REACHED(2026-07-01)") "notice A3 N-08\n"},
        {"at 2026-07-01", ""},
        {"verified A4 K3", ASKED("A4", "K3")},
        {0},
    };
    desk_play(steps);
}

static void test_repeats_change_nothing(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1", ASKED("A1", "K1")},
        {"verified A1 K1", ""},
        {"stopped A1 K1 REFUSED POLICY_NOT_FOUND", ""},
        {"reserved A1 K1 7 over", CLOSED("A1", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 7 over")
                                  "change >K1\nnotice A1 N-06\n"},
        {"reserved A1 K1 7 over", ""},
        {"full A1 K1", ""},
        {"verified A2 K2", ASKED("A2", "K2")},
        {"full A2 K2", CLOSED("A2", "REFUSED", "REFUSED", " CAPACITY_ALL_DOCTORS_FULL") "notice A2 N-08 or K9\n"},
        {"full A2 K2", ""},
        {0},
    };
    desk_play(steps);
}

/* Who asks again after the end hears the kept outcome; nobody else hears anything. */
static void test_closed_ones_are_answered_again(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1", ASKED("A1", "K1")},
        {"reserved A1 K1 7", CLOSED("A1", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 7")
                             "change >K1\nnotice A1 N-06\n"},
        {"verified A1 K1", "closed A1 APPROVED\n"}, /* an attachment rests on it */
        {"stopped A1 K1 REFUSED POLICY_NOT_FOUND", "closed A1 APPROVED\n"},
        {"withdraw A1", "closed A1 APPROVED\n"},
        {"verified A2 K2", ASKED("A2", "K2")},
        {"verified A2 K2", ""}, /* in flight: answered when it ends */
        {"full A2 K2", CLOSED("A2", "REFUSED", "REFUSED", " CAPACITY_ALL_DOCTORS_FULL") "notice A2 N-08 or K9\n"},
        {"verified A2 K2", "closed A2 REFUSED\n"},
        {"stopped A2 K2 RETURNED DOC_MISSING", "closed A2 REFUSED\n"},
        {"withdraw A2", "closed A2 REFUSED\n"},
        {"withdraw A2", "closed A2 REFUSED\n"},
        {"verified A3 K3", ASKED("A3", "K3")},
        {"reserved A3 K3 1", "release A1 K1\n"
                             CLOSED("A3", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 1 counted")
                             "change K1>K3 counted\nnotice A3 N-06 from K1\n"},
        {"verified A1 K1", "closed A1 APPROVED\n"}, /* its attachment has ended, its outcome has not changed */
        {0},
    };
    desk_play(steps);
}

/* Capacity's names of clinics go into the notice; they are not kept. */
static void test_notices_name_the_clinics(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1", ASKED("A1", "K1")},
        {"full A1 K1 named", CLOSED("A1", "REFUSED", "REFUSED", " CAPACITY_ALL_DOCTORS_FULL")
                             "notice A1 N-08 or K9 or Ninth at First\n"},
        {"verified A2 K1", ASKED("A2", "K1")},
        {"reserved A2 K1 7 named", CLOSED("A2", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 7")
                                   "change >K1\nnotice A2 N-06 at First\n"},
        {0},
    };
    desk_play(steps);
}

static void test_late_answers_give_the_place_back(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"reserved A9 K1 3", "cancel A9 K1\n"}, /* never heard of */
        {"verified A1 K1", ASKED("A1", "K1")},
        {"reserved A1 K2 3", "cancel A1 K2\n"}, /* of a clinic that was not asked */
        {"full A1 K1", CLOSED("A1", "REFUSED", "REFUSED", " CAPACITY_ALL_DOCTORS_FULL") "notice A1 N-08 or K9\n"},
        {"reserved A1 K1 3", "cancel A1 K1\n"}, /* a repeat of the question found a place */
        {"verified A2 K1", ASKED("A2", "K1")},
        {"withdraw A2", "cancel A2 K1\n" CLOSED("A2", "WITHDRAWN", "WITHDRAWN", "") "notice A2 N-03\n"},
        {"reserved A2 K1 3", "cancel A2 K1\n"},
        {0},
    };
    desk_play(steps);
}

static void test_withdrawal(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"withdraw A1", ""}, /* before arrival */
        {"withdraw A1", ""},
        {"verified A1 K1", CLOSED("A1", "WITHDRAWN", "WITHDRAWN", "") "notice A1 N-03\n"},
        {"verified A1 K1", "closed A1 WITHDRAWN\n"},
        {"withdraw A2", ""},
        {"stopped A2 K1 REFUSED POLICY_NOT_FOUND", CLOSED("A2", "WITHDRAWN", "WITHDRAWN", "") "notice A2 N-03\n"},
        {"verified A3 K1", ASKED("A3", "K1")}, /* while waiting */
        {"withdraw A3", "cancel A3 K1\n" CLOSED("A3", "WITHDRAWN", "WITHDRAWN", "") "notice A3 N-03\n"},
        {"withdraw A3", "closed A3 WITHDRAWN\n"},
        {"verified A4 K1", ASKED("A4", "K1")}, /* after the decision */
        {"reserved A4 K1 1", CLOSED("A4", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 1")
                             "change >K1\nnotice A4 N-06\n"},
        {"withdraw A4", "closed A4 APPROVED\n"},
        {0},
    };
    desk_play(steps);
}

/* Withdrawals that wait for their application are kept however many there are. */
static void test_early_withdrawals_are_not_forgotten(void **state)
{
    (void)state;
    struct desk d;
    char line[60];
    desk_open(&d);
    for (int i = 0; i < 20; i++) {
        snprintf(line, sizeof line, "withdraw W%d", i);
        desk_do(&d, line);
        snprintf(line, sizeof line, "stopped S%d K1 REFUSED POLICY_NOT_FOUND", i);
        desk_do(&d, line);
    }
    desk_trace(&d);
    for (int i = 0; i < 20; i++) {
        snprintf(line, sizeof line, "verified W%d K1", i);
        desk_do(&d, line);
        assert_non_null(strstr(desk_trace(&d), "WITHDRAWN"));
    }
    desk_close(&d);
}

static void test_stops(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"stopped A1 K1 GATED POLICY_OTHER_REGION", CLOSED("A1", "GATED", "GATED", " POLICY_OTHER_REGION") "notice A1 N-03\n"},
        {"stopped A2 K1 RETURNED DOC_MISSING", CLOSED("A2", "RETURNED", "AWAITING_DOCUMENTS", " DOC_MISSING") "notice A2 N-05\n"},
        {"stopped A3 K1 REFUSED POLICY_NOT_FOUND", CLOSED("A3", "REFUSED", "REFUSED", " POLICY_NOT_FOUND") "notice A3 N-08\n"},
        {"stopped A4 K1 APPROVED OK_ATTACHED", "dead invalid outcome: must be GATED, REFUSED or RETURNED\n"},
        {0},
    };
    desk_play(steps);
}

static void test_one_in_flight_per_profile(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1", ASKED("A1", "K1")},
        {"verified A2 K2", CLOSED("A2", "GATED", "GATED", " APPLICATION_IN_PROGRESS") "notice A2 N-03\n"},
        {"verified D1 K5 dental", ASKED("D1", "K5")},
        {"reserved A1 K1 1", CLOSED("A1", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 1")
                             "change >K1\nnotice A1 N-06\n"},
        {"reserved D1 K5 2", CLOSED("D1", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 2")
                             "change >K5\nnotice D1 N-06\n"},
        {"verified A3 K1", CLOSED("A3", "GATED", "GATED", " ALREADY_ATTACHED_SAME") "notice A3 N-03\n"},
        {"verified D2 K1 dental", ASKED("D2", "K1")},
        {0},
    };
    desk_play(steps);
}

static void test_yearly_limit_and_moves(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"rules RU-MOS", ""},
        {"import K0 2026-03-10 counted", "occupy import K0\n"},
        {"verified A1 K1 desk", CLOSED("A1", "REFUSED", "REFUSED", " CHANGE_LIMIT_REACHED(2027-01-01)") "notice A1 N-08\n"},
        {"verified A2 K1 desk moved", CLOSED("A2", "RETURNED", "AWAITING_DOCUMENTS", " MOVE_PROOF_REQUIRED") "notice A2 N-05\n"},
        {"verified A3 K1 desk moved proof", ASKED("A3", "K1")},
        {"reserved A3 K1 2", "release import K0\n"
                             CLOSED("A3", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED(RESIDENCE) doctor 2")
                             "change K0>K1\nnotice A3 N-07 from K0\n"},
        {"at 2026-12-31", ""},
        {"verified A4 K2 desk", CLOSED("A4", "REFUSED", "REFUSED", " CHANGE_LIMIT_REACHED(2027-01-01)") "notice A4 N-08\n"},
        {"at 2027-01-01", ""},
        {"verified A5 K2 desk", ASKED("A5", "K2")},
        {0},
    };
    desk_play(steps);
}

/* A change counted under the monthly rules of Moscow is not forgotten: the yearly rules of another region see it. */
static void test_changes_outlive_the_shortest_window(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"import K0 2020-01-01", "occupy import K0\n"},
        {"verified A1 K1", ASKED("A1", "K1")},
        {"reserved A1 K1 1", "release import K0\n"
                             CLOSED("A1", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 1 counted")
                             "change K0>K1 counted\nnotice A1 N-06 from K0\n"},
        {"at 2026-08-01", ""},
        {"verified A2 K2", ASKED("A2", "K2")},
        {"reserved A2 K2 1", "release A1 K1\n"
                             CLOSED("A2", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 1 counted")
                             "change K1>K2 counted\nnotice A2 N-06 from K1\n"},
        {"rules RU-MOS", ""},
        {"verified A3 K3 desk", CLOSED("A3", "REFUSED", "REFUSED", " CHANGE_LIMIT_REACHED(2027-01-01)") "notice A3 N-08\n"},
        {0},
    };
    desk_play(steps);
}

/* The rules are asked again when the place is held: the world may have changed under the lock. */
static void test_judged_again_when_reserved(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"import K0 2020-01-01", "occupy import K0\n"},
        {"verified A1 K1", ASKED("A1", "K1")},
        {"import K5 2026-06-02 counted", "occupy import K5\nrelease import K0\nchange K0>K5 counted\n"},
        {"reserved A1 K1 4", "cancel A1 K1\n" CLOSED("A1", "REFUSED", "REFUSED", " CHANGE_LIMIT_REACHED(2026-07-01)")
                             "notice A1 N-08\n"},
        {"verified A2 K1", CLOSED("A2", "REFUSED", "REFUSED", " CHANGE_LIMIT_REACHED(2026-07-01)") "notice A2 N-08\n"},
        {0},
    };
    desk_play(steps);
}

static void test_reserve_is_repeated_until_answered(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1", ASKED("A1", "K1")},
        {"pass 59", ""},
        {"pass 1", "reserve A1 K1\n"},
        {"pass 119", ""},
        {"pass 1", "reserve A1 K1\n"},
        {"pass 239", ""},
        {"pass 1", "reserve A1 K1\n"},
        {"reserved A1 K1 1", CLOSED("A1", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED_FIRST doctor 1")
                             "change >K1\nnotice A1 N-06\n"},
        {"pass 100000", ""},
        {"reserved A1 K1 1", ""},
        {0},
    };
    desk_play(steps);
}

static void test_imports(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"import K1 2024-05-01", "occupy import K1\n"},
        {"import K1 2024-05-01", ""},
        {"import K0 2023-05-01", ""}, /* older than what is known */
        {"import K2 2025-05-01", "occupy import K2\nrelease import K1\nchange K1>K2\n"},
        {"import K1 2024-05-01", ""}, /* the old file again */
        {"verified A1 K3", ASKED("A1", "K3")},
        {"reserved A1 K3 1", "release import K2\n"
                             CLOSED("A1", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 1 counted")
                             "change K2>K3 counted\nnotice A1 N-06 from K2\n"},
        {"import K2 2025-05-01", ""},
        {0},
    };
    desk_play(steps);
}

static void test_reasons_and_terms_of_policies(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"verified A1 K1 desk basic", ASKED("A1", "K1")},
        {"reserved A1 K1 1", CLOSED("A1", "APPROVED", "APPROVED>ATTACHED", " OK_BASIC_PROGRAMME OK_ATTACHED_FIRST doctor 1")
                             "change >K1\nnotice A1 N-07\n"},
        {"at 2026-07-01", ""},
        {"verified A2 K2 desk temp", ASKED("A2", "K2")},
        {"reserved A2 K2 1", "release A1 K1\n"
                             CLOSED("A2", "APPROVED", "APPROVED>RECONCILING_OLD_CLINIC>ATTACHED", " OK_ATTACHED doctor 1 counted")
                             "change K1>K2 counted\nnotice A2 N-07 from K1\n"},
        /* the temporary attachment ran out: the same clinic may be applied to again, and nothing is changed by it */
        {"at 2026-07-31", ""},
        {"verified A3 K2 desk", ASKED("A3", "K2")},
        {"reserved A3 K2 1", "release A2 K2\n"
                             CLOSED("A3", "APPROVED", "APPROVED>ATTACHED", " OK_ATTACHED doctor 1")
                             "change K2>K2\nnotice A3 N-07 from K2\n"},
        {0},
    };
    desk_play(steps);
}

static void send_broken(struct desk *d, const char *key, const char *ref, const char *app)
{
    PB(WithdrawalRequested) m = CLINIC__ATTACH__V1__WITHDRAWAL_REQUESTED__INIT;
    m.application_id = (char *)app;
    m.person_ref = (char *)ref;
    fake_publish_event(platform_cluster(d->p), TOPIC_ATTACHMENT_INBOX, bytes_str(key), EV_WITHDRAWAL_REQUESTED, &m, NULL,
                       "");
    platform_run(d->p);
}

static void test_malformed_records_are_dead_letters(void **state)
{
    (void)state;
    struct desk d;
    desk_open(&d);
    const char *id = desk_app(&d, "A1");
    send_broken(&d, REF, "short", id);
    assert_string_equal(desk_trace(&d), "dead invalid person_ref: must be a pseudonym of 16 characters\n");
    send_broken(&d, "another-key", REF, id);
    assert_string_equal(desk_trace(&d), "dead invalid person_ref: must be the key of the record\n");
    send_broken(&d, "", REF, id);
    assert_string_equal(desk_trace(&d), "dead invalid person_ref: must be the key of the record\n");
    send_broken(&d, REF, REF, "not-a-uuid");
    assert_string_equal(desk_trace(&d), "dead invalid application_id: must be a UUID in lower case\n");
    send_broken(&d, REF, REF, "6F1D9C52-3C8E-5B1A-9D43-8A1F0C2E7B60");
    assert_string_equal(desk_trace(&d), "dead invalid application_id: must be a UUID in lower case\n");
    PB(PolicyVerified) empty = CLINIC__ATTACH__V1__POLICY_VERIFIED__INIT;
    PB(Case) k = CLINIC__ATTACH__V1__CASE__INIT;
    k.person_ref = (char *)REF;
    empty.case_ = &k;
    desk_send(&d, EV_POLICY_VERIFIED, &empty, "");
    platform_run(d.p);
    assert_string_equal(desk_trace(&d), "dead invalid case.application: required\n");
    desk_close(&d);
}

static void measure(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    (void)part;
    (void)key;
    *(size_t *)ctx = protobuf_c_message_get_packed_size(msg);
}

/* State is kept for every person of a region: idle, it stays small. */
static void test_idle_state_is_small(void **state)
{
    (void)state;
    struct desk d;
    size_t bytes = 0;
    desk_open(&d);
    desk_do(&d, "import 770101 2020-01-01");
    platform_each(d.p, 0, 0, measure, &bytes);
    assert_in_range(bytes, 1, 50);
    desk_do(&d, "verified A1 770102");
    desk_do(&d, "reserved A1 770102 3");
    platform_each(d.p, 0, 0, measure, &bytes);
    assert_in_range(bytes, 1, 100);
    for (int month = 7; month < 12; month++) {
        char line[60];
        snprintf(line, sizeof line, "at 2026-%02d-03", month);
        desk_do(&d, line);
        snprintf(line, sizeof line, "verified B%d K%d", month, month);
        desk_do(&d, line);
        snprintf(line, sizeof line, "reserved B%d K%d 1", month, month);
        desk_do(&d, line);
    }
    platform_each(d.p, 0, 0, measure, &bytes);
    assert_in_range(bytes, 1, 400); /* six changes in a year, all within the reach of a window */
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_first_is_not_counted),
        cmocka_unit_test(test_repeats_change_nothing),
        cmocka_unit_test(test_closed_ones_are_answered_again),
        cmocka_unit_test(test_notices_name_the_clinics),
        cmocka_unit_test(test_late_answers_give_the_place_back),
        cmocka_unit_test(test_withdrawal),
        cmocka_unit_test(test_early_withdrawals_are_not_forgotten),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_one_in_flight_per_profile),
        cmocka_unit_test(test_yearly_limit_and_moves),
        cmocka_unit_test(test_changes_outlive_the_shortest_window),
        cmocka_unit_test(test_judged_again_when_reserved),
        cmocka_unit_test(test_reserve_is_repeated_until_answered),
        cmocka_unit_test(test_imports),
        cmocka_unit_test(test_reasons_and_terms_of_policies),
        cmocka_unit_test(test_malformed_records_are_dead_letters),
        cmocka_unit_test(test_idle_state_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
