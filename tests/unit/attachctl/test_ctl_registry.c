/* Loading of registers: every bad row by line and field, nothing half-loaded, the records that good rows become. */
#include "registry_fixture.h"

#define PERSON_HEAD "policy_number;surname;name;patronymic;birth_date;sex;snils;doc_type;doc_series;doc_number\n"

static const struct {
    const char *row, *bad; /* bad: field and rule of line 2; "" = good */
} persons[] = {
    {GOOD_ENP ";Полевая;Анна;Олеговна;1950-12-31;F;11223344595;RF_PASSPORT;99 10;123456", ""},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;;;;;", ""},
    {"9967940868000019;Полевая;Анна;;1950-12-31;;;;;", "policy_number: wrong check digit of an ENP"},
    {"99679408680001;Полевая;Анна;;1950-12-31;;;;;", "policy_number: "},
    {";Полевая;Анна;;1950-12-31;;;;;", "policy_number: required"},
    {GOOD_ENP ";;Анна;;1950-12-31;;;;;", "surname: required"},
    {GOOD_ENP ";Полевая7;Анна;;1950-12-31;;;;;", "surname: not a name (letters, spaces, hyphens, apostrophes, dots)"},
    {GOOD_ENP ";Полевая;Анна;;31.12.1950;;;;;", "birth_date: not a date YYYY-MM-DD"},
    {GOOD_ENP ";Полевая;Анна;;2027-01-01;;;;;", "birth_date: in the future"},
    {GOOD_ENP ";Полевая;Анна;;1950-02-30;;;;;", "birth_date: not a date YYYY-MM-DD"},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;X;;;;", "sex: not a sex (M or F)"},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;;11223344594;;;", "snils: wrong control number"},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;;1122334459;;;", "snils: not 11 digits or NNN-NNN-NNN NN"},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;;;PASSPORT;99 10;123456", "doc_type: unknown kind of document"},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;;;14;9910;12345", "doc_number: "},
    {GOOD_ENP ";Полевая;Анна", ": too few fields"},
    {GOOD_ENP ";Полевая;Анна;;1950-12-31;;;;;;", ": too many fields"},
};

static void test_person_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof persons / sizeof *persons; i++) {
        char text[1024];
        struct seen s;
        snprintf(text, sizeof text, PERSON_HEAD "%s\n", persons[i].row);
        write_text("persons.csv", text);
        bool good = load(&s, false, "persons.csv", NULL);
        char want[256] = "";
        if (persons[i].bad[0])
            snprintf(want, sizeof want, "persons.csv:2 %s", persons[i].bad);
        if (good != !persons[i].bad[0] || strncmp(s.bad, want, strlen(want)) != 0)
            fail_msg("row %zu: got \"%s\" want \"%s\"", i, s.bad, want);
        assert_string_equal(s.put, good ? "clinic.registry.person.v1 persons.csv/2\n" : "");
    }
}

static void test_nothing_is_half_loaded(void **state)
{
    (void)state;
    struct seen s;
    write_text("persons.csv", PERSON_HEAD GOOD_ENP ";Полевая;Анна;;1950-12-31;;;;;\n"
                              "9958840898000015;Лесной;7;;1951-01-01;;1;;;\n"
                              "\n"
                              "\"9958840898000015;Лесной\n"
                              "9958840898000015;Лесной;Глеб;;1951-01-01;;;;;\n");
    assert_false(load(&s, false, "persons.csv", NULL));
    assert_string_equal(s.bad, "persons.csv:3 name: not a name (letters, spaces, hyphens, apostrophes, dots)\n"
                               "persons.csv:3 snils: not 11 digits or NNN-NNN-NNN NN\n"
                               "persons.csv:5 : a quote is not closed\n");
    assert_string_equal(s.put, "");
    assert_false(load(&s, true, "persons.csv", NULL)); /* --skip-bad */
    assert_string_equal(s.put, "clinic.registry.person.v1 persons.csv/2\nclinic.registry.person.v1 persons.csv/6\n");
}

static void test_header(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bad;
    } rows[] = {
        {"", "persons.csv:1 header: the file is empty\n"},
        {"policy_number;surname;name;birth_date;colour\n", "persons.csv:1 header: unknown column\n"},
        {"policy_number;surname;name\n", "persons.csv:1 birth_date: column is missing from the header\n"},
        {"policy_number;surname;name;name;birth_date\n", "persons.csv:1 name: column twice in the header\n"},
        {"birth_date,name,surname,policy_number\n1950-12-31,Анна,Полевая," GOOD_ENP "\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen s;
        write_text("persons.csv", rows[i].text);
        bool good = load(&s, false, "persons.csv", NULL);
        assert_string_equal(s.bad, rows[i].bad);
        assert_int_equal(good, !rows[i].bad[0]);
    }
}

#define CLINIC_HEAD "clinic_id;name;region;kind;in_chi_register;profiles;districts\n"
#define DOCTOR_HEAD "clinic_id;doctor_id;profile;norm;snils\n"
#define ATTACHMENT_HEAD "policy_number;profile;clinic_id;doctor_id;effective_from;counted_change\n"

static void test_clinics_doctors_attachments(void **state)
{
    (void)state;
    struct seen s;
    write_text("clinics.csv", CLINIC_HEAD "770001;Поликлиника № 1;77;OUTPATIENT;1;ADULT_THERAPEUTIC|ADULT_DENTAL;D1|D2\n"
                                          "770002;Институт;77;RESEARCH;0;;\n");
    write_text("doctors.csv", DOCTOR_HEAD "770001;1;ADULT_THERAPEUTIC;1700;\n770001;2;ADULT_DENTAL;3000;\n");
    write_text("attachments.csv", ATTACHMENT_HEAD GOOD_ENP ";ADULT_THERAPEUTIC;770001;1;2025-03-01;1\n");
    /* any order of files */
    assert_true(load(&s, false, "attachments.csv", "doctors.csv", "clinics.csv", NULL));
    assert_string_equal(s.put,
                        "clinic.registry.clinic.v1 clinics.csv/2 770001 Поликлиника № 1 chi=1 profiles=2 doctors=2\n"
                        "clinic.registry.clinic.v1 clinics.csv/3 770002 Институт chi=0 profiles=0 doctors=0\n"
                        "clinic.attach.attachment.inbox.v1 attachments.csv/2 770001/1 profile 1 from 2025-03-01 counted=1\n");
}

static void test_across_files(void **state)
{
    (void)state;
    struct seen s;
    write_text("clinics.csv", CLINIC_HEAD "770001;Первая;77;OUTPATIENT;1;ADULT_THERAPEUTIC;\n770001;Вторая;77;OUTPATIENT;1;;\n");
    write_text("doctors.csv", DOCTOR_HEAD "770001;1;ADULT_THERAPEUTIC;10;\n770001;1;ADULT_THERAPEUTIC;10;\n"
                                          "770009;1;CHILD;10;\n770001;2;CHILD;10;\n");
    write_text("attachments.csv", ATTACHMENT_HEAD GOOD_ENP ";ADULT_THERAPEUTIC;770009;;2025-03-01;\n" GOOD_ENP
                                                           ";ADULT_THERAPEUTIC;770001;7;2025-03-01;\n" GOOD_ENP
                                                           ";CHILD;770001;;2025-03-01;\n" GOOD_ENP
                                                           ";ADULT_THERAPEUTIC;770001;;2027-03-01;\n");
    assert_false(load(&s, false, "clinics.csv", "doctors.csv", "attachments.csv", NULL));
    assert_string_equal(s.bad,
                        "clinics.csv:3 clinic_id: the same clinic twice in one load\n"
                        "doctors.csv:3 doctor_id: the same doctor twice in one load\n"
                        "doctors.csv:4 clinic_id: clinic is not in this load (load doctors together with their clinics)\n"
                        "doctors.csv:5 profile: profile that the clinic does not offer\n"
                        "attachments.csv:2 clinic_id: clinic is not in this load\n"
                        "attachments.csv:3 doctor_id: the clinic has no such doctor\n"
                        "attachments.csv:4 profile: profile that the clinic does not offer\n"
                        "attachments.csv:5 effective_from: in the future\n");
    assert_string_equal(s.put, "");
}

#define MO2_TAIL ";\"112-233-445 95\";\"770001\";\"1\";;\"20250301\";;\"1.2.643.5.1\";;\"12\";;\"1\"\r\n"
static void test_volgograd(void **state)
{
    (void)state;
    struct seen s;
    write_cp1251("MO2770001202605121.csv",
                 "\"1\";\"Р\";\"П\";;\"" GOOD_ENP "\";\"Полевая\";\"Анна\";\"Олеговна\";\"19501231\";\"г. Учебный\";\"14\";"
                 "\"99 10 № 123456\";\"20100101\";\"ОВД\"" MO2_TAIL
                 "\"2\";\"Р\";\"В\";\"123456789\";;\"Лесной\";\"Глеб\";;\"20150101\";;\"3\";\"IV-АБ № 123456\";\"20150201\";\"ЗАГС\"" MO2_TAIL
                 "\"3\";\"Р\";\"П\";;\"" GOOD_ENP "\";\"Полевая\";\"Анна\";;\"19501331\";;\"14\";\"99 10 № 12345\";;" MO2_TAIL
                 "\"4\";\"Х\";\"Ю\";;\"" GOOD_ENP "\";\"Полевая\";\"Анна\";;\"19501231\";;\"14\";\"99 10 № 123456\";;" MO2_TAIL);
    assert_false(load(&s, true, "MO2770001202605121.csv", NULL));
    assert_string_equal(s.bad, "MO2770001202605121.csv:3 9 birth date: not a date YYYY-MM-DD\n"
                               "MO2770001202605121.csv:4 2 action: unknown action (only the Cyrillic letter R, a new attachment)\n"
                               "MO2770001202605121.csv:4 3 policy kind: unknown letter of a policy kind\n");
    assert_string_equal(s.put,
                        "clinic.registry.person.v1 MO2770001202605121.csv/1\n"
                        "clinic.attach.attachment.inbox.v1 MO2770001202605121.csv/1 770001/0 profile 1 from 2025-03-01 counted=0\n"
                        "clinic.registry.person.v1 MO2770001202605121.csv/2\n"
                        "clinic.attach.attachment.inbox.v1 MO2770001202605121.csv/2 770001/0 profile 2 from 2025-03-01 counted=0\n");
}

#define PENZA_HEAD                                                                                                      \
    "Pid;Тип_ДПФС;ИД_полиса;ЕНП;Фамилия;Имя;Отчество;Пол;Дата_рождения;Место_рождения;Тип_УДЛ;Ном_УДЛ;Дата_УДЛ;"      \
    "Орган_УДЛ;СНИЛС;КЛАДР;Район;Нас_пункт;Улица;Дом;Квартира;Телефон;ИД_МО;Способ_прикрепления;Тип_прикрепления;"     \
    "Дата_прикрепления;Дата_открепления;СНИЛС_врача;ИД_МО_подр;СНИЛС_фап;Код_участка;ИД_СМО\r\n"
static void test_penza(void **state)
{
    (void)state;
    struct seen s;
    write_cp1251("M25800158000202605.csv",
                 PENZA_HEAD "1;Э;;" GOOD_ENP ";Полевая;Анна;Олеговна;Ж;31.12.1950;;14;99 10 № 123456;;;;;;;;;;;580001;2;1;"
                            "01.03.2025;;112-233-445 95;;;12;58001\r\n"
                            "2;Э;;" GOOD_ENP ";Полевая;Анна;Олеговна;Ж;31.12.1950;;14;99 10 № 123456;;;;;;;;;;;580001;2;1;"
                            "01.03.2025;01.04.2026;;;;12;58001\r\n");
    assert_false(load(&s, true, "M25800158000202605.csv", NULL));
    assert_string_equal(s.bad, "M25800158000202605.csv:3 СНИЛС_врача: required\n");
    assert_string_equal(s.put,
                        "clinic.registry.person.v1 M25800158000202605.csv/2\n"
                        "clinic.attach.attachment.inbox.v1 M25800158000202605.csv/2 580001/0 profile 1 from 2025-03-01 counted=0\n");
}

#define F003(encoding, body) "<?xml version=\"1.0\" encoding=\"" encoding "\"?>\n<packet>\n" body "</packet>\n"
#define COMPANY(mcod, okato, name, end)                                                                                 \
    "<medCompany><tf_okato>" okato "</tf_okato><mcod>" mcod "</mcod><nam_mop>" name "</nam_mop>\n"                     \
    "<jurAddress><index_j>1</index_j><addr_j>г. Учебный</addr_j></jurAddress>"                                          \
    "<medInclude><d_begin>2013-01-01</d_begin>" end "</medInclude></medCompany>\n"
static void test_f003(void **state)
{
    (void)state;
    struct seen s;
    write_cp1251("F003.xml", F003("windows-1251", COMPANY("770001", "45000", "Поликлиника №&#160;1", "")
                                  COMPANY("770002", "45000", "Закрытая", "<d_end>01.02.2020</d_end>")));
    write_text("doctors.csv", DOCTOR_HEAD "770001;1;ADULT_THERAPEUTIC;1700;\n");
    assert_true(load(&s, false, "F003.xml", "doctors.csv", NULL));
    assert_string_equal(s.put, "clinic.registry.clinic.v1 F003.xml/1 770001 Поликлиника №\u00a0" "1 chi=1 profiles=1 doctors=1\n"
                               "clinic.registry.clinic.v1 F003.xml/2 770002 Закрытая chi=0 profiles=0 doctors=0\n");
    write_text("F003.xml", F003("UTF-8", COMPANY("77 01", "45000", "Первая", "") COMPANY("770002", "99999", "", "")));
    assert_false(load(&s, false, "F003.xml", NULL));
    assert_string_equal(s.bad, "F003.xml:3#1 mcod: not an identifier (letters A-Z, digits, - _ .)\n"
                               "F003.xml:5#2 tf_okato: not a region (two digits)\nF003.xml:5#2 nam_mop: required\n");
    write_text("F003.xml", "<?xml version=\"1.0\"?>\n<packet>\n<medCompany><mcod>1</medCompany>\n</packet>\n");
    assert_false(load(&s, false, "F003.xml", NULL));
    assert_string_equal(s.bad, "F003.xml:3 : mismatched tag\n");
}

/* A file written over between the passes is not loaded: it was not what was checked. */
static void test_changed_between_passes(void **state)
{
    (void)state;
    struct seen s = {.bad_n = 0};
    struct reg_hooks hooks = {on_bad, on_put, &s};
    struct reg *r = reg_new(keys, text_day_of(2026, 5, 12), &hooks);
    struct err e = {0};
    char path[128];
    write_text("persons.csv", PERSON_HEAD GOOD_ENP ";Полевая;Анна;;1950-12-31;;;;;\n");
    snprintf(path, sizeof path, "%s/persons.csv", dir);
    assert_true(reg_add(r, path, NULL, &e));
    assert_true(reg_check(r, &e));
    write_text("persons.csv", PERSON_HEAD GOOD_ENP ";Полевая;Анна;;1950-12-31;;;;;\n" GOOD_ENP ";7;Анна;;1950-12-31;;;;;\n");
    assert_false(reg_publish(r, &e));
    assert_string_equal(e.code, "REG-CHANGED");
    assert_string_equal(s.put, "");
    reg_free(r);
}

static void test_unknown_form(void **state)
{
    (void)state;
    struct seen s = {.bad_n = 0};
    struct reg_hooks hooks = {on_bad, on_put, &s};
    struct reg *r = reg_new(keys, 0, &hooks);
    struct err e = {0};
    char path[128];
    write_text("people.csv", "a;b\n");
    snprintf(path, sizeof path, "%s/people.csv", dir);
    assert_false(reg_add(r, path, NULL, &e));
    assert_int_equal(e.cls, ERR_INPUT);
    assert_true(reg_add(r, path, "persons", &e));
    assert_false(reg_add(r, "/nowhere/persons.csv", NULL, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    reg_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_person_rows),
        cmocka_unit_test(test_nothing_is_half_loaded),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_clinics_doctors_attachments),
        cmocka_unit_test(test_across_files),
        cmocka_unit_test(test_volgograd),
        cmocka_unit_test(test_penza),
        cmocka_unit_test(test_f003),
        cmocka_unit_test(test_changed_between_passes),
        cmocka_unit_test(test_unknown_form),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
