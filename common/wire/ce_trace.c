/* ce_trace.c - the trace a record belongs to: what is well-formed, what is carried on, and the spans of what follows. */
#include <string.h>
#include "wire/ce.h"

/* traceparent: 00-<32 hex>-<16 hex>-<2 hex> */
enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, TRACEPARENT_LEN = 55 };

static const uint8_t hex_digits[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
    ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
};

static bool is_hex(const char *s, size_t n)
{
    uint8_t all = 1;
    for (size_t i = 0; i < n; i++)
        all &= hex_digits[(uint8_t)s[i]];
    return all;
}

static bool is_zero(const char *s, size_t n) { return strspn(s, "0") >= n; }

static bool is_traceparent(struct bytes b)
{
    const char *s = b.p;
    if (b.n < TRACEPARENT_LEN || b.n > CE_ORIGIN_MAX || s[2] != '-' || s[SPAN_AT - 1] != '-' || s[FLAGS_AT - 1] != '-')
        return false;
    if (!is_hex(s, 2) || !is_hex(s + TRACE_AT, 32) || !is_hex(s + SPAN_AT, 16) || !is_hex(s + FLAGS_AT, 2))
        return false;
    if (is_zero(s + TRACE_AT, 32) || is_zero(s + SPAN_AT, 16) || memcmp(s, "ff", 2) == 0)
        return false;
    /* Version 00 has nothing behind the flags; a later one only after another dash. */
    for (size_t i = TRACEPARENT_LEN; i < b.n; i++)
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    return b.n == TRACEPARENT_LEN || (memcmp(s, "00", 2) != 0 && s[TRACEPARENT_LEN] == '-');
}

static struct bytes text_of(const char *s) { return bytes_of(s, s ? strnlen(s, CE_ORIGIN_MAX + 1) : 0); }

bool ce_traceparent_ok(const char *s) { return is_traceparent(text_of(s)); }

/* --- tracestate: members key=value between commas; blanks around a member, and empty members, are fine --- */
enum { MEMBERS_MAX = 32, MEMBER_PART_MAX = 256 };

static bool is_key(const char *s, size_t n)
{
    size_t tenants = 0;
    for (size_t i = 0; i < n; i++) {
        bool starts = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9');
        if (!starts && (i == 0 || !s[i] || !strchr("_-*/@", s[i])))
            return false;
        tenants += s[i] == '@';
    }
    return n > 0 && n <= MEMBER_PART_MAX && tenants <= 1;
}

static bool is_value(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < ' ' || s[i] > '~' || s[i] == '=')
            return false;
    return n > 0 && n <= MEMBER_PART_MAX;
}

static bool is_member(const char *s, size_t n)
{
    const char *equals = memchr(s, '=', n);
    return equals && is_key(s, (size_t)(equals - s)) && is_value(equals + 1, n - (size_t)(equals - s) - 1);
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool ce_tracestate_ok(struct bytes b)
{
    size_t members = 0;
    if (b.n == 0 || b.n > CE_TRACESTATE_MAX)
        return false;
    for (const char *s = b.p, *end = s + b.n, *stop; s < end; s = stop + 1) {
        const char *comma = memchr(s, ',', (size_t)(end - s));
        stop = comma ? comma : end;
        while (s < stop && is_blank(*s))
            s++;
        const char *last = stop;
        while (last > s && is_blank(last[-1]))
            last--;
        if (last > s && (!is_member(s, (size_t)(last - s)) || ++members > MEMBERS_MAX))
            return false;
    }
    return members > 0;
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

static void child_of(struct bytes parent, bool has_parent, const char *seed, char ret[CE_TRACEPARENT_BYTES])
{
    char trace[32], flags[2] = {'0', '1'};
    if (has_parent) {
        memcpy(trace, (const char *)parent.p + TRACE_AT, 32);
        memcpy(flags, (const char *)parent.p + FLAGS_AT, 2);
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

void ce_child_traceparent(const char *parent, const char *seed, char ret[CE_TRACEPARENT_BYTES])
{
    struct bytes text = text_of(parent);
    child_of(text, is_traceparent(text), seed, ret);
}

void ce_child_of_trace(const struct ce_trace *t, const char *seed, char ret[CE_TRACEPARENT_BYTES])
{
    child_of(t->parent, t->parent.n > 0, seed, ret);
}

/* --- what is carried on --- */
struct ce_trace ce_trace_of(struct bytes traceparent, struct bytes tracestate, struct bytes ce_traceparent,
                            struct bytes ce_tracestate)
{
    bool has_hop = is_traceparent(traceparent), has_origin = is_traceparent(ce_traceparent);
    struct bytes parent = has_hop ? traceparent : ce_traceparent, state = has_hop ? tracestate : ce_tracestate;
    if (!has_hop && !has_origin)
        return (struct ce_trace){0};
    return (struct ce_trace){parent, has_origin ? ce_traceparent : traceparent,
                             ce_tracestate_ok(state) ? state : (struct bytes){0}};
}

const char *ce_trace_text(const struct ce_trace *t, struct arena *mem)
{
    size_t at = 0;
    if (t->parent.n == 0)
        return "";
    char *text = arena_alloc(mem, t->parent.n + t->origin.n + t->state.n + 3);
    const struct bytes parts[] = {t->parent, t->origin, t->state};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && parts[i].n; i++) {
        if (i)
            text[at++] = ' ';
        memcpy(text + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    text[at] = '\0';
    return text;
}

/* The next word of *at, which moves behind the blank after it. */
static struct bytes word(const char **at)
{
    struct bytes w = bytes_of(*at, strcspn(*at, " "));
    *at += w.n + ((*at)[w.n] == ' ');
    return w;
}

struct ce_trace ce_trace_read(const char *text)
{
    static const struct bytes none = {"", 0};
    struct bytes parent = word(&text), origin = word(&text);
    return ce_trace_of(parent, bytes_str(text), origin, none);
}
