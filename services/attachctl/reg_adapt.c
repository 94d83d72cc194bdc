/* reg_adapt.c - published attachment formats, turned into the fields of our own forms before they are checked.
 * Texts that are not understood are left as they are: the check then names the column. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "domain/enp.h"
#include "services/attachctl/okato.h"
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
static void profile_of_age(struct reg_row *r, int32_t birth, int32_t today)
{
    int by, bm, bd, y, m, d;
    text_civil(birth, &by, &bm, &bd);
    text_civil(today, &y, &m, &d);
    int age = y - by - (m < bm || (m == bm && d < bd));
    r->v[RF_PROFILE] = age >= 18 ? "ADULT_THERAPEUTIC" : "CHILD";
}

static void adapt_common(struct reg_row *r, int32_t today)
{
    int32_t birth;
    policy_of_letter(r);
    r->v[RF_BIRTH_DATE] = reg_iso_date(r, r->v[RF_BIRTH_DATE]);
    r->v[RF_EFFECTIVE_FROM] = reg_iso_date(r, r->v[RF_EFFECTIVE_FROM]);
    r->v[RF_DETACHED] = reg_iso_date(r, r->v[RF_DETACHED]);
    if (r->v[RF_DOC_SERNUM][0])
        series_number(r, r->v[RF_DOC_SERNUM], RF_DOC_SERIES, RF_DOC_NUMBER);
    if (text_day_parse(r->v[RF_BIRTH_DATE], &birth))
        profile_of_age(r, birth, today);
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

/* --- XML --- */

/* F008: 1 old form, 2 temporary certificate, 3 unified. Of the carriers of a unified policy the code says nothing: the
 * one that a number without a form is taken for. Without a code the number decides. */
static void policy_of_code(struct reg_row *r)
{
    static const char *const forms[] = {"OLD", "TEMP_CERT", "UNIFIED_ELECTRONIC"};
    const char *code = r->v[RF_POLICY_CODE];
    if (code[0] >= '1' && code[0] <= '3' && !code[1])
        r->v[RF_POLICY_FORM] = forms[code[0] - '1'];
}

/* The funds' files write that there is no patronymic; an application without one must fit the record. */
static void no_patronymic(struct reg_row *r)
{
    static const char *const none[] = {"НЕТ", "Нет", "нет", "-", "---"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (strcmp(r->v[RF_PATRONYMIC], none[i]) == 0)
            r->v[RF_PATRONYMIC] = "";
}

static void adapt_xml(struct reg_row *r, int32_t today)
{
    policy_of_code(r);
    no_patronymic(r);
    adapt_common(r, today);
}

/* The list of applications that a clinic sends to the fund (no result yet), or that comes back with results. Accepted
 * and "already attached here" are attachments, like a row without a result: that is what the clinic claims, as in the
 * file of Volgograd. A refused row is good and gives nothing, not the person either: "the data do not fit the policy" is
 * one of the results. The day is that of the application: the fund counts the one change a year by it (result 12). */
void reg_adapt_szpm(struct reg_row *r, int32_t today)
{
    adapt_xml(r, today);
    r->v[RF_RESULT_DATE] = reg_iso_date(r, r->v[RF_RESULT_DATE]);
    r->left_out = atoi(r->v[RF_RESULT]) >= 10;
}

/* A log of attachments and detachments, so that a detachment is its own row with its own date. Operation 3 takes back
 * what was sent before (the exporter has insert, update, delete in this order; the schema gives numbers only): nothing
 * of it is loaded. Ways are those of the twin format of Perm: 1 conditional, by the address. */
void reg_adapt_karelia(struct reg_row *r, int32_t today)
{
    adapt_xml(r, today);
    if (r->v[RF_CLINIC_ID][0]) /* a number to the schema: zeros in front may be missing */
        r->v[RF_CLINIC_ID] = made(r, r->v[RF_CLINIC_ID], "%06d", atoi(r->v[RF_CLINIC_ID]));
    r->left_out = strcmp(r->v[RF_OPERATION], "3") == 0;
    r->end_only = strcmp(r->v[RF_DIRECTION], "0") == 0;
    if (r->end_only)
        r->v[RF_DETACHED] = r->v[RF_EFFECTIVE_FROM];
    if (strcmp(r->v[RF_WAY], "1") == 0 && r->v[RF_AREA][0])
        r->v[RF_RESIDENCE_DISTRICT] = made(r, "", "%s-%s", r->v[RF_CLINIC_ID], r->v[RF_AREA]);
}

/* Names nobody: the date of birth is that in the number. Area type 1 is the main attachment; 2 and 3 stand beside it,
 * and what they are of is published nowhere, so they are good rows that give nothing. */
void reg_adapt_ferzl(struct reg_row *r, int32_t today)
{
    struct enp_facts enp;
    r->v[RF_POLICY_FORM] = "UNIFIED_ELECTRONIC";
    r->left_out = strcmp(r->v[RF_AREA_TYPE], "1") != 0;
    if (enp_decode(r->v[RF_POLICY_NUMBER], &enp))
        profile_of_age(r, text_day_of(enp.birth.y, enp.birth.m, enp.birth.d), today);
}

static const char *region_of_okato(const char *okato)
{
    for (size_t i = 0; i < sizeof okato_regions / sizeof *okato_regions; i++)
        if (strcmp(okato_regions[i].okato, okato) == 0)
            return okato_regions[i].region;
    return okato; /* the check of the region names the field */
}

/* The list says what an organisation is called and whether it takes part in CHI, which it does today when it was
 * included and not excluded yet; a future inclusion is no error. Profiles come from its doctors. */
void reg_adapt_f003(struct reg_row *r, int32_t today)
{
    int32_t from, to;
    r->kind = PB_CLINIC_KIND(OUTPATIENT);
    r->v[RF_REGION] = region_of_okato(r->v[RF_REGION]);
    r->v[RF_EFFECTIVE_FROM] = reg_iso_date(r, r->v[RF_EFFECTIVE_FROM]);
    r->v[RF_DETACHED] = reg_iso_date(r, r->v[RF_DETACHED]);
    const char *begin = r->v[RF_EFFECTIVE_FROM], *end = r->v[RF_DETACHED];
    r->in_chi = text_day_parse(begin, &from) && from <= today && (!end[0] || !text_day_parse(end, &to) || to >= today);
    if (text_day_parse(begin, &from) && from > today)
        r->v[RF_EFFECTIVE_FROM] = "";
}
