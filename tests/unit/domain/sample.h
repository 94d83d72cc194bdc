/* sample.h - for tests: an application that nothing is wrong with, to be spoiled in one place. Synthetic persons. */
#ifndef CLINIC_TESTS_SAMPLE_H
#define CLINIC_TESTS_SAMPLE_H
#include "domain/pb.h"
#include "domain/ruleset.h"
#include "tests/unit/help.h"

struct sample {
    PB(Application) app;
    PB(Personal) p;
    PB(Document) doc, rep_doc;
    PB(Representative) rep;
    PB(Evidence) papers[8];
    PB(Evidence) *list[8];
};

/* A woman of 36 on 2026-06-03 with a unified policy, who files on mos.ru. */
static inline void sample_init(struct sample *s)
{
    clinic__attach__v1__application__init(&s->app);
    clinic__attach__v1__personal__init(&s->p);
    clinic__attach__v1__document__init(&s->doc);
    clinic__attach__v1__document__init(&s->rep_doc);
    clinic__attach__v1__representative__init(&s->rep);
    for (size_t i = 0; i < N(s->papers); i++) {
        clinic__attach__v1__evidence__init(&s->papers[i]);
        s->list[i] = &s->papers[i];
    }
    s->app.evidence = s->list;
    s->app.source = PB_SOURCE(MOSRU);
    s->app.external_ref = "77-1";
    s->app.kind = PB_KIND(CHANGE);
    s->app.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    s->app.region = "RU-MOW";
    s->app.clinic_id = "990001";
    s->app.account_level = PB_ACCOUNT(STANDARD);
    s->app.acknowledged_data = true;
    s->app.personal = &s->p;
    s->app.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    s->p.surname = "Образцова";
    s->p.name = "Анна";
    s->p.birth_date = "1990-01-15";
    s->p.sex = PB_SEX(FEMALE);
    s->p.snils = "112-233-445 95";
    s->p.policy_number = "9956510844000441";
    s->doc.type = PB_DOC(RF_PASSPORT);
    s->doc.series = "45 10";
    s->doc.number = "123456";
    s->p.document = &s->doc;
    s->rep.role = "PARENT";
    s->rep.surname = "Образцов";
    s->rep.name = "Пётр";
    s->rep.birth_date = "1985-05-05";
    s->rep_doc = s->doc;
    s->rep.document = &s->rep_doc;
}

/* One more paper. */
static inline void sample_paper(struct sample *s, PB(DocumentType) type, PB(EvidenceKind) kind, bool damaged)
{
    PB(Evidence) *v = &s->papers[s->app.n_evidence++];
    v->type = type;
    v->kind = kind;
    v->damaged = damaged;
}

static inline struct rulesets *rules_from(const char *text)
{
    struct rulesets *sets = NULL;
    struct err e = {0};
    FILE *f = fmemopen((void *)text, strlen(text), "r");
    if (!rulesets_load_stream(f, "test.ini", &sets, &e))
        fail_msg("%s", e.text);
    fclose(f);
    return sets;
}

/* Rule sets as they ship. */
static inline struct rulesets *rules_shipped(void)
{
    struct rulesets *sets = NULL;
    struct err e = {0};
    if (!rulesets_load_dir(SOURCE_DIR "/deploy/rules", &sets, &e))
        fail_msg("%s", e.text);
    return sets;
}

/* The same for a whole group of tests: its setup and teardown. */
static struct rulesets *shipped;
static inline int shipped_open(void **state)
{
    (void)state;
    shipped = rules_shipped();
    return 0;
}
static inline int shipped_close(void **state)
{
    (void)state;
    rulesets_free(shipped);
    return 0;
}

/* Rules on a local day, in the middle of it. */
static inline struct rule_ctx rules_on(const struct ruleset *r, const char *day, enum channel_kind c, PB(Profile) p)
{
    struct date d;
    assert_non_null(r);
    assert_true(date_parse(day, &d));
    return rules_at(r, date_start_ms(date_days(d), 180) + DATE_MS_OF_DAY / 2, c, p);
}
#endif
