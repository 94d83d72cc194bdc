/* fields.c - single values of a form: what has a normal form has it for ever, and what a value decodes to makes it again.
 * Input: two lines. */
#include "base/text.h"
#include "domain/contact.h"
#include "domain/document.h"
#include "domain/enp.h"
#include "domain/name.h"
#include "domain/policy.h"
#include "domain/snils.h"
#include "fuzz.h"
#include "wire/json.h"

static void check_enp(const char *s)
{
    struct enp_facts f;
    char made[17];
    if (!enp_valid(s) || !enp_decode(s, &f))
        return;
    EXPECT(date_ok(f.birth) && f.region >= 0 && f.region <= 99);
    enp_make(f.region, f.birth, f.sex, f.serial, made);
    EXPECT(strcmp(made, s) == 0);
}

static void check_numbers(const char *s)
{
    char snils[12], snils_again[12], phone[PHONE_LEN + 1], phone_again[PHONE_LEN + 1];
    if (snils_normal(s, snils)) {
        snils_valid(snils);
        EXPECT(snils_normal(snils, snils_again) && strcmp(snils, snils_again) == 0);
    }
    if (phone_normal(s, phone))
        EXPECT(phone_normal(phone, phone_again) && strcmp(phone, phone_again) == 0);
    email_ok(s);
}

static void check_name(const char *a, const char *b)
{
    const char *normal, *again, *holder;
    struct err e = {0};
    name_ok(a);
    utf8_ok(a);
    if (name_normal(a, fuzz_mem(), &normal, &e)) {
        EXPECT(text_utf8_ok(normal, strlen(normal)));
        if (strlen(normal) <= NAME_MAX_BYTES)
            EXPECT(name_normal(normal, fuzz_mem(), &again, &e) && strcmp(normal, again) == 0);
        if (name_holder(a, b, "", fuzz_mem(), &holder, &e))
            EXPECT(strlen(holder) >= strlen(normal));
    } else {
        EXPECT(e.cls == ERR_INPUT && e.text[0]);
    }
}

static void check_policy(PB(PolicyForm) form, const char *series, const char *number)
{
    char normal[POLICY_NORMAL_MAX], raw[POLICY_NORMAL_MAX];
    PB(PolicyForm) found = form;
    const char *rule = NULL;
    memset(raw, 'x', sizeof raw);
    policy_raw(series, number, raw);
    EXPECT(memchr(raw, '\0', sizeof raw) && memcmp(raw, "X:", 2) == 0);
    if (!policy_normal(form, series, number, normal, &found, &rule)) {
        EXPECT(rule && rule[0]);
        return;
    }
    EXPECT(strlen(normal) < sizeof normal && found != PB_FORM(UNSPECIFIED) && policy_form_code(found)[0]);
    if (policy_is_unified(found)) {
        char again[POLICY_NORMAL_MAX];
        EXPECT(policy_normal(found, "", normal, again, NULL, NULL) && strcmp(normal, again) == 0);
    }
}

static void check_document(PB(DocumentType) type, const char *series, const char *number)
{
    char s[DOCUMENT_PART_MAX], n[DOCUMENT_PART_MAX], s2[DOCUMENT_PART_MAX], n2[DOCUMENT_PART_MAX];
    const char *rule = NULL;
    bool fits = document_check(type, series, number, &rule);
    EXPECT(fits || (rule && rule[0]));
    if (document_normal(type, series, number, s, n))
        EXPECT(document_normal(type, s, n, s2, n2) && strcmp(s, s2) == 0 && strcmp(n, n2) == 0);
}

static void check_times(const char *s)
{
    struct date d;
    char day[TEXT_DAY_BYTES], printed[11];
    int32_t number;
    int64_t ms;
    if (date_parse(s, &d)) {
        date_print(d, printed);
        EXPECT(strcmp(printed, s) == 0 && date_cmp(date_of_days(date_days(d)), d) == 0);
    }
    if (text_day_parse(s, &number)) {
        text_day(number, day);
        EXPECT(strcmp(day, s) == 0);
    }
    text_time_parse(s, strlen(s), &ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    const char *a = fuzz_line(&in), *b = fuzz_line(&in);
    uint8_t id[16];
    char uuid[37];
    check_enp(a);
    check_numbers(a);
    check_name(a, b);
    check_times(a);
    for (int form = 0; form <= (int)PB_FORM(TIME_LIMITED); form++)
        check_policy((PB(PolicyForm))form, b, a);
    for (int type = 0; type < PB_DOC_N; type++)
        check_document((PB(DocumentType))type, a, b);
    if (uuid_to_bytes(a, id)) {
        uuid_to_text(id, uuid);
        EXPECT(strcasecmp(uuid, a) == 0);
    }
    json_enum_value(&clinic__attach__v1__source__descriptor, a);
    return 0;
}
