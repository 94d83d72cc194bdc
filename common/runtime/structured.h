/* structured.h - a record in the structured mode of CloudEvents as the binary mode would have it. Pure. */
#ifndef CLINIC_STRUCTURED_H
#define CLINIC_STRUCTURED_H
#include "runtime/bus.h"
#include "wire/ce_json.h"

/* rec is in structured JSON (ce_mode_of). *ret = the same record with the attributes and the value of its event, which live
 * in the arena (the value stays as it is when there is no message of that type); its own traceparent and tracestate go before those of the event, as in the binary mode.
 * Errors: ERR_INPUT as ce_json_read; *ret has what was read before. */
bool structured_open(const struct bus_rec *rec, struct arena *mem, struct bus_rec *ret, struct err *e) MUST_CHECK;
#endif
