/* test_lang.c - the reader of scenarios refuses what it does not know and says where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lang.h"

static bool load_text(const char *text, struct arena *mem, struct scn *ret, struct err *e)
{
    char path[] = "/tmp/scenario-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    bool ok = scn_load(arena_strdup(mem, path), mem, ret, e);
    unlink(path);
    return ok;
}

#define HEAD "scenario T-1 title\nrules RU-MOW\nclock 2026-06-03 10:00\n"

static void test_errors_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
    } rows[] = {
        {HEAD "given clinic A colour red\n", ":4: unknown word \"colour\""},
        {HEAD "given clinic A kind PALACE\n", ":4: \"kind\" cannot be \"PALACE\""},
        {HEAD "given clinic A kind\n", ":4: \"kind\" needs a value"},
        {HEAD "given clinic A unlisted unlisted\n", ":4: \"unlisted\" is said twice"},
        {HEAD "given doctor 1 of B norm 1\n", ":4: \"B\" was not given"},
        {HEAD "given doctor one of B norm 1\n", ":4: \"one\" does not fit here"},
        {HEAD "given person P born 1985-02-30\n", ":4: \"born\" cannot be \"1985-02-30\""},
        {HEAD "given person P\ngiven person P\n", ":5: \"P\" does not fit here"},
        {HEAD "when kitchen stands still\n", ":4: \"kitchen\" was not given"},
        {HEAD "given clinic A\ngiven person P\nwhen P applies to A as x\nthen x went RECEIVED,AWAY\n", ":7: \"RECEIVED,AWAY\" does not fit here"},
        {HEAD "when Ghost is withdrawn\n", ":4: \"Ghost\" was not given"},
        {HEAD "\n# remark\nnothing happens\n", ":6: \"nothing\" does not fit here"},
        {HEAD "given clinic A\ngiven person P\nwhen P applies to A as x\nthen x is GREAT\n", ":7: \"GREAT\" does not fit here"},
        {HEAD "given clinic A\ngiven person P\nwhen P applies to A as x\nthen x told N-6 to APPLICANT by SMS\n", ":7: \"N-6\" does not fit here"},
        {HEAD "given clinic A\ngiven person P\nwhen P applies to A as x\nthen x told N-06 to APPLICANT by FAX\n", ":7: \"FAX\" does not fit here"},
        {"scenario T-1 title\nrules RU-MOW\ngiven clinic A\n", ":1: the clock has to be set first"},
        {HEAD "given clinic\n", ":4: the line ends too early"},
        {"scenario T-1 title\n", ":1: scenario and rules have to be stated"},
        {"scenario T-1\n", ":1: scenario NAME title"},
        {HEAD "clock 2026-06-03 25:00\n", ":4: clock"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *mem = arena_new(1 << 22, 1 << 16);
        struct scn s;
        struct err e = {0};
        assert_false(load_text(rows[i].text, mem, &s, &e));
        if (!strstr(e.text, rows[i].where))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, e.text, rows[i].where);
        arena_free(mem);
    }
}

static void test_statements_are_read(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1 << 22, 1 << 16);
    struct scn s;
    struct err e = {0};
    assert_true(load_text(HEAD "story free words\ngiven clinic A profiles CHILD,ADULT_DENTAL # why\ngiven person P\n"
                               "when P applies to A as x reason MOVED\nwhen x is repeated\n"
                               "then x told N-06 to APPLICANT by SMS,EMAIL\nthen clinic A holds 2 doctor 3\n",
                          mem, &s, &e));
    assert_string_equal(s.title, "title");
    assert_int_equal(s.stmts_n, 7);
    assert_int_equal(s.stmts[0].form, SCN_CLOCK);
    assert_int_equal(s.stmts[0].number, 1780470000000LL);
    assert_string_equal(s.stmts[1].opt[OPT_PROFILES], "CHILD,ADULT_DENTAL");
    assert_int_equal(s.stmts[3].form, SCN_APPLIES);
    assert_string_equal(s.stmts[3].opt[OPT_REASON], "MOVED");
    assert_int_equal(s.stmts[4].form, SCN_REPEATED);
    assert_int_equal(s.stmts[4].app, 0);
    assert_string_equal(s.stmts[5].list, "SMS,EMAIL");
    assert_int_equal(s.stmts[6].number, 2);
    assert_int_equal(s.stmts[6].line, 10);
    assert_true(load_text(HEAD "given clinic A\ngiven person P\nwhen policy stands still\nwhen P applies to A as x\n"
                               "then x went RECEIVED,REGISTERED\nthen x is asked back\nwhen policy goes on\n",
                          mem, &s, &e));
    assert_int_equal(s.stmts[3].form, SCN_STILL);
    assert_string_equal(s.stmts[3].word, "policy");
    assert_int_equal(s.stmts[5].form, SCN_WENT);
    assert_string_equal(s.stmts[5].list, "RECEIVED,REGISTERED");
    assert_int_equal(s.stmts[6].form, SCN_ASKED_BACK);
    assert_int_equal(s.stmts[7].form, SCN_ON);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_statements_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
