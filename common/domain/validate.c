#include "domain/validate.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "clinic/attach/v1/application.pb-c.h"
#include "domain/contact.h"
#include "domain/document.h"
#include "domain/name.h"
#include "domain/snils.h"
#include "domain/letter.h"

enum { AGE_MAX = 130 };

#define RULE_REF  "1 to 64 printable ASCII characters without spaces"
#define RULE_NAME "required, 1 to 100 letters, spaces, hyphens"

static bool bad(struct err *e, const char *path, const char *rule) { return err_set(e, ERR_INPUT, path, "%s", rule); }

/* --- kinds of text --- */

static bool is_printable_ascii(const char *s)
{
    for (; *s; s++)
        if (*s < 0x21 || *s > 0x7e)
            return false;
    return true;
}

/* Codes of registers: they become keys of records and parts of keys. */
static bool is_code(const char *s)
{
    return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static bool is_snils(const char *s)
{
    char digits[12];
    return snils_normal(s, digits) && snils_valid(digits);
}

static bool is_phone(const char *s)
{
    char normal[PHONE_LEN + 1];
    return phone_normal(s, normal);
}

static bool is_role(const char *s)
{
    static const char *const roles[] = {"PARENT", "GUARDIAN", "TRUSTEE", "ATTORNEY", "REP_OF_INCAPACITATED"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i], s) == 0)
            return true;
    return false;
}

static bool two_digits(const char *s, int max)
{
    char text[3] = "";
    snprintf(text, sizeof text, "%.2s", s);
    return letter_is_digits(text, 2, 2) && (text[0] - '0') * 10 + (text[1] - '0') <= max;
}

/* RFC 3339: date, T, time, optional fraction, Z or an offset. */
static bool is_instant(const char *s)
{
    char day[11];
    struct date d;
    if (strlen(s) < 20)
        return false;
    snprintf(day, sizeof day, "%.10s", s);
    if (!date_parse(day, &d) || (s[10] != 'T' && s[10] != 't') || !two_digits(s + 11, 23) || s[13] != ':' ||
        !two_digits(s + 14, 59) || s[16] != ':' || !two_digits(s + 17, 60))
        return false;
    s += 19;
    if (*s == '.')
        s += 1 + strspn(s + 1, "0123456789");
    if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
        return true;
    return strlen(s) == 6 && (*s == '+' || *s == '-') && two_digits(s + 1, 23) && s[3] == ':' && two_digits(s + 4, 59);
}

/* --- text fields as tables --- */

struct text_field {
    const char *path;
    size_t at;                  /* offset of the char * in the message */
    size_t max;                 /* characters */
    bool required;
    bool (*form)(const char *); /* NULL: any printable UTF-8 */
    const char *rule;           /* in words */
};
#define FIELD(msg, prefix, name, max, required, form, rule)                                                            \
    {prefix #name, offsetof(PB(msg), name), max, required, form, rule}

static const struct text_field application_fields[] = {
    FIELD(Application, "", external_ref, EXTERNAL_REF_MAX, true, is_printable_ascii, RULE_REF),
    FIELD(Application, "", clinic_id, 32, true, is_code, "1 to 32 of A-Z a-z 0-9 . _ -"),
    FIELD(Application, "", branch_id, 32, false, is_code, "at most 32 of A-Z a-z 0-9 . _ -"),
    FIELD(Application, "", residence_district, 64, false, NULL, "at most 64 printable characters"),
    FIELD(Application, "", previous_clinic_id, 200, false, NULL, "at most 200 printable characters"),
    FIELD(Application, "", submitted_at, 40, false, is_instant, "RFC 3339 date and time"),
    {0},
};
static const struct text_field personal_fields[] = {
    FIELD(Personal, "personal.", surname, 100, true, name_ok, RULE_NAME),
    FIELD(Personal, "personal.", name, 100, true, name_ok, RULE_NAME),
    FIELD(Personal, "personal.", patronymic, 100, false, name_ok, "at most 100 letters, spaces, hyphens"),
    FIELD(Personal, "personal.", snils, 14, false, is_snils, "11 digits or NNN-NNN-NNN NN with its control number"),
    FIELD(Personal, "personal.", policy_series, 20, false, NULL, "at most 20 printable characters"),
    FIELD(Personal, "personal.", policy_number, 40, true, NULL, "required, at most 40 printable characters"),
    FIELD(Personal, "personal.", phone, 20, false, is_phone, "+7 and ten digits"),
    FIELD(Personal, "personal.", email, 254, false, email_ok, "an e-mail address"),
    FIELD(Personal, "personal.", registration_address, 500, false, NULL, "at most 500 printable characters"),
    FIELD(Personal, "personal.", actual_address, 500, false, NULL, "at most 500 printable characters"),
    {0},
};
static const struct text_field representative_fields[] = {
    FIELD(Representative, "personal.representative.", role, 24, true, is_role,
          "PARENT, GUARDIAN, TRUSTEE, ATTORNEY or REP_OF_INCAPACITATED"),
    FIELD(Representative, "personal.representative.", surname, 100, true, name_ok, RULE_NAME),
    FIELD(Representative, "personal.representative.", name, 100, true, name_ok, RULE_NAME),
    FIELD(Representative, "personal.representative.", patronymic, 100, false, name_ok, "at most 100 letters, spaces, hyphens"),
    {0},
};
static const struct text_field withdrawal_fields[] = {
    FIELD(Withdrawal, "", external_ref, EXTERNAL_REF_MAX, true, is_printable_ascii, RULE_REF),
    {0},
};

/* Counts the characters only of what has more bytes than that. */
static bool is_longer(const char *text, size_t max) { return strlen(text) > max && letter_chars(text) > max; }

static bool check_texts(const void *msg, const struct text_field *fields, struct err *e)
{
    for (const struct text_field *f = fields; f->path; f++) {
        const char *text = *(char *const *)((const char *)msg + f->at);
        if (!utf8_ok(text))
            return bad(e, f->path, "well-formed UTF-8 without control characters");
        if (!*text && !f->required)
            continue;
        if (!*text || is_longer(text, f->max) || (f->form && !f->form(text)))
            return bad(e, f->path, f->rule);
    }
    return true;
}

/* --- the rest --- */

/* A value of a closed list; 0 is allowed only for optional fields. */
static bool check_enum(const char *path, const ProtobufCEnumDescriptor *d, int value, bool required, struct err *e)
{
    if (value == 0 && required)
        return bad(e, path, "required");
    return protobuf_c_enum_descriptor_get_value(d, value) || bad(e, path, "a value of its list");
}

/* Date between two days; "" is allowed for optional ones. */
static bool check_date(const char *path, const char *text, bool required, struct date from, struct date to, struct date *ret,
                       struct err *e)
{
    struct date d;
    if (!*text && !required)
        return true;
    if (!date_parse(text, &d))
        return bad(e, path, "a date YYYY-MM-DD");
    if (date_cmp(d, from) < 0 || date_cmp(d, to) > 0)
        return bad(e, path, "a date in its bounds: not in the future, not before birth, at most 130 years ago");
    if (ret)
        *ret = d;
    return true;
}

/* Of a part of something: where that is goes before the path, once it is known that somebody must be told. */
static bool within(struct err *e, const char *prefix)
{
    char below[sizeof e->code];
    memcpy(below, e->code, sizeof below);
    snprintf(e->code, sizeof e->code, "%s.%s", prefix, below);
    return false;
}

static bool check_document(const char *prefix, const PB(Document) * d, struct date birth, struct date today, struct err *e)
{
    const char *rule = "well-formed UTF-8 without control characters";
    if (!check_enum("type", &clinic__attach__v1__document_type__descriptor, (int)d->type, true, e))
        return within(e, prefix);
    if (!utf8_ok(d->series) || !utf8_ok(d->number) || !document_check(d->type, d->series, d->number, &rule)) {
        bad(e, "number", rule);
        return within(e, prefix);
    }
    return check_date("issue_date", d->issue_date, false, birth, today, NULL, e) || within(e, prefix);
}

static bool check_representative(const PB(Representative) * r, struct date today, struct err *e)
{
    struct date earliest = date_add_months(today, -12 * AGE_MAX), birth = earliest;
    if (!check_texts(r, representative_fields, e) ||
        !check_date("personal.representative.birth_date", r->birth_date, true, earliest, today, &birth, e))
        return false;
    return !r->document || check_document("personal.representative.document", r->document, birth, today, e);
}

static bool check_personal(const PB(Personal) * p, struct date today, struct err *e)
{
    struct date earliest = date_add_months(today, -12 * AGE_MAX), birth = earliest;
    if (!check_texts(p, personal_fields, e) ||
        !check_date("personal.birth_date", p->birth_date, true, earliest, today, &birth, e) ||
        !check_enum("personal.sex", &clinic__attach__v1__sex__descriptor, (int)p->sex, false, e) ||
        !check_enum("personal.policy_form", &clinic__attach__v1__policy_form__descriptor, (int)p->policy_form, false, e))
        return false;
    if (p->document && !check_document("personal.document", p->document, birth, today, e))
        return false;
    return !p->representative || check_representative(p->representative, today, e);
}

static bool check_evidence(const PB(Application) * app, struct err *e)
{
    char path[32];
    if (app->n_evidence > EVIDENCE_MAX)
        return bad(e, "evidence", "at most 40 papers");
    for (size_t i = 0; i < app->n_evidence; i++) {
        const PB(Evidence) *v = app->evidence[i];
        if (check_enum("type", &clinic__attach__v1__document_type__descriptor, (int)v->type, true, e) &&
            check_enum("kind", &clinic__attach__v1__evidence_kind__descriptor, (int)v->kind, false, e))
            continue;
        snprintf(path, sizeof path, "evidence[%zu]", i);
        return within(e, path);
    }
    return true;
}

bool validate_kind_served(PB(ApplicationKind) kind)
{
    return kind == PB_KIND(ATTACH_FIRST) || kind == PB_KIND(CHANGE);
}

static bool check_enums(const PB(Application) * app, struct err *e)
{
    if (!check_enum("source", &clinic__attach__v1__source__descriptor, (int)app->source, true, e) ||
        !check_enum("kind", &clinic__attach__v1__application_kind__descriptor, (int)app->kind, true, e) ||
        !check_enum("profile", &clinic__attach__v1__profile__descriptor, (int)app->profile, true, e) ||
        !check_enum("reason", &clinic__attach__v1__change_reason__descriptor, (int)app->reason, false, e) ||
        !check_enum("account_level", &clinic__attach__v1__account_level__descriptor, (int)app->account_level, false, e) ||
        !check_enum("category", &clinic__attach__v1__category__descriptor, (int)app->category, false, e))
        return false;
    return validate_kind_served(app->kind) || bad(e, "kind", "only ATTACH_FIRST and CHANGE are taken through this door");
}

static bool check_region(const struct rulesets *sets, const char *region, struct err *e)
{
    const struct ruleset *r = ruleset_find(sets, region);
    return (r && *ruleset_region(r)) || bad(e, "region", "the id of a rule set of a region, for example RU-MOW");
}

bool validate_application(const struct rulesets *sets, const PB(Application) * app, const PB(Personal) * p,
                          struct date today, struct err *e)
{
    if (!check_enums(app, e) || !check_region(sets, app->region, e) || !check_texts(app, application_fields, e) ||
        !check_evidence(app, e))
        return false;
    return p ? check_personal(p, today, e) : bad(e, "personal", "required");
}

bool validate_withdrawal(const PB(Withdrawal) * w, struct err *e)
{
    return check_enum("source", &clinic__attach__v1__source__descriptor, (int)w->source, true, e) &&
           check_texts(w, withdrawal_fields, e);
}
