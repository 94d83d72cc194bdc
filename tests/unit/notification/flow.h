/* flow.h - the notification service on the fake platform: ask, report, let time pass, look at what was ordered and said. */
#ifndef NOTIFICATION_FLOW_H
#define NOTIFICATION_FLOW_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "notice.h"
#include "notification.h"
#include "support/keyring_test.h"
#include "support/platform_fake.h"

#define FLOW_NOW   1790000000000LL /* 2026-09-21T14:13:20Z */
#define FLOW_APP   "8e03978e-40d5-43e8-bc93-6894a57f9324"
#define FLOW_MAX   64

struct flow_order {
    PB(Channel) channel;
    uint32_t attempt;
    bool again, has_contacts;
    char milestone[8];
    int64_t expires_in_ms;
};
struct flow_issue {
    char milestone[8], recipient[16], state[16], cause[64], template[64], recipient_id[16], text[4096];
    PB(Channel) channel;
};
struct flow {
    struct platform *p;
    int service;
    struct settings *set;
    struct arena *mem;
    int input_n;
    struct flow_order orders[FLOW_MAX];
    size_t orders_n;
    struct flow_issue issues[FLOW_MAX];
    size_t issues_n;
};

static void flow_on_order(void *ctx, const void *msg, const char *trace)
{
    struct flow *f = ctx;
    const PB(NotificationOrder) *o = msg;
    (void)trace;
    assert_true(f->orders_n < FLOW_MAX);
    struct flow_order *at = &f->orders[f->orders_n++];
    *at = (struct flow_order){o->channel, o->attempt, o->again, o->request != NULL, "", o->expires_in_ms};
    snprintf(at->milestone, sizeof at->milestone, "%s", o->milestone);
}

static struct settings *flow_settings(void)
{
    char path[64];
    struct err e = {0};
    struct settings *s = calloc(1, sizeof *s);
    assert_true(keyring_test_temp(path, &e));
    assert_true(keyring_load(path, &s->keys, &e));
    unlink(path);
    assert_true(texts_load(SOURCE_DIR "/deploy/templates", "ru", &s->texts, &e));
    assert_true(rulesets_load_dir(SOURCE_DIR "/deploy/rules", &s->rules, &e));
    for (int i = 0; i < PB_CHANNEL_N; i++)
        s->on[i] = true;
    s->attempts_max = 3;
    s->backoff_ms = 30000;
    s->backoff_max_ms = 40000;
    s->answer_ms = 60000;
    s->retention_ms = 86400000;
    return s;
}

static int flow_setup(void **state)
{
    struct flow *f = calloc(1, sizeof *f);
    log_open("test", LOG_ERROR);
    f->set = flow_settings();
    f->mem = arena_new(64 << 20, 1 << 20);
    f->p = platform_new(2, FLOW_NOW);
    platform_set_keys(f->p, f->set->keys);
    f->service = platform_add(f->p, &notification_svc, f->set);
    platform_on_outbound(f->p, f->service, flow_on_order, f);
    *state = f;
    return 0;
}

static int flow_teardown(void **state)
{
    struct flow *f = *state;
    platform_free(f->p);
    settings_free(f->set);
    arena_free(f->mem);
    free(f);
    return 0;
}

static void flow_note(struct flow *f, const PB(Notice) * m)
{
    assert_true(f->issues_n < FLOW_MAX);
    struct flow_issue *at = &f->issues[f->issues_n++];
    memset(at, 0, sizeof *at);
    at->channel = m->channel;
    snprintf(at->milestone, sizeof at->milestone, "%s", m->milestone);
    snprintf(at->recipient, sizeof at->recipient, "%s", m->recipient);
    snprintf(at->state, sizeof at->state, "%s", m->state);
    snprintf(at->cause, sizeof at->cause, "%s", m->cause);
    snprintf(at->template, sizeof at->template, "%s", m->template_);
    snprintf(at->recipient_id, sizeof at->recipient_id, "%s", m->recipient_id);
    snprintf(at->text, sizeof at->text, "%s", m->text);
}

static void flow_on_issue(void *ctx, const struct bus_rec *r)
{
    struct flow *f = ctx;
    PB(NotificationIssued) *m = clinic__attach__v1__notification_issued__unpack(arena_pb(f->mem), r->value.n, r->value.p);
    assert_non_null(m);
    assert_true(m->n_notices > 0);
    for (size_t i = 0; i < m->n_notices; i++)
        flow_note(f, m->notices[i]);
}

/* Run until quiet and read all that was said. */
static void flow_run(struct flow *f)
{
    platform_run(f->p);
    f->issues_n = 0;
    for (int32_t part = 0; part < 2; part++)
        fake_each(platform_cluster(f->p), TOPIC_NOTIFICATION, part, flow_on_issue, f);
}

static void flow_advance(struct flow *f, int64_t ms)
{
    platform_advance(f->p, ms);
    flow_run(f);
}

struct flow_person {
    const char *phone, *email;
};

static PB(NotificationRequested) * flow_request(struct flow *f, const char *milestone, struct flow_person person)
{
    PB(NotificationRequested) *r = ARENA_NEW(f->mem, PB(NotificationRequested));
    PB(Case) *k = ARENA_NEW(f->mem, PB(Case));
    PB(Application) *a = ARENA_NEW(f->mem, PB(Application));
    PB(RuleSetRef) *rules = ARENA_NEW(f->mem, PB(RuleSetRef));
    PB(Personal) p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    clinic__attach__v1__notification_requested__init(r);
    clinic__attach__v1__case__init(k);
    clinic__attach__v1__application__init(a);
    clinic__attach__v1__rule_set_ref__init(rules);
    p.surname = "Тестова";
    p.name = "Мария";
    p.patronymic = "Ивановна";
    p.policy_number = "9900000000000017";
    p.phone = (char *)person.phone;
    p.email = (char *)person.email;
    rules->id = "RU-MOW";
    rules->version = 1;
    a->source = PB_SOURCE(MOSRU);
    a->external_ref = "12-345";
    a->profile = PB_PROFILE(ADULT_THERAPEUTIC);
    a->clinic_id = "770001";
    a->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    a->sealed = seal_personal(f->set->keys, &p, FLOW_APP, f->mem);
    k->application_id = FLOW_APP;
    k->person_ref = "AAAAAAAAAAAAAAAA";
    k->application = a;
    k->rule_set = rules;
    k->received_at_ms = FLOW_NOW;
    k->due_at_ms = FLOW_NOW + 3 * 86400000LL;
    k->insurer_id = "77001";
    r->case_ = k;
    r->milestone = (char *)milestone;
    return r;
}

static void flow_publish(struct flow *f, enum event_id type, const void *msg)
{
    char id[32];
    snprintf(id, sizeof id, "test-%d", ++f->input_n);
    fake_publish_event(platform_cluster(f->p), TOPIC_NOTIFICATION_INBOX, bytes_str("AAAAAAAAAAAAAAAA"), type, msg, id,
                       FLOW_APP);
    flow_run(f);
}

static void flow_ask(struct flow *f, const PB(NotificationRequested) * r) { flow_publish(f, EV_NOTIFICATION_REQUESTED, r); }

static void flow_report(struct flow *f, const char *milestone, PB(Channel) channel, uint32_t attempt,
                        PB(SendResult) result)
{
    PB(SendReported) r = CLINIC__ATTACH__V1__SEND_REPORTED__INIT;
    r.application_id = FLOW_APP;
    r.milestone = (char *)milestone;
    r.channel = channel;
    r.attempt = attempt;
    r.result = result;
    r.cause = "test_cause";
    r.person_ref = "AAAAAAAAAAAAAAAA";
    flow_publish(f, EV_SEND_REPORTED, &r);
}

static inline void flow_receipt(struct flow *f, const char *milestone, bool delivered)
{
    PB(ReceiptArrived) r = CLINIC__ATTACH__V1__RECEIPT_ARRIVED__INIT;
    r.application_id = FLOW_APP;
    r.milestone = (char *)milestone;
    r.channel = PB_CHANNEL(SMS);
    r.delivered = delivered;
    r.cause = delivered ? "DELIVRD" : "UNDELIV";
    r.person_ref = "AAAAAAAAAAAAAAAA";
    flow_publish(f, EV_RECEIPT_ARRIVED, &r);
}

static const PB(NoticeState) * flow_state(struct flow *f, const char *milestone)
{
    return platform_get(f->p, f->service, TABLE_NOTICE, notice_key(f->mem, FLOW_APP, milestone), f->mem);
}

/* How often something was said. */
static size_t flow_said(const struct flow *f, const char *milestone, PB(Channel) channel, const char *state)
{
    size_t n = 0;
    for (size_t i = 0; i < f->issues_n; i++)
        n += f->issues[i].channel == channel && strcmp(f->issues[i].milestone, milestone) == 0 &&
             strcmp(f->issues[i].state, state) == 0;
    return n;
}

static const struct flow_issue *flow_issue(const struct flow *f, const char *milestone, PB(Channel) channel)
{
    for (size_t i = 0; i < f->issues_n; i++)
        if (f->issues[i].channel == channel && strcmp(f->issues[i].milestone, milestone) == 0)
            return &f->issues[i];
    fail_msg("%s on channel %d was not said", milestone, (int)channel);
    return NULL;
}

static size_t flow_ordered(const struct flow *f, PB(Channel) channel)
{
    size_t n = 0;
    for (size_t i = 0; i < f->orders_n; i++)
        n += f->orders[i].channel == channel;
    return n;
}
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, flow_setup, flow_teardown)
#define FLOW_BOTH  ((struct flow_person){"+79990000017", "maria@clinic.example"})
#endif
