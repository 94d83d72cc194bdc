/* json_impl.h - what json_in.c, json_out.c and ce_json.c share. */
#ifndef CLINIC_WIRE_JSON_IMPL_H
#define CLINIC_WIRE_JSON_IMPL_H
#include <protobuf-c/protobuf-c.h>
#include <jansson.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/bytes.h"

/* A string in base64, of either alphabet, with and without padding, as proto3 JSON asks; bytes in the arena. */
bool json_base64(const json_t *j, struct arena *mem, struct bytes *ret);

/* Size of a value in a message struct or in the array of a repeated field. */
static inline size_t json_value_size(ProtobufCType t)
{
    switch (t) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}
#endif
