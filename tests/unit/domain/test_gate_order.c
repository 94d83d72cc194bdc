/* Gates of the channels: each closes for its own reason, and the first one closed answers (appendix D class G). */
#include "domain/gate.h"
#include "tests/unit/domain/sample.h"

static struct finding check_in(const struct rulesets *in, const struct sample *s, const char *set)
{
    struct rule_ctx at = rules_on(ruleset_find(in, set), "2026-06-03", channel_of(s->app.source), s->app.profile);
    return gate_check(&at, &s->app, &s->p);
}

static struct finding check(const struct sample *s) { return check_in(shipped, s, "RU-MOW"); }

static void at_desk(struct sample *s)
{
    s->app.source = PB_SOURCE(CLINIC_DESK);
    s->app.account_level = PB_ACCOUNT(UNSPECIFIED);
    s->app.acknowledged_data = false;
    s->p.snils = "";
}

/* One thing wrong at a time. */
static void gosuslugi(struct sample *s) { s->app.source = PB_SOURCE(GOSUSLUGI); }
static void web(struct sample *s) { s->app.source = PB_SOURCE(CLINIC_WEB); }
static void no_source(struct sample *s) { s->app.source = PB_SOURCE(UNSPECIFIED); }
static void antenatal(struct sample *s) { s->app.profile = PB_PROFILE(ANTENATAL); }
static void simple(struct sample *s) { s->app.account_level = PB_ACCOUNT(SIMPLE); }
static void no_tick(struct sample *s) { s->app.acknowledged_data = false; }
static void tinao(struct sample *s) { s->app.residence_tinao = true; }
static void temp_cert(struct sample *s) { s->p.policy_number = "123456789"; }
static void temp_cert_declared(struct sample *s) { temp_cert(s), s->p.policy_form = PB_FORM(TEMP_CERT); }
static void time_limited(struct sample *s) { s->p.policy_form = PB_FORM(TIME_LIMITED); }
static void old_form(struct sample *s) { s->p.policy_series = "АБ", s->p.policy_number = "123456"; }
static void check_digit(struct sample *s) { s->p.policy_number = "9956510844000442"; }
static void short_number(struct sample *s) { s->p.policy_number = "99565108440004"; }
static void letters(struct sample *s) { s->p.policy_number = "995O510844000441"; }
static void form_and_number_differ(struct sample *s) { s->p.policy_form = PB_FORM(UNIFIED_PAPER), s->p.policy_number = "123456789"; }
static void no_snils(struct sample *s) { s->p.snils = ""; }
static void age_17(struct sample *s) { s->p.birth_date = "2008-06-04"; }
static void age_17_dental(struct sample *s) { age_17(s), s->app.profile = PB_PROFILE(ADULT_DENTAL); }
static void attorney(struct sample *s) { s->p.representative = &s->rep, s->rep.role = "ATTORNEY"; }
static void incapacitated(struct sample *s) { s->p.representative = &s->rep, s->rep.role = "REP_OF_INCAPACITATED"; }

static const struct {
    const char *what;
    void (*spoil)(struct sample *);
    enum reason_id online, desk; /* desk: the same fault at the registry */
    const char *detail;
} faults[] = {
    {"gosuslugi is off", gosuslugi, REASON_CHANNEL_NOT_AVAILABLE, REASON_NONE, ""},
    {"website is off", web, REASON_CHANNEL_NOT_AVAILABLE, REASON_NONE, ""},
    {"no source", no_source, REASON_CHANNEL_NOT_AVAILABLE, REASON_NONE, ""},
    {"antenatal", antenatal, REASON_PROFILE_NOT_ONLINE, REASON_NONE, ""},
    {"account", simple, REASON_ACCOUNT_LEVEL_TOO_LOW, REASON_NONE, "STANDARD"},
    {"tick", no_tick, REASON_ACK_MISSING, REASON_NONE, ""},
    {"TiNAO (A-14)", tinao, REASON_TERRITORY_NOT_ONLINE, REASON_NONE, "TINAO"},
    {"certificate (A-06)", temp_cert, REASON_POLICY_TEMPORARY_NOT_ONLINE, REASON_NONE, "TEMP_CERT"},
    {"certificate, declared", temp_cert_declared, REASON_POLICY_TEMPORARY_NOT_ONLINE, REASON_NONE, "TEMP_CERT"},
    {"limited (A-27)", time_limited, REASON_POLICY_TEMPORARY_NOT_ONLINE, REASON_NONE, "TIME_LIMITED"},
    {"old form (A-09)", old_form, REASON_POLICY_OLD_FORM_NOT_ONLINE, REASON_NONE, ""},
    {"check digit", check_digit, REASON_POLICY_NUMBER_FORMAT, REASON_POLICY_NUMBER_FORMAT, ""},
    {"14 digits", short_number, REASON_POLICY_NUMBER_FORMAT, REASON_POLICY_NUMBER_FORMAT, ""},
    {"a letter", letters, REASON_POLICY_NUMBER_FORMAT, REASON_POLICY_NUMBER_FORMAT, ""},
    {"form and number differ", form_and_number_differ, REASON_POLICY_NUMBER_FORMAT, REASON_POLICY_NUMBER_FORMAT, ""},
    {"SNILS", no_snils, REASON_SNILS_REQUIRED, REASON_NONE, ""},
    {"17 years", age_17, REASON_AGE_BELOW_MIN, REASON_NONE, "18"},
    {"17 years, dental (A-25)", age_17_dental, REASON_AGE_BELOW_MIN, REASON_NONE, "18"},
    {"attorney", attorney, REASON_REP_NOT_ONLINE, REASON_NONE, ""},
    {"of the incapacitated", incapacitated, REASON_REP_NOT_ONLINE, REASON_NONE, ""},
};

static void test_each_gate(void **state)
{
    struct sample s;
    (void)state;
    sample_init(&s);
    assert_int_equal(check(&s).id, REASON_NONE);
    at_desk(&s);
    assert_int_equal(check(&s).id, REASON_NONE);
    for (size_t i = 0; i < N(faults); i++) {
        sample_init(&s);
        faults[i].spoil(&s);
        struct finding f = check(&s);
        if (f.id != faults[i].online)
            fail_msg("%s: %s", faults[i].what, reasons[f.id].code);
        assert_string_equal(f.detail, faults[i].detail);
        assert_int_equal((char)reasons[f.id].cls, 'G');
        at_desk(&s);
        f = check(&s);
        if (f.id != faults[i].desk)
            fail_msg("%s at the desk: %s", faults[i].what, reasons[f.id].code);
    }
}

/* With two faults the earlier gate answers: the table above is in the order of the gates. */
static void test_first_gate_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(faults); i++)
        for (size_t j = i + 1; j < N(faults); j++) {
            struct sample s;
            if (faults[i].online == faults[j].online)
                continue;
            sample_init(&s);
            faults[j].spoil(&s);
            faults[i].spoil(&s);
            struct finding f = check(&s);
            bool same_field = f.id != faults[i].online && f.id != REASON_NONE;
            /* two faults of the policy fields overwrite each other: then some gate of the policy answers */
            assert_true(f.id == faults[i].online || (same_field && i >= 7 && i <= 14));
        }
}

static void test_regions_open_channels(void **state)
{
    struct sample s;
    (void)state;
    sample_init(&s);
    assert_int_equal(check_in(shipped, &s, "RU-MOS").id, REASON_CHANNEL_NOT_AVAILABLE); /* mos.ru is Moscow's */
    gosuslugi(&s);
    assert_int_equal(check_in(shipped, &s, "RU-MOS").id, REASON_NONE);
    age_17(&s);
    assert_int_equal(check_in(shipped, &s, "RU-MOS").id, REASON_AGE_BELOW_MIN); /* R-062 */
}

static void test_children(void **state)
{
    struct sample s;
    (void)state;
    sample_init(&s);
    s.app.profile = PB_PROFILE(CHILD_DENTAL);
    s.p.birth_date = "2020-02-02";
    s.p.representative = &s.rep;
    assert_int_equal(check(&s).id, REASON_NONE);
    s.rep.role = "GUARDIAN";
    assert_int_equal(check(&s).id, REASON_NONE); /* AFTER_CHECK */
}

static struct rulesets *moscow_with(const char *line)
{
    char text[512];
    snprintf(text, sizeof text, "[federal]\nversion = 1\n[R : federal]\nversion = 1\nregion = 77\nchannel.mosru.enabled = 1\n%s\n", line);
    return rules_from(text);
}

/* Keys that the shipped files leave at their defaults. */
static void test_rule_keys(void **state)
{
    static const struct {
        const char *line;
        void (*spoil)(struct sample *);
        enum reason_id reason;
    } rows[] = {
        {"channel.mosru.min_account = VERIFIED", NULL, REASON_ACCOUNT_LEVEL_TOO_LOW},
        {"channel.mosru.min_account = SIMPLE", simple, REASON_NONE},
        {"channel.mosru.adult.min_account = VERIFIED", NULL, REASON_ACCOUNT_LEVEL_TOO_LOW},
        {"channel.mosru.child.min_account = VERIFIED", NULL, REASON_NONE},
        {"channel.mosru.require_residence = 1", NULL, REASON_TERRITORY_NOT_ONLINE},
        {"territory.online_excluded =", tinao, REASON_NONE},
        {"channel.mosru.policy.form = UNIFIED_PAPER", NULL, REASON_CHANNEL_NOT_AVAILABLE},
        {"channel.mosru.policy.form = TEMP_CERT", temp_cert, REASON_NONE},
        {"policy.form.online = OLD", old_form, REASON_NONE},
        {"channel.mosru.doc.snils = OPTIONAL", no_snils, REASON_NONE},
        {"doc.snils.online = OPTIONAL", no_snils, REASON_NONE},
        {"channel.mosru.adult.min_age = 40", NULL, REASON_AGE_BELOW_MIN},
        {"channel.mosru.adult.min_age = 36", NULL, REASON_NONE},
        {"channel.mosru.adult.enabled = 0", NULL, REASON_PROFILE_NOT_ONLINE},
        {"channel.mosru.enabled@2026-06-04 = 0", NULL, REASON_NONE},
        {"channel.mosru.enabled@2026-06-03 = 0", NULL, REASON_CHANNEL_NOT_AVAILABLE},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct sample s;
        struct rulesets *own = moscow_with(rows[i].line);
        sample_init(&s);
        if (rows[i].spoil)
            rows[i].spoil(&s);
        struct finding f = check_in(own, &s, "R");
        if (f.id != rows[i].reason)
            fail_msg("%s: %s", rows[i].line, reasons[f.id].code);
        rulesets_free(own);
    }
}

static void test_representative_rules(void **state)
{
    struct rulesets *deny = moscow_with("rep.guardian.online = DENY"), *gate = moscow_with("rep.rights.mode = GATE");
    struct sample s;
    (void)state;
    sample_init(&s);
    s.p.representative = &s.rep;
    s.doc.type = PB_DOC(BIRTH_CERT_FOREIGN);
    assert_int_equal(check(&s).id, REASON_NONE); /* HOLD */
    assert_int_equal(check_in(gate, &s, "R").id, REASON_REP_MFC_REQUIRED); /* A-22 */
    assert_int_equal(check_in(deny, &s, "R").id, REASON_NONE);
    s.rep.role = "TRUSTEE";
    assert_int_equal(check_in(deny, &s, "R").id, REASON_REP_NOT_ONLINE); /* A-23 */
    assert_int_equal(check_in(gate, &s, "R").id, REASON_NONE);
    rulesets_free(deny);
    rulesets_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_gate), cmocka_unit_test(test_first_gate_answers), cmocka_unit_test(test_regions_open_channels),
        cmocka_unit_test(test_children),  cmocka_unit_test(test_rule_keys),          cmocka_unit_test(test_representative_rules),
    };
    return cmocka_run_group_tests(tests, shipped_open, shipped_close);
}
