/* lang_file.c - lines, words and names of a scenario file; see lang.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "domain/date.h"
#include "lang_impl.h"

#define NAMES_MAX    32
#define STMTS_MAX    200
#define MOSCOW_MIN   180 /* clock statements are in the time of the region of the scenarios */

bool scn_fail(struct scn_reader *r, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->e, ERR_INPUT, "SCENARIO", "%s:%d: %s", r->path, r->line, text);
}

const char *scn_next(struct scn_reader *r) { return r->at < r->words_n ? r->words[r->at++] : NULL; }

void scn_rewind(struct scn_reader *r) { r->at = 0; }

bool scn_date_ok(const char *text)
{
    struct date d;
    return date_parse(text, &d);
}

bool scn_recipient_ok(const char *text)
{
    static const char *const known[] = {"APPLICANT", "OLD_CLINIC", "NEW_CLINIC", "INSURER", "TFOMS"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i]) == 0)
            return true;
    return false;
}

int scn_service(const char *name)
{
    static const char *const known[] = {"intake", "identity", "policy", "attachment", "capacity", "notification"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return (int)i;
    return -1;
}

bool scn_name(struct scn_reader *r, struct scn_stmt *s, const char *want, const char *name)
{
    struct scn *x = r->scn;
    const char ***names = want[1] == 'c' ? &x->clinics : want[1] == 'p' ? &x->persons : &x->apps;
    size_t *n = want[1] == 'c' ? &x->clinics_n : want[1] == 'p' ? &x->persons_n : &x->apps_n;
    int *index = want[1] == 'c' ? &s->clinic : want[1] == 'p' ? &s->person : &s->app;
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*names)[i], name) == 0) {
            *index = (int)i;
            return want[0] == '$' || want[1] == 'c'; /* a clinic may be given again: the register changed */
        }
    if (want[0] == '$')
        return false;
    if (*n == NAMES_MAX)
        return false;
    *index = (int)*n;
    (*names)[(*n)++] = name;
    return true;
}

static bool read_clock(struct scn_reader *r, struct scn_stmt *s)
{
    struct date d;
    int h, m;
    char rest;
    if (r->words_n != 3 || !date_parse(r->words[1], &d) ||
        sscanf(r->words[2], "%2d:%2d%c", &h, &m, &rest) != 2 || h > 23 || m > 59)
        return scn_fail(r, "clock YYYY-MM-DD HH:MM");
    *s = (struct scn_stmt){.form = SCN_CLOCK, .line = r->line, .clinic = -1, .person = -1, .app = -1};
    s->number = date_start_ms(date_days(d), MOSCOW_MIN) + (h * 60LL + m) * 60000;
    return true;
}

static const char *rest_of_words(struct scn_reader *r, size_t from)
{
    const char *text = "";
    for (size_t i = from; i < r->words_n; i++)
        text = arena_printf(r->mem, "%s%s%s", text, i > from ? " " : "", r->words[i]);
    return text;
}

static bool read_line(struct scn_reader *r)
{
    struct scn *x = r->scn;
    const char *first = r->words[0];
    if (strcmp(first, "story") == 0)
        return true;
    if (strcmp(first, "scenario") == 0) {
        if (x->name || r->words_n < 3)
            return scn_fail(r, "scenario NAME title, once");
        x->name = r->words[1];
        x->title = rest_of_words(r, 2);
        return true;
    }
    if (strcmp(first, "rules") == 0) {
        if (x->rules || r->words_n != 2)
            return scn_fail(r, "rules RULESET, once");
        x->rules = r->words[1];
        return true;
    }
    if (x->stmts_n == STMTS_MAX)
        return scn_fail(r, "more than %d statements", STMTS_MAX);
    struct scn_stmt *s = &x->stmts[x->stmts_n++];
    return strcmp(first, "clock") == 0 ? read_clock(r, s) : scn_read_stmt(r, s);
}

static bool split(struct scn_reader *r, char *text)
{
    char *save;
    text[strcspn(text, "#\r\n")] = '\0';
    r->words_n = r->at = 0;
    for (char *w = strtok_r(text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
        if (r->words_n == SCN_WORDS_MAX)
            return scn_fail(r, "more than %d words", SCN_WORDS_MAX);
        r->words[r->words_n++] = arena_strdup(r->mem, w);
    }
    return true;
}

static bool check_whole(struct scn_reader *r)
{
    const struct scn *x = r->scn;
    r->line = 1;
    if (!x->name || !x->rules)
        return scn_fail(r, "scenario and rules have to be stated");
    for (size_t i = 0; i < x->stmts_n; i++)
        if (x->stmts[i].form > SCN_CLOCK && x->stmts[0].form != SCN_CLOCK)
            return scn_fail(r, "the clock has to be set first");
    return true;
}

bool scn_load(const char *path, struct arena *mem, struct scn *ret, struct err *e)
{
    struct scn_reader r = {.mem = mem, .scn = ret, .path = path, .e = e};
    *ret = (struct scn){.path = path};
    ret->stmts = ARENA_ARRAY(mem, struct scn_stmt, STMTS_MAX);
    ret->clinics = ARENA_ARRAY(mem, const char *, NAMES_MAX);
    ret->persons = ARENA_ARRAY(mem, const char *, NAMES_MAX);
    ret->apps = ARENA_ARRAY(mem, const char *, NAMES_MAX);
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, ERR_INPUT, "SCENARIO", "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t cap = 0;
    bool ok = true;
    while (ok && getline(&line, &cap, f) >= 0) {
        r.line++;
        ok = split(&r, line) && (r.words_n == 0 || read_line(&r));
    }
    free(line);
    fclose(f);
    return ok && check_whole(&r);
}
