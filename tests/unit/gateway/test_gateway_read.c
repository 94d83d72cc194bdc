/* The endpoints that read: look-up of attachments, clinics. */
#include "fixture.h"

#define ENP  "9956510844000011"
#define ID   "8ca1d0e4-5cf1-5d62-8e0e-6d4f0b1c7a11"

static const char *text_at(const json_t *j, const char *name) { return json_string_value(json_object_get(j, name)); }

/* --- clinics in the store --- */

static void put_clinic(struct fixture *f, const char *id, const char *region, const char *district, bool in_register,
                       uint32_t used)
{
    PB(ClinicRecord) c;
    PB(ClinicPlaces) places;
    PB(DoctorPlaces) taken, *takens[] = {&taken};
    PB(Doctor) doctor, *doctors[] = {&doctor};
    PB(Profile) profiles[] = {PB_PROFILE(ADULT_THERAPEUTIC), PB_PROFILE(ADULT_DENTAL)};
    char *districts[] = {(char *)district};
    clinic__attach__v1__clinic_record__init(&c);
    clinic__attach__v1__doctor__init(&doctor);
    clinic__attach__v1__clinic_places__init(&places);
    clinic__attach__v1__doctor_places__init(&taken);
    doctor.doctor_id = 1;
    doctor.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    doctor.norm = 10;
    doctor.accepts_new = true;
    c.name = (char *)"Поликлиника";
    c.address = (char *)"Примерная, 1";
    c.phone = (char *)"+74990000001";
    c.region = (char *)region;
    c.kind = PB_CLINIC_KIND(OUTPATIENT);
    c.ownership = PB_OWNERSHIP(STATE_DOH);
    c.in_chi_register = in_register;
    c.n_profiles = 2;
    c.profiles = profiles;
    c.n_doctors = 1;
    c.doctors = doctors;
    c.n_districts = 1;
    c.districts = districts;
    store_message(f, &f->capacity, &capacity_svc, "clinic", id, &c.base);
    taken.doctor_id = 1;
    taken.used = used;
    places.n_doctors = 1;
    places.doctors = takens;
    if (used)
        store_message(f, &f->capacity, &capacity_svc, "places", id, &places.base);
}

/* --- look-up --- */

static void put_person(struct fixture *f, uint32_t until_s)
{
    PB(PersonState) p;
    PB(Attachment) a, *list[] = {&a};
    char ref[PERSON_REF_LEN + 1];
    clinic__attach__v1__person_state__init(&p);
    clinic__attach__v1__attachment__init(&a);
    a.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    a.clinic_id = (char *)"770001";
    a.doctor_id = 7;
    a.effective_from_s = (uint32_t)(NOW_MS / 1000 - 86400);
    a.effective_to_s = until_s;
    p.n_attachments = 1;
    p.attachments = list;
    person_ref_of(f->gw.keys, ENP, ref);
    store_message(f, &f->attachment, &attachment_svc, "person", ref, &p.base);
}

static json_t *look_up(struct fixture *f, const char *number)
{
    struct test_req *t = ask(f, "GET", "/v1/attachments", NULL, "policy", number, NULL);
    assert_int_equal(t->base.answer.status, 200);
    assert_null(strstr(t->base.answer.body, number)); /* the number is not repeated */
    json_t *j = answer_json(t);
    end(t);
    return j;
}

static void test_lookup_attached(void **state)
{
    struct fixture *f = *state;
    put_person(f, 0);
    put_clinic(f, "770001", "77", "77-01", true, 0);
    json_t *j = look_up(f, ENP);
    assert_string_equal(text_at(j, "result"), "ATTACHED");
    json_t *a = json_array_get(json_object_get(j, "attachments"), 0);
    assert_string_equal(text_at(a, "profile"), "PROFILE_ADULT_THERAPEUTIC");
    assert_string_equal(text_at(a, "clinic_id"), "770001");
    assert_string_equal(text_at(a, "clinic_name"), "Поликлиника");
    assert_int_equal(json_integer_value(json_object_get(a, "doctor_id")), 7);
    assert_string_equal(text_at(a, "since"), "2026-05-11T09:00:00.000Z");
    json_decref(j);
    f->capacity.is_down = true; /* the name is a comfort, not a condition */
    j = look_up(f, ENP);
    assert_string_equal(text_at(j, "result"), "ATTACHED");
    json_decref(j);
}

static void test_lookup_not_attached(void **state)
{
    struct fixture *f = *state;
    json_t *j = look_up(f, ENP);
    assert_string_equal(text_at(j, "result"), "NOT_ATTACHED");
    assert_int_equal(json_array_size(json_object_get(j, "attachments")), 0);
    json_decref(j);
    put_person(f, (uint32_t)(NOW_MS / 1000 - 1)); /* ended a second ago */
    j = look_up(f, ENP);
    assert_string_equal(text_at(j, "result"), "NOT_ATTACHED");
    json_decref(j);
}

/* not processed is not "not attached". */
static void test_lookup_not_processed(void **state)
{
    static const char *const numbers[] = {"123456789", "1234567", "9956510844000012", "995651084400001", "полис", ""};
    struct fixture *f = *state;
    f->attachment.is_down = true; /* nobody is asked */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct test_req *t = ask(f, "GET", "/v1/attachments", NULL, "policy", numbers[i], NULL);
        assert_int_equal(t->base.answer.status, 200);
        json_t *j = answer_json(t);
        assert_string_equal(text_at(j, "result"), "NOT_PROCESSED");
        json_decref(j);
        end(t);
    }
}

static void test_lookup_by_body(void **state)
{
    struct fixture *f = *state;
    put_person(f, 0);
    struct test_req *t = ask(f, "POST", "/v1/attachments/lookup", "{\"policy\":\"" ENP "\"}", NULL);
    json_t *j = answer_json(t);
    assert_string_equal(text_at(j, "result"), "ATTACHED");
    json_decref(j);
    end(t);
    t = ask(f, "POST", "/v1/attachments/lookup", "{\"policy\":1}", NULL);
    assert_problem(t, 422, "invalid-field", "/policy");
    end(t);
    t = ask(f, "POST", "/v1/attachments/lookup", "[", NULL);
    assert_problem(t, 400, "malformed", NULL);
    end(t);
    t = ask(f, "GET", "/v1/attachments", NULL, NULL);
    assert_problem(t, 400, "bad-request", NULL);
    end(t);
}

static void test_lookup_unavailable(void **state)
{
    struct fixture *f = *state;
    f->log.end = 100;
    f->attachment.mark = 50; /* half-way: who is not there may come yet, "not attached" would be a lie */
    struct test_req *t = ask(f, "GET", "/v1/attachments", NULL, "policy", ENP, NULL);
    assert_problem(t, 503, "rebuilding", NULL);
    assert_true(t->base.answer.retry_after_s > 0);
    end(t);
    f->attachment.is_down = true;
    t = ask(f, "GET", "/v1/attachments", NULL, "policy", ENP, NULL);
    assert_problem(t, 503, "store-unavailable", NULL);
    end(t);
}

/* --- clinics --- */

static void put_clinics(struct fixture *f)
{
    put_clinic(f, "770003", "77", "77-02", true, 12); /* more than the norm */
    put_clinic(f, "770001", "77", "77-01", true, 4);
    put_clinic(f, "770002", "77", "77-01", true, 0);
    put_clinic(f, "500001", "50", "50-01", true, 0);
    put_clinic(f, "770009", "77", "77-01", false, 0); /* not in the CHI register */
}

/* Ids of one page, joined by blanks. */
static const char *page(struct fixture *f, const char *name, const char *value, const char *limit, const char *cursor,
                        char next[16])
{
    static char ids[128];
    struct test_req *t = ask(f, "GET", "/v1/clinics", NULL, name, value, "limit", limit, "cursor", cursor, NULL);
    assert_int_equal(t->base.answer.status, 200);
    json_t *j = answer_json(t), *c;
    size_t i;
    ids[0] = '\0';
    json_array_foreach(json_object_get(j, "clinics"), i, c)
        snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s%s", i ? " " : "", text_at(c, "clinic_id"));
    const char *cursor_given = text_at(j, "next_cursor");
    snprintf(next, 16, "%s", cursor_given ? cursor_given : "");
    json_decref(j);
    end(t);
    return ids;
}

static void test_clinics_filtered(void **state)
{
    struct fixture *f = *state;
    char next[16];
    put_clinics(f);
    assert_string_equal(page(f, "region", "", "50", "", next), "500001 770001 770002 770003");
    assert_string_equal(page(f, "region", "77", "50", "", next), "770001 770002 770003");
    assert_string_equal(page(f, "region", "RU-MOW", "50", "", next), "770001 770002 770003");
    assert_string_equal(page(f, "region", "99", "50", "", next), "");
    assert_string_equal(page(f, "district", "77-01", "50", "", next), "770001 770002");
    assert_string_equal(page(f, "profile", "PROFILE_ADULT_DENTAL", "50", "", next), "500001 770001 770002 770003");
    assert_string_equal(page(f, "profile", "adult_dental", "50", "", next), "500001 770001 770002 770003");
    assert_string_equal(page(f, "profile", "CHILD", "50", "", next), "");
    assert_string_equal(next, "");
}

static void test_clinics_in_pages(void **state)
{
    struct fixture *f = *state;
    char next[16], then[16];
    put_clinics(f);
    assert_string_equal(page(f, "region", "77", "2", "", next), "770001 770002");
    assert_string_equal(next, "770002");
    assert_string_equal(page(f, "region", "77", "2", next, then), "770003");
    assert_string_equal(then, "");
    assert_string_equal(page(f, "region", "50", "1", "", next), "500001");
    assert_string_equal(next, ""); /* what is left does not pass the filter */
}

static json_int_t free_places(struct fixture *f, size_t nth)
{
    struct test_req *t = ask(f, "GET", "/v1/clinics", NULL, "region", "77", NULL);
    json_t *j = answer_json(t), *c = json_array_get(json_object_get(j, "clinics"), nth);
    json_t *first = json_array_get(json_object_get(c, "profiles"), 0);
    assert_string_equal(text_at(first, "profile"), "PROFILE_ADULT_THERAPEUTIC");
    json_int_t n = json_integer_value(json_object_get(first, "free_places"));
    json_decref(j);
    end(t);
    return n;
}

static void test_free_places(void **state)
{
    struct fixture *f = *state;
    put_clinics(f);
    assert_int_equal(free_places(f, 0), 6);
    assert_int_equal(free_places(f, 1), 10);
    assert_int_equal(free_places(f, 2), 0); /* over the norm is not below zero */
}

static void test_clinics_are_read_when_old(void **state)
{
    struct fixture *f = *state;
    put_clinics(f);
    assert_int_equal(free_places(f, 0), 6);
    put_clinic(f, "770001", "77", "77-01", true, 5);
    fixture_tick_ms += 4999;
    assert_int_equal(free_places(f, 0), 6);
    fixture_tick_ms += 1;
    assert_int_equal(free_places(f, 0), 5);
    f->capacity.is_down = true; /* the last list read serves on */
    fixture_tick_ms += 60000;
    assert_int_equal(free_places(f, 0), 5);
}

static void test_bad_clinic_queries(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"limit", "0"}, {"limit", "201"}, {"limit", "ten"}, {"limit", "-1"}, {"profile", "SURGERY"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct test_req *t = ask(f, "GET", "/v1/clinics", NULL, rows[i].name, rows[i].value, NULL);
        assert_problem(t, 400, "bad-request", NULL);
        end(t);
    }
    f->capacity.is_down = true;
    struct test_req *t = ask(f, "GET", "/v1/clinics", NULL, NULL);
    assert_problem(t, 503, "store-unavailable", NULL);
    end(t);
}

/* --- routes --- */

static void test_routes(void **state)
{
    char id[GW_ID_CHARS + 1];
    const char *allow;
    (void)state;
    assert_null(gw_route_find("GET", "/v1/applications/not-an-id", id, &allow));
    assert_null(allow);
    assert_null(gw_route_find("GET", "/v1/applications/" ID "/", id, &allow));
    assert_null(gw_route_find("GET", "/v2/clinics", id, &allow));
    assert_null(gw_route_find("GET", "/v1/clinics/../applications", id, &allow));
    assert_null(gw_route_find("DELETE", "/v1/applications/" ID, id, &allow));
    assert_string_equal(allow, "GET");
    assert_null(gw_route_find("GET", "/v1/applications", id, &allow));
    assert_string_equal(allow, "POST");
    const struct gw_route *r = gw_route_find("POST", "/v1/applications/" ID "/withdrawal", id, &allow);
    assert_non_null(r);
    assert_string_equal(id, ID);
    assert_true(gw_type_allowed(r, "application/json"));
    assert_true(gw_type_allowed(r, "Application/JSON; charset=utf-8"));
    assert_false(gw_type_allowed(r, "application/protobuf"));
    assert_false(gw_type_allowed(r, "application/jsonx"));
    assert_false(gw_type_allowed(r, NULL));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_lookup_attached),
        T(test_lookup_not_attached),
        T(test_lookup_not_processed),
        T(test_lookup_by_body),
        T(test_lookup_unavailable),
        T(test_clinics_filtered),
        T(test_clinics_in_pages),
        T(test_free_places),
        T(test_clinics_are_read_when_old),
        T(test_bad_clinic_queries),
        cmocka_unit_test(test_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
