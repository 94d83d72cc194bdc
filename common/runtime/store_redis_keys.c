/* Names of keys, and the calls of scripts that start with them. Texts live in the arena of the call. */
#include <stdio.h>
#include "runtime/store_redis_impl.h"
#include "wire/wire.h"

/* Of a partition. With 6 partitions ten million records are 100 in a bucket, and a million are 10: a bucket is searched
 * from its beginning, and an almost empty one costs more than what is in it. */
enum { BUCKET_BITS = 14 };

/* How keys are named and what is in them; another one whenever that changes, so that nobody takes old data for his. */
static const char LAYOUT[] = "a due set of each table;";

/* Small hashes are packed by Redis into one block: a record costs its bytes and little more. */
static uint32_t fnv1a(uint32_t h, const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * 16777619U;
    return h;
}

uint32_t store_hash(struct bytes key)
{
    uint32_t h = fnv1a(2166136261U, key.p, key.n);
    h ^= h >> 16; /* the low bits alone are weak */
    h *= 0x7feb352dU;
    return h ^ h >> 15;
}

const char *store_mark_key(struct store_redis *s, int32_t part)
{
    return arena_printf(s->mem, "{%s/%d}:mark", s->service, (int)part);
}

/* Of each table, so that its members are the keys as they are. */
const char *store_due_key(struct store_redis *s, int32_t part, int table)
{
    return arena_printf(s->mem, "{%s/%d}:due:%s", s->service, (int)part, s->tables[table].name);
}

const char *store_table_prefix(struct store_redis *s, int32_t part, int table)
{
    return arena_printf(s->mem, "{%s/%d}:%s:", s->service, (int)part, s->tables[table].name);
}

static int bits_of(const struct store_table *t) { return t->bucket_bits ? t->bucket_bits : BUCKET_BITS; }

uint32_t store_buckets(const struct store_redis *s, int table) { return 1U << bits_of(&s->tables[table]); }

static size_t put_text(char *to, const char *s) { return (size_t)(stpcpy(to, s) - to); }

static size_t put_int(char *to, int32_t v)
{
    char digits[12];
    size_t n = 0, at = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        to[at++] = digits[--n];
    return at;
}

static size_t put_hex(char *to, uint32_t v)
{
    static const char hex[] = "0123456789abcdef";
    int digits = 4;
    while (digits < 8 && v >> (4 * digits))
        digits++;
    for (int i = 0; i < digits; i++)
        to[i] = hex[v >> (4 * (digits - 1 - i)) & 15];
    return (size_t)digits;
}

/* "{service/part}:table:00af", written by hand: one per record read or put. */
struct bytes store_bucket_key(struct store_redis *s, int32_t part, int table, uint32_t hash)
{
    const struct store_table *t = &s->tables[table];
    char *to = arena_alloc(s->mem, strlen(s->service) + strlen(t->name) + 32);
    size_t n = put_text(to, "{");
    n += put_text(to + n, s->service);
    n += put_text(to + n, "/");
    n += put_int(to + n, part);
    n += put_text(to + n, "}:");
    n += put_text(to + n, t->name);
    n += put_text(to + n, ":");
    n += put_hex(to + n, hash & ((1U << bits_of(t)) - 1));
    return bytes_of(to, n);
}

const char *store_layout_field(struct store_redis *s, int topic)
{
    return arena_printf(s->mem, "layout:%s", topics[topic].name);
}

const char *store_layout(struct store_redis *s, int topic)
{
    uint32_t h = fnv1a(2166136261U, LAYOUT, sizeof LAYOUT - 1);
    for (size_t i = 0; i < s->tables_n; i++) {
        if (s->tables[i].source != topic)
            continue;
        const char *line = arena_printf(s->mem, "%s/%d;", s->tables[i].name, bits_of(&s->tables[i]));
        h = fnv1a(h, line, strlen(line));
    }
    return arena_printf(s->mem, "%08x", h);
}

void store_call_start(struct store_redis *s, enum store_script script, size_t keys)
{
    redis_cmd_start(&s->cmd, "EVALSHA");
    redis_cmd_add_str(&s->cmd, s->scripts[script].sha);
    redis_cmd_add_i64(&s->cmd, s->mem, (int64_t)keys);
}
