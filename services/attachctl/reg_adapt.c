/* reg_adapt.c - published attachment formats, turned into the fields of our own forms before they are checked.
 * Texts that are not understood are left as they are: the check then names the column. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "services/attachctl/reg_impl.h"

/* A text made for this row; the original when there is no room. */
__attribute__((format(printf, 3, 4))) static const char *made(struct reg_row *r, const char *original, const char *fmt, ...)
{
    char *to = r->adapted + r->adapted_n;
    size_t room = REG_ADAPTED - r->adapted_n;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(to, room, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        return original;
    r->adapted_n += (size_t)n + 1;
    return to;
}

/* YYYYMMDD and DD.MM.YYYY, with or without a time behind, to YYYY-MM-DD. */
const char *reg_iso_date(struct reg_row *r, const char *t)
{
    static const char digits[] = "0123456789";
    size_t n = strcspn(t, " T");
    if (n == 8 && strspn(t, digits) == 8)
        return made(r, t, "%.4s-%.2s-%.2s", t, t + 4, t + 6);
    if (n == 10 && t[2] == '.' && t[5] == '.')
        return made(r, t, "%.4s-%.2s-%.2s", t + 6, t + 3, t);
    if (n == 10 && t[n] && t[4] == '-')
        return made(r, t, "%.10s", t);
    return t;
}

/* "SERIES № NUMBER", or a number alone. */
static void series_number(struct reg_row *r, const char *t, enum reg_field series, enum reg_field number)
{
    const char *sign = strstr(t, "№");
    if (!sign) {
        r->v[number] = t;
        return;
    }
    size_t n = (size_t)(sign - t);
    while (n > 0 && t[n - 1] == ' ')
        n--;
    sign += strlen("№");
    r->v[series] = made(r, "", "%.*s", (int)n, t);
    r->v[number] = sign + strspn(sign, " ");
}

/* Letters of the kind of policy (ru-facts 2): П paper, Э plastic, К on a universal card, В temporary, С old. */
static void policy_of_letter(struct reg_row *r)
{
    static const struct {
        const char *letter, *form;
        bool by_sernum;
    } rows[] = {{"П", "UNIFIED_PAPER", false},
                {"Э", "UNIFIED_PLASTIC", false},
                {"К", "UNIFIED_ELECTRONIC", false},
                {"В", "TEMP_CERT", true},
                {"С", "OLD", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(r->v[RF_POLICY_KIND], rows[i].letter) != 0)
            continue;
        r->v[RF_POLICY_FORM] = rows[i].form;
        if (rows[i].by_sernum && r->v[RF_POLICY_SERNUM][0])
            series_number(r, r->v[RF_POLICY_SERNUM], RF_POLICY_SERIES, RF_POLICY_NUMBER);
    }
}

/* The files carry the main attachment only: the profile follows from the age. */
static void profile_of_age(struct reg_row *r, int32_t today)
{
    int32_t birth;
    int by, bm, bd, y, m, d;
    if (!text_day_parse(r->v[RF_BIRTH_DATE], &birth))
        return;
    text_civil(birth, &by, &bm, &bd);
    text_civil(today, &y, &m, &d);
    int age = y - by - (m < bm || (m == bm && d < bd));
    r->v[RF_PROFILE] = age >= 18 ? "ADULT_THERAPEUTIC" : "CHILD";
}

static void adapt_common(struct reg_row *r, int32_t today)
{
    policy_of_letter(r);
    r->v[RF_BIRTH_DATE] = reg_iso_date(r, r->v[RF_BIRTH_DATE]);
    r->v[RF_EFFECTIVE_FROM] = reg_iso_date(r, r->v[RF_EFFECTIVE_FROM]);
    r->v[RF_DETACHED] = reg_iso_date(r, r->v[RF_DETACHED]);
    if (r->v[RF_DOC_SERNUM][0])
        series_number(r, r->v[RF_DOC_SERNUM], RF_DOC_SERIES, RF_DOC_NUMBER);
    profile_of_age(r, today);
}

/* Way 1: attached by the registered address, so the area is that of the address. Area numbers are of one organisation. */
void reg_adapt_volgograd(struct reg_row *r, int32_t today)
{
    adapt_common(r, today);
    if (strcmp(r->v[RF_WAY], "1") == 0 && r->v[RF_AREA][0])
        r->v[RF_RESIDENCE_DISTRICT] = made(r, "", "%s-%s", r->v[RF_CLINIC_ID], r->v[RF_AREA]);
}

/* Way 1: conditional, without an application, that is by the address too. */
void reg_adapt_penza(struct reg_row *r, int32_t today)
{
    reg_adapt_volgograd(r, today);
}
