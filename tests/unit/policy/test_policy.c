/* The policy of the applicant (2.4; ). */
#include "unit/stage_fixture.h"
#include "services/policy/policy.h"

#define POLICY_STATUS(x) CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_##x
#define SCOPE(x)         CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_##x
#define TODAY            20585 /* 2026-05-12 as a day number */

static void fill_record(struct setting *s)
{
    struct policy_digest d;
    struct err e = {0};
    PB(PolicyRecord) *r = &s->record.policy;
    if (!policy_digests(s->f.keys, &s->f.personal, s->f.mem, &d, &e))
        fail_msg("%s: %s", e.code, e.text);
    clinic__attach__v1__policy_record__init(r);
    r->form = PB_FORM(UNIFIED_ELECTRONIC);
    r->status = POLICY_STATUS(ACTIVE);
    r->region = flow_text(&s->f, "77");
    r->insurer_id = flow_text(&s->f, "77001");
    r->holder_name = setting_digest(s, d.holder_name);
    r->holder_birth = setting_digest(s, d.holder_birth);
}

static const struct stage_tested stage = {
    .def = &policy_svc, .registry = TOPIC_REGISTRY_POLICY, .record = EV_REGISTRY_POLICY, .fill = fill_record,
    .asked = EV_IDENTITY_VERIFIED, .next = TOPIC_ATTACHMENT_INBOX, .next_event = EV_POLICY_VERIFIED};

static const PB(Case) * verified(struct setting *s) { return ((const PB(PolicyVerified) *)setting_went_on(s))->case_; }

/* --- good policies --- */

static void test_verified(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    setting_ask(&s);
    const PB(Case) *c = verified(&s);
    assert_int_equal(c->scope, SCOPE(BASIC_AND_TERRITORIAL));
    assert_string_equal(c->insurer_id, "77001");
    assert_int_equal(c->n_findings, 0);
    assert_int_equal(c->policy_valid_until_ms, 0);
    assert_int_equal(c->n_trail, 3); /* the decider puts the next step */
    assert_int_equal(flow_count(&s.f, TOPIC_APPLICATION, EV_STATUS_CHANGED), 0);
    flow_close(&s.f);
}

/* at the desk a policy of another region opens the basic programme. */
static void test_other_region_at_desk(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    flow_at_desk(&s.f);
    s.record.policy.region = flow_text(&s.f, "50");
    setting_ask(&s);
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
    setting_open(&s);
    flow_at_desk(&s.f);
    s.record.policy.form = PB_FORM(TEMP_CERT);
    s.record.policy.status = POLICY_STATUS(IN_PRODUCTION);
    s.record.policy.valid_until_day = TODAY;
    setting_ask(&s);
    assert_int_equal(verified(&s)->policy_valid_until_ms, 1778619599999LL); /* 2026-05-12 23:59:59.999 +03:00 */
    flow_close(&s.f);
}

/* an old or expired policy of a citizen stays valid. */
static void test_old_expired_policy_at_desk(void **state)
{
    struct setting s;
    (void)state;
    setting_open(&s);
    flow_at_desk(&s.f);
    s.record.policy.form = PB_FORM(OLD);
    s.record.policy.valid_until_day = TODAY - 1000;
    setting_ask(&s);
    assert_int_equal(verified(&s)->policy_valid_until_ms, 0);
    flow_close(&s.f);
}

/* --- grounds to stop --- */

static void unknown(struct setting *s) { s->is_unknown = true; }
static void suspended(struct setting *s) { s->record.policy.status = POLICY_STATUS(SUSPENDED); }
static void surrendered(struct setting *s) { s->record.policy.status = POLICY_STATUS(SURRENDERED); }
static void annulled(struct setting *s) { s->record.policy.status = POLICY_STATUS(ANNULLED); }
static void superseded(struct setting *s) { s->record.policy.status = POLICY_STATUS(SUPERSEDED); }
static void in_production_without_certificate(struct setting *s) { s->record.policy.status = POLICY_STATUS(IN_PRODUCTION); }
static void other_region(struct setting *s) { s->record.policy.region = flow_text(&s->f, "50"); }
static void time_limited(struct setting *s)
{
    s->record.policy.form = PB_FORM(TIME_LIMITED);
    s->record.policy.valid_until_day = TODAY + 100;
}
static void old_form(struct setting *s) { s->record.policy.form = PB_FORM(OLD); }
static void expired_certificate(struct setting *s)
{
    flow_at_desk(&s->f);
    s->record.policy.form = PB_FORM(TEMP_CERT);
    s->record.policy.valid_until_day = TODAY - 1;
}
static void expired_time_limited(struct setting *s)
{
    flow_at_desk(&s->f);
    s->record.policy.form = PB_FORM(TIME_LIMITED);
    s->record.policy.valid_until_day = TODAY - 1;
}
static void old_surname(struct setting *s) { s->f.personal.surname = flow_text(&s->f, "Новофамилина"); }
static void other_birth(struct setting *s) { s->f.personal.birth_date = flow_text(&s->f, "1984-03-06"); }

static void test_stopped(void **state)
{
    static const struct stopped_row rows[] = {
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
    setting_play_stopped(rows, N(rows), PB_STATUS(VERIFYING_IDENTITY));
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
    setting_open_by(&s, dir);
    flow_at_desk(&s.f);
    other_region(&s);
    setting_ask(&s);
    const PB(ApplicationStopped) *m = flow_one(&s.f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED);
    assert_int_equal(m->outcome, PB_OUTCOME(REFUSED));
    assert_reason(m->reasons, m->n_reasons, "POLICY_OTHER_REGION", "");
    flow_close(&s.f);
    unlink(path);
    rmdir(dir);
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
