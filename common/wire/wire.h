/* wire.h - topics and messages by name, and the partition of a key. Pure.
 * One list each: topics.def, events.def. */
#ifndef CLINIC_WIRE_H
#define CLINIC_WIRE_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"

#define TOPIC(id, name, cleanup, days, time, key) TOPIC_##id,
enum topic_id {
#include "wire/topics.def"
    TOPIC_N
};
#undef TOPIC

struct topic_info {
    const char *name;
    char cleanup;          /* D delete, C compact */
    int retention_days;    /* 0 = for ever */
    char time;             /* A LogAppendTime, P CreateTime */
    const char *key;       /* what the key is, for documents */
};
extern const struct topic_info topics[TOPIC_N];
int topic_by_name(const char *name); /* topic_id, or -1 */

#define EVENT(id, type, stem, class, days) EV_##id,
enum event_id {
#include "wire/events.def"
    EV_N
};
#undef EVENT

struct event_info {
    const char *type;                          /* ce_type */
    size_t type_n;                             /* its length */
    const ProtobufCMessageDescriptor *msg;
    const char *data_class;                    /* ce_dataclassification: public, internal, confidential or restricted */
    int days;                                  /* to ce_expirytime; 0 = it never goes out of date */
};
extern const struct event_info events[EV_N];
int event_by_type(const char *type, size_t len); /* event_id, or -1 */

/* Kafka's murmur2 of the key, as Java clients and librdkafka's murmur2 partitioner compute the partition. */
int32_t wire_partition(struct bytes key, int32_t partitions);
#endif
