/* Papers: masks of F011 and normal forms (ru-facts section 3). */
#include "domain/document.h"
#include "tests/unit/help.h"

#define GOOD(type, series, number, to_series, to_number) {PB_DOC(type), series, number, to_series, to_number}
static const struct {
    PB(DocumentType) type;
    const char *series, *number, *to_series, *to_number;
} good[] = {
    GOOD(RF_PASSPORT, "45 10", "123456", "45 10", "123456"),
    GOOD(RF_PASSPORT, "4510", "1234567", "45 10", "1234567"),
    GOOD(BIRTH_CERT_RF, "IV-АБ", "123456", "IV-АБ", "123456"),
    GOOD(BIRTH_CERT_RF, "ХХХ-МЮ", "000001", "XXX-МЮ", "000001"),     /* Cyrillic Х */
    GOOD(BIRTH_CERT_RF, "1У-аб", "123456", "IV-АБ", "123456"),       /* the digit one, Cyrillic У, small letters */
    GOOD(BIRTH_CERT_RF, "ХЛIХ-ЁЖ", "123456", "XLIX-ЁЖ", "123456"),   /* Cyrillic Х, Л */
    GOOD(BIRTH_CERT_RF, "СХХ-АА", "123456", "CXX-АА", "123456"),     /* Cyrillic С */
    GOOD(BIRTH_CERT_RF, "iii АБ", "123456", "III-АБ", "123456"),
    GOOD(BIRTH_CERT_RF, "III–АБ", "123456", "III-АБ", "123456"),     /* en dash */
    GOOD(RF_TEMP_ID, "", "1", "", "1"),
    GOOD(RF_TEMP_ID, "ab", "12345678", "AB", "12345678"),
    GOOD(RESIDENCE_PERMIT, "82", "0123456", "82", "0123456"),
    GOOD(REFUGEE_CERT, "", "12345678", "", "12345678"),
    GOOD(REFUGEE_APP_CERT, "", "1", "", "1"),
    GOOD(TEMP_ASYLUM, "77", "1234567", "77", "1234567"),
    GOOD(FOREIGN_ID, "", "ab1234567", "", "AB1234567"),
    GOOD(FOREIGN_ID_TRP, "", "12", "", "12"),
    GOOD(BIRTH_CERT_FOREIGN, "", " 17/2024-б ", "", "17/2024-Б"),
    GOOD(STATELESS_ID, "", "X 1", "", "X 1"),
    GOOD(REP_AUTHORITY, "", "99 АА 123", "", "99 АА 123"),
};

static const struct {
    PB(DocumentType) type;
    const char *series, *number;
} bad[] = {
    {PB_DOC(RF_PASSPORT), "45 1", "123456"},       {PB_DOC(RF_PASSPORT), "45 101", "123456"},
    {PB_DOC(RF_PASSPORT), "4 510", "123456"},      {PB_DOC(RF_PASSPORT), "", "123456"},
    {PB_DOC(RF_PASSPORT), "45 10", "12345"},       {PB_DOC(RF_PASSPORT), "45 10", "12345678"},
    {PB_DOC(RF_PASSPORT), "45 10", "12345б"},      {PB_DOC(RF_PASSPORT), "451O", "123456"},
    {PB_DOC(BIRTH_CERT_RF), "IIII-АБ", "123456"},  /* not canonical */
    {PB_DOC(BIRTH_CERT_RF), "VX-АБ", "123456"},    {PB_DOC(BIRTH_CERT_RF), "IC-АБ", "123456"},
    {PB_DOC(BIRTH_CERT_RF), "LL-АБ", "123456"},    {PB_DOC(BIRTH_CERT_RF), "-АБ", "123456"},
    {PB_DOC(BIRTH_CERT_RF), "IV-AB", "123456"},    /* Latin letters that look Cyrillic */
    {PB_DOC(BIRTH_CERT_RF), "IV-А", "123456"},     {PB_DOC(BIRTH_CERT_RF), "IV-АБВ", "123456"},
    {PB_DOC(BIRTH_CERT_RF), "IVАБ", "123456"},     {PB_DOC(BIRTH_CERT_RF), "IV", "123456"},
    {PB_DOC(BIRTH_CERT_RF), "IV-АБ", "12345"},     {PB_DOC(BIRTH_CERT_RF), "IV-АБ", "1234567"},
    {PB_DOC(BIRTH_CERT_RF), "MMM-АБ", "123456"},   {PB_DOC(BIRTH_CERT_RF), "IIIIIIIIIIII-АБ", "123456"},
    {PB_DOC(BIRTH_CERT_RF), "\xd0", "123456"},     {PB_DOC(BIRTH_CERT_RF), "", "123456"},
    {PB_DOC(RF_TEMP_ID), "", ""},                  {PB_DOC(RF_TEMP_ID), "", "123456789"},
    {PB_DOC(RESIDENCE_PERMIT), "12345678901", "1"}, {PB_DOC(TEMP_ASYLUM), "7", "1234567"},
    {PB_DOC(TEMP_ASYLUM), "77", "123456"},         {PB_DOC(FOREIGN_ID), "", ""},
    {PB_DOC(FOREIGN_ID), "", "   "},               {PB_DOC(FOREIGN_ID), "", "123456789012345678901234567890123"},
    {PB_DOC(FOREIGN_ID), "", "1\t2"},              {PB_DOC(FOREIGN_ID), "", "\xff"},
    {PB_DOC(UNSPECIFIED), "", "1"},                {(PB(DocumentType))99, "", "1"},
    {(PB(DocumentType))-1, "", "1"},
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(good); i++) {
        const char *rule = NULL;
        char s[DOCUMENT_PART_MAX], n[DOCUMENT_PART_MAX];
        if (!document_check(good[i].type, good[i].series, good[i].number, &rule))
            fail_msg("%s %s: %s", good[i].series, good[i].number, rule);
        assert_true(document_normal(good[i].type, good[i].series, good[i].number, s, n));
        assert_string_equal(s, good[i].to_series);
        assert_string_equal(n, good[i].to_number);
        char s2[DOCUMENT_PART_MAX], n2[DOCUMENT_PART_MAX]; /* a normal form is its own normal form */
        assert_true(document_normal(good[i].type, s, n, s2, n2));
        assert_string_equal(s, s2);
        assert_string_equal(n, n2);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(bad); i++) {
        const char *rule = NULL;
        char s[DOCUMENT_PART_MAX] = "kept", n[DOCUMENT_PART_MAX] = "kept";
        if (document_check(bad[i].type, bad[i].series, bad[i].number, &rule))
            fail_msg("taken: %zu %s %s", i, bad[i].series, bad[i].number);
        assert_true(rule && *rule);
        assert_false(document_normal(bad[i].type, bad[i].series, bad[i].number, s, n));
        assert_string_equal(s, "kept");
        assert_string_equal(n, "kept");
    }
}

/* Every Roman number that fits seven signs is taken in its one writing. */
static void test_all_roman(void **state)
{
    static const char *const tens[] = {"", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"};
    static const char *const ones[] = {"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"};
    static const char *const hundreds[] = {"", "C", "CC", "CCC"};
    (void)state;
    for (int v = 1; v < 400; v++) {
        char series[64];
        int n = snprintf(series, sizeof series, "%s%s%s", hundreds[v / 100], tens[v / 10 % 10], ones[v % 10]);
        strcat(series, "-ЩЭ");
        const char *rule;
        assert_int_equal(document_check(PB_DOC(BIRTH_CERT_RF), series, "123456", &rule), n <= 7);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(document_f011(PB_DOC(RF_PASSPORT)), 14);
    assert_int_equal(document_f011(PB_DOC(BIRTH_CERT_RF)), 3);
    assert_int_equal(document_f011(PB_DOC(RESIDENCE_PERMIT)), 11);
    assert_int_equal(document_f011(PB_DOC(CHI_POLICY)), 0);
    assert_int_equal(document_f011((PB(DocumentType))1000), 0);
    for (int t = 1; t < PB_DOC_N; t++) { /* the code is the proto name without its prefix */
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&clinic__attach__v1__document_type__descriptor, t);
        assert_string_equal(document_code((PB(DocumentType))t), v->name + strlen("DOCUMENT_TYPE_"));
        assert_true(*document_title((PB(DocumentType))t));
    }
    assert_string_equal(document_code((PB(DocumentType))77), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_all_roman),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
