/* runtime_deadletter.c - a record that could not be handled: its bytes in a sealed box, the reason in clear. An input record,
 * or the state record whose due work was refused: that one comes from the facts topic and has no offset to name. */
#include "runtime/runtime_int.h"
#include <ctype.h>
#include <stdio.h>
#include "wire/facts.h"

#define BOXED_MAX 900000 /* the default limit of a broker is 1 MiB: what is longer is cut, the headers tell */
#define HEADERS_N 7

typedef Clinic__Attach__V1__OriginalRecord OriginalRecord;
typedef Clinic__Attach__V1__DeadLetter DeadLetter;
typedef Clinic__Attach__V1__Header Header;

/* Pseudonyms, UUIDs and register codes may stand in clear; a policy number, or anything else, may not. */
bool deadletter_key_is_harmless(struct bytes key)
{
    const char *s = key.p;
    size_t digits = 0;
    if (key.n == 0 || key.n > 36)
        return false;
    for (size_t i = 0; i < key.n; i++) {
        if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
            return false;
        digits += isdigit((unsigned char)s[i]) != 0;
    }
    bool is_ref = key.n == PERSON_REF_LEN && digits < key.n;
    bool is_uuid = key.n == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-';
    bool is_code = key.n <= 8; /* codes of medical organisations; SNILS, certificates and phones are longer */
    return is_ref || is_uuid || is_code;
}

static struct bytes pack(struct arena *mem, const ProtobufCMessage *m)
{
    uint8_t *to = arena_alloc(mem, protobuf_c_message_get_packed_size(m) + 1);
    return bytes_of(to, protobuf_c_message_pack(m, to));
}

static ProtobufCBinaryData binary(struct bytes b) { return (ProtobufCBinaryData){b.n, (uint8_t *)(uintptr_t)b.p}; }

static void fill_headers(struct arena *mem, const struct bus_rec *rec, OriginalRecord *o, size_t *room)
{
    o->headers = ARENA_ARRAY(mem, Header *, rec->headers_n + 1);
    for (size_t i = 0; i < rec->headers_n; i++) {
        size_t n = strlen(rec->headers[i].name) + rec->headers[i].value.n + 16;
        if (n > *room)
            return;
        *room -= n;
        Header *h = arena_alloc(mem, sizeof *h);
        clinic__attach__v1__header__init(h);
        h->name = arena_strdup(mem, rec->headers[i].name);
        h->value = binary(rec->headers[i].value);
        o->headers[o->n_headers++] = h;
    }
}

static struct bytes original(struct arena *mem, const struct bus_rec *rec)
{
    OriginalRecord o = CLINIC__ATTACH__V1__ORIGINAL_RECORD__INIT;
    size_t room = BOXED_MAX;
    o.key = binary(bytes_of(rec->key.p, rec->key.n < room ? rec->key.n : room));
    room -= o.key.len;
    fill_headers(mem, rec, &o, &room);
    o.value = binary(bytes_of(rec->value.p, rec->value.n < room ? rec->value.n : room));
    o.timestamp_ms = rec->time_ms;
    return pack(mem, &o.base);
}

/* What the letter is about. */
static struct bus_rec subject_of(struct runtime *rt, const struct item *it)
{
    if (it->rec)
        return *it->rec;
    return (struct bus_rec){.topic = (int)rt->def->facts, .partition = it->part->id, .offset = -1, .value = it->due_value,
                            .key = facts_key(rt->def->tables[it->due->table].name, it->due->key, rt->b.scratch),
                            .time_ms = it->now_ms};
}

static const char *place_of(struct arena *mem, const struct bus_rec *rec)
{
    return rec->offset < 0 ? "due" : arena_printf(mem, "%lld", (long long)rec->offset);
}

static struct bytes letter(struct runtime *rt, const struct item *it, const struct bus_rec *rec)
{
    struct arena *mem = rt->b.scratch;
    DeadLetter d = CLINIC__ATTACH__V1__DEAD_LETTER__INIT;
    if (rt->d.keys) {
        d.key_id = arena_strdup(mem, deadletter_key_id(rt->d.keys));
        d.box = binary(deadletter_box(rt->d.keys, original(mem, rec), mem));
    }
    d.reason = arena_strdup(mem, svc_reject_name(it->verdict.reason));
    d.detail = arena_strdup(mem, it->verdict.detail ? it->verdict.detail : "");
    d.origin = arena_printf(mem, "%s/%d/%s", topics[rec->topic].name, (int)rec->partition, place_of(mem, rec));
    return pack(mem, &d.base);
}

static const struct bus_header *headers(struct runtime *rt, const struct item *it, const struct bus_rec *rec, size_t *ret_n)
{
    struct arena *mem = rt->b.scratch;
    struct ce ce = {.event = EV_DEAD_LETTER, .id = arena_printf(mem, "%s/dead", it->base), .source = rt->b.source,
                    .time_ms = it->now_ms};
    size_t n;
    outs_explain(rt, it, it->subject, it->base, &ce);
    const struct bus_header *std = ce_headers(&ce, mem, &n);
    struct bus_header *h = ARENA_ARRAY(mem, struct bus_header, n + HEADERS_N);
    memcpy(h, std, n * sizeof *h);
    h[n++] = (struct bus_header){"kafka_dlt-original-topic", bytes_str(topics[rec->topic].name)};
    h[n++] = (struct bus_header){"dlq-original-partition", bytes_str(arena_printf(mem, "%d", (int)rec->partition))};
    h[n++] = (struct bus_header){"dlq-original-offset", bytes_str(place_of(mem, rec))};
    h[n++] = (struct bus_header){"dlq-service", bytes_str(rt->def->name)};
    h[n++] = (struct bus_header){"dlq-reason", bytes_str(svc_reject_name(it->verdict.reason))};
    h[n++] = (struct bus_header){"dlq-error", bytes_str(it->verdict.detail ? it->verdict.detail : "")};
    h[n++] = (struct bus_header){"dlq-original-size", bytes_str(arena_printf(mem, "%zu", rec->value.n))};
    *ret_n = n;
    return h;
}

struct bus_out deadletter_make(struct runtime *rt, const struct item *it)
{
    struct bus_out out = {.topic = (int)rt->def->dlq, .partition = it->part->id};
    const struct bus_rec rec = subject_of(rt, it);
    struct bytes key = it->rec ? rec.key : it->due->key;
    if (deadletter_key_is_harmless(key))
        out.key = key;
    out.value = letter(rt, it, &rec);
    out.headers = headers(rt, it, &rec, &out.headers_n);
    return out;
}
