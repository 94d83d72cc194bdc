/* fill.h - for tests: a message of any descriptor with every field set, by reflection. Deterministic by seed: of a
 * choice, seed picks the member; numbers and enum values vary with it. */
#ifndef CLINIC_TESTS_FILL_H
#define CLINIC_TESTS_FILL_H
#include "tests/unit/help.h"
#include "base/arena.h"

static ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *d, struct arena *mem, unsigned *seed);

static inline void fill_enum(const ProtobufCEnumDescriptor *d, void *to, unsigned seed)
{
    *(int *)to = d->values[1 + seed % (d->n_values - 1)].value; /* never the default: it would not be on the wire */
}

static inline void fill_number(ProtobufCType type, void *to, unsigned seed)
{
    static const int64_t wide[] = {1, -1, INT64_MAX, INT64_MIN, 1778576400000};
    switch (type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)to = 1;
        return;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)to = seed % 2 ? UINT32_MAX : seed + 1;
        return;
    case PROTOBUF_C_TYPE_INT32:
        *(int32_t *)to = seed % 2 ? INT32_MIN : INT32_MAX;
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(int64_t *)to = wide[seed % N(wide)];
        return;
    default:
        fail_msg("fill.h does not know type %d: teach it", type);
    }
}

static inline void fill_bytes(ProtobufCBinaryData *to, struct arena *mem, unsigned seed)
{
    to->len = 1 + seed % 40;
    to->data = arena_alloc(mem, to->len);
    for (size_t i = 0; i < to->len; i++)
        to->data[i] = (uint8_t)(seed * 31 + i * 17);
}

static inline void fill_value(const ProtobufCFieldDescriptor *f, void *to, struct arena *mem, unsigned *seed)
{
    unsigned n = (*seed)++;
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)to = arena_printf(mem, "%s \xd0\xb6 \"%u\"\n\xf0\x9f\x98\x80", f->name, n);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        fill_bytes(to, mem, n);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)to = fill_message(f->descriptor, mem, seed);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        fill_enum(f->descriptor, to, n);
        return;
    default:
        fill_number(f->type, to, n);
    }
}

static inline size_t fill_size(ProtobufCType t)
{
    return t == PROTOBUF_C_TYPE_STRING || t == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *)
           : t == PROTOBUF_C_TYPE_BYTES                                ? sizeof(ProtobufCBinaryData)
           : t == PROTOBUF_C_TYPE_INT64 || t == PROTOBUF_C_TYPE_UINT64 ? 8
                                                                       : 4;
}

static inline void fill_field(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, struct arena *mem, unsigned *seed)
{
    uint8_t *base = (uint8_t *)m;
    if (f->label != PROTOBUF_C_LABEL_REPEATED) {
        if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
            *(uint32_t *)(base + f->quantifier_offset) = f->id;
        fill_value(f, base + f->offset, mem, seed);
        return;
    }
    size_t n = 1 + *seed % 3;
    uint8_t *items = arena_zalloc(mem, n * fill_size(f->type));
    for (size_t i = 0; i < n; i++)
        fill_value(f, items + i * fill_size(f->type), mem, seed);
    *(size_t *)(base + f->quantifier_offset) = n;
    *(uint8_t **)(base + f->offset) = items;
}

static inline bool fill_chosen(const ProtobufCMessageDescriptor *d, unsigned i, unsigned seed)
{
    unsigned first = d->n_fields, n = 0; /* of the one choice a message of ours may have */
    for (unsigned k = 0; k < d->n_fields; k++)
        if (d->fields[k].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            first = n++ ? first : k;
        }
    return !(d->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || i == first + seed % n;
}

static ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *d, struct arena *mem, unsigned *seed)
{
    ProtobufCMessage *m = arena_alloc(mem, d->sizeof_message);
    unsigned choice = *seed;
    d->message_init(m);
    for (unsigned i = 0; i < d->n_fields; i++)
        if (fill_chosen(d, i, choice))
            fill_field(&d->fields[i], m, mem, seed);
    return m;
}
#endif
