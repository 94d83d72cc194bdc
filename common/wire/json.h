/* json.h - proto3 JSON mapping of any message, by its descriptor: the HTTP form of the contract, the operator's view.
 * Field names as in the .proto, enums by name, int64 as strings, bytes as base64, unset fields left out.
 * Errors: ERR_INPUT with e->code = JSON pointer of the field and text = the rule it breaks. */
#ifndef CLINIC_WIRE_JSON_H
#define CLINIC_WIRE_JSON_H
#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include "base/arena.h"
#include "base/err.h"

/* Strict: unknown fields, wrong types, unknown enum names, two members of a oneof are errors. Read leniently: enums
 * without their prefix or as numbers, int64 as a number, base64 of either alphabet, null = left out.
 * *ret lives in the arena. The pointer in e->code is cut to fit; neither it nor the text repeats a value. */
bool json_to_msg(const json_t *j, const ProtobufCMessageDescriptor *d, struct arena *mem, ProtobufCMessage **ret,
                 struct err *e) MUST_CHECK;
/* gives. mask_personal: what is set in Personal, Representative, Document, Sealed and OriginalRecord shows "***". */
json_t *json_of_msg(const ProtobufCMessage *m, bool mask_personal);
/* Value of an enum by its full name or by the name without its prefix (SOURCE_MOSRU, MOSRU); NULL = none. */
const ProtobufCEnumValue *json_enum_value(const ProtobufCEnumDescriptor *d, const char *name);
#endif
