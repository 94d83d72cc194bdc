/* msg_pack.c - a message as bytes, written from its end to its beginning: the length of what is nested is then known when
 * it is to be written. protobuf-c asks for the length of everything before, which costs nearly as much as packing. */
#include <string.h>
#include "wire/msg.h"

enum { VARINT = 0, DELIMITED = 2 }; /* wire types */
enum { ROOM_FIRST = 1024 };         /* more than most messages need */

struct out {
    struct arena *mem;
    uint8_t *base, *at, *end; /* written from `at` on; room from `base` on */
};

static size_t written(const struct out *o) { return (size_t)(o->end - o->at); }

static void grow(struct out *o, size_t more)
{
    size_t n = written(o), cap = (n + more) * 2;
    uint8_t *base = arena_alloc(o->mem, cap);
    if (n)
        memcpy(base + cap - n, o->at, n);
    *o = (struct out){o->mem, base, base + cap - n, base + cap};
}

/* The n bytes before those that are written. */
static inline uint8_t *before(struct out *o, size_t n)
{
    if ((size_t)(o->at - o->base) < n)
        grow(o, n);
    return o->at -= n;
}

static void put_long_varint(struct out *o, uint64_t v)
{
    uint8_t *to = before(o, (size_t)(70 - __builtin_clzll(v)) / 7); /* seven bits a byte */
    for (; v >= 0x80; v >>= 7)
        *to++ = (uint8_t)(v | 0x80);
    *to = (uint8_t)v;
}

static inline void put_varint(struct out *o, uint64_t v)
{
    if (v < 0x80)
        *before(o, 1) = (uint8_t)v;
    else
        put_long_varint(o, v);
}

static void put_tag(struct out *o, uint32_t id, unsigned wire_type) { put_varint(o, (uint64_t)id << 3 | wire_type); }

static void put_raw(struct out *o, const void *p, size_t n)
{
    if (n)
        memcpy(before(o, n), p, n);
}

static uint64_t number_of(ProtobufCType type, const void *p)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)p != 0;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
        return (uint64_t)(int64_t) * (const int32_t *)p; /* negative ones take ten bytes, so the format wants it */
    case PROTOBUF_C_TYPE_UINT32:
        return *(const uint32_t *)p;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)p;
    default:
        must(!"a type of the contract"); /* the tests pack every message */
        return 0;
    }
}

static void put_message(struct out *o, const ProtobufCMessage *m);

/* The value, with its length where it has one; returns its wire type. */
static unsigned put_value(struct out *o, ProtobufCType type, const void *p)
{
    size_t n = written(o);
    switch (type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *s = *(const char *const *)p;
        put_raw(o, s, s ? strlen(s) : 0);
        break;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *b = p;
        put_raw(o, b->data, b->len);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *m = *(const ProtobufCMessage *const *)p;
        if (m)
            put_message(o, m);
        break;
    }
    default:
        put_varint(o, number_of(type, p));
        return VARINT;
    }
    put_varint(o, written(o) - n);
    return DELIMITED;
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return sizeof(uint64_t);
    default:
        return sizeof(uint32_t);
    }
}

static void put_list(struct out *o, const ProtobufCFieldDescriptor *f, const uint8_t *items, size_t n)
{
    bool is_packed = f->flags & PROTOBUF_C_FIELD_FLAG_PACKED;
    size_t size = size_of(f->type), n_before = written(o);
    for (size_t i = n; i-- > 0;) {
        unsigned wire_type = put_value(o, f->type, items + i * size);
        if (!is_packed)
            put_tag(o, f->id, wire_type);
    }
    if (!is_packed || n == 0)
        return;
    put_varint(o, written(o) - n_before);
    put_tag(o, f->id, DELIMITED);
}

/* What is as it is by default is not written. */
static bool is_default(ProtobufCType type, const void *p)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        return !*(const char *const *)p || !**(const char *const *)p;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(const void *const *)p;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)p)->len == 0;
    default:
        return number_of(type, p) == 0;
    }
}

static void put_field(struct out *o, const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m)
{
    const uint8_t *p = (const uint8_t *)m + f->offset, *count = (const uint8_t *)m + f->quantifier_offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        put_list(o, f, *(const uint8_t *const *)p, *(const size_t *)count);
        return;
    }
    /* proto3 without "optional"; of a choice there are messages only */
    must(f->label == PROTOBUF_C_LABEL_NONE);
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        must(f->type == PROTOBUF_C_TYPE_MESSAGE);
        if (*(const uint32_t *)count != f->id)
            return;
    }
    if (!is_default(f->type, p))
        put_tag(o, f->id, put_value(o, f->type, p));
}

static void put_message(struct out *o, const ProtobufCMessage *m)
{
    for (unsigned i = m->n_unknown_fields; i-- > 0;) {
        const ProtobufCMessageUnknownField *u = &m->unknown_fields[i];
        put_raw(o, u->data, u->len);
        put_tag(o, u->tag, u->wire_type);
    }
    for (unsigned i = m->descriptor->n_fields; i-- > 0;)
        put_field(o, &m->descriptor->fields[i], m);
}

struct bytes msg_pack(const ProtobufCMessage *m, struct arena *work, struct arena *mem)
{
    struct out o = {.mem = work};
    grow(&o, ROOM_FIRST / 2);
    put_message(&o, m);
    return bytes_of(work == mem ? o.at : arena_dup(mem, o.at, written(&o)), written(&o));
}
