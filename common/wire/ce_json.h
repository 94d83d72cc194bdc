/* ce_json.h - the structured mode of CloudEvents, in JSON: attributes and data in one document. Pure.
 * Rules: CloudEvents Kafka binding 3.3 and JSON event format 3. `data` is the proto3 JSON mapping of the message that `type`
 * names (json.h), as over HTTP; or `data_base64` its protobuf bytes. */
#ifndef CLINIC_WIRE_CE_JSON_H
#define CLINIC_WIRE_CE_JSON_H
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* How a record carries its event, by content-type. OTHER: a batch, or a format that is not read (avro). */
enum ce_mode { CE_BINARY, CE_JSON, CE_OTHER };
enum ce_mode ce_mode_of(struct bytes content_type);

/* An event as the binary mode would have it: texts of ce_<name>, the value in protobuf; .n == 0 = absent. */
struct ce_event {
    struct bytes id, source, type, subject, time, expirytime, traceparent, tracestate;
    struct bytes value; /* absent when there is no message of that type */
};
/* *ret lives in the arena. Extension attributes that are not named above are left aside.
 * Errors: ERR_INPUT, e->code = JSON pointer of the part ("" = the document), text = the rule it breaks; no value is told. */
bool ce_json_read(struct bytes text, struct arena *mem, struct ce_event *ret, struct err *e) MUST_CHECK;
#endif
