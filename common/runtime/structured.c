#include "runtime/structured.h"

bool structured_open(const struct bus_rec *rec, struct arena *mem, struct bus_rec *ret, struct err *e)
{
    struct ce_event ev;
    bool good = ce_json_read(rec->value, mem, &ev, e);
    *ret = *rec;
    ret->content_type = bytes_str("application/protobuf");
    ret->ce_type = ev.type;
    ret->ce_id = ev.id;
    ret->ce_source = ev.source;
    ret->ce_subject = ev.subject;
    ret->ce_time = ev.time;
    ret->ce_expirytime = ev.expirytime;
    ret->ce_traceparent = ev.traceparent;
    ret->ce_tracestate = ev.tracestate;
    if (ev.value.p)
        ret->value = ev.value;
    return good;
}
