#include "domain/policy.h"
#include <stdio.h>
#include <string.h>
#include "domain/letter.h"

enum { OLD_MAX_CHARS = 20 };

/* Text without spaces and dashes, in capitals, Latin look-alikes as Cyrillic. False: another sign, or no room. */
static bool squeeze(const char *text, char *to, size_t size)
{
    size_t n = 0;
    int32_t c;
    to[0] = '\0';
    while ((c = letter_next(&text)) != 0) {
        if (letter_is_space(c) || letter_is_dash(c))
            continue;
        bool digit = c >= '0' && c <= '9';
        if ((!digit && !letter_is_letter(c)) || !letter_put(to, size, &n, letter_cyrillic_twin(letter_upper(c))))
            return false;
    }
    return true;
}

static PB(PolicyForm) derive_form(const char *series, const char *number)
{
    if (*series)
        return PB_FORM(OLD);
    if (letter_is_digits(number, 16, 16))
        return PB_FORM(UNIFIED_ELECTRONIC);
    return letter_is_digits(number, 9, 9) ? PB_FORM(TEMP_CERT) : PB_FORM(UNSPECIFIED);
}

/* Rule that squeezed series and number break for their form; NULL = none. */
static const char *broken_rule(PB(PolicyForm) form, const char *series, const char *number)
{
    if (form == PB_FORM(UNSPECIFIED))
        return "16 digits, 9 digits of a temporary certificate, or series and number of an old policy";
    if (form == PB_FORM(OLD)) {
        if (!*number)
            return "an old policy has a number";
        return letter_chars(series) + letter_chars(number) > OLD_MAX_CHARS ? "an old policy has at most 20 signs" : NULL;
    }
    if (*series)
        return "only an old policy has a series";
    if (form == PB_FORM(TEMP_CERT))
        return letter_is_digits(number, 9, 9) ? NULL : "a temporary certificate has 9 digits";
    return letter_is_digits(number, 16, 16) ? NULL : "a unified policy has 16 digits";
}

static bool compose(PB(PolicyForm) form, const char *series, const char *number, char out[POLICY_NORMAL_MAX])
{
    int n = form == PB_FORM(OLD)         ? snprintf(out, POLICY_NORMAL_MAX, "O:%s %s", series, number)
            : form == PB_FORM(TEMP_CERT) ? snprintf(out, POLICY_NORMAL_MAX, "T:%s", number)
                                         : snprintf(out, POLICY_NORMAL_MAX, "%s", number);
    return n < POLICY_NORMAL_MAX;
}

static bool refuse(const char *rule, const char **ret_rule)
{
    if (ret_rule)
        *ret_rule = rule;
    return false;
}

bool policy_normal(PB(PolicyForm) form, const char *series, const char *number, char ret[POLICY_NORMAL_MAX],
                   PB(PolicyForm) * ret_form, const char **ret_rule)
{
    char s[64], n[64], out[POLICY_NORMAL_MAX];
    if (!squeeze(series, s, sizeof s) || !squeeze(number, n, sizeof n))
        return refuse("letters, digits, spaces and hyphens only, at most 20 signs", ret_rule);
    if (form == PB_FORM(UNSPECIFIED))
        form = derive_form(s, n);
    const char *rule = broken_rule(form, s, n);
    if (rule)
        return refuse(rule, ret_rule);
    if (!compose(form, s, n, out))
        return refuse("series and number are too long", ret_rule);
    memcpy(ret, out, sizeof out);
    if (ret_form)
        *ret_form = form;
    return true;
}

static void raw_put(const char *text, char ret[POLICY_NORMAL_MAX], size_t *n)
{
    int32_t c;
    while ((c = letter_next(&text)) != 0)
        if (c > 0 && !letter_is_space(c) && !letter_is_dash(c) && !letter_put(ret, POLICY_NORMAL_MAX, n, letter_upper(c)))
            return;
}

void policy_raw(const char *series, const char *number, char ret[POLICY_NORMAL_MAX])
{
    size_t n = 2;
    memcpy(ret, "X:", sizeof "X:");
    raw_put(series, ret, &n);
    raw_put(number, ret, &n);
}

bool policy_is_temporary(PB(PolicyForm) form) { return form == PB_FORM(TEMP_CERT) || form == PB_FORM(TIME_LIMITED); }

bool policy_is_unified(PB(PolicyForm) form)
{
    return form == PB_FORM(UNIFIED_PAPER) || form == PB_FORM(UNIFIED_PLASTIC) || form == PB_FORM(UNIFIED_ELECTRONIC);
}

const char *policy_form_code(PB(PolicyForm) form)
{
    static const char *const codes[] = {
        [PB_FORM(UNSPECIFIED)] = "",
        [PB_FORM(UNIFIED_PAPER)] = "UNIFIED_PAPER",
        [PB_FORM(UNIFIED_PLASTIC)] = "UNIFIED_PLASTIC",
        [PB_FORM(UNIFIED_ELECTRONIC)] = "UNIFIED_ELECTRONIC",
        [PB_FORM(OLD)] = "OLD",
        [PB_FORM(TEMP_CERT)] = "TEMP_CERT",
        [PB_FORM(TIME_LIMITED)] = "TIME_LIMITED",
    };
    return (size_t)form < sizeof codes / sizeof *codes ? codes[form] : "";
}
