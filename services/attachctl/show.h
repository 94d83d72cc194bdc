/* show.h - records as an operator sees them: decoded by events.def, personal data masked, in JSON or one line.
 * Threads: main thread. */
#ifndef CLINIC_CTL_SHOW_H
#define CLINIC_CTL_SHOW_H
#include "services/attachctl/ctl.h"

/* Short names: "intake.inbox", "application.submitted". Static ring of buffers, good for the next 8 calls. */
const char *show_topic(int topic);
const char *show_event(int event); /* "?" when unknown */
/* Decoded message in the arena; NULL: absent, unknown type or not that message. */
ProtobufCMessage *show_unpack(const struct bus_rec *r, struct arena *mem);
/* A record as JSON: topic, partition, offset, time, key, headers, type, message. keys may be NULL: dead letters stay
 * closed. gives. */
json_t *show_record(const struct bus_rec *r, const struct keyring *keys, struct arena *mem);
/* Key facts of a message, for one line: outcome, reasons, clinic, milestone and the like. Arena. */
const char *show_facts(int event, const ProtobufCMessage *m, struct arena *mem);
#endif
