/* The policy of the applicant (2.4; ). */
#include "unit/flow_fixture.h"
#include "services/policy/policy.h"

#define POLICY_STATUS(x) CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_##x
#define SCOPE(x)         CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_##x
#define TODAY            20585 /* 2026-05-12 as a day number */

/* One case: the sample application and its policy in the register, both to be spoiled. */
struct setting {
    struct flow f;
    PB(PolicyRecord) record;
    bool is_unknown;
    PB(Case) * the_case;
};

static void fill_record(struct setting *s)
{
    struct policy_digest d;
    struct err e = {0};
    if (!policy_digests(s->f.keys, &s->f.personal, s->f.mem, &d, &e))
        fail_msg("%s: %s", e.code, e.text);
    clinic__attach__v1__policy_record__init(&s->record);
    s->record.form = PB_FORM(UNIFIED_ELECTRONIC);
    s->record.status = POLICY_STATUS(ACTIVE);
    s->record.region = flow_text(&s->f, "77");
    s->record.insurer_id = flow_text(&s->f, "77001");
    s->record.holder_name = (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(s->f.mem, d.holder_name, DIGEST_BYTES)};
    s->record.holder_birth = (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(s->f.mem, d.holder_birth, DIGEST_BYTES)};
}

static void open_setting(struct setting *s, const char *rules_dir)
{
    memset(s, 0, sizeof *s);
    flow_open(&s->f, &policy_svc, RECEIVED_MS, rules_dir);
    fill_record(s);
}

static void check_case(struct setting *s)
{
    PB(IdentityVerified) m;
    clinic__attach__v1__identity_verified__init(&m);
    m.case_ = s->the_case;
    if (!s->is_unknown)
        flow_register(&s->f, TOPIC_REGISTRY_POLICY, s->f.person_ref, EV_REGISTRY_POLICY, &s->record);
    platform_run(s->f.p);
    fake_publish_event(platform_cluster(s->f.p), TOPIC_POLICY_INBOX, bytes_str(s->f.person_ref), EV_IDENTITY_VERIFIED, &m,
                       "p-1", s->f.id);
    flow_run(&s->f);
}

static void check(struct setting *s)
{
    s->the_case = flow_case(&s->f);
    check_case(s);
}

static const PB(Case) * verified(struct setting *s)
{
    const PB(PolicyVerified) *m = flow_one(&s->f, TOPIC_ATTACHMENT_INBOX, EV_POLICY_VERIFIED);
    assert_int_equal(flow_count(&s->f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED), 0);
    assert_sealed(flow_nth(&s->f, TOPIC_ATTACHMENT_INBOX, EV_POLICY_VERIFIED, 0));
    return m->case_;
}

/* --- good policies --- */

static void test_verified(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s, NULL);
    check(&s);
    const PB(Case) *c = verified(&s);
    assert_int_equal(c->scope, SCOPE(BASIC_AND_TERRITORIAL));
    assert_string_equal(c->insurer_id, "77001");
    assert_int_equal(c->n_findings, 0);
    assert_int_equal(c->policy_valid_until_ms, 0);
    assert_int_equal(c->trail[c->n_trail - 1]->status, STATUS(VERIFYING_POLICY));
    assert_string_equal(flow_nth(&s.f, TOPIC_ATTACHMENT_INBOX, EV_POLICY_VERIFIED, 0)->key, s.f.person_ref);
    flow_close(&s.f);
}

/* at the desk a policy of another region opens the basic programme. */
static void test_other_region_at_desk(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s, NULL);
    flow_at_desk(&s.f);
    s.record.region = flow_text(&s.f, "50");
    check(&s);
    const PB(Case) *c = verified(&s);
    assert_int_equal(c->scope, SCOPE(BASIC));
    assert_reason(c->findings, c->n_findings, "OK_BASIC_PROGRAMME", "");
    flow_close(&s.f);
}

/* a certificate stands for a policy in production until its last day. */
static void test_certificate_at_desk(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s, NULL);
    flow_at_desk(&s.f);
    s.record.form = PB_FORM(TEMP_CERT);
    s.record.status = POLICY_STATUS(IN_PRODUCTION);
    s.record.valid_until_day = TODAY;
    check(&s);
    assert_int_equal(verified(&s)->policy_valid_until_ms, 1778619599999LL); /* 2026-05-12 23:59:59.999 +03:00 */
    flow_close(&s.f);
}

/* an old or expired policy of a citizen stays valid. */
static void test_old_expired_policy_at_desk(void **state)
{
    struct setting s;
    (void)state;
    open_setting(&s, NULL);
    flow_at_desk(&s.f);
    s.record.form = PB_FORM(OLD);
    s.record.valid_until_day = TODAY - 1000;
    check(&s);
    assert_int_equal(verified(&s)->policy_valid_until_ms, 0);
    flow_close(&s.f);
}

/* --- grounds to stop --- */

static void unknown(struct setting *s) { s->is_unknown = true; }
static void suspended(struct setting *s) { s->record.status = POLICY_STATUS(SUSPENDED); }
static void surrendered(struct setting *s) { s->record.status = POLICY_STATUS(SURRENDERED); }
static void annulled(struct setting *s) { s->record.status = POLICY_STATUS(ANNULLED); }
static void superseded(struct setting *s) { s->record.status = POLICY_STATUS(SUPERSEDED); }
static void in_production_without_certificate(struct setting *s) { s->record.status = POLICY_STATUS(IN_PRODUCTION); }
static void other_region(struct setting *s) { s->record.region = flow_text(&s->f, "50"); }
static void time_limited(struct setting *s)
{
    s->record.form = PB_FORM(TIME_LIMITED);
    s->record.valid_until_day = TODAY + 100;
}
static void old_form(struct setting *s) { s->record.form = PB_FORM(OLD); }
static void expired_certificate(struct setting *s)
{
    flow_at_desk(&s->f);
    s->record.form = PB_FORM(TEMP_CERT);
    s->record.valid_until_day = TODAY - 1;
}
static void expired_time_limited(struct setting *s)
{
    flow_at_desk(&s->f);
    s->record.form = PB_FORM(TIME_LIMITED);
    s->record.valid_until_day = TODAY - 1;
}
static void old_surname(struct setting *s) { s->f.personal.surname = flow_text(&s->f, "Новофамилина"); }
static void other_birth(struct setting *s) { s->f.personal.birth_date = flow_text(&s->f, "1984-03-06"); }

static void test_stopped(void **state)
{
    static const struct {
        void (*spoil)(struct setting *s);
        PB(Outcome) outcome;
        const char *code, *detail;
    } rows[] = {
        {unknown, PB_OUTCOME(REFUSED), "POLICY_NOT_FOUND", ""},
        {suspended, PB_OUTCOME(REFUSED), "POLICY_NOT_ACTIVE", ""},
        {surrendered, PB_OUTCOME(REFUSED), "POLICY_NOT_ACTIVE", ""},
        {annulled, PB_OUTCOME(REFUSED), "POLICY_NOT_ACTIVE", ""},
        {superseded, PB_OUTCOME(REFUSED), "POLICY_NOT_ACTIVE", ""},
        {in_production_without_certificate, PB_OUTCOME(REFUSED), "POLICY_NOT_ACTIVE", ""},
        {other_region, PB_OUTCOME(GATED), "POLICY_OTHER_REGION", ""},
        {time_limited, PB_OUTCOME(GATED), "POLICY_TEMPORARY_NOT_ONLINE", ""},
        {old_form, PB_OUTCOME(GATED), "POLICY_OLD_FORM_NOT_ONLINE", ""},
        {expired_certificate, PB_OUTCOME(RETURNED), "POLICY_TEMP_EXPIRED", ""},
        {expired_time_limited, PB_OUTCOME(RETURNED), "POLICY_TEMP_EXPIRED", ""},
        {old_surname, PB_OUTCOME(RETURNED), "POLICY_DATA_MISMATCH", "NAME"},
        {other_birth, PB_OUTCOME(RETURNED), "POLICY_DATA_MISMATCH", "BIRTH_DATE"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct setting s;
        open_setting(&s, NULL);
        rows[i].spoil(&s);
        check(&s);
        const PB(ApplicationStopped) *m = flow_one(&s.f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED);
        assert_int_equal(m->outcome, rows[i].outcome);
        assert_reason(m->reasons, m->n_reasons, rows[i].code, rows[i].detail);
        assert_int_equal(m->case_->trail[m->case_->n_trail - 1]->status, STATUS(VERIFYING_POLICY));
        assert_int_equal(flow_count(&s.f, TOPIC_ATTACHMENT_INBOX, EV_POLICY_VERIFIED), 0);
        flow_close(&s.f);
    }
}

/* A region that wants its own policies at the desk too refuses in writing: there is nothing to gate any more. */
static void test_region_that_blocks_at_desk(void **state)
{
    struct setting s;
    char dir[] = "/tmp/clinic-rules-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/rules.ini", dir);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs("[federal]\nversion = 1\n[RU-MOW : federal]\nversion = 1\nregion = 77\npolicy.region.in_person = BLOCK\n", to);
    fclose(to);
    open_setting(&s, dir);
    flow_at_desk(&s.f);
    other_region(&s);
    check(&s);
    const PB(ApplicationStopped) *m = flow_one(&s.f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED);
    assert_int_equal(m->outcome, PB_OUTCOME(REFUSED));
    assert_reason(m->reasons, m->n_reasons, "POLICY_OTHER_REGION", "");
    flow_close(&s.f);
    unlink(path);
    rmdir(dir);
}

/* --- records that are not from identity --- */

static void no_application(struct setting *s) { s->the_case->application = NULL; }
static void no_rules(struct setting *s) { s->the_case->rule_set = NULL; }
static void unknown_rules(struct setting *s) { s->the_case->rule_set->id = flow_text(&s->f, "RU-NONE"); }
static void in_clear(struct setting *s)
{
    s->the_case->application->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    s->the_case->application->personal = &s->f.personal;
}
static void anothers_seal(struct setting *s) { s->the_case->application_id = flow_text(&s->f, "another"); }
static void bad_date(struct setting *s)
{
    s->f.personal.birth_date = flow_text(&s->f, "05.03.1984");
    s->the_case = flow_case(&s->f);
}

static void test_dead_letters(void **state)
{
    static const struct {
        void (*spoil)(struct setting *s);
        const char *detail;
    } rows[] = {
        {no_application, "case: "},
        {no_rules, "case: "},
        {in_clear, "case: "},
        {unknown_rules, "case.rule_set.id: "},
        {anothers_seal, "/sealed/box: "},
        {bad_date, "personal.birth_date: "},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct setting s;
        open_setting(&s, NULL);
        s.the_case = flow_case(&s.f);
        rows[i].spoil(&s);
        check_case(&s);
        assert_dead(&s.f, TOPIC_POLICY_DLQ, "invalid", rows[i].detail);
        flow_close(&s.f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_other_region_at_desk),
        cmocka_unit_test(test_certificate_at_desk),
        cmocka_unit_test(test_old_expired_policy_at_desk),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_region_that_blocks_at_desk),
        cmocka_unit_test(test_dead_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
