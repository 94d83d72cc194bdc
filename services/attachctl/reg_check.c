/* reg_check.c - the check of one row: each field by its own rule, then what fields say together. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "domain/document.h"
#include "domain/enp.h"
#include "domain/name.h"
#include "domain/snils.h"
#include "services/attachctl/reg_impl.h"

#define NAME_BYTES_MAX 160
#define TEXT_BYTES_MAX 500

int reg_enum(const ProtobufCEnumDescriptor *d, const char *prefix, const char *text)
{
    size_t skip = strlen(prefix);
    for (unsigned i = 0; i < d->n_values; i++)
        if (d->values[i].value != 0 && strcmp(d->values[i].name + skip, text) == 0)
            return d->values[i].value;
    return -1;
}

bool reg_code_ok(const struct reg_codes *c, const char *text)
{
    size_t n = strlen(text);
    if (c->one_of)
        return reg_in_list(c->one_of, text);
    return n >= c->digits_min && n <= c->digits_max && strspn(text, "0123456789") == n;
}

#define ENUM(r_field, type, prefix, rule)                                                                            \
    int value = reg_enum(&clinic__attach__v1__##type##__descriptor, prefix, t);                                     \
    if (value < 0)                                                                                                  \
        return rule;                                                                                                \
    r->r_field = value;                                                                                             \
    return NULL

typedef const char *check_fn(struct reg_row *r, const char *t, int32_t today);

static const char *flag(const char *t, bool *ret)
{
    if (strcmp(t, "0") != 0 && strcmp(t, "1") != 0)
        return "neither 0 nor 1";
    *ret = t[0] == '1';
    return NULL;
}

static const char *number(const char *t, uint32_t min, uint32_t max, uint32_t *ret)
{
    size_t n = strlen(t);
    if (n == 0 || n > 9 || strspn(t, "0123456789") != n)
        return "not a number";
    uint32_t v = (uint32_t)strtoul(t, NULL, 10);
    if (v < min || v > max)
        return "number out of range";
    *ret = v;
    return NULL;
}

static const char *identifier(const char *t)
{
    size_t n = strlen(t);
    if (n > 32)
        return "longer than 32 characters";
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return strspn(t, good) == n ? NULL : "not an identifier (letters A-Z, digits, - _ .)";
}

static const char *digits(const char *t, size_t n, const char *rule)
{
    return strlen(t) == n && strspn(t, "0123456789") == n ? NULL : rule;
}

static const char *day(const char *t, int32_t *ret)
{
    return text_day_parse(t, ret) ? NULL : "not a date YYYY-MM-DD";
}

static const char *check_form(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    ENUM(form, policy_form, "POLICY_FORM_", "unknown form of policy");
}
static const char *check_name(struct reg_row *r, const char *t, int32_t today)
{
    (void)r, (void)today;
    if (strlen(t) > NAME_BYTES_MAX)
        return "longer than 160 bytes";
    return name_ok(t) ? NULL : "not a name (letters, spaces, hyphens, apostrophes, dots)";
}
static const char *check_birth(struct reg_row *r, const char *t, int32_t today)
{
    const char *rule = day(t, &r->birth);
    if (!rule && r->birth > today)
        rule = "in the future";
    if (!rule && r->birth < text_day_of(1900, 1, 1))
        rule = "before 1900";
    return rule;
}
static const char *check_sex(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    static const char *const men[] = {"M", "1", "М", "MALE", "м"}, *const women[] = {"F", "2", "Ж", "FEMALE", "ж"};
    for (size_t i = 0; i < sizeof men / sizeof *men; i++) {
        if (strcmp(t, men[i]) == 0)
            return r->sex = PB_SEX(MALE), NULL;
        if (strcmp(t, women[i]) == 0)
            return r->sex = PB_SEX(FEMALE), NULL;
    }
    return "not a sex (M or F)";
}
static const char *check_snils(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    if (!snils_normal(t, r->snils))
        return "not 11 digits or NNN-NNN-NNN NN";
    return snils_valid(r->snils) ? NULL : "wrong control number";
}
static const char *check_doctor_snils(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    if (!snils_normal(t, r->doctor_snils))
        return "not 11 digits or NNN-NNN-NNN NN";
    return snils_valid(r->doctor_snils) ? NULL : "wrong control number";
}
/* By name, RF_PASSPORT, or by the code of F011, 14. */
static const char *check_doc_type(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    if (strspn(t, "0123456789") == strlen(t)) {
        for (int type = 1; type < PB_DOC_N; type++)
            if (document_f011(type) == atoi(t))
                return r->doc_type = type, NULL;
        return "code of F011 that the platform does not take";
    }
    ENUM(doc_type, document_type, "DOCUMENT_TYPE_", "unknown kind of document");
}
static const char *check_id(struct reg_row *r, const char *t, int32_t today)
{
    (void)r, (void)today;
    return identifier(t);
}
static const char *check_military(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return flag(t, &r->military);
}
static const char *check_status(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    ENUM(status, policy_status, "POLICY_STATUS_", "unknown status of a policy");
}
static const char *check_region(struct reg_row *r, const char *t, int32_t today)
{
    (void)r, (void)today;
    return digits(t, 2, "not a region (two digits)");
}
static const char *check_insurer(struct reg_row *r, const char *t, int32_t today)
{
    (void)r, (void)today;
    return digits(t, 5, "not an insurer of F002 (five digits)");
}
static const char *check_valid_until(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return day(t, &r->valid_until);
}
static const char *check_text(struct reg_row *r, const char *t, int32_t today)
{
    (void)r, (void)today;
    return strlen(t) > TEXT_BYTES_MAX ? "longer than 500 bytes" : NULL;
}
static const char *check_kind(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    ENUM(kind, clinic_kind, "CLINIC_KIND_", "unknown kind of organisation");
}
static const char *check_ownership(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    ENUM(ownership, ownership, "OWNERSHIP_", "unknown ownership");
}
static const char *check_in_chi(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return flag(t, &r->in_chi);
}
static const char *check_profiles(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    char copy[256], *save = NULL;
    size_t n = strlen(t);
    if (n >= sizeof copy)
        return "list too long";
    memcpy(copy, t, n + 1);
    for (char *p = strtok_r(copy, "|", &save); p; p = strtok_r(NULL, "|", &save)) {
        int profile = reg_enum(&clinic__attach__v1__profile__descriptor, "PROFILE_", p);
        if (profile < 0 || r->profiles_n == sizeof r->profiles / sizeof *r->profiles)
            return "unknown profile in the list";
        r->profiles[r->profiles_n++] = profile;
    }
    return NULL;
}
static const char *check_tinao(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return flag(t, &r->tinao);
}
static const char *check_doctor_id(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return number(t, 1, 100000, &r->doctor_id);
}
static const char *check_profile(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    ENUM(profile, profile, "PROFILE_", "unknown profile");
}
static const char *check_norm(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return number(t, 0, 1000000, &r->norm);
}
static const char *check_accepts(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return flag(t, &r->accepts_new);
}
static const char *check_from(struct reg_row *r, const char *t, int32_t today)
{
    const char *rule = day(t, &r->from);
    return !rule && r->from > today ? "in the future" : rule;
}
static const char *check_counted(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return flag(t, &r->counted);
}
static const char *check_action(struct reg_row *r, const char *t, int32_t today)
{
    (void)r, (void)today;
    return strcmp(t, "Р") == 0 ? NULL : "unknown action (only the Cyrillic letter R, a new attachment)";
}
static const char *check_policy_kind(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return r->v[RF_POLICY_FORM][0] ? NULL : (t[0] ? "unknown letter of a policy kind" : "required");
}
static const char *check_way(struct reg_row *r, const char *t, int32_t today)
{
    uint32_t way;
    (void)r, (void)today;
    return number(t, 0, 3, &way);
}
static const char *check_detached(struct reg_row *r, const char *t, int32_t today)
{
    (void)today;
    return day(t, &r->detached);
}
static const char *check_day(struct reg_row *r, const char *t, int32_t today)
{
    int32_t any;
    (void)r, (void)today;
    return day(t, &any);
}
static const char *check_category(struct reg_row *r, const char *t, int32_t today)
{
    uint32_t category;
    (void)r, (void)today;
    return number(t, 1, 2, &category);
}

static check_fn *const checks[RF_N] = {
    [RF_POLICY_FORM] = check_form, [RF_SURNAME] = check_name, [RF_NAME] = check_name, [RF_PATRONYMIC] = check_name,
    [RF_BIRTH_DATE] = check_birth, [RF_SEX] = check_sex, [RF_SNILS] = check_snils, [RF_DOC_TYPE] = check_doc_type,
    [RF_RESIDENCE_DISTRICT] = check_id, [RF_MILITARY] = check_military, [RF_STATUS] = check_status,
    [RF_REGION] = check_region, [RF_INSURER_ID] = check_insurer, [RF_VALID_UNTIL] = check_valid_until,
    [RF_CLINIC_ID] = check_id, [RF_TITLE] = check_text, [RF_ADDRESS] = check_text, [RF_KIND] = check_kind,
    [RF_OWNERSHIP] = check_ownership, [RF_IN_CHI] = check_in_chi, [RF_PROFILES] = check_profiles,
    [RF_PHONE] = check_text, [RF_TINAO] = check_tinao, [RF_DOCTOR_ID] = check_doctor_id, [RF_PROFILE] = check_profile,
    [RF_NORM] = check_norm, [RF_ACCEPTS_NEW] = check_accepts, [RF_DISTRICT_ID] = check_id,
    [RF_DOCTOR_SNILS] = check_doctor_snils, [RF_EFFECTIVE_FROM] = check_from, [RF_COUNTED] = check_counted,
    [RF_ACTION] = check_action, [RF_POLICY_KIND] = check_policy_kind, [RF_WAY] = check_way,
    [RF_DETACHED] = check_detached, [RF_DOCTOR_CATEGORY] = check_category,
    [RF_RESULT_DATE] = check_day,
};

/* Nearly every row: sixteen digits and nothing else. They are their own normal form (policy.h). */
static bool plain_enp(const struct reg_row *r)
{
    const char *t = r->v[RF_POLICY_NUMBER];
    size_t n = 0;
    while (t[n] >= '0' && t[n] <= '9')
        n++;
    return n == 16 && !t[16] && !r->v[RF_POLICY_SERIES][0] && r->form != PB_FORM(OLD) && r->form != PB_FORM(TEMP_CERT);
}

/* The policy as a whole: form and number agree, and an ENP has its check digit. */
static bool check_policy(struct reg_row *r, reg_bad_fn *bad, void *ctx)
{
    const char *rule;
    if (r->form && plain_enp(r) && enp_valid(r->v[RF_POLICY_NUMBER])) {
        memcpy(r->policy, r->v[RF_POLICY_NUMBER], 17);
        return true;
    }
    if (!policy_normal(r->form, r->v[RF_POLICY_SERIES], r->v[RF_POLICY_NUMBER], r->policy, &r->form, &rule)) {
        bad(ctx, RF_POLICY_NUMBER, rule);
        return false;
    }
    if (r->policy[0] >= '0' && r->policy[0] <= '9' && !enp_valid(r->policy)) {
        bad(ctx, RF_POLICY_NUMBER, "wrong check digit of an ENP");
        return false;
    }
    return true;
}

static bool check_document(struct reg_row *r, reg_bad_fn *bad, void *ctx)
{
    const char *rule;
    if (!r->doc_type || document_check(r->doc_type, r->v[RF_DOC_SERIES], r->v[RF_DOC_NUMBER], &rule))
        return true;
    bad(ctx, r->v[RF_DOC_SERNUM][0] ? RF_DOC_SERNUM : RF_DOC_NUMBER, rule);
    return false;
}

/* Fields whose code is a wrong one, as bits: no other rule has to be told of them. */
static uint64_t wrong_codes(const struct reg_form *f, const struct reg_row *r, reg_bad_fn *bad, void *ctx)
{
    _Static_assert(RF_N <= 64, "fields are bits");
    uint64_t wrong = 0;
    for (size_t i = 0; i < f->columns_n; i++) {
        const struct reg_column *c = &f->columns[i];
        if (!c->codes || c->field == RF_IGNORED || !r->v[c->field][0] || reg_code_ok(c->codes, r->v[c->field]))
            continue;
        bad(ctx, c->field, c->codes->rule);
        wrong |= UINT64_C(1) << c->field;
    }
    return wrong;
}

bool reg_check_row(const struct reg_form *f, struct reg_row *r, int32_t today, bool sound, reg_bad_fn *bad, void *ctx)
{
    const uint64_t wrong = f->xml ? wrong_codes(f, r, bad, ctx) : 0;
    bool good = wrong == 0;
    r->accepts_new = true; /* unless the form says otherwise */
    for (size_t i = 0; i < RF_N; i++) {
        if (wrong >> i & 1)
            continue;
        bool looked_at = sound && (checks[i] == check_name || i == RF_DOC_TYPE);
        const char *rule = r->v[i][0] && checks[i] && !looked_at ? checks[i](r, r->v[i], today) : NULL;
        if (rule) {
            bad(ctx, (enum reg_field)i, rule);
            good = false;
        }
    }
    for (size_t i = 0; i < f->columns_n; i++)
        if (f->columns[i].required && !r->v[f->columns[i].field][0] && f->columns[i].field != RF_IGNORED) {
            bad(ctx, f->columns[i].field, "required");
            good = false;
        }
    if (good && (f->kinds & (REG_PERSON | REG_POLICY | REG_ATTACHMENT)))
        good = check_policy(r, bad, ctx);
    if (good)
        good = check_document(r, bad, ctx);
    if (good && (f->kinds & REG_ATTACHMENT) && !r->profile && !r->left_out) { /* of a form without dates of birth */
        bad(ctx, RF_POLICY_NUMBER, "says no date of birth, which the profile follows from");
        good = false;
    }
    return good;
}
