/* Records of librdkafka as records of the port: copied, for its message takes three times the memory of what is in it, and
 * holds on to the fetch that it came with. */
#include "runtime/bus_kafka_impl.h"

enum {
    HEADERS_MAX = 128,        /* of one record; a sender may put 300 000 into one message */
    TAKEN_MAX_BYTES = 16 << 20, /* of records handed out, and one record more: beyond the largest batch of any use */
};

#define NO_FIELD SIZE_MAX
#define FIELD(name, member) {name, offsetof(struct bus_rec, member)}

/* Headers that are known, in the order in which ce_headers() writes them; more may follow. */
static const struct {
    const char *name;
    size_t at; /* field of the record */
} known[] = {
    FIELD("content-type", content_type),
    {"ce_specversion", NO_FIELD},
    FIELD("ce_id", ce_id),
    FIELD("ce_source", ce_source),
    FIELD("ce_type", ce_type),
    FIELD("ce_time", ce_time),
    FIELD("ce_subject", ce_subject),
    {"ce_dataschema", NO_FIELD},
    {"ce_correlationid", NO_FIELD},
    {"ce_causationid", NO_FIELD},
    {"ce_dataclassification", NO_FIELD},
    FIELD("ce_expirytime", ce_expirytime),
    FIELD("ce_traceparent", ce_traceparent),
    FIELD("traceparent", traceparent),
    FIELD("tracestate", tracestate),
    FIELD("ce_tracestate", ce_tracestate),
};
enum { KNOWN_N = sizeof known / sizeof *known };

/* The name as a constant; NULL when it is not one of these. *next: where to look first, behind the header before. */
static const char *take_known(struct bus_rec *r, size_t *next, const char *name, struct bytes value)
{
    for (size_t i = *next, left = KNOWN_N; left > 0; left--, i = i + 1 < KNOWN_N ? i + 1 : 0) {
        if (strcmp(name, known[i].name) != 0)
            continue;
        *next = i + 1 < KNOWN_N ? i + 1 : 0;
        if (value.p && known[i].at != NO_FIELD)
            *(struct bytes *)((char *)r + known[i].at) = value;
        return known[i].name;
    }
    return NULL;
}

static struct bytes copy_of(struct arena *mem, const void *p, size_t n)
{
    return p ? bytes_of(arena_dup(mem, p, n), n) : (struct bytes){0};
}

/* Half of what the headers of a record say, its neighbour said too, in the same place: kept once. */
static void take_header(struct bus_kafka *b, size_t i, size_t *next, const char *name, struct bytes value, struct bus_rec *r,
                        struct bus_header *ret)
{
    const struct bus_header *like = i < b->last_n ? &b->last[i] : NULL;
    if (like && value.p && like->value.p && bytes_eq(like->value, value))
        ret->value = like->value;
    else if (value.n && bytes_eq(r->ce_subject, value)) /* correlation */
        ret->value = r->ce_subject;
    else
        ret->value = copy_of(b->mem, value.p, value.n);
    ret->name = take_known(r, next, name, ret->value);
    if (!ret->name)
        ret->name = like && strcmp(like->name, name) == 0 ? like->name : arena_strdup(b->mem, name);
}

static void take_headers(struct bus_kafka *b, const rd_kafka_message_t *m, struct bus_rec *r)
{
    rd_kafka_headers_t *hs;
    const char *name;
    const void *value;
    size_t len, next = 0;
    if (rd_kafka_message_headers(m, &hs) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    size_t n = rd_kafka_header_cnt(hs);
    if (n > HEADERS_MAX)
        n = HEADERS_MAX;
    struct bus_header *to = ARENA_ARRAY(b->mem, struct bus_header, n);
    for (size_t i = 0; i < n; i++) {
        if (rd_kafka_header_get_all(hs, i, &name, &value, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        take_header(b, i, &next, name, bytes_of(value, len), r, &to[i]);
        r->headers_n = i + 1;
    }
    r->headers = to;
    b->last = to;
    b->last_n = r->headers_n;
}

void bus_kafka_take(struct bus_kafka *b, rd_kafka_message_t *m, int topic, struct bus_rec *r)
{
    static const struct bytes none = {"", 0};
    *r = (struct bus_rec){
        .topic = topic,
        .partition = m->partition,
        .offset = m->offset,
        .time_ms = rd_kafka_message_timestamp(m, NULL),
        .key = copy_of(b->mem, m->key, m->key_len),
        .value = copy_of(b->mem, m->payload, m->len),
        .content_type = none,
        .ce_type = none,
        .ce_id = none,
        .ce_source = none,
        .ce_subject = none,
        .ce_time = none,
        .ce_expirytime = none,
        .traceparent = none,
        .tracestate = none,
        .ce_traceparent = none,
        .ce_tracestate = none,
    };
    take_headers(b, m, r);
    rd_kafka_message_destroy(m);
}

bool bus_kafka_has_room(const struct bus_kafka *b) { return arena_used(b->mem) < TAKEN_MAX_BYTES; }

void bus_kafka_done(struct bus *bus)
{
    struct bus_kafka *b = bus_kafka_of(bus);
    b->last = NULL;
    b->last_n = 0;
    arena_reset(b->mem);
}

rd_kafka_headers_t *kafka_headers_of(const struct bus_out *o)
{
    if (o->headers_n == 0)
        return NULL;
    rd_kafka_headers_t *hs = rd_kafka_headers_new(o->headers_n);
    for (size_t i = 0; i < o->headers_n; i++)
        rd_kafka_header_add(hs, o->headers[i].name, -1, o->headers[i].value.p, (ssize_t)o->headers[i].value.n);
    return hs;
}
