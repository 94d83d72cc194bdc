#include "services/attachctl/ctl_access.h"
#include <stdio.h>
#include <string.h>
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/gateway/about.h"
#include "services/identity/identity.h"
#include "services/intake/intake.h"
#include "services/notification/notification.h"
#include "services/policy/policy.h"

#define ALL_TOPICS "clinic."
#define ALL_GROUPS "clinic.attach."

const struct svc_def *const ctl_services[] = {&intake_svc,   &identity_svc,     &policy_svc, &attachment_svc,
                                              &capacity_svc, &notification_svc, NULL};

const struct svc_output ctl_outputs[] = {
    {TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED},      {TOPIC_INTAKE_INBOX, EV_APPLICATION_WITHDRAWAL},
    {TOPIC_ATTACHMENT_INBOX, EV_ATTACHMENT_IMPORTED},    {TOPIC_REGISTRY_PERSON, EV_REGISTRY_PERSON},
    {TOPIC_REGISTRY_POLICY, EV_REGISTRY_POLICY},         {TOPIC_REGISTRY_CLINIC, EV_REGISTRY_CLINIC},
    {TOPIC_N},
};

struct list {
    struct access *v;
    size_t n;
};

static bool same(const struct access *a, const struct access *b)
{
    return strcmp(a->program, b->program) == 0 && a->operation == b->operation && a->resource == b->resource &&
           a->prefixed == b->prefixed && strcmp(a->name, b->name) == 0;
}

static void add(struct list *l, const struct access *a)
{
    for (size_t i = 0; i < l->n; i++)
        if (same(&l->v[i], a))
            return;
    must(l->n < ACCESS_MAX);
    l->v[l->n++] = *a;
}

static void on_topic(struct list *l, const char *program, enum access_operation op, int topic)
{
    struct access a = {program, op, ACCESS_TOPIC, false, ""};
    snprintf(a.name, sizeof a.name, "%s", topics[topic].name);
    add(l, &a);
}

static void on_prefix(struct list *l, const char *program, enum access_operation op, enum access_resource what,
                      const char *prefix)
{
    struct access a = {program, op, what, true, ""};
    snprintf(a.name, sizeof a.name, "%s", prefix);
    add(l, &a);
}

static void on_outputs(struct list *l, const char *program, const struct svc_output *outputs)
{
    for (; outputs->topic != TOPIC_N; outputs++)
        on_topic(l, program, ACCESS_WRITE, (int)outputs->topic);
}

/* Own facts and registers: of these a projection is made. */
static void on_sources(struct list *l, const char *program, enum access_operation op, const struct svc_def *def)
{
    for (const struct svc_table *t = def->tables; t->name; t++)
        on_topic(l, program, op, t->source < 0 ? (int)def->facts : t->source);
}

static void service(struct list *l, const struct svc_def *def)
{
    struct access group = {def->name, ACCESS_READ, ACCESS_GROUP, false, ""};
    char ids[sizeof group.name];
    on_topic(l, def->name, ACCESS_READ, (int)def->inbox);
    on_topic(l, def->name, ACCESS_READ, (int)def->facts);
    on_sources(l, def->name, ACCESS_READ, def);
    snprintf(group.name, sizeof group.name, ALL_GROUPS "%s", def->name);
    add(l, &group);
    on_outputs(l, def->name, def->outputs);
    on_topic(l, def->name, ACCESS_WRITE, (int)def->facts);
    on_topic(l, def->name, ACCESS_WRITE, (int)def->dlq);
    if (def->reports)
        on_topic(l, def->name, ACCESS_WRITE, (int)def->inbox);
    snprintf(ids, sizeof ids, "%s-", def->name); /* <service>-<instance> */
    on_prefix(l, def->name, ACCESS_WRITE, ACCESS_TXN, ids);
}

/* The gateway asks where the logs end of which it reads projections; it reads none of them. */
static void gateway(struct list *l)
{
    on_outputs(l, "gateway", gw_outputs);
    for (const struct svc_def *const *d = gw_reads; *d; d++)
        on_sources(l, "gateway", ACCESS_DESCRIBE, *d);
}

static void operator(struct list *l)
{
    on_prefix(l, OPERATOR, ACCESS_READ, ACCESS_TOPIC, ALL_TOPICS);
    on_prefix(l, OPERATOR, ACCESS_CREATE, ACCESS_TOPIC, ALL_TOPICS);
    on_prefix(l, OPERATOR, ACCESS_SETTINGS, ACCESS_TOPIC, ALL_TOPICS);
    on_prefix(l, OPERATOR, ACCESS_DESCRIBE, ACCESS_GROUP, ALL_GROUPS);
    on_prefix(l, OPERATOR, ACCESS_WRITE, ACCESS_TXN, LOAD_IDS);
    on_outputs(l, OPERATOR, ctl_outputs);
}

/* As README promises: submit to intake's inbox, follow on the topic of statuses, in groups that begin with its name. */
static void portal(struct list *l, const char *name)
{
    on_topic(l, name, ACCESS_WRITE, TOPIC_INTAKE_INBOX);
    on_topic(l, name, ACCESS_READ, TOPIC_APPLICATION);
    on_prefix(l, name, ACCESS_READ, ACCESS_GROUP, name);
}

size_t access_list(const char *const *portals, struct access ret[ACCESS_MAX])
{
    struct list l = {ret, 0};
    for (const struct svc_def *const *d = ctl_services; *d; d++)
        service(&l, *d);
    gateway(&l);
    operator(&l);
    for (; *portals; portals++)
        portal(&l, *portals);
    return l.n;
}
