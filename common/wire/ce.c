#include "wire/ce.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"

#define FIXED(s) {s, sizeof(s) - 1}

enum { CE_HEADERS_MAX = 11 };

static void put(struct bus_header *h, size_t *n, const char *name, const char *value)
{
    if (value && *value)
        h[(*n)++] = (struct bus_header){name, bytes_str(value)};
}

const struct bus_header *ce_headers(const struct ce *ce, struct arena *mem, size_t *ret_n)
{
    struct bus_header *h = arena_alloc(mem, sizeof *h * CE_HEADERS_MAX);
    char *time = arena_alloc(mem, TEXT_TIME_BYTES);
    size_t n = 0;
    text_time(ce->time_ms, time);
    h[n++] = (struct bus_header){"content-type", FIXED("application/protobuf")};
    h[n++] = (struct bus_header){"ce_specversion", FIXED("1.0")};
    put(h, &n, "ce_id", ce->id);
    put(h, &n, "ce_source", ce->source);
    put(h, &n, "ce_type", ce->type);
    h[n++] = (struct bus_header){"ce_time", {time, TEXT_TIME_BYTES - 1}};
    put(h, &n, "ce_subject", ce->subject);
    put(h, &n, "ce_dataschema", ce->dataschema);
    put(h, &n, "ce_correlationid", ce->correlationid);
    put(h, &n, "ce_causationid", ce->causationid);
    put(h, &n, "traceparent", ce->traceparent);
    *ret_n = n;
    return h;
}

static char schemas[EV_N][96]; /* built once: no formatting per record */

static void build_schemas(void)
{
    for (int i = 0; i < EV_N; i++)
        snprintf(schemas[i], sizeof schemas[i], "urn:proto:%s", events[i].msg->name);
}

const char *ce_dataschema(enum event_id type)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_schemas);
    return schemas[type];
}

/* --- trace context: 00-<32 hex>-<16 hex>-<2 hex> --- */
enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, TRACEPARENT_LEN = 55 };

static bool is_hex(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
            return false;
    return true;
}

static bool is_zero(const char *s, size_t n) { return strspn(s, "0") >= n; }

bool ce_traceparent_ok(const char *s)
{
    size_t n = s ? strnlen(s, 512) : 0;
    if (n < TRACEPARENT_LEN || s[2] != '-' || s[SPAN_AT - 1] != '-' || s[FLAGS_AT - 1] != '-')
        return false;
    if (!is_hex(s, 2) || !is_hex(s + TRACE_AT, 32) || !is_hex(s + SPAN_AT, 16) || !is_hex(s + FLAGS_AT, 2))
        return false;
    if (is_zero(s + TRACE_AT, 32) || is_zero(s + SPAN_AT, 16) || memcmp(s, "ff", 2) == 0)
        return false;
    /* Version 00 has nothing behind the flags; a later one only after another dash. */
    return n == TRACEPARENT_LEN || (memcmp(s, "00", 2) != 0 && s[TRACEPARENT_LEN] == '-');
}

/* FNV-1a with a finisher that spreads the last bytes; not a secret, only an id. Never 0, which W3C forbids. */
static uint64_t hash64(const char *s, uint64_t basis)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ basis;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdULL;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
    h ^= h >> 33;
    return h ? h : 1;
}

static void put_hex(char *to, uint64_t v)
{
    for (int i = 15; i >= 0; i--, v >>= 4)
        to[i] = "0123456789abcdef"[v & 15];
}

void ce_child_traceparent(const char *parent, const char *seed, char ret[CE_TRACEPARENT_BYTES])
{
    char trace[32], flags[2] = {'0', '1'};
    if (ce_traceparent_ok(parent)) {
        memcpy(trace, parent + TRACE_AT, 32);
        memcpy(flags, parent + FLAGS_AT, 2);
    } else {
        put_hex(trace, hash64(seed, 1));
        put_hex(trace + 16, hash64(seed, 2));
    }
    memcpy(ret, "00-", 3);
    memcpy(ret + TRACE_AT, trace, 32);
    ret[SPAN_AT - 1] = '-';
    put_hex(ret + SPAN_AT, hash64(seed, 0));
    ret[FLAGS_AT - 1] = '-';
    memcpy(ret + FLAGS_AT, flags, 2);
    ret[TRACEPARENT_LEN] = '\0';
}
