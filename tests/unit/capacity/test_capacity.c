/* test_capacity.c - every transition of a place, as stories with their traces. */
#include "desk.h"

static void test_life_of_a_place(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:2,2:1", "[]"},
        {"reserve A1 K1", "reserved A1 K1 1\n[1:1]"},
        {"reserve A1 K1", "reserved A1 K1 1\n[1:1]"}, /* a repeat gets the same answer */
        {"release A2 K1", "[1:1]"}, /* of one that holds none */
        {"cancel A2 K1", "[1:1]"},
        {"release A1 K1", "[]"},
        {"release A1 K1", "[]"},
        {"cancel A1 K1", "[]"},
        {"reserve A2 K1", "reserved A2 K1 1\n[1:1]"},
        {"cancel A2 K1", "[]"},
        {"cancel A2 K1", "[]"},
        {"release A2 K1", "[]"},
        {"reserve A2 K1", "reserved A2 K1 1\n[1:1]"}, /* a place given back may be taken again */
        {0},
    };
    desk_play(steps);
}

static void test_choice_of_the_doctor(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:2,2:3,3:9!", "[]"},
        {"reserve A1 K1 doctor 1", "reserved A1 K1 1\n[1:1]"},
        {"reserve A2 K1 doctor 1", "reserved A2 K1 1\n[1:2]"},
        {"reserve A3 K1 doctor 1", "reserved A3 K1 2\n[1:2 2:1]"}, /* chosen one is full: who has most room */
        {"reserve A4 K1 doctor 3", "reserved A4 K1 2\n[1:2 2:2]"}, /* takes nobody new */
        {"reserve A5 K1 doctor 7", "reserved A5 K1 2\n[1:2 2:3]"},
        {"reserve A6 K1", "refused A6 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:2 2:3]"},
        {"cancel A2 K1", "[1:1 2:3]"},
        {"reserve A6 K1", "reserved A6 K1 1\n[1:2 2:3]"}, /* a refusal is not kept */
        {0},
    };
    desk_play(steps);
}

static void test_residents_are_admitted_over_the_norm(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:1,2:1@arbat area arbat", "[]"},
        {"reserve A1 K1 from arbat", "reserved A1 K1 2 arbat\n[2:1]"},
        {"reserve A2 K1 from tverskoy", "reserved A2 K1 1\n[1:1 2:1]"},
        {"reserve A3 K1 from tverskoy", "refused A3 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:1 2:1]"},
        {"reserve A4 K1", "refused A4 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:1 2:1]"},
        {"reserve A5 K1 from arbat", "reserved A5 K1 2 over arbat\n[1:1 2:2]"},
        {"reserve A5 K1 from arbat", "reserved A5 K1 2 over arbat\n[1:1 2:2]"},
        {"cancel A1 K1", "[1:1 2:1]"},
        {"reserve A6 K1", "refused A6 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:1 2:1]"}, /* still at the norm */
        {"cancel A5 K1", "[1:1]"},
        {0},
    };
    desk_play(steps);
}

static void test_clinics_that_cannot_be_attached_to(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"reserve A1 K0", "refused A1 REFUSED CLINIC_NOT_IN_CHI\n[]"},
        {"clinic K1 1:5 unlisted", "[]"},
        {"reserve A2 K1", "refused A2 REFUSED CLINIC_NOT_IN_CHI\n[]"},
        {"clinic K2 1:5 research", "[]"},
        {"reserve A3 K2", "refused A3 REFUSED CLINIC_KIND_NOT_ATTACHABLE\n[]"},
        {"clinic K3 1:5 dental", "[]"},
        {"reserve A4 K3", "refused A4 REFUSED CLINIC_PROFILE_ABSENT\n[]"},
        {"clinic K4 1:5 insurer", "[]"},
        {"reserve A5 K4", "refused A5 REFUSED INSURER_NOT_SERVED\n[]"},
        {"clinic K5 1:5 private", "[]"},
        {"reserve A6 K5 online", "refused A6 GATED CLINIC_NOT_ONLINE\n[]"},
        {"reserve A6 K5", "reserved A6 K5 1\n[1:1]"},
        {"clinic K6 none", "[]"},
        {"reserve A7 K6", "refused A7 REFUSED CLINIC_PROFILE_ABSENT\n[]"}, /* offered, but by no doctor */
        {0},
    };
    desk_play(steps);
}

static void test_register_changes_meanwhile(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:3,2:1", "[]"},
        {"reserve A1 K1", "reserved A1 K1 1\n[1:1]"},
        {"reserve A2 K1", "reserved A2 K1 1\n[1:2]"},
        {"clinic K1 1:1,2:1", "[1:2]"}, /* norm lowered below what is used: nobody is put out, nobody gets in */
        {"reserve A3 K1 doctor 1", "reserved A3 K1 2\n[1:2 2:1]"},
        {"reserve A4 K1", "refused A4 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:2 2:1]"},
        {"cancel A1 K1", "[1:1 2:1]"},
        {"reserve A4 K1", "refused A4 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:1 2:1]"},
        {"clinic K1 2:1", "[1:1 2:1]"}, /* doctor 1 left with a person on his list */
        {"reserve A2 K1", "reserved A2 K1 1\n[1:1 2:1]"},
        {"release A2 K1", "[2:1]"},
        {"clinic K1 2:1 unlisted", "[2:1]"},
        {"reserve A5 K1", "refused A5 REFUSED CLINIC_NOT_IN_CHI\n[2:1]"},
        {"release A3 K1", "[]"},
        {0},
    };
    desk_play(steps);
}

static void test_imported_attachments_take_places(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:1,2:1", "[]"},
        {"occupy I1 K1 1", "[1:1]"},
        {"occupy I1 K1 1", "[1:1]"},
        {"occupy I2 K1 1", "[1:2]"}, /* over the norm: it is so */
        {"occupy I3 K1 0", "[1:2 2:1]"},
        {"occupy I4 K1 8", "[1:2 2:1 8:1]"}, /* a doctor that the register does not know */
        {"reserve A1 K1", "refused A1 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:2 2:1 8:1]"},
        {"release I1 K1", "[1:1 2:1 8:1]"},
        {"occupy I5 K7 0", "[0:1]"}, /* nor the clinic */
        {"release I5 K7", "[]"},
        {0},
    };
    desk_play(steps);
}

static void test_others_with_room_are_advised(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:1", "[]"},
        {"clinic K2 1:2", "[]"},
        {"reserve A1 K1", "reserved A1 K1 1\n[1:1]"},
        {"reserve A2 K1", "refused A2 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:1]"},
        {"reserve A3 K2", "reserved A3 K2 1\n[1:1]"},
        {"reserve A2 K1", "refused A2 REFUSED CAPACITY_ALL_DOCTORS_FULL or K2\n[1:1]"},
        {"reserve A4 K2", "reserved A4 K2 1\n[1:2]"},
        {"reserve A2 K1", "refused A2 REFUSED CAPACITY_ALL_DOCTORS_FULL\n[1:1]"},
        {0},
    };
    desk_play(steps);
}

/* The answers name the clinics, for the notices: as the register has them. */
static void test_answers_name_the_clinics(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {"clinic K1 1:1 named First", "[]"},
        {"clinic K2 1:2 named Second", "[]"},
        {"reserve A1 K1", "reserved A1 K1 1 (First, Lane 5, +74950000005)\n[1:1]"},
        {"reserve A2 K2", "reserved A2 K2 1 (Second, Lane 5, +74950000005)\n[1:1]"},
        {"reserve A3 K1", "refused A3 REFUSED CAPACITY_ALL_DOCTORS_FULL or K2 (Second, Lane 5)"
                          " (First, Lane 5, +74950000005)\n[1:1]"},
        {"clinic K1 1:1 named Renamed", "[1:1]"},
        {"reserve A1 K1", "reserved A1 K1 1 (Renamed, Lane 5, +74950000005)\n[1:1]"},
        {"clinic K3 1:5 unlisted named Third", "[]"},
        {"reserve A4 K3", "refused A4 REFUSED CLINIC_NOT_IN_CHI (Third, Lane 5, +74950000005)\n[]"},
        {"reserve A5 K9", "refused A5 REFUSED CLINIC_NOT_IN_CHI\n[]"},
        {0},
    };
    desk_play(steps);
}

static void test_malformed_commands_are_dead_letters(void **state)
{
    (void)state;
    struct desk d;
    desk_open(&d);
    d.clinic = "K1";
    PB(Reserve) m = CLINIC__ATTACH__V1__RESERVE__INIT;
    m.doctor_id = 1;
    desk_send(&d, "K1", EV_RESERVE, &m);
    m.clinic_id = (char *)"K1";
    desk_send(&d, "K2", EV_RESERVE, &m);
    desk_send(&d, "K1", EV_RESERVE, &m);
    m.application_id = (char *)"6F1D9C52-3C8E-5B1A-9D43-8A1F0C2E7B60";
    desk_send(&d, "K1", EV_RESERVE, &m);
    m.application_id = desk_app(&d, "A1");
    desk_send(&d, "K1", EV_RESERVE, &m);
    m.person_ref = (char *)REF;
    desk_send(&d, "K1", EV_RESERVE, &m);
    m.profile = (PB(Profile))99;
    desk_send(&d, "K1", EV_RESERVE, &m);
    platform_run(d.p);
    assert_string_equal(desk_trace(&d), "dead clinic_id: required\n"
                                        "dead clinic_id: must be the key of the record\n"
                                        "dead application_id: must be a UUID\n"
                                        "dead application_id: must be in lower case\n"
                                        "dead person_ref: required\n"
                                        "dead profile: must be a known one\n"
                                        "dead profile: must be a known one\n[]");
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_of_a_place),
        cmocka_unit_test(test_choice_of_the_doctor),
        cmocka_unit_test(test_residents_are_admitted_over_the_norm),
        cmocka_unit_test(test_clinics_that_cannot_be_attached_to),
        cmocka_unit_test(test_register_changes_meanwhile),
        cmocka_unit_test(test_imported_attachments_take_places),
        cmocka_unit_test(test_others_with_room_are_advised),
        cmocka_unit_test(test_answers_name_the_clinics),
        cmocka_unit_test(test_malformed_commands_are_dead_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
