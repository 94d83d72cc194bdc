#include "wire/ce.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"

enum { CE_HEADERS_MAX = 15, SCHEMA_BYTES = 96 };

#define FIXED(s) {s, sizeof(s) - 1}
static const struct bytes protobuf = FIXED("application/protobuf"), version = FIXED("1.0");

/* What every record of a message has in common: made once, not for each. */
static struct {
    struct bytes type, schema, data_class;
} fixed[EV_N];
static char schemas[EV_N][SCHEMA_BYTES];

static void build_fixed(void)
{
    for (int i = 0; i < EV_N; i++) {
        snprintf(schemas[i], sizeof schemas[i], "urn:proto:%s", events[i].msg->name);
        fixed[i].type = bytes_str(events[i].type);
        fixed[i].schema = bytes_str(schemas[i]);
        fixed[i].data_class = bytes_str(events[i].data_class);
    }
}

static void need_fixed(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_fixed);
}

const char *ce_dataschema(enum event_id type)
{
    need_fixed();
    return schemas[type];
}

static void put(struct bus_header *h, size_t *n, const char *name, struct bytes value)
{
    if (value.n)
        h[(*n)++] = (struct bus_header){name, value};
}

static struct bytes time_text(int64_t ms, struct arena *mem)
{
    char *text = arena_alloc(mem, TEXT_TIME_BYTES);
    text_time(ms, text);
    return bytes_of(text, TEXT_TIME_BYTES - 1);
}

const struct bus_header *ce_headers(const struct ce *ce, struct arena *mem, size_t *ret_n)
{
    struct bus_header h[CE_HEADERS_MAX];
    struct bytes subject = bytes_str(ce->subject), hop = bytes_str(ce->traceparent);
    int days = events[ce->event].days;
    size_t n = 0;
    need_fixed();
    put(h, &n, "content-type", protobuf);
    put(h, &n, "ce_specversion", version);
    put(h, &n, "ce_id", bytes_str(ce->id));
    put(h, &n, "ce_source", bytes_str(ce->source));
    put(h, &n, "ce_type", fixed[ce->event].type);
    put(h, &n, "ce_time", time_text(ce->time_ms, mem));
    put(h, &n, "ce_subject", subject);
    put(h, &n, "ce_dataschema", fixed[ce->event].schema);
    put(h, &n, "ce_correlationid", subject);
    put(h, &n, "ce_causationid", ce->causationid);
    put(h, &n, "ce_dataclassification", fixed[ce->event].data_class);
    if (days)
        put(h, &n, "ce_expirytime", time_text(ce->time_ms + days * TEXT_DAY_MS, mem));
    put(h, &n, "ce_traceparent", ce->origin.n ? ce->origin : hop);
    put(h, &n, "traceparent", hop);
    put(h, &n, "tracestate", ce->tracestate);
    *ret_n = n;
    return arena_dup(mem, h, n * sizeof *h);
}
