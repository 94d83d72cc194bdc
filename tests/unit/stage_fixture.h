/* stage_fixture.h - one case before one stage (identity, policy): the sample application, its record in the register, both
 * to be spoiled, and the records that are not from the stage before. Header only; a test gives `stage`. */
#ifndef CLINIC_TESTS_STAGE_FIXTURE_H
#define CLINIC_TESTS_STAGE_FIXTURE_H
#include "unit/flow_fixture.h"

struct setting {
    struct flow f;
    union {
        ProtobufCMessage base;
        PB(PersonRecord) person;
        PB(PolicyRecord) policy;
    } record;
    bool is_unknown; /* not in the register */
    PB(Case) * the_case;
};

/* What is tested. */
struct stage_tested {
    const struct svc_def *def;
    int registry, next, next_event; /* topics, and what goes on */
    enum event_id record, asked;
    void (*fill)(struct setting *s); /* the record as the loader of registers writes it */
};
static const struct stage_tested stage; /* of each test */

static inline void setting_open_by(struct setting *s, const char *rules_dir)
{
    memset(s, 0, sizeof *s);
    flow_open(&s->f, stage.def, RECEIVED_MS, rules_dir);
    stage.fill(s);
}

static inline void setting_open(struct setting *s) { setting_open_by(s, NULL); }

static inline ProtobufCBinaryData setting_digest(struct setting *s, const uint8_t d[DIGEST_BYTES])
{
    return (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(s->f.mem, d, DIGEST_BYTES)};
}

/* The case as it stands, before the stage. Messages to a stage hold the case alone. */
static inline void setting_ask_as_is(struct setting *s)
{
    PB(ApplicationRegistered) m = CLINIC__ATTACH__V1__APPLICATION_REGISTERED__INIT;
    PB(IdentityVerified) v = CLINIC__ATTACH__V1__IDENTITY_VERIFIED__INIT;
    m.case_ = v.case_ = s->the_case;
    if (!s->is_unknown)
        flow_register(&s->f, stage.registry, s->f.person_ref, stage.record, &s->record);
    platform_run(s->f.p);
    fake_publish_event(platform_cluster(s->f.p), stage.def->inbox, bytes_str(s->f.person_ref), stage.asked,
                       stage.asked == EV_IDENTITY_VERIFIED ? (void *)&v : (void *)&m, "s-1", s->f.id);
    flow_run(&s->f);
}

static inline void setting_ask(struct setting *s)
{
    s->the_case = flow_case(&s->f);
    setting_ask_as_is(s);
}

/* It went on, sealed and under the person's key; the message that did. */
static inline const void *setting_went_on(struct setting *s)
{
    const void *m = flow_one(&s->f, stage.next, (enum event_id)stage.next_event);
    const struct seen *r = flow_nth(&s->f, stage.next, (enum event_id)stage.next_event, 0);
    assert_int_equal(flow_count(&s->f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED), 0);
    assert_string_equal(r->key, s->f.person_ref);
    assert_sealed(r);
    return m;
}

/* Rows of spoiled cases and the ground that each ends on. */
struct stopped_row {
    void (*spoil)(struct setting *s);
    PB(Outcome) outcome;
    const char *code, *detail;
};
static inline void setting_play_stopped(const struct stopped_row *rows, size_t n, PB(Status) status)
{
    for (size_t i = 0; i < n; i++) {
        struct setting s;
        setting_open(&s);
        rows[i].spoil(&s);
        setting_ask(&s);
        const PB(ApplicationStopped) *m = flow_one(&s.f, TOPIC_ATTACHMENT_INBOX, EV_APPLICATION_STOPPED);
        assert_int_equal(m->outcome, rows[i].outcome);
        assert_reason(m->reasons, m->n_reasons, rows[i].code, rows[i].detail);
        assert_string_equal(m->case_->application_id, s.f.id);
        assert_int_equal(m->case_->trail[m->case_->n_trail - 1]->status, status);
        assert_int_equal(flow_count(&s.f, TOPIC_APPLICATION, EV_STATUS_CHANGED), 0); /* the decider tells the end */
        assert_int_equal(flow_count(&s.f, stage.next, (enum event_id)stage.next_event), 0);
        flow_close(&s.f);
    }
}

/* --- records that are not from the stage before --- */

static inline void no_application(struct setting *s) { s->the_case->application = NULL; }
static inline void no_rules(struct setting *s) { s->the_case->rule_set = NULL; }
static inline void unknown_rules(struct setting *s) { s->the_case->rule_set->id = flow_text(&s->f, "RU-NONE"); }
static inline void in_clear(struct setting *s)
{
    s->the_case->application->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    s->the_case->application->personal = &s->f.personal;
}
static inline void anothers_seal(struct setting *s) { s->the_case->application_id = flow_text(&s->f, "another"); }
static inline void bad_date(struct setting *s)
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
        setting_open(&s);
        s.the_case = flow_case(&s.f);
        rows[i].spoil(&s);
        setting_ask_as_is(&s);
        assert_dead(&s.f, stage.def->dlq, "invalid", rows[i].detail);
        flow_close(&s.f);
    }
}
#endif
