/* Registers in XML: every published form by a record with one field changed, and what records of a file say together. */
#include "registry_fixture.h"

#define FIELDS_MAX 32
#define ATT "clinic.attach.attachment.inbox.v1 "
#define PERSON "clinic.registry.person.v1 "

struct field {
    const char *name, *value;
};
struct format {
    const char *file, *before, *record, *after;
    bool cp1251;
    struct field fields[FIELDS_MAX];
};

static const struct format szpm = {
    .file = "SZPM990001S99001_260501.xml",
    .before = "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n<ZL_LIST>\n<ZGLV><VERSION>1.0</VERSION><DATE>2026-05-02</DATE>"
              "<CODE_MO>990001</CODE_MO><ZAP>1</ZAP></ZGLV>\n",
    .record = "PERS",
    .after = "</ZL_LIST>\n",
    .cp1251 = true,
    .fields = {{"N_ZAP", "1"}, {"PR_NOV", "0"}, {"ID_PAC", "17"}, {"FAM", "Полевая"}, {"IM", "Анна"}, {"OT", "НЕТ"}, {"W", "2"},
               {"DR", "1950-12-31"}, {"DOCSER", "99 10"}, {"DOCNUM", "123456"}, {"VPOLIS", "3"}, {"NPOLIS", GOOD_ENP},
               {"SMO", "99001"}, {"DATEZ", "2026-04-20"}, {"PRZ", "2"}, {"REZ", "1"}, {"DATEREZ", "2026-04-22"},
               {"DOC_CODE", "112-233-445 95"}, {"DOC_POST", "1"}, {"COMENTZ", ""}}};
static const struct format karelia = {
    .file = "attach.xml",
    .before = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ATTACH_DATA>\n<ZGLV><VERSION>1.0</VERSION><DATE>2026-05-02</DATE>"
              "<CODE_MO>990001</CODE_MO><ID_MO>1.2.643.5.1.13.99</ID_MO></ZGLV>\n",
    .record = "PERS",
    .after = "</ATTACH_DATA>\n",
    .fields = {{"ID_PAC", "17"}, {"FAM", "Полевая"}, {"IM", "Анна"}, {"OT", "Олеговна"}, {"W", "2"}, {"DR", "1950-12-31"},
               {"SMO", "99001"}, {"VPOLIS", "3"}, {"NPOLIS", GOOD_ENP}, {"OPER_TYPE", "1"}, {"INFO_TYPE", "1"},
               {"DATE", "2025-03-01"}, {"SP_PRIK", "1"}, {"T_PRIK", "0"}, {"NUM_UCH", "12"}, {"TIP_UCH", "1"},
               {"SNILS_VR", "112-233-445 95"}, {"PHONE1", "+70009000000"}}};
static const struct format ferzl = {
    .file = "request.xml",
    .before = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:m=\"http://ffoms.ru/types/24.1.2/"
              "mpiAttachControlSchema\" xmlns:c=\"http://ffoms.ru/types/24.1.2/commonTypes\"><s:Header/><s:Body>\n"
              "<m:registerAttachRequest>\n<c:externalRequestId>r-1</c:externalRequestId><m:checkFlk>false</m:checkFlk>\n",
    .record = "m:att",
    .after = "</m:registerAttachRequest></s:Body></s:Envelope>\n",
    .fields = {{"m:enp", GOOD_ENP}, {"m:dateAttachB", "2025-03-01"}, {"m:attachMethod", "2"}, {"m:areaType", "1"},
               {"m:areaId", "12"}, {"m:moId", "1.2.643.5.1.13.99"}, {"m:moCode", "990001"},
               {"m:snilsDoctor", "11223344595"}, {"m:moDepId", "1"}}};

/* The record of the format with one field changed: put in when it has none, left out when value is NULL. */
static size_t record_with(const struct format *f, const char *name, const char *value, char *to, size_t room)
{
    size_t n = (size_t)snprintf(to, room, "<%s>\n", f->record);
    bool there = !name;
    for (const struct field *x = f->fields; x->name; x++) {
        bool changed = name && strcmp(x->name, name) == 0;
        there |= changed;
        if (!changed || value)
            n += (size_t)snprintf(to + n, room - n, "<%s>%s</%s>\n", x->name, changed ? value : x->value, x->name);
    }
    if (!there)
        n += (size_t)snprintf(to + n, room - n, "<%s>%s</%s>\n", name, value, name);
    return n + (size_t)snprintf(to + n, room - n, "</%s>\n", f->record);
}

static void write_format(const struct format *f, const char *records)
{
    static char text[16384];
    snprintf(text, sizeof text, "%s%s%s", f->before, records, f->after);
    (f->cp1251 ? write_cp1251 : write_text)(f->file, text);
}

#define SZPM_DAY(day) PERSON "SZPM990001S99001_260501.xml/1\n" ATT "SZPM990001S99001_260501.xml/1 990001/0 profile 1 from " day " counted=0\n"
#define SZPM_GOOD SZPM_DAY("2026-04-20")
#define KARELIA_PERSON PERSON "attach.xml/1\n"
#define KARELIA_GOOD KARELIA_PERSON ATT "attach.xml/1 990001/0 profile 1 from 2025-03-01 counted=0\n"
#define FERZL_GOOD ATT "request.xml/1 990001/0 profile 1 from 2025-03-01 counted=0\n"

static const struct {
    const struct format *form;
    const char *field, *value; /* value NULL = the element is not there */
    const char *bad;           /* field and rule; NULL = good */
    const char *put;           /* of a good one */
} changes[] = {
    {&szpm, NULL, NULL, NULL, SZPM_GOOD},
    {&szpm, "REZ", "", NULL, SZPM_GOOD},
    {&szpm, "REZ", "0", NULL, SZPM_GOOD},
    {&szpm, "REZ", "2", NULL, SZPM_GOOD},
    {&szpm, "REZ", "11", NULL, ""}, /* refused */
    {&szpm, "REZ", "20", NULL, ""},
    {&szpm, "REZ", "21", "REZ: unknown result (0, 1, 2, 10 to 20)", NULL},
    {&szpm, "DATEZ", "20.04.2026", NULL, SZPM_GOOD},
    {&szpm, "DATEZ", "2026-06-20", "DATEZ: in the future", NULL},
    {&szpm, "DATEZ", NULL, "DATEZ: required", NULL},
    {&szpm, "DATEREZ", "yesterday", "DATEREZ: not a date YYYY-MM-DD", NULL},
    {&szpm, "DR", "1950-02-30", "DR: not a date YYYY-MM-DD", NULL},
    {&szpm, "NPOLIS", "9967940868000019", "NPOLIS: wrong check digit of an ENP", NULL},
    {&szpm, "NPOLIS", "", "NPOLIS: required", NULL},
    {&szpm, "NPOLIS", "123456789", "NPOLIS: ", NULL}, /* a temporary certificate is no kind 3 */
    {&szpm, "VPOLIS", "4", "VPOLIS: not a kind of policy of F008 (1 to 3)", NULL},
    {&szpm, "VPOLIS", "", NULL, SZPM_GOOD},
    {&szpm, "SMO", "9901", "SMO: not an insurer of F002 (five digits)", NULL},
    {&szpm, "PRZ", "4", "PRZ: not 1 to 3", NULL},
    {&szpm, "PRZ", NULL, "PRZ: required", NULL},
    {&szpm, "PR_NOV", "2", "PR_NOV: neither 0 nor 1", NULL},
    {&szpm, "DOC_CODE", "112-233-445 94", "DOC_CODE: wrong control number", NULL},
    {&szpm, "DOC_POST", "3", "DOC_POST: neither 1 nor 2", NULL},
    {&szpm, "W", "3", "W: not a sex (M or F)", NULL},
    {&szpm, "FAM", "Полевая7", "FAM: not a name (letters, spaces, hyphens, apostrophes, dots)", NULL},
    {&szpm, "HAIR", "brown", "PERS: unknown element", NULL},
    {&szpm, "FAM", "Полевая<b/>", "FAM: unknown element", NULL},
    {&szpm, "DR", " 1950-12-31\n", NULL, SZPM_GOOD},

    {&karelia, NULL, NULL, NULL, KARELIA_GOOD},
    {&karelia, "OPER_TYPE", "2", NULL, KARELIA_GOOD},
    {&karelia, "OPER_TYPE", "3", NULL, ""}, /* taken back */
    {&karelia, "OPER_TYPE", "4", "OPER_TYPE: not 1 to 3", NULL},
    {&karelia, "INFO_TYPE", "0", NULL, KARELIA_PERSON}, /* detached */
    {&karelia, "INFO_TYPE", "2", "INFO_TYPE: neither 0 nor 1", NULL},
    {&karelia, "INFO_TYPE", NULL, "INFO_TYPE: required", NULL},
    {&karelia, "T_PRIK", "1", "T_PRIK: not the main attachment (0), the only one that is known", NULL},
    {&karelia, "SP_PRIK", "3", "SP_PRIK: not a way of attachment (0 to 2)", NULL},
    {&karelia, "TIP_UCH", "4", "TIP_UCH: not 1 to 3", NULL},
    {&karelia, "TIP_UCH", NULL, NULL, KARELIA_GOOD},
    {&karelia, "NUM_UCH", NULL, "NUM_UCH: required", NULL},
    {&karelia, "ID_PAC", NULL, "ID_PAC: required", NULL},
    {&karelia, "NPOLIS", NULL, "NPOLIS: required", NULL},
    {&karelia, "SNILS_VR", "11223344595", NULL, KARELIA_GOOD},
    {&karelia, "SNILS_VR", "1122334459", "SNILS_VR: not 11 digits or NNN-NNN-NNN NN", NULL},
    {&karelia, "DATE", "2025-13-01", "DATE: not a date YYYY-MM-DD", NULL},
    {&karelia, "KOD_PODR", "A", "KOD_PODR: not a number", NULL},
    {&karelia, "PHONE2", "+70009000001", NULL, KARELIA_GOOD},

    {&ferzl, NULL, NULL, NULL, FERZL_GOOD},
    {&ferzl, "m:areaType", "2", NULL, ""}, /* beside the main attachment */
    {&ferzl, "m:areaType", "4", "areaType: not 1 to 3", NULL},
    {&ferzl, "m:attachMethod", "0", "attachMethod: not 1 to 3", NULL},
    {&ferzl, "m:attachMethod", NULL, "attachMethod: required", NULL},
    {&ferzl, "m:enp", "9967940868000019", "enp: wrong check digit of an ENP", NULL},
    {&ferzl, "m:enp", "123456789", "enp: not an ENP (16 digits)", NULL},
    {&ferzl, "m:enp", "9900000000000002", "enp: says no date of birth, which the profile follows from", NULL},
    {&ferzl, "m:dateAttachB", "01.03.2025", "dateAttachB: not a date YYYY-MM-DD", NULL},
    {&ferzl, "m:dateAttachE", "2026-04-30", NULL, ""}, /* over */
    {&ferzl, "m:dateAttachE", "2026-12-31", NULL, FERZL_GOOD},
    {&ferzl, "m:moCode", "99001", "moCode: not the code of an organisation (six digits)", NULL},
    {&ferzl, "m:moId", NULL, "moId: required", NULL},
    {&ferzl, "m:moDepId", NULL, "moDepId: required", NULL},
    {&ferzl, "m:snilsDoctor", "112-233-445 95", "snilsDoctor: not 11 digits", NULL},
    {&ferzl, "m:snilsDoctor", "11223344594", "snilsDoctor: wrong control number", NULL},
    {&ferzl, "m:oip", "1", "att: unknown element", NULL},
};

/* The whole report of a bad one but the line, which is that of the record or of the element. */
static bool reported(const char *report, const char *file, const char *want)
{
    const char *space = strchr(report, ' ');
    return strncmp(report, file, strlen(file)) == 0 && strstr(report, "#1 ") && space &&
           strncmp(space + 1, want, strlen(want)) == 0 && strchr(report, '\n')[1] == '\0';
}

static void test_changed_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char record[4096];
        struct seen s;
        record_with(changes[i].form, changes[i].field, changes[i].value, record, sizeof record);
        write_format(changes[i].form, record);
        bool good = load(&s, true, changes[i].form->file, NULL);
        const char *bad = changes[i].bad, *put = bad ? "" : changes[i].put;
        if (good == !bad && strcmp(s.put, put) == 0 && (bad ? reported(s.bad, changes[i].form->file, bad) : !s.bad[0]))
            continue;
        fail_msg("row %zu: %s=%s: reported \"%s\", put \"%s\"", i, changes[i].field, changes[i].value, s.bad, s.put);
    }
}

/* Several records: the report tells them apart where lines cannot, the good ones of them are what --skip-bad loads. */
static void test_records_of_one_line(void **state)
{
    (void)state;
    static char records[8192];
    struct seen s;
    size_t n = record_with(&ferzl, NULL, NULL, records, sizeof records);
    n += record_with(&ferzl, "m:moCode", "9", records + n, sizeof records - n);
    record_with(&ferzl, "m:enp", "9958840898000015", records + n, sizeof records - n);
    for (char *p = records; *p; p++)
        *p = *p == '\n' ? ' ' : *p;
    write_format(&ferzl, records);
    assert_false(load(&s, false, ferzl.file, NULL));
    assert_string_equal(s.bad, "request.xml:4#2 moCode: not the code of an organisation (six digits)\n");
    assert_string_equal(s.put, "");
    assert_false(load(&s, true, ferzl.file, NULL));
    assert_string_equal(s.put, FERZL_GOOD ATT "request.xml/3 990001/0 profile 1 from 2025-03-01 counted=0\n");
}

static void test_number_of_records(void **state)
{
    (void)state;
    struct seen s;
    write_format(&szpm, "");
    assert_false(load(&s, false, szpm.file, NULL));
    assert_string_equal(s.bad, "SZPM990001S99001_260501.xml:5 ZGLV/ZAP: not the number of records in the file\n");
}

/* A person who was attached and detached is not attached, in whatever order the rows stand; one who came back is. */
static void test_detached_in_the_same_load(void **state)
{
    (void)state;
    static char records[8192];
    struct seen s;
    static const struct {
        const char *attached, *detached;
        bool is_attached;
    } rows[] = {{"2025-03-01", "2026-01-31", false},
                {"2025-03-01", "2025-03-01", false},
                {"2025-03-01", "2025-02-28", true},
                {"2025-03-01", "2026-05-12", true}}; /* to the end of today */
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        char attach[2048], detach[2048], *info;
        record_with(&karelia, "DATE", rows[i / 2].attached, attach, sizeof attach);
        record_with(&karelia, "DATE", rows[i / 2].detached, detach, sizeof detach);
        info = strstr(detach, "<INFO_TYPE>1");
        info[strlen("<INFO_TYPE>")] = '0';
        snprintf(records, sizeof records, "%s%s", i % 2 ? attach : detach, i % 2 ? detach : attach);
        write_format(&karelia, records);
        assert_true(load(&s, false, karelia.file, NULL));
        const char *attachment = strstr(s.put, ATT);
        assert_int_equal(attachment != NULL, rows[i / 2].is_attached);
        assert_true(!attachment || (strstr(attachment, "from 2025-03-01") && !strstr(attachment + 1, ATT)));
    }
}

/* The funds write that there is no patronymic; Karelia's way 1 is that of the address, Vologda has no areas. */
static void test_person(void **state)
{
    (void)state;
    static const struct {
        const struct format *form;
        const char *field, *value, *district;
        size_t patronymics;
    } rows[] = {{&szpm, NULL, NULL, "", 0},
                {&szpm, "OT", "Олеговна", "", 1},
                {&karelia, NULL, NULL, "990001-12", 1},
                {&karelia, "SP_PRIK", "2", "", 1},
                {&karelia, "OT", "-", "990001-12", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char record[4096];
        struct seen s;
        record_with(rows[i].form, rows[i].field, rows[i].value, record, sizeof record);
        write_format(rows[i].form, record);
        assert_true(load(&s, false, rows[i].form->file, NULL));
        assert_string_equal(s.district, rows[i].district);
        assert_int_equal(s.patronymics, rows[i].patronymics);
    }
}

/* The schema has the code as a number: without the zeros that the register of organisations has. */
static void test_short_code(void **state)
{
    (void)state;
    char record[4096];
    struct seen s;
    struct format f = karelia;
    f.before = "<ATTACH_DATA><ZGLV><CODE_MO>10001</CODE_MO></ZGLV>";
    record_with(&f, NULL, NULL, record, sizeof record);
    write_format(&f, record);
    assert_true(load(&s, false, f.file, NULL));
    assert_non_null(strstr(s.put, " 010001/0 "));
}

/* Prefixes differ, and there need be no envelope; several requests may stand in one body. */
static void test_ferzl_envelopes(void **state)
{
    (void)state;
#define REQUEST(id) "<registerAttachRequest>" id "<att><enp>" GOOD_ENP "</enp><dateAttachB>2025-03-01</dateAttachB><attachMethod>1" \
                    "</attachMethod><areaType>1</areaType><moId>1.2</moId><moCode>990001</moCode><moDepId>1</moDepId></att>"         \
                    "</registerAttachRequest>"
    struct seen s;
    write_text("a.xml", REQUEST("<externalRequestId>1</externalRequestId>"));
    assert_true(load(&s, false, "a.xml", NULL));
    assert_string_equal(s.put, ATT "a.xml/1 990001/0 profile 1 from 2025-03-01 counted=0\n");
    write_text("a.xml", "<Envelope><Body>" REQUEST("<externalRequestId>1</externalRequestId>") REQUEST("") "</Body></Envelope>");
    assert_false(load(&s, true, "a.xml", NULL));
    assert_string_equal(s.bad, "a.xml:1 registerAttachRequest/externalRequestId: required\n");
    write_text("a.xml", "<Envelope><Body><registerAttachResponse/></Body></Envelope>");
    assert_false(load(&s, false, "a.xml", NULL));
    assert_string_equal(s.bad, "a.xml:1 Body: unknown element\n");
}

/* The doctor is found by his number among the clinics of the load, as for the forms in CSV. */
static void test_doctor_of_the_load(void **state)
{
    (void)state;
    char record[4096];
    struct seen s;
    write_text("clinics.csv", "clinic_id;name;region;kind;in_chi_register;profiles\n990001;Первая;99;OUTPATIENT;1;\n");
    write_text("doctors.csv", "clinic_id;doctor_id;profile;norm;snils\n990001;7;ADULT_THERAPEUTIC;1700;112-233-445 95\n");
    record_with(&ferzl, NULL, NULL, record, sizeof record);
    write_format(&ferzl, record);
    assert_true(load(&s, false, ferzl.file, "doctors.csv", "clinics.csv", NULL));
    assert_non_null(strstr(s.put, ATT "request.xml/1 990001/7 profile 1 from 2025-03-01 counted=0\n"));
}

/* Of every form a file, as the README names them: all of them are good. */
static void test_examples(void **state)
{
    (void)state;
    static const char *const files[] = {"F003.xml", "clinics.csv", "doctors.csv", "persons.csv", "policies.csv",
                                        "attachments.csv", "MO2770001202603011.csv", "SZPM770001S77001_260301.xml",
                                        "ATTACH_DATA.xml", "registerAttachRequest.xml"};
    struct seen s = {.bad_n = 0};
    struct reg_hooks hooks = {on_bad, on_put, &s};
    struct reg *r = reg_new(keys, text_day_of(2026, 5, 12), &hooks);
    struct err e = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[256];
        snprintf(path, sizeof path, SOURCE_DIR "/deploy/registries/example/%s", files[i]);
        assert_true(reg_add(r, path, NULL, &e));
    }
    assert_true(reg_check(r, &e));
    assert_true(reg_publish(r, &e));
    assert_string_equal(s.bad, "");
    reg_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_fields),
        cmocka_unit_test(test_records_of_one_line),
        cmocka_unit_test(test_number_of_records),
        cmocka_unit_test(test_detached_in_the_same_load),
        cmocka_unit_test(test_person),
        cmocka_unit_test(test_short_code),
        cmocka_unit_test(test_ferzl_envelopes),
        cmocka_unit_test(test_doctor_of_the_load),
        cmocka_unit_test(test_examples),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
