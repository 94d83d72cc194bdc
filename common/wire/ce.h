/* ce.h - CloudEvents binary-mode headers of a record, and W3C trace context. Pure.
 * Rules: CloudEvents Kafka binding (attributes are ce_<name> headers, the data type is content-type); W3C Trace
 * Context level 1 for traceparent. Left out on purpose, because every record would pay for them: dataclassification (a
 * matter of the topic, not of the record), expirytime (nothing reads it: what is stale is judged by the state), the origin's
 * ce_traceparent (the trace is one from door to notice, so traceparent tells it) and tracestate (of tracing vendors; nobody
 * here adds to it). Errors: none; a malformed traceparent starts a new trace, never refuses a record. */
#ifndef CLINIC_WIRE_CE_H
#define CLINIC_WIRE_CE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "wire/wire.h"

/* A header of a record, read or to be written. */
struct bus_header {
    const char *name;
    struct bytes value;
};

/* Attributes of one record; NULL and "" = absent, the header is left out. id, source and type are never absent. */
struct ce {
    const char *id, *source, *type, *subject, *dataschema, *correlationid, *causationid, *traceparent;
    int64_t time_ms; /* UTC */
};

/* Headers of an event or fact (content-type and ce_specversion are constant). Called for every record produced.
 *   ce      borrows its strings until the record is produced: values point into them
 * Returns an array in the arena of *ret_n headers. */
const struct bus_header *ce_headers(const struct ce *ce, struct arena *mem, size_t *ret_n);

/* ce_dataschema of a message: "urn:proto:<full message name>"; static. */
const char *ce_dataschema(enum event_id type);

#define CE_TRACEPARENT_BYTES 56 /* 55 characters and NUL */
/* True when s is a traceparent of version 00 (or of a later one that begins alike) with non-zero ids. */
bool ce_traceparent_ok(const char *s);
/* The traceparent of what follows `parent`: same trace and flags, span id derived from seed (for example the ce_id
 * of the new record), so that a redone batch produces the same bytes. When parent is NULL, "" or malformed, the trace
 * id derives from the seed too: to start a trace per application, pass "" and the application id first, then the
 * result and the ce_id. */
void ce_child_traceparent(const char *parent, const char *seed, char ret[CE_TRACEPARENT_BYTES]);
#endif
