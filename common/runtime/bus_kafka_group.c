/* Membership and position in the inbox. Callbacks come inside poll() only (and inside close, where nobody listens). */
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_error.h"

enum { COMMITTED_TIMEOUT_MS = 3000, SEEK_TIMEOUT_MS = 5000 };

int64_t kafka_mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The generation and member id of group metadata are only in its serialized form before librdkafka 2.8: magic, int32
 * generation, group id and member id, both ended by zero. The broker accepts an offset commit of a transaction without
 * them from anyone, so metadata without them must never be used. */
bool bus_kafka_member_is_valid(const rd_kafka_consumer_group_metadata_t *md)
{
    static const char magic[] = "CGMDv2:";
    const size_t head = sizeof magic - 1 + sizeof(int32_t);
    int32_t generation = -1;
    void *buf = NULL;
    size_t n = 0;
    rd_kafka_error_t *ke = md ? rd_kafka_consumer_group_metadata_write(md, &buf, &n) : NULL;
    if (!md || ke) {
        rd_kafka_error_destroy(ke);
        return false;
    }
    must(n > head && memcmp(buf, magic, sizeof magic - 1) == 0); /* a library that writes it otherwise: do not guess */
    memcpy(&generation, (char *)buf + sizeof magic - 1, sizeof generation);
    const char *group = (char *)buf + head, *end = (char *)buf + n;
    const char *member = memchr(group, '\0', (size_t)(end - group));
    bool ok = generation >= 0 && member && member + 1 < end && member[1] != '\0';
    rd_kafka_mem_free(NULL, buf);
    return ok;
}

struct kafka_part *bus_kafka_part(struct bus_kafka *b, int32_t part)
{
    return part >= 0 && part < b->parts_n && b->parts[part].assigned ? &b->parts[part] : NULL;
}

static void grow_parts(struct bus_kafka *b, int32_t part)
{
    if (part < b->parts_n)
        return;
    b->parts = realloc(b->parts, (size_t)(part + 1) * sizeof(*b->parts));
    must(b->parts);
    memset(b->parts + b->parts_n, 0, (size_t)(part + 1 - b->parts_n) * sizeof(*b->parts));
    b->parts_n = part + 1;
}

static void forget_member(struct bus_kafka *b)
{
    if (b->member)
        rd_kafka_consumer_group_metadata_destroy(b->member);
    b->member = NULL;
}

static int32_t *numbers_of(const rd_kafka_topic_partition_list_t *list)
{
    int32_t *parts = calloc((size_t)list->cnt + 1, sizeof(*parts));
    must(parts);
    for (int i = 0; i < list->cnt; i++)
        parts[i] = list->elems[i].partition;
    return parts;
}

/* Offsets are set explicitly, so that nothing waits for the coordinator and no reset policy can act; no record is
 * fetched from them, as the partitions are paused until the runtime has said where to go on. */
static void on_assigned(struct bus_kafka *b, rd_kafka_topic_partition_list_t *list)
{
    forget_member(b);
    b->member = rd_kafka_consumer_group_metadata(b->consumer);
    if (!bus_kafka_member_is_valid(b->member)) {
        /* The library has left the group behind our back and will join again: another assignment follows. */
        forget_member(b);
        rd_kafka_assign(b->consumer, NULL);
        return;
    }
    for (int i = 0; i < list->cnt; i++) {
        list->elems[i].offset = 0;
        grow_parts(b, list->elems[i].partition);
        b->parts[list->elems[i].partition] = (struct kafka_part){.assigned = true, .paused = true, .next = -1};
    }
    rd_kafka_assign(b->consumer, list);
    rd_kafka_pause_partitions(b->consumer, list);
    int32_t *parts = numbers_of(list);
    b->listener.assigned(b->listener.ctx, parts, (size_t)list->cnt);
    free(parts);
}

static void on_revoked(struct bus_kafka *b, const rd_kafka_topic_partition_list_t *list)
{
    bool lost = rd_kafka_assignment_lost(b->consumer);
    b->revocations++;
    forget_member(b);
    for (int32_t p = 0; p < b->parts_n; p++)
        b->parts[p].assigned = false;
    if (!b->closing) {
        int32_t *parts = numbers_of(list);
        b->listener.revoked(b->listener.ctx, parts, (size_t)list->cnt, lost);
        free(parts);
    }
    rd_kafka_assign(b->consumer, NULL);
}

void bus_kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *ctx)
{
    struct bus_kafka *b = ctx;
    (void)rk;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !b->closing)
        on_assigned(b, list);
    else
        on_revoked(b, list);
}

static rd_kafka_topic_partition_list_t *one(const struct bus_kafka *b, int32_t part, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topics[b->inbox].name, part)->offset = offset;
    return list;
}

bool bus_kafka_committed(struct bus *bus, int32_t part, int64_t *ret, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    rd_kafka_topic_partition_list_t *list = one(b, part, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t code = rd_kafka_committed(b->consumer, list, COMMITTED_TIMEOUT_MS);
    if (!code)
        code = list->elems[0].err;
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return kafka_read_fail(code, "committed offset", NULL, e);
    *ret = offset >= 0 ? offset : -1;
    return true;
}

static rd_kafka_resp_err_t seek_once(struct bus_kafka *b, int32_t part, int64_t offset)
{
    /* 2.0 takes this timeout for a thousandth of what it is. */
    int timeout_ms = rd_kafka_version() < 0x020100ff ? SEEK_TIMEOUT_MS * 1000 : SEEK_TIMEOUT_MS;
    /* 0 is "from the beginning": retention may have taken the first records of an inbox never read before. */
    rd_kafka_topic_partition_list_t *list = one(b, part, offset ? offset : RD_KAFKA_OFFSET_BEGINNING);
    rd_kafka_error_t *ke = rd_kafka_seek_partitions(b->consumer, list, timeout_ms);
    rd_kafka_resp_err_t code = ke ? rd_kafka_error_code(ke) : list->elems[0].err;
    rd_kafka_error_destroy(ke);
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

/* A partition just assigned is started by the library's own thread; until then it answers _STATE. */
static bool seek_now(struct bus_kafka *b, int32_t part, int64_t offset, struct err *e)
{
    int64_t deadline = kafka_mono_ms() + SEEK_TIMEOUT_MS;
    rd_kafka_resp_err_t code;
    while ((code = seek_once(b, part, offset)) == RD_KAFKA_RESP_ERR__STATE && kafka_mono_ms() < deadline)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return !code || kafka_read_fail(code, "seek", NULL, e);
}

static bool not_ours(int32_t part, struct err *e)
{
    return err_set(e, ERR_STALE, "BUS-NOT-OURS", "partition %d is not assigned to this instance", (int)part);
}

bool bus_kafka_seek(struct bus *bus, int32_t part, int64_t offset, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    struct kafka_part *p = bus_kafka_part(b, part);
    if (!p)
        return not_ours(part, e);
    if (!p->paused && !seek_now(b, part, offset, e))
        return false;
    p->next = offset;
    return true;
}

/* Old versions let a pause rewind the position to what was consumed last, forgetting a seek in between; so a seek of a
 * paused partition is only noted, and resuming always seeks to the noted position. */
bool bus_kafka_pause(struct bus *bus, int32_t part, bool paused, struct err *e)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    struct kafka_part *p = bus_kafka_part(b, part);
    if (!p)
        return not_ours(part, e);
    if (p->paused == paused)
        return true;
    must(paused || p->next >= 0); /* resumed without a position */
    rd_kafka_topic_partition_list_t *list = one(b, part, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t code =
        paused ? rd_kafka_pause_partitions(b->consumer, list) : rd_kafka_resume_partitions(b->consumer, list);
    if (!code)
        code = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return kafka_read_fail(code, paused ? "pause" : "resume", NULL, e);
    if (!paused && !seek_now(b, part, p->next, e)) /* paused still: the same call may be made again */
        return false;
    p->paused = paused;
    return true;
}
