/* reg_form.c - the forms of register files, one table each; documented in deploy/registries/README.md. */
#include <string.h>
#include "services/attachctl/reg_impl.h"

const char *const reg_field_name[RF_N] = {
#define X(id, name) [RF_##id] = (name),
    REG_FIELDS(X)
#undef X
};

#define OWN(field, title) {title, RF_##field, false, NULL, false}
#define MUST(field, title) {title, RF_##field, true, NULL, false}
#define OWN_OF(field, title, codes) {title, RF_##field, false, &(codes), false}
#define MUST_OF(field, title, codes) {title, RF_##field, true, &(codes), false}
#define HEAD(field, title) {title, RF_##field, false, NULL, true}
#define HEAD_MUST(field, title) {title, RF_##field, true, NULL, true}
#define HEAD_OF(field, title, must, codes) {title, RF_##field, must, &(codes), true}

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

/* --- XML --- */

static const struct reg_codes mo_code = {NULL, 6, 6, "not the code of an organisation (six digits)"};
static const struct reg_codes mo_code_short = {NULL, 1, 6, "not the code of an organisation (up to six digits)"};
static const struct reg_codes f008 = {"1|2|3", 0, 0, "not a kind of policy of F008 (1 to 3)"};
static const struct reg_codes enp_only = {NULL, 16, 16, "not an ENP (16 digits)"};
static const struct reg_codes number = {NULL, 1, 9, "not a number"};
static const struct reg_codes flag = {"0|1", 0, 0, "neither 0 nor 1"};
static const struct reg_codes boolean = {"0|1|false|true", 0, 0, "neither true nor false"};
static const struct reg_codes one_two = {"1|2", 0, 0, "neither 1 nor 2"};
static const struct reg_codes one_to_three = {"1|2|3", 0, 0, "not 1 to 3"};
static const struct reg_codes way = {"0|1|2", 0, 0, "not a way of attachment (0 to 2)"};
static const struct reg_codes main_kind = {"0", 0, 0, "not the main attachment (0), the only one that is known"};
static const struct reg_codes szpm_result = {"0|1|2|10|11|12|13|14|15|16|17|18|19|20", 0, 0,
                                             "unknown result (0, 1, 2, 10 to 20)"};
static const struct reg_codes digits_11 = {NULL, 11, 11, "not 11 digits"};

/* Applications for attachment of Vologda, SZPM<MO>S<SMO>_<YYMMNN>.xml. There is no type of document, so its number
 * cannot be held against a mask. */
static const struct reg_column szpm[] = {
    HEAD(IGNORED, "ZGLV/VERSION"), HEAD(IGNORED, "ZGLV/DATE"), HEAD(IGNORED, "ZGLV/FILENAME"),
    HEAD_OF(CLINIC_ID, "ZGLV/CODE_MO", true, mo_code), HEAD_OF(IGNORED, "ZGLV/YEAR", false, number),
    HEAD_OF(IGNORED, "ZGLV/MONTH", false, number), HEAD_OF(RECORDS_N, "ZGLV/ZAP", false, number),
    HEAD(IGNORED, "ZGLV/LETTER"), HEAD(IGNORED, "ZGLV/COMMENT"),
    OWN_OF(IGNORED, "N_ZAP", number), OWN_OF(IGNORED, "PR_NOV", flag), OWN(IGNORED, "ID_PAC"), MUST(SURNAME, "FAM"),
    MUST(NAME, "IM"), OWN(PATRONYMIC, "OT"), MUST(SEX, "W"), MUST(BIRTH_DATE, "DR"), OWN(IGNORED, "DOCSER"),
    OWN(IGNORED, "DOCNUM"), OWN_OF(POLICY_CODE, "VPOLIS", f008), OWN(POLICY_SERIES, "SPOLIS"),
    MUST(POLICY_NUMBER, "NPOLIS"), OWN(INSURER_ID, "SMO"), MUST(EFFECTIVE_FROM, "DATEZ"),
    MUST_OF(WAY, "PRZ", one_to_three), OWN_OF(RESULT, "REZ", szpm_result), OWN(RESULT_DATE, "DATEREZ"),
    OWN(DOCTOR_SNILS, "DOC_CODE"), OWN_OF(DOCTOR_CATEGORY, "DOC_POST", one_two), OWN(IGNORED, "COMENTZ"),
};
/* Attachments and detachments of Karelia. Its schema takes a person without a policy; we know persons by nothing else. */
static const struct reg_column karelia[] = {
    HEAD(IGNORED, "ZGLV/VERSION"), HEAD(IGNORED, "ZGLV/DATE"), HEAD_OF(CLINIC_ID, "ZGLV/CODE_MO", true, mo_code_short),
    HEAD(IGNORED, "ZGLV/ID_MO"),
    MUST(IGNORED, "ID_PAC"), MUST(SURNAME, "FAM"), MUST(NAME, "IM"), OWN(PATRONYMIC, "OT"), MUST(SEX, "W"),
    MUST(BIRTH_DATE, "DR"), OWN(INSURER_ID, "SMO"), OWN_OF(POLICY_CODE, "VPOLIS", f008), OWN(POLICY_SERIES, "SPOLIS"),
    MUST(POLICY_NUMBER, "NPOLIS"), MUST_OF(OPERATION, "OPER_TYPE", one_to_three), MUST_OF(DIRECTION, "INFO_TYPE", flag),
    MUST(EFFECTIVE_FROM, "DATE"), MUST_OF(WAY, "SP_PRIK", way), MUST_OF(IGNORED, "T_PRIK", main_kind),
    OWN_OF(IGNORED, "KOD_PODR", number), MUST(AREA, "NUM_UCH"), OWN_OF(IGNORED, "TIP_UCH", one_to_three),
    OWN(DOCTOR_SNILS, "SNILS_VR"), OWN(IGNORED, "PHONE1"), OWN(IGNORED, "PHONE2"),
};
/* Requests to attach that go to the federal register (FERZL), one or more, in a SOAP envelope or without. */
static const struct reg_column ferzl[] = {
    HEAD_MUST(IGNORED, "registerAttachRequest/externalRequestId"),
    HEAD_OF(IGNORED, "registerAttachRequest/checkFlk", false, boolean),
    MUST_OF(POLICY_NUMBER, "enp", enp_only), MUST(EFFECTIVE_FROM, "dateAttachB"), OWN(DETACHED, "dateAttachE"),
    MUST_OF(WAY, "attachMethod", one_to_three), MUST_OF(AREA_TYPE, "areaType", one_to_three), OWN(AREA, "areaId"),
    MUST(IGNORED, "moId"), MUST_OF(CLINIC_ID, "moCode", mo_code), OWN(IGNORED, "moFId"), OWN(IGNORED, "doctorId"),
    OWN_OF(DOCTOR_SNILS, "snilsDoctor", digits_11), OWN(IGNORED, "doctorSince"), MUST(IGNORED, "moDepId"),
};
/* Children of medCompany in F003; names with a slash are of a nested element. */
static const struct reg_column f003[] = {
    MUST(CLINIC_ID, "mcod"), MUST(TITLE, "nam_mop"), OWN(ADDRESS, "jurAddress/addr_j"), MUST(REGION, "tf_okato"),
    OWN(PHONE, "phone"), OWN(EFFECTIVE_FROM, "medInclude/d_begin"), OWN(DETACHED, "medInclude/d_end"),
};

static const struct reg_xml_form szpm_xml = {"ZL_LIST", "ZL_LIST|ZGLV", "PERS", "ZL_LIST", false};
static const struct reg_xml_form karelia_xml = {"ATTACH_DATA", "ATTACH_DATA|ZGLV", "PERS", "ATTACH_DATA", false};
static const struct reg_xml_form ferzl_xml = {"Envelope|registerAttachRequest", "Envelope|Header|Body|registerAttachRequest",
                                              "att", "registerAttachRequest", false};
static const struct reg_xml_form f003_xml = {"packet", "packet", "medCompany", "packet", true};

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
    {.name = "f003", .help = "medical organisations, F003 (XML): clinics", .kinds = REG_CLINIC, .xml = &f003_xml,
     .adapt = reg_adapt_f003, COLUMNS(f003)},
    {.name = "vologda-szpm", .help = "applications for attachment, ZL_LIST/PERS (XML): persons and attachments",
     .kinds = REG_PERSON | REG_ATTACHMENT, .xml = &szpm_xml, .adapt = reg_adapt_szpm, COLUMNS(szpm)},
    {.name = "karelia-attach", .help = "attachments and detachments, ATTACH_DATA/PERS (XML): persons and attachments",
     .kinds = REG_PERSON | REG_ATTACHMENT, .xml = &karelia_xml, .adapt = reg_adapt_karelia, COLUMNS(karelia)},
    {.name = "ferzl-attach", .help = "requests to the federal register, registerAttachRequest (XML): attachments",
     .kinds = REG_ATTACHMENT, .xml = &ferzl_xml, .adapt = reg_adapt_ferzl, COLUMNS(ferzl)},
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

bool reg_in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; p && n > 0; p = strchr(p, '|')) {
        p += *p == '|';
        if (strncmp(p, word, n) == 0 && (p[n] == '|' || !p[n]))
            return true;
    }
    return false;
}

/* Behind blanks, the declaration and comments; NULL = it does not begin like XML, or begins farther away. */
static const char *first_tag(const char *p, const char *end)
{
    while (p < end) {
        if (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n') {
            p++;
            continue;
        }
        if (*p != '<' || p + 1 == end)
            return NULL;
        const char *stop = p[1] == '?' ? "?>" : p[1] == '!' ? "-->" : NULL;
        if (!stop)
            return p;
        p = memmem(p, (size_t)(end - p), stop, strlen(stop));
        if (!p)
            return NULL;
        p += strlen(stop);
    }
    return NULL;
}

/* Local name of the document element; false = no XML. */
static bool root_of(const char *head, size_t n, char ret[64])
{
    const char *mark = n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? head + 3 : head;
    const char *p = first_tag(mark, head + n);
    size_t to = 0;
    if (!p)
        return false;
    for (p++; p < head + n && *p && !strchr(" \t\r\n/>", *p) && to < 63; p++) {
        ret[to++] = *p;
        to = *p == ':' ? 0 : to;
    }
    ret[to] = '\0';
    return true;
}

static const struct reg_form *form_of_root(const char *root)
{
    for (size_t i = 0; i < reg_forms_n; i++)
        if (reg_forms[i].xml && reg_in_list(reg_forms[i].xml->roots, root))
            return &reg_forms[i];
    return NULL;
}

/* By the document element; of CSV by the name: persons.csv, persons-2.csv; the published ones have names of their own. */
const struct reg_form *reg_form_guess(const char *path, const char *head, size_t head_n)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char root[64];
    if (root_of(head, head_n, root))
        return form_of_root(root);
    for (size_t i = 0; i < reg_forms_n; i++)
        if (!reg_forms[i].xml && strncasecmp(name, reg_forms[i].name, strlen(reg_forms[i].name)) == 0)
            return &reg_forms[i];
    if (strncasecmp(name, "MO2", 3) == 0)
        return reg_form_find("volgograd-mo2");
    if (strncasecmp(name, "M2", 2) == 0)
        return reg_form_find("penza-m2");
    return NULL;
}

const char *reg_form_refusal(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strncasecmp(name, "LO2", 3) == 0 || strncasecmp(name, "EO2", 3) == 0)
        return "the fund's answer to a file MO2: numbers of rows and errors, no register";
    return "no known form by its name or document element; say which with --form";
}
