/* Keeping the fetch queues small without standing still. */
#include "runtime/bus_kafka_impl.h"

#define SLEEPS_BEFORE 0x020200ff /* version with fetch.queue.backoff.ms */
enum { WAKE_MS = 100 };          /* longest wait for the answer, which nobody needs; it takes a round trip */

/* Before 2.2 a thread that finds its queue full sleeps up to a second, however soon there is room again. A request to the
 * leaders wakes their threads, and they look at the queue; this is the cheapest one there is. */
static void wake_leaders(rd_kafka_t *rk, int topic, const int32_t *parts, size_t n)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, topics[topic].name, parts[i])->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_offsets_for_times(rk, list, WAKE_MS);
    rd_kafka_topic_partition_list_destroy(list);
}

void bus_kafka_nudge(rd_kafka_t *rk, struct kafka_taken *t, size_t n, int topic, const int32_t *parts, size_t parts_n)
{
    t->n += n;
    if (t->n < t->every)
        return;
    t->n = 0;
    if (parts_n > 0 && rd_kafka_version() < SLEEPS_BEFORE)
        wake_leaders(rk, topic, parts, parts_n);
}

void bus_kafka_nudge_inbox(struct bus_kafka *b, size_t n)
{
    int32_t parts[KAFKA_NUDGED_MAX];
    size_t parts_n = 0;
    for (int32_t p = 0; p < b->parts_n && parts_n < KAFKA_NUDGED_MAX; p++)
        if (b->parts[p].assigned && !b->parts[p].paused)
            parts[parts_n++] = p;
    bus_kafka_nudge(b->consumer, &b->taken, n, b->inbox, parts, parts_n);
}
