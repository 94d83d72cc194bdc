#include "wire/wire.h"
#include <string.h>
#include "clinic/attach/v1/application.pb-c.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "clinic/attach/v1/registry.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"

enum { D = 'D', C = 'C', A = 'A', P = 'P' }; /* letters of topics.def */

#define TOPIC(id, name, cleanup, days, time, key) [TOPIC_##id] = {name, cleanup, days, time, key},
const struct topic_info topics[TOPIC_N] = {
#include "wire/topics.def"
};
#undef TOPIC

/* classes of events.def, as CloudEvents writes them */
#define PUBLIC "public"
#define INTERNAL "internal"
#define CONFIDENTIAL "confidential"
#define RESTRICTED "restricted"
#define EVENT(id, type, stem, class, days) [EV_##id] = {type, sizeof(type) - 1, &clinic__attach__v1__##stem##__descriptor, class, days},
const struct event_info events[EV_N] = {
#include "wire/events.def"
};
#undef EVENT

int topic_by_name(const char *name)
{
    for (int i = 0; i < TOPIC_N; i++)
        if (strcmp(topics[i].name, name) == 0)
            return i;
    return -1;
}

int event_by_type(const char *type, size_t len)
{
    for (int i = 0; i < EV_N; i++)
        if (events[i].type_n == len && memcmp(events[i].type, type, len) == 0)
            return i;
    return -1;
}

static uint32_t murmur2_tail(const uint8_t *p, size_t n, uint32_t h, uint32_t m)
{
    switch (n) {
    case 3:
        h ^= (uint32_t)p[2] << 16; /* fall through */
        __attribute__((fallthrough));
    case 2:
        h ^= (uint32_t)p[1] << 8;
        __attribute__((fallthrough));
    case 1:
        h ^= p[0];
        h *= m;
    }
    return h;
}

/* The variant of Kafka's Java client: seed 0x9747b28c, sign bit cleared before the modulo. */
static uint32_t murmur2(const uint8_t *p, size_t n)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28cU ^ (uint32_t)n;
    for (; n >= 4; p += 4, n -= 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = h * m ^ k;
    }
    h = murmur2_tail(p, n, h, m);
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

int32_t wire_partition(struct bytes key, int32_t partitions)
{
    return (int32_t)((murmur2(key.p, key.n) & 0x7fffffff) % (uint32_t)partitions);
}
