/* ctl_kafka.c - offsets of other groups and offsets by time, straight from librdkafka: tools only. */
#include "runtime/kafka_conf.h"
#include "runtime/kafka_error.h"
#include "services/attachctl/ctl.h"
#include "services/attachctl/retry.h"

#define TIMEOUT_MS 10000

int32_t ctl_partitions(struct bus *b, int topic, struct err *e)
{
    struct retry r = {0};
    int32_t n;
    do
        n = bus_kafka_partitions(b, topic, e);
    while (n < 0 && retry_again(&r, e));
    return n;
}

bool ctl_topics_plan(const struct conf *c, int replication, struct topic_plan ret[TOPIC_N], struct err *e)
{
    struct retry r = {0};
    bool good;
    do
        good = kafka_topics_plan(c, ret, e) && (replication == 0 || kafka_topics_compare(c, ret, replication, e));
    while (!good && retry_again(&r, e));
    return good;
}

static bool consumer(const struct conf *c, const char *group, rd_kafka_t **ret, struct err *e)
{
    rd_kafka_conf_t *kc;
    return kafka_conf_new(c, KAFKA_SCAN, "attachctl", group, &kc, e) &&
           kafka_handle_new(RD_KAFKA_CONSUMER, kc, ret, e);
}

bool ctl_committed(const struct conf *c, const char *service, int topic, int32_t parts, int64_t *ret, struct err *e)
{
    char group[128];
    rd_kafka_t *rk;
    snprintf(group, sizeof group, "clinic.attach.%s", service);
    if (!consumer(c, group, &rk, e))
        return false;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(parts);
    rd_kafka_topic_partition_list_add_range(list, topics[topic].name, 0, parts - 1);
    struct retry r = {0};
    bool good;
    do
        good = kafka_done(rk, rd_kafka_committed(rk, list, TIMEOUT_MS), "committed offsets", e);
    while (!good && retry_again(&r, e));
    for (int32_t p = 0; p < parts; p++)
        ret[p] = list->elems[p].offset >= 0 ? list->elems[p].offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    return good;
}

static bool offset_at(rd_kafka_t *rk, int topic, int32_t part, int64_t ms, int64_t *ret, struct err *e)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topics[topic].name, part)->offset = ms;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(rk, list, TIMEOUT_MS);
    int64_t low = 0, high = 0;
    if (!code)
        code = list->elems[0].err;
    if (!code)
        code = rd_kafka_query_watermark_offsets(rk, topics[topic].name, part, &low, &high, TIMEOUT_MS);
    *ret = list->elems[0].offset >= 0 ? list->elems[0].offset : high;
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_done(rk, code, "offsets by time", e);
}

bool ctl_offset_at(const struct conf *c, int topic, int32_t part, int64_t ms, int64_t *ret, struct err *e)
{
    rd_kafka_t *rk;
    struct retry r = {0};
    bool good;
    if (!consumer(c, "attachctl", &rk, e))
        return false;
    do
        good = offset_at(rk, topic, part, ms, ret, e);
    while (!good && retry_again(&r, e));
    rd_kafka_destroy(rk);
    return good;
}
