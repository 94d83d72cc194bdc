/* msg.h - what protobuf-c leaves unchecked in a message it decoded. Pure. */
#ifndef CLINIC_WIRE_MSG_H
#define CLINIC_WIRE_MSG_H
#include <protobuf-c/protobuf-c.h>
#include "base/err.h"

/* Every string is well-formed UTF-8, as proto3 demands: readers in other languages refuse the whole record otherwise.
 * To be asked once, where a message comes in from outside.
 * Errors: ERR_INPUT, e->code = path of the field like /personal/surname. */
bool msg_text_ok(const ProtobufCMessage *m, struct err *e) MUST_CHECK;
#endif
