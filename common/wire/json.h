/* json.h - proto3 JSON mapping of any message, by its descriptor: the HTTP form of the contract, the operator's view.
 * Field names as in the .proto, enums by name, int64 as strings, bytes as base64, unset fields left out.
 * Errors: ERR_INPUT with e->code = JSON pointer of the field and text = the rule it breaks. */
#ifndef CLINIC_WIRE_JSON_H
#define CLINIC_WIRE_JSON_H
#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include "base/arena.h"
#include "base/err.h"

/* Strict: unknown fields, wrong types, unknown enum names, two members of a oneof are errors. *ret lives in the arena. */
bool json_to_msg(const json_t *j, const ProtobufCMessageDescriptor *d, struct arena *mem, ProtobufCMessage **ret,
                 struct err *e) MUST_CHECK;
/* gives. mask_personal: every field of a Personal block and of Sealed is shown as "***". */
json_t *json_of_msg(const ProtobufCMessage *m, bool mask_personal);
#endif
