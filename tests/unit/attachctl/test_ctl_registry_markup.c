/* Registers in XML: which form a file is, what its markup may not be, and that nothing of a broken file is loaded. */
#include "registry_fixture.h"
#include "services/attachctl/reg_impl.h"

#define ZGLV(text) "<ATTACH_DATA>\n<ZGLV>" text "</ZGLV>\n"
#define MO "<CODE_MO>990001</CODE_MO>"
static const struct {
    const char *text;
    const char *bad; /* "" = good */
    bool broken;     /* not even --skip-bad loads it */
} markup[] = {
    {ZGLV(MO) "</ATTACH_DATA>", "", false},
    {ZGLV("") "<PERS/></ATTACH_DATA>", "a.xml:3 ZGLV/CODE_MO: required\n", true},
    {ZGLV("<CODE_MO>99000A</CODE_MO>") "<PERS/></ATTACH_DATA>",
     "a.xml:3 ZGLV/CODE_MO: not the code of an organisation (up to six digits)\n", true},
    {ZGLV(MO MO) "<PERS/></ATTACH_DATA>", "a.xml:2 ZGLV/CODE_MO: element twice\n", true},
    {"<ATTACH_DATA>\n<PERS/>" MO "</ATTACH_DATA>", "a.xml:2 ZGLV/CODE_MO: required\n", true},
    {ZGLV(MO "<COLOUR>1</COLOUR>") "</ATTACH_DATA>", "a.xml:2 ZGLV: unknown element\n", false},
    {ZGLV(MO) "<ROW><FAM>Полевая</FAM></ROW></ATTACH_DATA>", "a.xml:3 ATTACH_DATA: unknown element\n", false},
    {ZGLV(MO) "Полевая</ATTACH_DATA>", "a.xml:3 : text between elements\n", false},
    {ZGLV(MO) "<PERS><FAM>\n</PERS></ATTACH_DATA>", "a.xml:4 : mismatched tag\n", true},
    {ZGLV(MO) "<PERS>", "a.xml:3 : no element found\n", true},
    {ZGLV(MO) "</ATTACH_DATA>\n<ATTACH_DATA/>", "a.xml:4 : junk after document element\n", true},
    {ZGLV(MO) "&xxe;</ATTACH_DATA>", "a.xml:3 : undefined entity\n", true},
    {"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n" ZGLV("<CODE_MO>&x;</CODE_MO>") "</ATTACH_DATA>",
     "a.xml:1 : a document type declaration (DTD) is not taken\n", true},
    {"<!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\">\n" ZGLV(MO) "</ATTACH_DATA>",
     "a.xml:1 : a document type declaration (DTD) is not taken\n", true},
    {"<?xml version=\"1.0\" encoding=\"koi8-r\"?>\n" ZGLV(MO) "</ATTACH_DATA>", "a.xml:1 : unknown encoding\n", true},
    {ZGLV(MO) "\xCF\xEE\xEB</ATTACH_DATA>", "a.xml:3 : not well-formed (invalid token)\n", true}, /* windows-1251, not declared */
    {"<PACKET/>", "a.xml:1 : the document element is not one of this form\n", true},
    {"", "a.xml:1 : no element found\n", true},
};

static bool load_as(struct seen *ret, const char *name, const char *form)
{
    struct reg_hooks hooks = {on_bad, on_put, ret};
    struct err e = {0};
    char path[128];
    *ret = (struct seen){.bad_n = 0};
    struct reg *r = reg_new(keys, text_day_of(2026, 5, 12), &hooks);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_true(reg_add(r, path, form, &e));
    bool good = reg_check(r, &e), whole = reg_whole(r);
    assert_int_equal(good, !ret->bad[0]);
    assert_int_equal(reg_publish(r, &e), whole);
    assert_true(whole || (strcmp(e.code, "REG-BROKEN") == 0 && !ret->put[0]));
    reg_free(r);
    return whole;
}

static void test_markup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof markup / sizeof *markup; i++) {
        struct seen s;
        write_text("a.xml", markup[i].text);
        bool whole = load_as(&s, "a.xml", "karelia-attach");
        if (strcmp(s.bad, markup[i].bad) != 0 || whole == markup[i].broken)
            fail_msg("row %zu: \"%s\", %s", i, s.bad, whole ? "whole" : "broken");
    }
}

static char *repeated(const char *unit, size_t times)
{
    size_t n = strlen(unit);
    char *text = malloc(n * times + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, unit, n);
    text[n * times] = '\0';
    return text;
}

/* What is too much of something ends in a report, not in memory. */
static void test_too_much(void **state)
{
    (void)state;
    static const struct {
        const char *before, *unit;
        size_t times;
        const char *after, *bad;
    } rows[] = {
        {"<ATTACH_DATA><ZGLV><CODE_MO>", "9", 100000, "</CODE_MO></ZGLV></ATTACH_DATA>",
         "a.xml:1 ZGLV/CODE_MO: longer than 500 bytes\n"},
        {"<ATTACH_DATA>", "<ATTACH_DATA>", 40, "", "a.xml:1 : elements nested too deep\n"},
        {"<ATTACH_DATA>", "<x>", 40, "", "a.xml:1 ATTACH_DATA: unknown element\na.xml:1 : elements nested too deep\n"},
        {"<ATTACH_DATA a=\"", "x", 3000000, "\"/>", "a.xml:1 : a tag or comment longer than 1 MiB\n"},
        {"<ATTACH_DATA><!--", "x", 3000000, "--></ATTACH_DATA>", "a.xml:1 : a tag or comment longer than 1 MiB\n"},
        {"<ATTACH_DATA>", "\n", 3000000, "</ATTACH_DATA>", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen s;
        char *many = repeated(rows[i].unit, rows[i].times), *text;
        assert_true(asprintf(&text, "%s%s%s", rows[i].before, many, rows[i].after) > 0);
        write_text("a.xml", text);
        free(many);
        free(text);
        load_as(&s, "a.xml", "karelia-attach");
        if (strcmp(s.bad, rows[i].bad) != 0)
            fail_msg("row %zu: \"%s\"", i, s.bad);
    }
}

/* Of a record with two findings one row is bad; a field too long or twice is none of the values that are loaded. */
static void test_two_findings(void **state)
{
    (void)state;
    char *name = repeated("Ы", 300), *text;
    struct seen s;
    assert_true(asprintf(&text, ZGLV(MO) "<PERS><FAM>%s</FAM><IM>Анна</IM><IM>Ева</IM><W>5</W></PERS></ATTACH_DATA>", name) > 0);
    write_text("a.xml", text);
    free(name);
    free(text);
    load_as(&s, "a.xml", "karelia-attach");
    assert_non_null(strstr(s.bad, "a.xml:3#1 FAM: longer than 500 bytes\n"));
    assert_non_null(strstr(s.bad, "a.xml:3#1 IM: element twice\n"));
    assert_non_null(strstr(s.bad, "a.xml:3#1 W: not a sex (M or F)\n"));
    assert_string_equal(s.put, "");
}

static void test_f003_of_something_else(void **state)
{
    (void)state;
    struct seen s;
    write_text("F002.xml", "<packet><insCompany><smocod>99001</smocod></insCompany></packet>");
    assert_false(load(&s, false, "F002.xml", NULL));
    assert_string_equal(s.bad, "F002.xml:1 medCompany: the file has none\n");
}

/* A clinic with a finding is none of the clinics of the load, whatever its other fields say. */
static void test_f003_of_a_flawed_clinic(void **state)
{
    (void)state;
    struct seen s;
    write_text("F003.xml", "<packet><medCompany><mcod>990001</mcod><mcod>990002</mcod><nam_mop>А</nam_mop><tf_okato>45000</tf_okato>"
                           "</medCompany></packet>");
    assert_false(load(&s, true, "F003.xml", NULL));
    assert_string_equal(s.bad, "F003.xml:1#1 mcod: element twice\n");
    assert_string_equal(s.put, "");
}

static void test_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *name, *head, *form; /* form NULL = none */
    } rows[] = {
        {"any.xml", "<ZL_LIST>", "vologda-szpm"},
        {"any.xml", "<?xml version='1.0'?>\n<!-- by hand -->\n<ATTACH_DATA a='1'>", "karelia-attach"},
        {"any.xml", "\xEF\xBB\xBF<mpi:registerAttachRequest xmlns:mpi='x'>", "ferzl-attach"},
        {"any.xml", "<soapenv:Envelope>", "ferzl-attach"},
        {"any.xml", "<packet/>", "f003"},
        {"persons.csv", "<packet", "f003"},
        {"persons.xml", "<persons>", NULL},
        {"persons.csv", "<?xml", "persons"},
        {"F003.xml", "<!DOCTYPE packet [", "?"},
        {"persons.csv", "", "persons"},
        {"MO2990001202605121.csv", "\"1\";", "volgograd-mo2"},
        {"LO2990001202605121.csv", "1;", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reg_form *f = reg_form_guess(rows[i].name, rows[i].head, strlen(rows[i].head));
        bool same = rows[i].form ? f && strcmp(f->name, rows[i].form) == 0 : !f;
        if (!same && !(rows[i].form && rows[i].form[0] == '?' && !f))
            fail_msg("row %zu: %s", i, f ? f->name : "none");
    }
    assert_non_null(strstr(reg_form_refusal("/in/EO2990001202605121.csv"), "answer"));
    assert_non_null(strstr(reg_form_refusal("/in/a.csv"), "--form"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markup),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_two_findings),
        cmocka_unit_test(test_f003_of_something_else),
        cmocka_unit_test(test_f003_of_a_flawed_clinic),
        cmocka_unit_test(test_recognised),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
