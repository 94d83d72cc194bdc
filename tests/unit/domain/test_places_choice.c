/* Whose place (R-080, R-090, R-091, C-08) and which clinic (R-010 to, C-07, C-26). */
#include "domain/places.h"
#include "tests/unit/domain/sample.h"

#define ADULT PB_PROFILE(ADULT_THERAPEUTIC)
enum { DOCTORS = 4 };

struct clinic {
    PB(ClinicRecord) rec;
    PB(Doctor) doctors[DOCTORS];
    PB(Doctor) *doctor_list[DOCTORS];
    PB(ClinicPlaces) places;
    PB(DoctorPlaces) used[DOCTORS];
    PB(DoctorPlaces) *used_list[DOCTORS];
    char *districts[2];
    PB(Profile) profiles[2];
};

static void clinic_init(struct clinic *c)
{
    clinic__attach__v1__clinic_record__init(&c->rec);
    clinic__attach__v1__clinic_places__init(&c->places);
    c->rec.doctors = c->doctor_list;
    c->places.doctors = c->used_list;
    c->districts[0] = "D1";
    c->districts[1] = "D2";
    c->rec.districts = c->districts;
    c->rec.n_districts = 2;
    c->profiles[0] = ADULT;
    c->profiles[1] = PB_PROFILE(CHILD);
    c->rec.profiles = c->profiles;
    c->rec.n_profiles = 2;
    c->rec.kind = PB_CLINIC_KIND(OUTPATIENT);
    c->rec.ownership = PB_OWNERSHIP(STATE_DOH);
    c->rec.in_chi_register = true;
}

/* A doctor with his norm and taken places; a norm with a minus sign = takes no new persons. */
static void doctor(struct clinic *c, uint32_t id, int norm, uint32_t used, char *district)
{
    size_t i = c->rec.n_doctors++;
    PB(Doctor) *d = c->doctor_list[i] = &c->doctors[i];
    clinic__attach__v1__doctor__init(d);
    d->doctor_id = id;
    d->profile = ADULT;
    d->norm = (uint32_t)abs(norm);
    d->accepts_new = norm >= 0;
    d->district_id = district;
    PB(DoctorPlaces) *u = c->used_list[i] = &c->used[i];
    clinic__attach__v1__doctor_places__init(u);
    u->doctor_id = id;
    u->used = used;
    c->places.n_doctors = c->rec.n_doctors;
}

static struct rulesets *all_full, *total, *doh;
static struct rule_ctx by_doctor, by_total;

static int setup(void **state)
{
    (void)state;
    all_full = rules_from("[federal]\nversion = 1\n");
    total = rules_from("[federal]\nversion = 1\ncapacity.mode = CLINIC_TOTAL\n");
    doh = rules_from("[federal]\nversion = 1\nclinic.online.subordination = DOH\nclinic.allow_private = 0\n");
    by_doctor = rules_at(ruleset_federal(all_full), 0, CHANNEL_NONE, 0);
    by_total = rules_at(ruleset_federal(total), 0, CHANNEL_NONE, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rulesets_free(all_full);
    rulesets_free(total);
    rulesets_free(doh);
    return 0;
}

struct row {
    const char *what;
    struct {
        int norm;
        uint32_t used;
        char *district;
    } doctors[DOCTORS]; /* numbered 1, 2, …; district NULL ends */
    uint32_t chosen;
    const char *residence;
    bool exempt;
    uint32_t doctor; /* 0 = refused */
    bool over;
};

static void test_choice(void **state)
{
    static const struct row rows[] = {
        {"most free", {{10, 5, ""}, {10, 2, ""}, {10, 3, ""}}, 0, "", false, 2, false},
        {"tie by number", {{10, 5, ""}, {10, 5, ""}}, 0, "", false, 1, false},
        {"chosen with a place", {{10, 0, ""}, {10, 9, ""}}, 2, "", false, 2, false},
        {"chosen is full", {{10, 0, ""}, {10, 10, ""}}, 2, "", false, 1, false},
        {"chosen takes nobody", {{10, 0, ""}, {-10, 0, ""}}, 2, "", false, 1, false},
        {"chosen unknown", {{10, 0, ""}}, 77, "", false, 1, false},
        {"all full, from elsewhere", {{10, 10, "D1"}, {10, 11, "D2"}}, 0, "D9", true, 0, false},
        {"all full, no address", {{10, 10, "D1"}}, 0, "", true, 0, false},
        {"one place, from elsewhere", {{10, 10, "D1"}, {10, 9, "D2"}}, 0, "D9", true, 2, false},
        {"free places of one who takes nobody", {{10, 10, ""}, {-10, 0, ""}}, 0, "", true, 0, false},
        {"resident over the norm, district doctor", {{10, 10, "D1"}, {10, 15, "D2"}}, 0, "D2", true, 2, true},
        {"resident over the norm, no district doctor", {{10, 12, ""}, {10, 11, ""}}, 0, "D1", true, 2, true},
        {"resident, rule off", {{10, 10, "D1"}}, 0, "D1", false, 0, false},
        {"resident, district doctor free", {{10, 0, "D1"}, {10, 9, "D2"}}, 0, "D2", true, 2, false},
        {"resident, district doctor full", {{10, 3, "D1"}, {10, 10, "D2"}}, 0, "D2", true, 1, false},
        {"resident, chosen before district", {{10, 3, "D1"}, {10, 5, "D2"}}, 1, "D2", true, 1, false},
        {"resident, nobody takes new persons", {{-10, 3, "D1"}, {-10, 5, ""}}, 0, "D1", true, 1, true},
        {"norm of nothing", {{0, 0, ""}}, 0, "", false, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        const struct row *r = &rows[i];
        struct clinic c = {0};
        clinic_init(&c);
        for (uint32_t d = 0; d < DOCTORS && r->doctors[d].district; d++)
            doctor(&c, d + 1, r->doctors[d].norm, r->doctors[d].used, r->doctors[d].district);
        const struct places_ask ask = {ADULT, r->chosen, r->residence, r->exempt};
        struct places_choice got = places_choose(&by_doctor, &c.rec, &c.places, &ask);
        if (got.doctor_id != r->doctor || got.over_norm != r->over)
            fail_msg("%s: doctor %u over %d", r->what, got.doctor_id, got.over_norm);
        assert_int_equal(got.finding.id, r->doctor ? REASON_NONE : REASON_CAPACITY_ALL_DOCTORS_FULL);
        if (r->doctor)
            assert_int_equal(got.norm, c.doctors[r->doctor - 1].norm);
    }
}

static void test_other_profiles_do_not_help(void **state)
{
    struct clinic c = {0};
    const struct places_ask ask = {ADULT, 2, "D1", true}, child = {PB_PROFILE(CHILD), 0, "D1", true};
    (void)state;
    clinic_init(&c);
    doctor(&c, 1, 10, 10, "D2");
    doctor(&c, 2, 10, 0, "D1");
    c.doctors[1].profile = PB_PROFILE(ADULT_DENTAL);
    struct places_choice got = places_choose(&by_doctor, &c.rec, &c.places, &ask);
    assert_true(got.doctor_id == 1 && got.over_norm);
    assert_int_equal(places_choose(&by_doctor, &c.rec, &c.places, &child).finding.id, REASON_CLINIC_PROFILE_ABSENT);
    assert_int_equal(places_free(&c.rec, &c.places, ADULT), 0);
    assert_int_equal(places_free(&c.rec, &c.places, PB_PROFILE(ADULT_DENTAL)), 10);
    assert_int_equal(places_free(&c.rec, NULL, ADULT), 10);
}

static void test_clinic_total(void **state)
{
    struct clinic c = {0};
    struct places_ask ask = {ADULT, 0, "", true};
    (void)state;
    clinic_init(&c);
    doctor(&c, 1, 10, 13, "D1");
    doctor(&c, 2, 10, 8, "");
    assert_int_equal(places_choose(&by_doctor, &c.rec, &c.places, &ask).doctor_id, 2); /* he has two places */
    assert_int_equal(places_choose(&by_total, &c.rec, &c.places, &ask).doctor_id, 0);  /* the clinic has none */
    ask.residence_district = "D1";
    assert_true(places_choose(&by_total, &c.rec, &c.places, &ask).over_norm);
    ask.residence_district = "";
    c.used[1].used = 7; /* as many over as free: full to the last place */
    assert_int_equal(places_choose(&by_total, &c.rec, &c.places, &ask).doctor_id, 0);
    c.used[1].used = 6;
    assert_int_equal(places_choose(&by_total, &c.rec, &c.places, &ask).doctor_id, 2);
}

/* Persons from elsewhere come one after another: every norm is filled, none is passed, nobody is refused before. */
static void test_totals(void **state)
{
    uint32_t seed = 99;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct clinic c = {0};
        uint32_t room = 0, taken = 0;
        clinic_init(&c);
        for (uint32_t d = 1; d <= DOCTORS; d++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t norm = (seed >> 10) % 9, used = (seed >> 16) % 9;
            bool accepts = (seed >> 24) % 4;
            doctor(&c, d, accepts ? (int)norm : -(int)norm - 1, used, "D1");
            room += accepts && norm > used ? norm - used : 0;
        }
        assert_int_equal(places_free(&c.rec, &c.places, ADULT), room);
        for (;;) {
            const struct places_ask ask = {ADULT, seed % 6, "", true};
            struct places_choice got = places_choose(&by_doctor, &c.rec, &c.places, &ask);
            if (got.doctor_id == 0)
                break;
            assert_false(got.over_norm);
            assert_true(c.used[got.doctor_id - 1].used < c.doctors[got.doctor_id - 1].norm);
            c.used[got.doctor_id - 1].used++;
            taken++;
        }
        assert_int_equal(taken, room);
        const struct places_ask resident = {ADULT, 0, "D2", true}; /* now a resident always gets in */
        assert_true(places_choose(&by_doctor, &c.rec, &c.places, &resident).over_norm);
    }
}

static void test_occupy(void **state)
{
    struct clinic c = {0};
    (void)state;
    clinic_init(&c);
    doctor(&c, 1, 10, 30, "");
    doctor(&c, 2, -10, 12, "");
    assert_int_equal(places_occupy(&c.rec, &c.places, ADULT, 1), 1);
    assert_int_equal(places_occupy(&c.rec, &c.places, ADULT, 0), 2);
    assert_int_equal(places_occupy(&c.rec, &c.places, ADULT, 9), 2);
    assert_int_equal(places_occupy(&c.rec, NULL, ADULT, 0), 1);
    assert_int_equal(places_occupy(&c.rec, &c.places, PB_PROFILE(CHILD), 1), 0);
    assert_int_equal(places_used(&c.places, 2), 12);
    assert_int_equal(places_used(&c.places, 9), 0);
    assert_int_equal(places_used(NULL, 1), 0);
    assert_null(places_doctor(&c.rec, 9));
    assert_true(places_is_resident(&c.rec, "D2"));
    assert_false(places_is_resident(&c.rec, ""));
    assert_false(places_is_resident(&c.rec, NULL));
    assert_false(places_is_resident(&c.rec, "D"));
}

static void test_admissibility(void **state)
{
    static char *insurers[] = {"77001", "77002"};
    struct clinic c = {0};
    struct clinic_ask ask = {ADULT, "77002", true};
    struct rule_ctx lax = by_doctor, strict = rules_at(ruleset_federal(doh), 0, CHANNEL_NONE, 0);
    (void)state;
    clinic_init(&c);
    assert_int_equal(clinic_admits(&strict, NULL, &ask).id, REASON_CLINIC_NOT_IN_CHI);
    assert_int_equal(clinic_admits(&strict, &c.rec, &ask).id, REASON_NONE);
    c.rec.ownership = PB_OWNERSHIP(STATE_DEPARTMENTAL);
    assert_int_equal(clinic_admits(&strict, &c.rec, &ask).id, REASON_CLINIC_NOT_ONLINE);
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_NONE);
    ask.online = false;
    assert_int_equal(clinic_admits(&strict, &c.rec, &ask).id, REASON_NONE); /* the desk takes him */
    c.rec.ownership = PB_OWNERSHIP(PRIVATE);
    assert_int_equal(clinic_admits(&strict, &c.rec, &ask).id, REASON_CLINIC_KIND_NOT_ATTACHABLE);
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_NONE);
    c.rec.insurers = insurers;
    c.rec.n_insurers = 2;
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_NONE);
    ask.insurer_id = "77003";
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_INSURER_NOT_SERVED);
    ask.insurer_id = "";
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_NONE);
    ask.profile = PB_PROFILE(ANTENATAL);
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_CLINIC_PROFILE_ABSENT);
    c.rec.kind = PB_CLINIC_KIND(RESEARCH);
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_CLINIC_KIND_NOT_ATTACHABLE);
    c.rec.in_chi_register = false;
    assert_int_equal(clinic_admits(&lax, &c.rec, &ask).id, REASON_CLINIC_NOT_IN_CHI);
}

static void test_kinds(void **state)
{
    const struct clinic_ask ask = {ADULT, "", false};
    (void)state;
    for (int k = 0; k < 9; k++) {
        struct clinic c = {0};
        clinic_init(&c);
        c.rec.kind = (PB(ClinicKind))k;
        bool fits = k == PB_CLINIC_KIND(OUTPATIENT) || k == PB_CLINIC_KIND(DENTAL) || k == PB_CLINIC_KIND(ANTENATAL) ||
                    k == PB_CLINIC_KIND(SPECIALISED);
        assert_int_equal(clinic_admits(&by_doctor, &c.rec, &ask).id, fits ? REASON_NONE : REASON_CLINIC_KIND_NOT_ATTACHABLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice), cmocka_unit_test(test_other_profiles_do_not_help), cmocka_unit_test(test_clinic_total),
        cmocka_unit_test(test_totals), cmocka_unit_test(test_occupy), cmocka_unit_test(test_admissibility),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
