/* msg.h - messages as bytes, and what protobuf-c leaves unchecked in one that it decoded. Pure. */
#ifndef CLINIC_WIRE_MSG_H
#define CLINIC_WIRE_MSG_H
#include <protobuf-c/protobuf-c.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* Every string is well-formed UTF-8, as proto3 demands: readers in other languages refuse the whole record otherwise.
 * To be asked once, where a message comes in from outside.
 * Errors: ERR_INPUT, e->code = path of the field like /personal/surname. */
bool msg_text_ok(const ProtobufCMessage *m, struct err *e) MUST_CHECK;

/* The bytes that protobuf_c_message_pack makes of a message of the contract, in mem; .p is never NULL. For what is done
 * for every record: it takes half the time of asking for the size and packing.
 *   work  arena of what is needed meanwhile, left to its next reset: up to some times the message; mem itself is fine */
struct bytes msg_pack(const ProtobufCMessage *m, struct arena *work, struct arena *mem);
#endif
