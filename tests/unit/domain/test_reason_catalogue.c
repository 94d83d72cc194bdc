/* Catalogue of reasons: all of appendix D, none of the forbidden ones, texts for the citizen. */
#include "domain/reason.h"
#include "tests/unit/help.h"

/* Appendix D: code and class. */
static const struct {
    const char *code;
    char cls;
} appendix[] = {
    {"OK_ATTACHED", 'K'}, {"OK_ATTACHED_FIRST", 'K'}, {"OK_ATTACHED_JOINT", 'K'}, {"OK_ATTACHED_TEMPORARY", 'K'},
    {"OK_BASIC_PROGRAMME", 'K'}, {"ACCOUNT_LEVEL_TOO_LOW", 'G'}, {"CHANNEL_NOT_AVAILABLE", 'G'}, {"PROFILE_NOT_ONLINE", 'G'},
    {"CLINIC_NOT_ONLINE", 'G'}, {"TERRITORY_NOT_ONLINE", 'G'}, {"POLICY_NUMBER_FORMAT", 'G'},
    {"POLICY_TEMPORARY_NOT_ONLINE", 'G'}, {"POLICY_OLD_FORM_NOT_ONLINE", 'G'}, {"POLICY_OTHER_REGION", 'G'},
    {"SNILS_REQUIRED", 'G'}, {"ACK_MISSING", 'G'}, {"SIGNATURE_REQUIRED", 'G'}, {"AGE_BELOW_MIN", 'G'},
    {"ALREADY_ATTACHED_SAME", 'G'}, {"APPLICATION_IN_PROGRESS", 'G'}, {"REP_RIGHTS_PENDING", 'H'}, {"REP_MFC_REQUIRED", 'G'},
    {"REP_RIGHTS_DENIED", 'G'}, {"REP_NOT_ONLINE", 'G'}, {"BIRTH_CERT_OUT_OF_SCOPE", 'G'}, {"DOC_MISSING", 'B'},
    {"DOC_DAMAGED", 'B'}, {"MOVE_PROOF_REQUIRED", 'B'}, {"ORIGINALS_NOT_SHOWN", 'B'}, {"POLICY_DATA_MISMATCH", 'B'},
    {"POLICY_TEMP_EXPIRED", 'B'}, {"PREVIOUS_CLINIC_REQUIRED", 'B'}, {"REG_MARK_REQUIRED", 'B'},
    {"IDENTITY_NOT_CONFIRMED", 'R'}, {"POLICY_NOT_FOUND", 'R'}, {"POLICY_NOT_ACTIVE", 'R'}, {"CATEGORY_EXCLUDED", 'R'},
    {"AGE_PROFILE_MISMATCH", 'R'}, {"CLINIC_NOT_IN_CHI", 'R'}, {"CLINIC_KIND_NOT_ATTACHABLE", 'R'},
    {"CLINIC_PROFILE_ABSENT", 'R'}, {"REFERRAL_REQUIRED", 'R'}, {"INSURER_NOT_SERVED", 'R'}, {"CHANGE_LIMIT_REACHED", 'R'},
    {"CAPACITY_ALL_DOCTORS_FULL", 'R'}, {"DOCTOR_CONSENT_DENIED", 'R'}, {"DOCTOR_CHANGE_LIMIT", 'R'},
    {"DEPENDENCY_UNAVAILABLE", 'H'}, {"SLA_BREACHED", 'H'},
};

static void test_appendix(void **state)
{
    (void)state;
    assert_int_equal(N(appendix), REASON_N - 1);
    for (size_t i = 0; i < N(appendix); i++) {
        const struct reason_info *r = reason_find(appendix[i].code);
        assert_non_null(r);
        assert_int_equal((char)r->cls, appendix[i].cls);
        assert_string_equal(r->code, appendix[i].code);
    }
    assert_null(reason_find("SOMETHING_ELSE"));
    assert_null(reason_find(""));
}

static void test_outcomes(void **state)
{
    (void)state;
    assert_int_equal(reason_outcome(REASON_ACK_MISSING), PB_OUTCOME(GATED));
    assert_int_equal(reason_outcome(REASON_CHANGE_LIMIT_REACHED), PB_OUTCOME(REFUSED));
    assert_int_equal(reason_outcome(REASON_DOC_MISSING), PB_OUTCOME(RETURNED));
    assert_int_equal(reason_outcome(REASON_OK_ATTACHED), PB_OUTCOME(APPROVED));
    assert_int_equal(reason_outcome(REASON_SLA_BREACHED), PB_OUTCOME(UNSPECIFIED));
    assert_int_equal(reason_outcome(REASON_NONE), PB_OUTCOME(UNSPECIFIED));
}

/* no registration, an old or expired policy, residence elsewhere are never grounds. */
static void test_forbidden(void **state)
{
    static const char *const codes[] = {"NO_REGISTRATION", "POLICY_EXPIRED", "NOT_RESIDENT"};
    (void)state;
    for (size_t i = 0; i < N(codes); i++) {
        assert_true(reason_is_forbidden(codes[i]));
        assert_null(reason_find(codes[i]));
    }
    for (int id = 1; id < REASON_N; id++)
        assert_false(reason_is_forbidden(reasons[id].code));
}

/* A refusal and a return cite a law and say where to appeal; a gate names another way or what to mend. */
static void test_rows_are_whole(void **state)
{
    (void)state;
    for (int id = 1; id < REASON_N; id++) {
        const struct reason_info *r = &reasons[id];
        assert_true(strlen(r->text) > 20);
        assert_true((unsigned char)r->text[0] >= 0xd0); /* Russian */
        if (r->cls == REASON_REFUSAL || r->cls == REASON_BACK) {
            assert_true(*r->law && r->appeal != APPEAL_NONE);
            assert_true(*reason_appeal_text(r->appeal));
        }
        for (const char *p = strchr(r->text, '%'); p; p = strchr(p + 1, '%'))
            assert_int_equal(p[1], 's');
    }
    assert_string_equal(reason_appeal_text(APPEAL_NONE), "");
}

static void test_texts(void **state)
{
    struct arena *mem = arena_new(1 << 20, 1 << 20);
    (void)state;
    assert_non_null(strstr(reason_text(mem, finding_of(REASON_CHANGE_LIMIT_REACHED, "2027-01-01")), "с 01.01.2027."));
    assert_non_null(strstr(reason_text(mem, finding_of(REASON_DOC_MISSING, "EAEU_CONTRACT")), "трудовой договор"));
    assert_non_null(strstr(reason_text(mem, finding_of(REASON_AGE_BELOW_MIN, "18")), "с 18 лет"));
    assert_non_null(strstr(reason_text(mem, finding_of(REASON_DOC_DAMAGED, NULL)), ": —."));
    assert_string_equal(reason_text(mem, finding_of(REASON_OK_ATTACHED, "unused")), reasons[REASON_OK_ATTACHED].text);
    PB(Reason) *m = reason_msg(mem, finding_of(REASON_DOC_MISSING, "SNILS"));
    assert_string_equal(m->code, "DOC_MISSING");
    assert_string_equal(m->detail, "SNILS");
    assert_true(protobuf_c_message_check(&m->base));
    struct finding cut = finding_of(REASON_DOC_MISSING, "a detail that is much longer than the forty bytes it may have");
    assert_int_equal(strlen(cut.detail), sizeof cut.detail - 1);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_appendix), cmocka_unit_test(test_outcomes),
                                       cmocka_unit_test(test_forbidden), cmocka_unit_test(test_rows_are_whole),
                                       cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
