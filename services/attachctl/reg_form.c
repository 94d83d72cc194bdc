/* reg_form.c - the forms of register files, one table each; documented in deploy/registries/README.md. */
#include <string.h>
#include "services/attachctl/reg_impl.h"

const char *const reg_field_name[RF_N] = {
#define X(id, name) [RF_##id] = (name),
    REG_FIELDS(X)
#undef X
};

#define OWN(field, title) {title, RF_##field, false}
#define MUST(field, title) {title, RF_##field, true}

static const struct reg_column persons[] = {
    OWN(POLICY_FORM, "policy_form"), OWN(POLICY_SERIES, "policy_series"), MUST(POLICY_NUMBER, "policy_number"),
    MUST(SURNAME, "surname"), MUST(NAME, "name"), OWN(PATRONYMIC, "patronymic"), MUST(BIRTH_DATE, "birth_date"),
    OWN(SEX, "sex"), OWN(SNILS, "snils"), OWN(DOC_TYPE, "doc_type"), OWN(DOC_SERIES, "doc_series"),
    OWN(DOC_NUMBER, "doc_number"), OWN(RESIDENCE_DISTRICT, "residence_district"), OWN(MILITARY, "military"),
};
static const struct reg_column policies[] = {
    OWN(POLICY_FORM, "policy_form"), OWN(POLICY_SERIES, "policy_series"), MUST(POLICY_NUMBER, "policy_number"),
    MUST(STATUS, "status"), MUST(REGION, "region"), OWN(INSURER_ID, "insurer_id"), OWN(VALID_UNTIL, "valid_until"),
    MUST(SURNAME, "surname"), MUST(NAME, "name"), OWN(PATRONYMIC, "patronymic"), MUST(BIRTH_DATE, "birth_date"),
};
static const struct reg_column clinics[] = {
    MUST(CLINIC_ID, "clinic_id"), MUST(TITLE, "name"), OWN(ADDRESS, "address"), MUST(REGION, "region"),
    MUST(KIND, "kind"), OWN(OWNERSHIP, "ownership"), MUST(IN_CHI, "in_chi_register"), OWN(PROFILES, "profiles"),
    OWN(DISTRICTS, "districts"), OWN(INSURERS, "insurers"), OWN(PHONE, "phone"), OWN(TINAO, "tinao"),
};
static const struct reg_column doctors[] = {
    MUST(CLINIC_ID, "clinic_id"), MUST(DOCTOR_ID, "doctor_id"), MUST(PROFILE, "profile"), MUST(NORM, "norm"),
    OWN(ACCEPTS_NEW, "accepts_new"), OWN(DISTRICT_ID, "district_id"), OWN(DOCTOR_SNILS, "snils"),
};
static const struct reg_column attachments[] = {
    OWN(POLICY_FORM, "policy_form"), OWN(POLICY_SERIES, "policy_series"), MUST(POLICY_NUMBER, "policy_number"),
    MUST(PROFILE, "profile"), MUST(CLINIC_ID, "clinic_id"), OWN(DOCTOR_ID, "doctor_id"),
    MUST(EFFECTIVE_FROM, "effective_from"), OWN(COUNTED, "counted_change"),
};
/* Attachment file MO2 of the Volgograd fund: no header, 25 columns. */
static const struct reg_column volgograd[] = {
    MUST(IGNORED, "1 row"), MUST(ACTION, "2 action"), MUST(POLICY_KIND, "3 policy kind"),
    OWN(POLICY_SERNUM, "4 policy series and number"), OWN(POLICY_NUMBER, "5 ENP"), MUST(SURNAME, "6 surname"),
    MUST(NAME, "7 name"), OWN(PATRONYMIC, "8 patronymic"), MUST(BIRTH_DATE, "9 birth date"),
    OWN(IGNORED, "10 birth place"), MUST(DOC_TYPE, "11 document type"), MUST(DOC_SERNUM, "12 document"),
    OWN(IGNORED, "13 document date"), OWN(IGNORED, "14 issuer"), OWN(SNILS, "15 SNILS"), MUST(CLINIC_ID, "16 MO"),
    MUST(WAY, "17 way"), OWN(IGNORED, "18 type"), MUST(EFFECTIVE_FROM, "19 attached"), OWN(DETACHED, "20 detached"),
    OWN(IGNORED, "21 MO OID"), OWN(IGNORED, "22 subdivision"), OWN(AREA, "23 area"),
    OWN(DOCTOR_SNILS, "24 doctor SNILS"), OWN(DOCTOR_CATEGORY, "25 doctor category"),
};
/* Attachment file M2 of the Penza fund: header in Russian. */
static const struct reg_column penza[] = {
    OWN(IGNORED, "Pid"), MUST(POLICY_KIND, "Тип_ДПФС"), OWN(POLICY_SERNUM, "ИД_полиса"), OWN(POLICY_NUMBER, "ЕНП"),
    MUST(SURNAME, "Фамилия"), MUST(NAME, "Имя"), OWN(PATRONYMIC, "Отчество"), OWN(SEX, "Пол"),
    MUST(BIRTH_DATE, "Дата_рождения"), OWN(IGNORED, "Место_рождения"), OWN(DOC_TYPE, "Тип_УДЛ"),
    OWN(DOC_SERNUM, "Ном_УДЛ"), OWN(IGNORED, "Дата_УДЛ"), OWN(IGNORED, "Орган_УДЛ"), OWN(SNILS, "СНИЛС"),
    OWN(IGNORED, "КЛАДР"), OWN(IGNORED, "Район"), OWN(IGNORED, "Нас_пункт"), OWN(IGNORED, "Улица"),
    OWN(IGNORED, "Дом"), OWN(IGNORED, "Квартира"), OWN(IGNORED, "Телефон"), MUST(CLINIC_ID, "ИД_МО"),
    MUST(WAY, "Способ_прикрепления"), OWN(IGNORED, "Тип_прикрепления"), MUST(EFFECTIVE_FROM, "Дата_прикрепления"),
    OWN(DETACHED, "Дата_открепления"), MUST(DOCTOR_SNILS, "СНИЛС_врача"), OWN(IGNORED, "ИД_МО_подр"),
    OWN(IGNORED, "СНИЛС_фап"), OWN(AREA, "Код_участка"), OWN(IGNORED, "ИД_СМО"),
};
/* Children of medCompany in F003; names with a slash are of a nested element. */
static const struct reg_column f003[] = {
    MUST(CLINIC_ID, "mcod"), MUST(TITLE, "nam_mop"), OWN(ADDRESS, "jurAddress/addr_j"), MUST(REGION, "tf_okato"),
    OWN(PHONE, "phone"), OWN(EFFECTIVE_FROM, "medInclude/d_begin"), OWN(DETACHED, "medInclude/d_end"),
};

#define COLUMNS(t) .columns = (t), .columns_n = sizeof(t) / sizeof *(t)
const struct reg_form reg_forms[] = {
    {.name = "persons", .help = "register of persons (CSV)", .kinds = REG_PERSON, .header = true, COLUMNS(persons)},
    {.name = "policies", .help = "register of policies (CSV)", .kinds = REG_POLICY, .header = true, COLUMNS(policies)},
    {.name = "clinics", .help = "clinics (CSV)", .kinds = REG_CLINIC, .header = true, COLUMNS(clinics)},
    {.name = "doctors", .help = "doctors and places of the clinics of the same load (CSV)", .kinds = REG_DOCTOR,
     .header = true, COLUMNS(doctors)},
    {.name = "attachments", .help = "attachments in force (CSV)", .kinds = REG_ATTACHMENT, .header = true,
     COLUMNS(attachments)},
    {.name = "volgograd-mo2", .help = "attachment file MO2 (windows-1251, 25 columns): persons and attachments",
     .kinds = REG_PERSON | REG_ATTACHMENT, .cp1251 = true, .sep = ';', .adapt = reg_adapt_volgograd, COLUMNS(volgograd)},
    {.name = "penza-m2", .help = "attachment file M2 (windows-1251, Russian header): persons and attachments",
     .kinds = REG_PERSON | REG_ATTACHMENT, .header = true, .cp1251 = true, .sep = ';', .adapt = reg_adapt_penza,
     COLUMNS(penza)},
    {.name = "f003", .help = "medical organisations, F003 (XML): clinics", .kinds = REG_CLINIC, .xml = true, COLUMNS(f003)},
};
const size_t reg_forms_n = sizeof reg_forms / sizeof *reg_forms;

const char *reg_form_name(size_t i) { return i < reg_forms_n ? reg_forms[i].name : NULL; }
const char *reg_form_help(size_t i) { return i < reg_forms_n ? reg_forms[i].help : NULL; }

const struct reg_form *reg_form_find(const char *name)
{
    for (size_t i = 0; i < reg_forms_n; i++)
        if (strcmp(reg_forms[i].name, name) == 0)
            return &reg_forms[i];
    return NULL;
}

/* Our own forms are named by the file: persons.csv, persons-2.csv; the published ones have names of their own. */
const struct reg_form *reg_form_guess(const char *path, const char *head, size_t head_n)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (memmem(head, head_n, "<?xml", 5) || memmem(head, head_n, "<packet", 7))
        return reg_form_find("f003");
    for (size_t i = 0; i < reg_forms_n; i++)
        if (!reg_forms[i].xml && strncasecmp(name, reg_forms[i].name, strlen(reg_forms[i].name)) == 0)
            return &reg_forms[i];
    if (strncasecmp(name, "MO2", 3) == 0)
        return reg_form_find("volgograd-mo2");
    if (strncasecmp(name, "M2", 2) == 0)
        return reg_form_find("penza-m2");
    return NULL;
}
