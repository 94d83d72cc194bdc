/* ce.h - CloudEvents headers of a record, and the trace it belongs to. Pure.
 * Rules: CloudEvents Kafka binding (attributes are ce_<name> headers, the data type is content-type) with the extensions
 * correlation, dataclassification, expirytime and distributed tracing; W3C Trace Context for traceparent and tracestate.
 * What follows from the message (type, schema, class, lifetime) is a column of events.def. Errors: none; a malformed
 * trace context is dropped and a new trace begun, a record is never refused for it. */
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

/* Attributes of one record; NULL, "" and .n == 0 = absent, the header is left out. id and source are never absent. */
struct ce {
    enum event_id event;            /* ce_type, ce_dataschema, ce_dataclassification and lifetime */
    const char *id, *source;
    const char *subject;            /* application id; ce_correlationid is the same */
    struct bytes causationid;
    const char *traceparent;        /* of this hop */
    struct bytes origin, tracestate; /* carried on; no origin = the trace begins here, traceparent is its origin */
    int64_t time_ms;                /* UTC */
};

/* Headers of a record, all of them. Called for every record produced.
 *   ce      borrows its strings until the record is produced: values point into them
 * Returns an array in the arena of *ret_n headers. */
const struct bus_header *ce_headers(const struct ce *ce, struct arena *mem, size_t *ret_n);

/* ce_dataschema of a message: "urn:proto:<full message name>"; static. */
const char *ce_dataschema(enum event_id type);

/* --- trace context --- */
#define CE_TRACEPARENT_BYTES 56 /* 55 characters and NUL */
#define CE_TRACESTATE_MAX 512   /* what every receiver must carry on; longer ones are dropped */
#define CE_ORIGIN_MAX 128       /* of the traceparent of a later version; 55 in version 00 */
#define CE_TRACE_BYTES (2 * CE_ORIGIN_MAX + CE_TRACESTATE_MAX + 3) /* ce_trace_text and NUL */

/* True when s is a traceparent of version 00 (or of a later one that begins alike) with non-zero ids. */
bool ce_traceparent_ok(const char *s);
/* True when it is a list of key=value members as W3C writes it, of 1 to CE_TRACESTATE_MAX characters. */
bool ce_tracestate_ok(struct bytes s);
/* The traceparent of what follows `parent`: same trace and flags, span id derived from seed (for example the ce_id
 * of the new record), so that a redone batch produces the same bytes. When parent is NULL, "" or malformed, the trace
 * id derives from the seed too: to start a trace per application, pass "" and the application id first, then the
 * result and the ce_id. */
void ce_child_traceparent(const char *parent, const char *seed, char ret[CE_TRACEPARENT_BYTES]);

/* What is carried on of the trace of a record read. */
struct ce_trace {
    struct bytes parent;         /* traceparent of the hop before; .n == 0 = none, and nothing else either */
    struct bytes origin, state;  /* ce_traceparent of what follows; tracestate, .n == 0 = none */
};
/* The headers of a record, well-formed or not, as its trace. Without a traceparent of the hop the origin's goes on, with
 * the tracestate that is the event's own (ce_tracestate). All of it points into the headers. */
struct ce_trace ce_trace_of(struct bytes traceparent, struct bytes tracestate, struct bytes ce_traceparent,
                            struct bytes ce_tracestate);
/* ce_child_traceparent() of what goes on: its parent was looked at when it was read. */
void ce_child_of_trace(const struct ce_trace *t, const char *seed, char ret[CE_TRACEPARENT_BYTES]);
/* A trace as one text, for who keeps it aside (the sender): "<parent> <origin> <state>", "" = none; and back. Text may be
 * a bare traceparent too. The trace read points into the text. */
const char *ce_trace_text(const struct ce_trace *t, struct arena *mem);
struct ce_trace ce_trace_read(const char *text);
#endif
