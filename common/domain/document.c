#include "domain/document.h"
#include <stdio.h>
#include <string.h>
#include "domain/letter.h"

enum series_mask {
    SERIES_FREE,     /* up to 10 signs, may be empty (S of F011) */
    SERIES_PASSPORT, /* 99 99 */
    SERIES_TWO,      /* 99 */
    SERIES_ROMAN,    /* R-ББ */
};

struct doc_row {
    const char *code, *title;
    int f011;              /* 0 = not in F011 */
    enum series_mask series;
    int min, max;          /* digits of the number; max 0 = free text (foreign papers really carry letters) */
};

/* Masks of F011, edition 1.2; papers issued abroad and papers outside F011 have free numbers. */
#define ROW(type, f011, series, min, max, title) [PB_DOC(type)] = {#type, title, f011, SERIES_##series, min, max}
static const struct doc_row rows[PB_DOC_N] = {
    ROW(UNSPECIFIED, 0, FREE, 0, 0, ""),
    ROW(RF_PASSPORT, 14, PASSPORT, 6, 7, "паспорт гражданина Российской Федерации"),
    ROW(RF_TEMP_ID, 13, FREE, 1, 8, "временное удостоверение личности гражданина Российской Федерации"),
    ROW(BIRTH_CERT_RF, 3, ROMAN, 6, 6, "свидетельство о рождении"),
    ROW(BIRTH_CERT_FOREIGN, 24, FREE, 0, 0, "свидетельство о рождении, выданное за рубежом"),
    ROW(FOREIGN_ID, 9, FREE, 0, 0, "паспорт иностранного гражданина"),
    ROW(FOREIGN_ID_TRP, 23, FREE, 0, 0, "паспорт иностранного гражданина с отметкой о временном проживании"),
    ROW(STATELESS_ID, 22, FREE, 0, 0, "документ лица без гражданства"),
    ROW(STATELESS_ID_TRP, 22, FREE, 0, 0, "документ лица без гражданства с отметкой о временном проживании"),
    ROW(STATELESS_RF_FORM, 22, FREE, 0, 0, "документ установленной формы лица без гражданства"),
    ROW(RESIDENCE_PERMIT, 11, FREE, 1, 8, "вид на жительство"),
    ROW(REFUGEE_CERT, 12, FREE, 1, 8, "удостоверение беженца"),
    ROW(REFUGEE_APP_CERT, 10, FREE, 1, 8, "свидетельство о рассмотрении ходатайства о признании беженцем"),
    ROW(REFUGEE_COMPLAINT, 27, FREE, 0, 0, "жалоба на лишение статуса беженца с отметкой о приёме"),
    ROW(TEMP_ASYLUM, 25, TWO, 7, 7, "свидетельство о предоставлении временного убежища"),
    ROW(EAEU_CONTRACT, 0, FREE, 0, 0, "трудовой договор трудящегося государства ЕАЭС"),
    ROW(EAEU_OFFICIAL_PROOF, 0, FREE, 0, 0, "документ о работе в органе ЕАЭС"),
    ROW(ARRIVAL_STUB, 0, FREE, 0, 0, "отрывная часть уведомления о прибытии"),
    ROW(CHI_POLICY, 0, FREE, 0, 0, "полис ОМС"),
    ROW(CHI_TEMP_CERT, 0, FREE, 0, 0, "временное свидетельство ОМС"),
    ROW(SNILS, 0, FREE, 0, 0, "СНИЛС"),
    ROW(INN, 0, FREE, 0, 0, "ИНН"),
    ROW(REP_ID, 0, FREE, 0, 0, "документ, удостоверяющий личность представителя"),
    ROW(REP_AUTHORITY, 0, FREE, 0, 0, "документ, подтверждающий полномочия представителя"),
    ROW(NAME_CHANGE, 0, FREE, 0, 0, "документ о перемене имени"),
    ROW(MOVE_PROOF, 0, FREE, 0, 0, "документ, подтверждающий новый адрес"),
    ROW(TEMP_REG, 0, FREE, 0, 0, "свидетельство о регистрации по месту пребывания"),
    ROW(REG_MARK, 0, FREE, 0, 0, "отметка о регистрации"),
    ROW(REFERRAL, 0, FREE, 0, 0, "направление врача"),
    ROW(APPLICATION, 0, FREE, 0, 0, "подписанное заявление"),
};
#undef ROW

static const struct doc_row *row_of(PB(DocumentType) type)
{
    return (size_t)type < PB_DOC_N && type != PB_DOC(UNSPECIFIED) ? &rows[type] : NULL;
}

/* --- Roman numbers --- */

/* Latin capital that a sign of a Roman number stands for; people type Cyrillic and the digit one. 0 = none. */
static char roman_sign(int32_t c)
{
    switch (letter_upper(c)) {
    case 'I': case '1': case 0x406: return 'I';
    case 'V': case 0x423: return 'V'; /* У */
    case 'X': case 0x425: return 'X'; /* Х */
    case 'L': case 0x41b: return 'L'; /* Л */
    case 'C': case 0x421: return 'C'; /* С */
    default: return 0;
    }
}

static int sign_value(char c) { return c == 'I' ? 1 : c == 'V' ? 5 : c == 'X' ? 10 : c == 'L' ? 50 : 100; }

static void roman_print(int value, char *to)
{
    static const struct {
        int value;
        const char *text;
    } steps[] = {{100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}};
    *to = '\0';
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (; value >= steps[i].value; value -= steps[i].value)
            to = stpcpy(to, steps[i].text);
}

/* Canonical: written the one way the number is written. */
static bool roman_ok(const char *roman)
{
    char again[24];
    int value = 0;
    for (size_t i = 0; roman[i]; i++) {
        int v = sign_value(roman[i]);
        value += roman[i + 1] && sign_value(roman[i + 1]) > v ? -v : v;
    }
    if (value <= 0 || value >= 400)
        return false;
    roman_print(value, again);
    return strcmp(again, roman) == 0;
}

/* --- series --- */

static const char *birth_series(const char *text, char to[DOCUMENT_PART_MAX])
{
    char roman[8];
    size_t n = 0, used;
    int32_t c;
    for (; (c = letter_next(&text)) != 0 && !letter_is_dash(c) && !letter_is_space(c); roman[n++] = roman_sign(c))
        if (n == sizeof roman - 1 || !roman_sign(c))
            return "a birth certificate has a Roman number, a hyphen and two Cyrillic letters";
    roman[n] = '\0';
    if (!roman_ok(roman))
        return "the Roman number of a birth certificate is not written canonically";
    used = (size_t)snprintf(to, DOCUMENT_PART_MAX, "%s-", roman);
    for (int letters = 0; letters < 2; letters++) {
        c = letter_upper(letter_next(&text));
        if ((c < 0x410 || c > 0x42f) && c != 0x401)
            return "a birth certificate has two Cyrillic letters after the hyphen";
        letter_put(to, DOCUMENT_PART_MAX, &used, c);
    }
    return *text ? "a birth certificate has only two letters after the hyphen" : NULL;
}

static const char *passport_series(const char *text, char to[DOCUMENT_PART_MAX])
{
    char digits[5];
    size_t n = 0;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == ' ' && i == 2)
            continue;
        if (text[i] < '0' || text[i] > '9' || n == 4)
            return "a passport has a series of 4 digits";
        digits[n++] = text[i];
    }
    if (n != 4)
        return "a passport has a series of 4 digits";
    snprintf(to, DOCUMENT_PART_MAX, "%.2s %.2s", digits, digits + 2);
    return NULL;
}

/* Any printable text of at most `max` signs, outer spaces dropped, in capitals. */
static bool free_text(const char *text, size_t max, char to[DOCUMENT_PART_MAX])
{
    size_t n = 0, chars = 0;
    int32_t c;
    to[0] = '\0';
    for (; *text == ' '; text++)
        ;
    for (; (c = letter_next(&text)) != 0; chars++)
        if (c < 0 || letter_is_control(c) || chars == max || !letter_put(to, DOCUMENT_PART_MAX, &n, letter_upper(c)))
            return false;
    while (n > 0 && to[n - 1] == ' ')
        to[--n] = '\0';
    return true;
}

static const char *series_rule(const struct doc_row *r, const char *text, char to[DOCUMENT_PART_MAX])
{
    switch (r->series) {
    case SERIES_PASSPORT: return passport_series(text, to);
    case SERIES_ROMAN: return birth_series(text, to);
    case SERIES_TWO:
        snprintf(to, DOCUMENT_PART_MAX, "%s", text);
        return letter_is_digits(text, 2, 2) ? NULL : "the series of this paper has 2 digits";
    case SERIES_FREE: break;
    }
    return free_text(text, 10, to) ? NULL : "the series has at most 10 printable signs";
}

static const char *number_rule(const struct doc_row *r, const char *text, char to[DOCUMENT_PART_MAX])
{
    if (r->max == 0)
        return free_text(text, 32, to) && *to ? NULL : "the number has 1 to 32 printable signs";
    snprintf(to, DOCUMENT_PART_MAX, "%s", text);
    bool fits = letter_is_digits(text, (size_t)r->min, (size_t)r->max);
    return fits ? NULL : "the number does not have as many digits as this paper has";
}

static const char *rule_of(PB(DocumentType) type, const char *series, const char *number,
                           char to_series[DOCUMENT_PART_MAX], char to_number[DOCUMENT_PART_MAX])
{
    const struct doc_row *r = row_of(type);
    if (!r)
        return "the kind of the paper is not known";
    const char *rule = series_rule(r, series, to_series);
    return rule ? rule : number_rule(r, number, to_number);
}

bool document_check(PB(DocumentType) type, const char *series, const char *number, const char **ret_rule)
{
    char s[DOCUMENT_PART_MAX] = "", n[DOCUMENT_PART_MAX] = "";
    const char *rule = rule_of(type, series, number, s, n);
    if (rule && ret_rule)
        *ret_rule = rule;
    return !rule;
}

bool document_normal(PB(DocumentType) type, const char *series, const char *number,
                     char ret_series[DOCUMENT_PART_MAX], char ret_number[DOCUMENT_PART_MAX])
{
    char s[DOCUMENT_PART_MAX] = "", n[DOCUMENT_PART_MAX] = "";
    if (rule_of(type, series, number, s, n))
        return false;
    memcpy(ret_series, s, sizeof s);
    memcpy(ret_number, n, sizeof n);
    return true;
}

int document_f011(PB(DocumentType) type) { return row_of(type) ? rows[type].f011 : 0; }
const char *document_code(PB(DocumentType) type) { return row_of(type) ? rows[type].code : ""; }
const char *document_title(PB(DocumentType) type) { return row_of(type) ? rows[type].title : ""; }
