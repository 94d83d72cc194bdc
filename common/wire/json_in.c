/* json_in.c - proto3 JSON into a message, by its descriptor. */
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "wire/json.h"
#include "wire/json_impl.h"

enum { DEPTH_MAX = 16 };

/* Where we are: steps from the field up to the root, each on the stack of its call. */
struct at {
    const struct at *up;
    const char *name; /* NULL = element `index` of the array above */
    size_t index;
    int depth;
};

struct in {
    struct arena *mem;
    struct err *e;
};

/* The pointer is cut at its end when it does not fit e->code. A name the sender made up may hold anything, so only
 * what a field name is made of is repeated. */
static size_t put_path(const struct at *at, char *to, size_t n)
{
    char index[24];
    const char *step = at->name;
    if (!at->up)
        return 0;
    size_t used = put_path(at->up, to, n);
    if (!step) {
        snprintf(index, sizeof index, "%zu", at->index);
        step = index;
    }
    if (used + 1 < n)
        to[used++] = '/';
    for (; *step && used + 1 < n; step++)
        to[used++] = isalnum((unsigned char)*step) || *step == '_' ? *step : '?';
    to[used] = '\0';
    return used;
}

static bool refuse(const struct in *in, const struct at *at, const char *rule)
{
    char path[sizeof in->e->code] = "";
    put_path(at, path, sizeof path);
    return err_set(in->e, ERR_INPUT, path, "%s", rule);
}

/* --- numbers --- */
/* An integer, or a decimal string as proto3 writes 64-bit numbers; wide = unsigned value beyond INT64_MAX allowed. */
static bool read_integer(const json_t *j, bool wide, int64_t *ret)
{
    if (json_is_integer(j)) {
        *ret = json_integer_value(j);
        return !wide || *ret >= 0;
    }
    const char *s = json_string_value(j);
    if (!s || strspn(s + (*s == '-' && !wide), "0123456789") != strlen(s + (*s == '-' && !wide)) || !s[*s == '-'])
        return false;
    errno = 0;
    *ret = wide ? (int64_t)strtoull(s, NULL, 10) : strtoll(s, NULL, 10);
    return errno == 0;
}

static bool in_number(const struct in *in, const struct at *at, const ProtobufCFieldDescriptor *f, const json_t *j,
                      void *to)
{
    int64_t v;
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (!read_integer(j, false, &v) || v < 0 || v > UINT32_MAX)
            return refuse(in, at, "must be a whole number from 0 to 4294967295");
        *(uint32_t *)to = (uint32_t)v;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (!read_integer(j, true, &v))
            return refuse(in, at, "must be a whole number of 64 bits without sign");
        *(uint64_t *)to = (uint64_t)v;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (!read_integer(j, false, (int64_t *)to))
            return refuse(in, at, "must be a whole number of 64 bits");
        return true;
    default:
        if (!read_integer(j, false, &v) || v < INT32_MIN || v > INT32_MAX)
            return refuse(in, at, "must be a whole number from -2147483648 to 2147483647");
        *(int32_t *)to = (int32_t)v;
        return true;
    }
}

static bool in_real(const struct in *in, const struct at *at, const ProtobufCFieldDescriptor *f, const json_t *j,
                    void *to)
{
    if (!json_is_number(j))
        return refuse(in, at, "must be a number");
    if (f->type == PROTOBUF_C_TYPE_FLOAT)
        *(float *)to = (float)json_number_value(j);
    else
        *(double *)to = json_number_value(j);
    return true;
}

static bool in_bool(const struct in *in, const struct at *at, const json_t *j, void *to)
{
    if (!json_is_boolean(j))
        return refuse(in, at, "must be true or false");
    *(protobuf_c_boolean *)to = json_is_true(j);
    return true;
}

/* --- names and text --- */
const ProtobufCEnumValue *json_enum_value(const ProtobufCEnumDescriptor *d, const char *name)
{
    static const char zero[] = "UNSPECIFIED";
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(d, name);
    const ProtobufCEnumValue *first = protobuf_c_enum_descriptor_get_value(d, 0);
    size_t n = first ? strlen(first->name) : 0;
    char full[128];
    if (v || n < sizeof zero || strcmp(first->name + n - (sizeof zero - 1), zero) != 0)
        return v;
    if (snprintf(full, sizeof full, "%.*s%s", (int)(n - (sizeof zero - 1)), first->name, name) >= (int)sizeof full)
        return NULL;
    return protobuf_c_enum_descriptor_get_value_by_name(d, full);
}

static bool in_enum(const struct in *in, const struct at *at, const ProtobufCFieldDescriptor *f, const json_t *j,
                    void *to)
{
    const ProtobufCEnumDescriptor *d = f->descriptor;
    const ProtobufCEnumValue *v = NULL;
    char rule[96];
    if (json_is_string(j))
        v = json_enum_value(d, json_string_value(j));
    else if (json_is_integer(j) && json_integer_value(j) >= 0 && json_integer_value(j) <= INT32_MAX)
        v = protobuf_c_enum_descriptor_get_value(d, (int)json_integer_value(j));
    if (!v) {
        snprintf(rule, sizeof rule, "must be a name of %s", d->short_name);
        return refuse(in, at, rule);
    }
    *(int *)to = v->value;
    return true;
}

static bool in_string(const struct in *in, const struct at *at, const json_t *j, void *to)
{
    const char *s = json_string_value(j);
    size_t n = s ? json_string_length(j) : 0;
    if (!s)
        return refuse(in, at, "must be a string");
    if (memchr(s, '\0', n) || !text_utf8_ok(s, n))
        return refuse(in, at, "must be UTF-8 text without NUL");
    *(char **)to = arena_strdup(in->mem, s);
    return true;
}

bool json_base64(const json_t *j, struct arena *mem, struct bytes *ret)
{
    const char *s = json_string_value(j), *end = NULL;
    size_t len = s ? json_string_length(j) : 0, max = len / 4 * 3 + 3, n = 0;
    bool padded = len > 0 && s[len - 1] == '=', url = s && strpbrk(s, "-_");
    int variant = url ? (padded ? sodium_base64_VARIANT_URLSAFE : sodium_base64_VARIANT_URLSAFE_NO_PADDING)
                      : (padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    if (!s)
        return false;
    uint8_t *out = arena_alloc(mem, max);
    if (sodium_base642bin(out, max, s, len, NULL, &n, &end, variant) != 0 || end != s + len)
        return false;
    *ret = bytes_of(out, n);
    return true;
}

static bool in_bytes(const struct in *in, const struct at *at, const json_t *j, void *to)
{
    struct bytes b;
    if (!json_base64(j, in->mem, &b))
        return refuse(in, at, "must be a string in base64");
    *(ProtobufCBinaryData *)to = (ProtobufCBinaryData){b.n, (uint8_t *)(uintptr_t)b.p};
    return true;
}

/* --- messages --- */
static bool in_message(const struct in *in, const struct at *at, const ProtobufCMessageDescriptor *d, const json_t *j,
                       ProtobufCMessage **ret);

static bool in_value(const struct in *in, const struct at *at, const ProtobufCFieldDescriptor *f, const json_t *j,
                     void *to)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        return in_string(in, at, j, to);
    case PROTOBUF_C_TYPE_BYTES:
        return in_bytes(in, at, j, to);
    case PROTOBUF_C_TYPE_MESSAGE:
        return in_message(in, at, f->descriptor, j, (ProtobufCMessage **)to);
    case PROTOBUF_C_TYPE_ENUM:
        return in_enum(in, at, f, j, to);
    case PROTOBUF_C_TYPE_BOOL:
        return in_bool(in, at, j, to);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return in_real(in, at, f, j, to);
    default:
        return in_number(in, at, f, j, to);
    }
}

static bool in_repeated(const struct in *in, const struct at *at, const ProtobufCFieldDescriptor *f, const json_t *j,
                        ProtobufCMessage *m)
{
    if (!json_is_array(j))
        return refuse(in, at, "must be an array");
    size_t n = json_array_size(j), size = json_value_size(f->type);
    uint8_t *items = n ? arena_zalloc(in->mem, n * size) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct at item = {at, NULL, i, at->depth};
        if (!in_value(in, &item, f, json_array_get(j, i), items + i * size))
            return false;
    }
    *(size_t *)((uint8_t *)m + f->quantifier_offset) = n;
    *(uint8_t **)((uint8_t *)m + f->offset) = items;
    return true;
}

static bool in_field(const struct in *in, const struct at *at, const ProtobufCFieldDescriptor *f, const json_t *j,
                     ProtobufCMessage *m)
{
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return in_repeated(in, at, f, j, m);
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *which = (uint32_t *)((uint8_t *)m + f->quantifier_offset);
        if (*which != 0)
            return refuse(in, at, "only one field of a choice may be given");
        *which = f->id;
    }
    return in_value(in, at, f, j, (uint8_t *)m + f->offset);
}

static bool in_message(const struct in *in, const struct at *at, const ProtobufCMessageDescriptor *d, const json_t *j,
                       ProtobufCMessage **ret)
{
    const char *name;
    json_t *value;
    if (!json_is_object(j))
        return refuse(in, at, "must be an object");
    if (at->depth >= DEPTH_MAX)
        return refuse(in, at, "is nested too deep");
    ProtobufCMessage *m = arena_alloc(in->mem, d->sizeof_message);
    d->message_init(m);
    json_object_foreach((json_t *)j, name, value) {
        struct at field = {at, name, 0, at->depth + 1};
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, name);
        if (!f)
            return refuse(in, &field, "is not a known field");
        if (!json_is_null(value) && !in_field(in, &field, f, value, m)) /* null = left out, as in proto3 */
            return false;
    }
    *ret = m;
    return true;
}

bool json_to_msg(const json_t *j, const ProtobufCMessageDescriptor *d, struct arena *mem, ProtobufCMessage **ret,
                 struct err *e)
{
    struct in in = {mem, e};
    struct at root = {0};
    return in_message(&in, &root, d, j, ret);
}
