/* Topics: what there is, and creating what topics.def wants. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"

enum { METADATA_TIMEOUT_MS = 5000, CREATE_TIMEOUT_MS = 30000 };

/* Segments small enough that the cleaner, which never touches the one being written, keeps a replay short; tombstones
 * stay longer than the longest catch-up. */
static const struct topic_setting compacted[] = {
    {"segment.bytes", "67108864"},
    {"min.cleanable.dirty.ratio", "0.2"},
    {"delete.retention.ms", "604800000"},
};

int32_t bus_kafka_partitions(struct bus *bus, int topic, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    const struct rd_kafka_metadata *md;
    rd_kafka_t *rk = kafka_side_get(&b->observer, e);
    if (!rk)
        return -1;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topics[topic].name, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, rkt, &md, METADATA_TIMEOUT_MS);
    int32_t n = -1;
    if (!code) {
        code = md->topic_cnt == 1 ? md->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        n = code ? -1 : md->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(md);
    }
    rd_kafka_topic_destroy(rkt);
    return kafka_done(rk, code, topics[topic].name, e) ? n : -1;
}

static bool admin_open(const struct conf *c, rd_kafka_t **ret, struct err *e)
{
    rd_kafka_conf_t *kc;
    return kafka_conf_new(c, KAFKA_ADMIN, "clinic-admin", NULL, &kc, e) &&
           kafka_handle_new(RD_KAFKA_PRODUCER, kc, ret, e);
}

static int replicas_of(const struct rd_kafka_metadata_topic *t) { return t->partition_cnt ? t->partitions[0].replica_cnt : 0; }

bool kafka_topics_plan(const struct conf *c, struct topic_plan ret[TOPIC_N], struct err *e)
{
    const struct rd_kafka_metadata *md;
    rd_kafka_t *rk;
    if (!admin_open(c, &rk, e))
        return false;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 1, NULL, &md, METADATA_TIMEOUT_MS);
    if (!code) {
        for (int i = 0; i < TOPIC_N; i++)
            ret[i] = (struct topic_plan){.topic = i};
        for (int i = 0; i < md->topic_cnt; i++) {
            int t = topic_by_name(md->topics[i].topic);
            if (t >= 0 && !md->topics[i].err)
                ret[t] = (struct topic_plan){.topic = t, .exists = true, .partitions = md->topics[i].partition_cnt,
                                             .replicas = replicas_of(&md->topics[i])};
        }
        rd_kafka_metadata_destroy(md);
    }
    bool ok = kafka_done(rk, code, "list of topics", e);
    rd_kafka_destroy(rk);
    return ok;
}

static struct topic_setting setting(const char *name, const char *value)
{
    struct topic_setting s = {.name = name};
    snprintf(s.value, sizeof s.value, "%s", value);
    return s;
}

size_t kafka_topic_settings(int topic, int replication, struct topic_setting ret[TOPIC_SETTINGS_MAX])
{
    const struct topic_info *t = &topics[topic];
    char retention[24];
    size_t n = 0;
    snprintf(retention, sizeof retention, "%lld",
             t->retention_days ? (long long)t->retention_days * 86400000 : -1LL);
    ret[n++] = setting("cleanup.policy", t->cleanup == 'C' ? "compact" : "delete");
    ret[n++] = setting("retention.ms", retention);
    ret[n++] = setting("message.timestamp.type", t->time == 'A' ? "LogAppendTime" : "CreateTime");
    ret[n++] = setting("min.insync.replicas", replication >= 3 ? "2" : "1");
    for (size_t i = 0; t->cleanup == 'C' && i < sizeof compacted / sizeof *compacted; i++)
        ret[n++] = compacted[i];
    return n;
}

static rd_kafka_NewTopic_t *wanted(int topic, int32_t partitions, int replication, struct err *e)
{
    char text[200];
    struct topic_setting settings[TOPIC_SETTINGS_MAX];
    rd_kafka_NewTopic_t *nt = rd_kafka_NewTopic_new(topics[topic].name, partitions, replication, text, sizeof text);
    if (!nt) {
        err_set(e, ERR_FATAL, "BUS-FATAL", "topic %s: %s", topics[topic].name, text);
        return NULL;
    }
    size_t n = kafka_topic_settings(topic, replication, settings);
    for (size_t i = 0; i < n; i++)
        must(rd_kafka_NewTopic_set_config(nt, settings[i].name, settings[i].value) == RD_KAFKA_RESP_ERR_NO_ERROR);
    return nt;
}

/* Another instance may have been faster: a topic that exists by now is fine. */
static bool take_results(rd_kafka_event_t *ev, struct err *e)
{
    size_t n = 0;
    if (rd_kafka_event_error(ev))
        return kafka_read_fail(rd_kafka_event_error(ev), "create topics", rd_kafka_event_error_string(ev), e);
    const rd_kafka_topic_result_t **res =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &n);
    for (size_t i = 0; i < n; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(res[i]);
        if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return kafka_read_fail(code, rd_kafka_topic_result_name(res[i]), rd_kafka_topic_result_error_string(res[i]),
                                   e);
    }
    return true;
}

/* --- settings of topics that exist --- */

static const char *value_of(const rd_kafka_ConfigResource_t *r, const char *name)
{
    size_t n;
    const rd_kafka_ConfigEntry_t **all = rd_kafka_ConfigResource_configs(r, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(all[i]), name) == 0 && rd_kafka_ConfigEntry_value(all[i]))
            return rd_kafka_ConfigEntry_value(all[i]);
    return "";
}

static bool compare_one(struct topic_plan *p, const rd_kafka_ConfigResource_t *r, int replication, struct err *e)
{
    struct topic_setting wanted[TOPIC_SETTINGS_MAX];
    rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(r);
    if (code)
        return kafka_read_fail(code, rd_kafka_ConfigResource_name(r), rd_kafka_ConfigResource_error_string(r), e);
    size_t n = kafka_topic_settings(p->topic, replication > p->replicas ? replication : p->replicas, wanted);
    p->differ_n = 0;
    for (size_t i = 0; i < n; i++) {
        const char *is = value_of(r, wanted[i].name);
        if (strcmp(is, wanted[i].value) == 0)
            continue;
        struct topic_difference *d = &p->differ[p->differ_n++];
        d->wanted = wanted[i];
        snprintf(d->is, sizeof d->is, "%s", is);
    }
    return true;
}

static bool compare_all(rd_kafka_event_t *ev, struct topic_plan *plan, int replication, struct err *e)
{
    size_t n = 0;
    if (rd_kafka_event_error(ev))
        return kafka_read_fail(rd_kafka_event_error(ev), "settings of topics", rd_kafka_event_error_string(ev), e);
    const rd_kafka_ConfigResource_t **all =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(ev), &n);
    for (size_t i = 0; i < n; i++) {
        int t = topic_by_name(rd_kafka_ConfigResource_name(all[i]));
        if (t >= 0 && !compare_one(&plan[t], all[i], replication, e))
            return false;
    }
    return true;
}

static bool compare(rd_kafka_t *rk, rd_kafka_ConfigResource_t **of, size_t n, struct topic_plan *plan, int replication,
                    struct err *e)
{
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_DescribeConfigs(rk, of, n, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, CREATE_TIMEOUT_MS);
    bool ok = ev ? compare_all(ev, plan, replication, e) : err_set(e, ERR_RETRY, "BUS-RETRY", "settings of topics: no answer");
    if (ev)
        rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(q);
    return ok;
}

bool kafka_topics_compare(const struct conf *c, struct topic_plan plan[TOPIC_N], int replication, struct err *e)
{
    rd_kafka_ConfigResource_t *of[TOPIC_N];
    rd_kafka_t *rk;
    size_t n = 0;
    bool ok = true;
    for (int i = 0; i < TOPIC_N; i++)
        if (plan[i].exists)
            of[n++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[plan[i].topic].name);
    if (n > 0 && (ok = admin_open(c, &rk, e))) {
        ok = compare(rk, of, n, plan, replication, e);
        rd_kafka_destroy(rk);
    }
    rd_kafka_ConfigResource_destroy_array(of, n);
    return ok;
}

/* --- creating --- */

static bool create(rd_kafka_t *rk, rd_kafka_NewTopic_t **want, size_t n, struct err *e)
{
    char text[200];
    rd_kafka_AdminOptions_t *opt = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(opt, CREATE_TIMEOUT_MS, text, sizeof text);
    rd_kafka_AdminOptions_set_operation_timeout(opt, CREATE_TIMEOUT_MS, text, sizeof text);
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, want, n, opt, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, CREATE_TIMEOUT_MS + 1000);
    bool ok = ev ? take_results(ev, e) : err_set(e, ERR_RETRY, "BUS-RETRY", "create topics: no answer");
    if (ev)
        rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(q);
    rd_kafka_AdminOptions_destroy(opt);
    return ok;
}

static bool is_served(rd_kafka_t *rk, int topic, int32_t partitions, struct err *e)
{
    int64_t low, high;
    for (int32_t p = 0; p < partitions; p++) {
        rd_kafka_resp_err_t code =
            rd_kafka_query_watermark_offsets(rk, topics[topic].name, p, &low, &high, METADATA_TIMEOUT_MS);
        if (code)
            return kafka_read_fail(code, topics[topic].name, NULL, e);
    }
    return true;
}

/* Created is not yet served: wait until every new partition answers, so that the caller may use it at once. */
static bool await_served(rd_kafka_t *rk, const struct topic_plan *plan, int32_t partitions, struct err *e)
{
    int64_t deadline = kafka_mono_ms() + CREATE_TIMEOUT_MS;
    for (int i = 0; i < TOPIC_N; i++)
        while (!plan[i].exists && !is_served(rk, plan[i].topic, partitions, e)) {
            if (e->cls != ERR_RETRY || kafka_mono_ms() > deadline)
                return false;
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        }
    return true;
}

bool kafka_topics_create(const struct conf *c, const struct topic_plan *plan, int32_t partitions, int replication,
                         struct err *e)
{
    rd_kafka_NewTopic_t *want[TOPIC_N];
    rd_kafka_t *rk;
    size_t n = 0;
    bool ok = true;
    for (int i = 0; ok && i < TOPIC_N; i++)
        if (!plan[i].exists)
            ok = (want[n] = wanted(plan[i].topic, partitions, replication, e)) && ++n;
    if (ok && n > 0 && (ok = admin_open(c, &rk, e))) {
        ok = create(rk, want, n, e) && await_served(rk, plan, partitions, e);
        rd_kafka_destroy(rk);
    }
    rd_kafka_NewTopic_destroy_array(want, n);
    return ok;
}
