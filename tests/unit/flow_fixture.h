/* flow_fixture.h - one service of the flow on the fake platform, a sample application, and everything that the service
 * emitted, decoded. Header only: for the tests of intake, identity and policy. */
#ifndef CLINIC_TESTS_FLOW_FIXTURE_H
#define CLINIC_TESTS_FLOW_FIXTURE_H
#include <sys/stat.h>
#include "base/log.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/digest.h"
#include "domain/enp.h"
#include "domain/pb.h"
#include "domain/policy.h"
#include "domain/trail.h"
#include "support/keyring_test.h"
#include "support/platform_fake.h"
#include "unit/help.h"

#define RECEIVED_MS 1778576400000LL /* Tuesday 2026-05-12, 09:00 UTC */
#define DAY_MS      86400000LL
#define SEEN_MAX    64

/* A record that the service wrote to another topic. */
struct seen {
    int topic;
    int32_t partition;
    enum event_id type;
    char key[64], subject[64];
    const void *msg;
    struct bytes value;
};

struct flow {
    struct platform *p;
    int service;
    struct keyring *keys;
    struct arena *mem;
    char keyring[64];
    char enp[17];
    char person_ref[PERSON_REF_LEN + 1];
    char id[37];
    PB(Application) app;
    PB(Personal) personal;
    PB(Document) document;
    struct seen seen[SEEN_MAX];
    size_t seen_n;
};

static const struct conf_opt flow_options[] = {
    {"rules.dir", CONF_STR, SOURCE_DIR "/deploy/rules", 0, 0, false, "rules"},
    {"calendar.dir", CONF_STR, SOURCE_DIR "/deploy/calendar", 0, 0, false, "calendars"},
    {"keyring.file", CONF_STR, NULL, 0, 0, false, "keys"},
    {0},
};
static const struct conf_opt flow_no_options[] = {{0}};

/* Of the leak checker, when it is linked. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* What init gives lives as long as the process: it is made once, and no leak. */
static inline void *flow_conf(const struct svc_def *def, const char *keyring, const char *rules_dir)
{
    static void *kept, *kept_other; /* with the shipped rules, and with a test's own */
    struct err e = {0};
    void **ret = rules_dir ? &kept_other : &kept;
    if (*ret)
        return *ret;
    const struct conf_opt *const tables[] = {flow_options, def->options ? def->options : flow_no_options, NULL};
    if (__lsan_disable)
        __lsan_disable();
    struct conf *c = conf_new(tables);
    if (!conf_set(c, "keyring.file", keyring, "test", &e) ||
        (rules_dir && !conf_set(c, "rules.dir", rules_dir, "test", &e)) || !def->init(c, ret, &e))
        fail_msg("%s: %s", e.code, e.text);
    if (__lsan_enable)
        __lsan_enable();
    return *ret;
}

static inline char *flow_text(struct flow *f, const char *s) { return arena_strdup(f->mem, s); }

/* A citizen of 42 with a policy of region 99, filing through the portal. */
static inline void flow_sample(struct flow *f)
{
    clinic__attach__v1__application__init(&f->app);
    clinic__attach__v1__personal__init(&f->personal);
    clinic__attach__v1__document__init(&f->document);
    enp_make(99, (struct date){1984, 3, 5}, PB_SEX(MALE), 1, f->enp);
    PB(Personal) *p = &f->personal;
    p->surname = flow_text(f, "Примеров");
    p->name = flow_text(f, "Пётр");
    p->patronymic = flow_text(f, "Петрович");
    p->birth_date = flow_text(f, "1984-03-05");
    p->sex = PB_SEX(MALE);
    p->snils = flow_text(f, "112-233-445 95");
    p->policy_form = PB_FORM(UNIFIED_ELECTRONIC);
    p->policy_number = f->enp;
    p->phone = flow_text(f, "+79990000001");
    p->email = flow_text(f, "primerov@example.org");
    p->document = &f->document;
    f->document.type = PB_DOC(RF_PASSPORT);
    f->document.series = flow_text(f, "45 99");
    f->document.number = flow_text(f, "000001");
    PB(Application) *a = &f->app;
    a->source = PB_SOURCE(MOSRU);
    a->external_ref = flow_text(f, "12-345");
    a->kind = PB_KIND(CHANGE);
    a->profile = PB_PROFILE(ADULT_THERAPEUTIC);
    a->region = flow_text(f, "RU-MOW");
    a->clinic_id = flow_text(f, "770001");
    a->account_level = PB_ACCOUNT(VERIFIED);
    a->acknowledged_data = true;
    a->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    a->personal = p;
    application_id_of(a->source, a->external_ref, f->id);
    person_ref_of(f->keys, f->enp, f->person_ref);
}

/* Papers as the desk sees them. */
static inline void flow_at_desk(struct flow *f)
{
    static const int types[] = {PB_DOC(RF_PASSPORT), PB_DOC(CHI_POLICY)};
    f->app.source = PB_SOURCE(CLINIC_DESK);
    f->app.n_evidence = N(types);
    f->app.evidence = ARENA_ARRAY(f->mem, PB(Evidence) *, N(types));
    for (size_t i = 0; i < N(types); i++) {
        f->app.evidence[i] = ARENA_NEW(f->mem, PB(Evidence));
        clinic__attach__v1__evidence__init(f->app.evidence[i]);
        f->app.evidence[i]->type = (PB(DocumentType))types[i];
        f->app.evidence[i]->kind = PB_EVIDENCE(ORIGINAL_SEEN);
    }
    application_id_of(f->app.source, f->app.external_ref, f->id);
}

static inline void flow_open(struct flow *f, const struct svc_def *def, int64_t now_ms, const char *rules_dir)
{
    struct err e = {0};
    memset(f, 0, sizeof *f);
    log_open("test", LOG_WARN);
    f->mem = arena_new(64u << 20, 1u << 20);
    if (!keyring_test_temp(f->keyring, &e) || !keyring_load(f->keyring, &f->keys, &e))
        fail_msg("%s: %s", e.code, e.text);
    f->p = platform_new(6, now_ms);
    platform_set_keys(f->p, f->keys);
    f->service = platform_add(f->p, def, flow_conf(def, f->keyring, rules_dir));
    flow_sample(f);
}

static inline void flow_close(struct flow *f)
{
    platform_free(f->p);
    keyring_free(f->keys);
    arena_free(f->mem);
    unlink(f->keyring);
}

/* --- what came out --- */

struct flow_reader {
    struct flow *f;
    int topic;
};

static inline void flow_note(void *ctx, const struct bus_rec *r)
{
    struct flow_reader *reader = ctx;
    struct flow *f = reader->f;
    int type = event_by_type(r->ce_type.p, r->ce_type.n);
    assert_true(type >= 0);
    assert_true(f->seen_n < SEEN_MAX);
    struct seen *s = &f->seen[f->seen_n++];
    *s = (struct seen){.topic = reader->topic, .partition = r->partition, .type = (enum event_id)type};
    snprintf(s->key, sizeof s->key, "%.*s", (int)r->key.n, (const char *)r->key.p);
    snprintf(s->subject, sizeof s->subject, "%.*s", (int)r->ce_subject.n, (const char *)r->ce_subject.p);
    s->value = bytes_of(arena_dup(f->mem, r->value.p, r->value.n), r->value.n);
    s->msg = protobuf_c_message_unpack(events[type].msg, arena_pb(f->mem), r->value.n, r->value.p);
    assert_non_null(s->msg);
}

/* Run until quiet and note everything on every topic but the facts and the registers. */
static inline void flow_run(struct flow *f)
{
    platform_run(f->p);
    f->seen_n = 0;
    for (int t = 0; t < TOPIC_N; t++) {
        struct flow_reader reader = {f, t};
        if (topics[t].cleanup == 'C')
            continue;
        for (int32_t part = 0; part < 6; part++)
            fake_each(platform_cluster(f->p), t, part, flow_note, &reader);
    }
}

static inline const struct seen *flow_nth(const struct flow *f, int topic, enum event_id type, size_t n)
{
    for (size_t i = 0; i < f->seen_n; i++)
        if (f->seen[i].topic == topic && f->seen[i].type == type && n-- == 0)
            return &f->seen[i];
    return NULL;
}

static inline size_t flow_count(const struct flow *f, int topic, enum event_id type)
{
    size_t n = 0;
    while (flow_nth(f, topic, type, n))
        n++;
    return n;
}

/* The one record of this type on this topic. */
static inline const void *flow_one(const struct flow *f, int topic, enum event_id type)
{
    assert_int_equal(flow_count(f, topic, type), 1);
    return flow_nth(f, topic, type, 0)->msg;
}

static inline void assert_dead(const struct flow *f, int dlq, const char *reason, const char *detail_begins)
{
    const PB(DeadLetter) *d = flow_one(f, dlq, EV_DEAD_LETTER);
    assert_string_equal(d->reason, reason);
    if (strncmp(d->detail, detail_begins, strlen(detail_begins)) != 0)
        fail_msg("detail \"%s\" does not begin with \"%s\"", d->detail, detail_begins);
}

static inline void assert_reason(PB(Reason) *const *list, size_t n, const char *code, const char *detail)
{
    assert_int_equal(n, 1);
    assert_string_equal(list[0]->code, code);
    assert_string_equal(list[0]->detail, detail);
}

/* No byte of the personal data in clear. */
static inline void assert_sealed(const struct seen *s)
{
    static const char *const texts[] = {"Примеров", "Пётр", "112-233-445 95", "+79990000001", "primerov"};
    for (size_t i = 0; i < N(texts); i++)
        assert_null(memmem(s->value.p, s->value.n, texts[i], strlen(texts[i])));
}

/* --- what goes in --- */

static inline void flow_submit_as(struct flow *f, const char *key)
{
    fake_publish_event(platform_cluster(f->p), TOPIC_INTAKE_INBOX, bytes_str(key), EV_APPLICATION_SUBMITTED, &f->app, "p-1",
                       "");
}

static inline void flow_register(struct flow *f, int topic, const char *key, enum event_id type, const void *msg)
{
    fake_publish_event(platform_cluster(f->p), topic, bytes_str(key), type, msg, "r-1", "");
}

/* A case as intake makes it. */
static inline PB(Case) * flow_case(struct flow *f)
{
    PB(Case) *c = ARENA_NEW(f->mem, PB(Case));
    clinic__attach__v1__case__init(c);
    c->application_id = f->id;
    c->person_ref = f->person_ref;
    c->application = arena_dup(f->mem, &f->app, sizeof f->app);
    c->application->sealed = seal_personal(f->keys, &f->personal, f->id, f->mem);
    c->application->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    c->received_at_ms = RECEIVED_MS;
    c->due_at_ms = RECEIVED_MS + 3 * DAY_MS;
    c->rule_set = ARENA_NEW(f->mem, PB(RuleSetRef));
    clinic__attach__v1__rule_set_ref__init(c->rule_set);
    c->rule_set->id = f->app.region;
    c->rule_set->version = 1;
    trail_add(f->mem, &c->trail, &c->n_trail, PB_STATUS(RECEIVED), RECEIVED_MS);
    trail_add(f->mem, &c->trail, &c->n_trail, PB_STATUS(REGISTERED), RECEIVED_MS);
    trail_add(f->mem, &c->trail, &c->n_trail, PB_STATUS(VERIFYING_IDENTITY), RECEIVED_MS);
    return c;
}
#endif
