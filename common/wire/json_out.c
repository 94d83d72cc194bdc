/* json_out.c - a message as proto3 JSON, by its descriptor. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "wire/json.h"
#include "wire/json_impl.h"

/* Blocks whose fields are personal data, or may hold any. */
static bool is_personal(const ProtobufCMessageDescriptor *d)
{
    static const char *const names[] = {"Personal", "Representative", "Document", "Sealed", "OriginalRecord"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(d->short_name, names[i]) == 0)
            return true;
    return false;
}

/* Text of a record may be anything: what is not UTF-8 is shown as U+FFFD. */
static json_t *out_string(const char *s)
{
    size_t n = strlen(s), used = 0;
    if (text_utf8_ok(s, n))
        return json_stringn_nocheck(s, n);
    char *clean = malloc(3 * n + 1);
    must(clean);
    for (size_t len; n > 0; s += len, n -= len) {
        bool ok = (len = text_utf8_next(s, n)) > 0;
        len = ok ? len : 1;
        memcpy(clean + used, ok ? s : "\xef\xbf\xbd", ok ? len : 3);
        used += ok ? len : 3;
    }
    json_t *j = json_stringn_nocheck(clean, used);
    free(clean);
    return j;
}

static json_t *out_bytes(const ProtobufCBinaryData *b)
{
    size_t n = sodium_base64_encoded_len(b->len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(n);
    must(text);
    sodium_bin2base64(text, n, b->data, b->len, sodium_base64_VARIANT_ORIGINAL);
    json_t *j = json_string_nocheck(text);
    free(text);
    return j;
}

static json_t *out_enum(const ProtobufCEnumDescriptor *d, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
    return v ? json_string(v->name) : json_integer(value);
}

/* 64-bit numbers are strings, because readers in JavaScript keep only 53 bits. */
static json_t *out_wide(bool is_signed, const void *p)
{
    char text[24];
    if (is_signed)
        snprintf(text, sizeof text, "%" PRId64, *(const int64_t *)p);
    else
        snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)p);
    return json_string(text);
}

static json_t *out_value(const ProtobufCFieldDescriptor *f, const void *p, bool mask)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return out_string(*(char *const *)p ? *(char *const *)p : "");
    case PROTOBUF_C_TYPE_BYTES:
        return out_bytes(p);
    case PROTOBUF_C_TYPE_MESSAGE:
        return json_of_msg(*(ProtobufCMessage *const *)p, mask);
    case PROTOBUF_C_TYPE_ENUM:
        return out_enum(f->descriptor, *(const int *)p);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)p);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)*(const float *)p);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)p);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)p);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)p);
    default:
        return out_wide(f->type != PROTOBUF_C_TYPE_UINT64 && f->type != PROTOBUF_C_TYPE_FIXED64, p);
    }
}

/* proto3 has no presence outside messages and choices: a default value is an unset one. */
static bool is_set(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m)
{
    static const uint8_t zero[sizeof(double)];
    const uint8_t *p = (const uint8_t *)m + f->offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)((const uint8_t *)m + f->quantifier_offset) > 0;
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)((const uint8_t *)m + f->quantifier_offset) == f->id;
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return *(char *const *)p && **(char *const *)p;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)p)->len > 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(void *const *)p != NULL;
    default:
        return memcmp(p, zero, json_value_size(f->type)) != 0;
    }
}

static json_t *out_field(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m, bool mask)
{
    const uint8_t *p = (const uint8_t *)m + f->offset;
    if (f->label != PROTOBUF_C_LABEL_REPEATED)
        return out_value(f, p, mask);
    json_t *array = json_array();
    const uint8_t *items = *(const uint8_t *const *)p;
    size_t n = *(const size_t *)((const uint8_t *)m + f->quantifier_offset);
    for (size_t i = 0; i < n; i++)
        must(json_array_append_new(array, out_value(f, items + i * json_value_size(f->type), mask)) == 0);
    return array;
}

json_t *json_of_msg(const ProtobufCMessage *m, bool mask_personal)
{
    const ProtobufCMessageDescriptor *d = m->descriptor;
    bool hidden = mask_personal && is_personal(d);
    json_t *j = json_object();
    must(j);
    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        if (is_set(f, m))
            must(json_object_set_new(j, f->name, hidden ? json_string("***") : out_field(f, m, mask_personal)) == 0);
    }
    return j;
}
