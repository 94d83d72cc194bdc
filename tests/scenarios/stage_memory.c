/* stage_memory.c - a scenario on the six services in one process, on fakes, with a clock that only the scenario moves.
 * Everything is real but Kafka, Redis and the providers: rules, calendars, templates, sealing, the commit protocol. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/identity/identity.h"
#include "services/intake/intake.h"
#include "services/notification/notification.h"
#include "services/policy/policy.h"
#include "stage.h"
#include "support/init_test.h"
#include "support/platform_fake.h"

#define PARTITIONS 3
#define SERVICES   6

static const struct svc_def *const defs[SERVICES] = {&intake_svc,     &identity_svc, &policy_svc,
                                                     &attachment_svc, &capacity_svc, &notification_svc};

/* Topics whose records are seen. */
static const enum topic_id watched[] = {TOPIC_APPLICATION, TOPIC_ATTACHMENT, TOPIC_NOTIFICATION,
                                        TOPIC_ATTACHMENT_FACTS, TOPIC_CAPACITY_FACTS, TOPIC_ATTACHMENT_INBOX};
#define WATCHED (sizeof watched / sizeof *watched)

struct memory {
    struct stage stage;
    struct keyring *keys;
    struct platform *platform;          /* NULL before the first clock */
    size_t read[WATCHED][PARTITIONS];   /* records given to the seen */
    struct seen *seen;
    size_t passed;                      /* of the partition being read */
    int topic;
};

/* Rules, calendars, texts and keys are read once a process. */
static void *svc_confs[SERVICES];

static const struct conf_opt common[] = {
    {"rules.dir", CONF_STR, "", 0, 0, false, "rule sets"},
    {"calendar.dir", CONF_STR, "", 0, 0, false, "production calendars"},
    {"keyring.file", CONF_STR, "", 0, 0, false, "keys"},
    {0},
};

static bool set_paths(struct conf *c, const char *source_dir, const char *keyring_file, bool notification,
                      struct err *e)
{
    char path[400];
    const char *const dirs[][2] = {{"rules.dir", "deploy/rules"}, {"calendar.dir", "deploy/calendar"}};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", source_dir, dirs[i][1]);
        if (!conf_set(c, dirs[i][0], path, "scenario", e))
            return false;
    }
    if (!conf_set(c, "keyring.file", keyring_file, "scenario", e))
        return false;
    snprintf(path, sizeof path, "%s/deploy/templates", source_dir);
    return !notification || (conf_set(c, "templates.dir", path, "scenario", e) &&
                             conf_set(c, "smtp.url", "smtp://127.0.0.1:25", "scenario", e) &&
                             conf_set(c, "sms.provider", "smpp", "scenario", e));
}

static bool init_service(int i, const char *source_dir, const char *keyring_file, struct err *e)
{
    const struct conf_opt *tables[] = {common, defs[i]->options, NULL};
    if (svc_confs[i])
        return true;
    struct conf *c = conf_new(tables);
    bool ok = set_paths(c, source_dir, keyring_file, defs[i] == &notification_svc, e) &&
              (init_test(defs[i], c, &svc_confs[i], e) || err_prefix(e, "%s", defs[i]->name));
    conf_free(c);
    return ok;
}

/* The first clock makes the platform; later ones let time pass, and due work with it. */
static void clock_to(struct stage *st, int64_t now_ms)
{
    struct memory *m = (struct memory *)st;
    if (m->platform) {
        must(now_ms >= platform_now(m->platform));
        platform_advance(m->platform, now_ms - platform_now(m->platform));
        return;
    }
    m->platform = platform_new(PARTITIONS, now_ms);
    platform_set_keys(m->platform, m->keys);
    for (int i = 0; i < SERVICES; i++)
        must(platform_add(m->platform, defs[i], svc_confs[i]) == i);
}

static bool publish(struct stage *st, const struct scn_record *r, struct err *e)
{
    struct memory *m = (struct memory *)st;
    (void)e;
    fake_publish_event(platform_cluster(m->platform), (int)r->topic, bytes_str(r->key), r->type, r->msg, r->id,
                       r->subject);
    return true;
}

static bool registered(struct stage *st, struct err *e)
{
    (void)e;
    platform_run(((struct memory *)st)->platform);
    return true;
}

static bool hold(struct stage *st, const char *service, bool held, struct err *e)
{
    (void)e;
    platform_hold(((struct memory *)st)->platform, scn_service(service), held);
    return true;
}

static void on_record(void *ctx, const struct bus_rec *r)
{
    struct memory *m = ctx;
    if (m->passed) {
        m->passed--;
        return;
    }
    seen_add(m->seen, r->topic, r->key, r->ce_type.p, r->ce_type.n, r->value);
    for (size_t i = 0; i < WATCHED; i++)
        m->read[i][r->partition] += watched[i] == (enum topic_id)r->topic;
}

static bool until(struct stage *st, struct seen *s, bool (*holds)(void *ctx, char *why, size_t cap), void *ctx,
                  char *why, size_t cap)
{
    struct memory *m = (struct memory *)st;
    platform_run(m->platform);
    m->seen = s;
    for (size_t i = 0; i < WATCHED; i++)
        for (int32_t p = 0; p < PARTITIONS; p++) {
            m->passed = m->read[i][p];
            fake_each(platform_cluster(m->platform), (int)watched[i], p, on_record, m);
        }
    return holds(ctx, why, cap);
}

static void close_stage(struct stage *st)
{
    struct memory *m = (struct memory *)st;
    platform_free(m->platform);
    keyring_free(m->keys);
    free(m);
}

static const struct stage_ops memory_ops = {
    .clock = clock_to, .publish = publish, .registered = registered, .hold = hold, .until = until, .close = close_stage};

bool stage_memory_open(const char *source_dir, const char *keyring_file, struct stage **ret, struct err *e)
{
    struct memory *m = calloc(1, sizeof *m);
    must(m);
    m->stage.ops = &memory_ops;
    bool ok = keyring_load(keyring_file, &m->keys, e);
    for (int i = 0; ok && i < SERVICES; i++)
        ok = init_service(i, source_dir, keyring_file, e);
    *ret = &m->stage;
    return ok;
}

struct fake_cluster *stage_memory_cluster(struct stage *st) { return platform_cluster(((struct memory *)st)->platform); }

const void *stage_memory_conf(const struct svc_def *def)
{
    for (int i = 0; i < SERVICES; i++)
        if (defs[i] == def)
            return svc_confs[i];
    must(!"one of the six services");
    return NULL;
}
