#include <stdlib.h>
#include <string.h>
#include "about.h"
#include "answer.h"
#include "base/text.h"
#include "idem.h"

void gw_req_fini(struct gw_req *r)
{
    gw_answer_clear(&r->answer);
    gw_idem_free(r->idem);
    free(r->accepted);
    free(r->body);
    r->idem = NULL;
    r->accepted = NULL;
    r->body = NULL;
}

json_t *gw_body_json(struct gw_req *r)
{
    json_error_t where;
    json_t *j = r->body_n ? json_loadb(r->body, r->body_n, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (j)
        return j;
    char detail[96]; /* the library's own text quotes the body, so only the place is told */
    if (r->body_n)
        snprintf(detail, sizeof detail, "JSON: строка %d, столбец %d", where.line, where.column);
    else
        snprintf(detail, sizeof detail, "Тело запроса пусто");
    gw_answer_problem(r, GW_PROBLEM_MALFORMED, detail);
    return NULL;
}

/* "personal.snils" and "/personal/snils" are one field. */
static void pointer_of(const char *field, char *ret, size_t n)
{
    size_t at = 0;
    if (field[0] && field[0] != '/' && n > 1)
        ret[at++] = '/';
    for (; *field && at + 1 < n; field++)
        if (*field != ']')
            ret[at++] = *field == '.' || *field == '[' ? '/' : *field;
    ret[at] = '\0';
}

void gw_answer_field(struct gw_req *r, const struct err *e)
{
    char pointer[64];
    pointer_of(e->code, pointer, sizeof pointer);
    json_t *errors = json_array();
    json_array_append_new(errors, gw_field_error(pointer, "invalid", e->text));
    gw_answer_errors(r, GW_PROBLEM_INVALID, e->text, errors);
}

/* A CloudEvents attribute given as a header; NULL when absent or not fit for a header of ours. */
static const char *given_attribute(const struct gw_req *r, const char *name)
{
    const char *v = r->get(r, GW_HEADER, name);
    size_t n = v ? strlen(v) : 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] <= ' ' || v[i] > '~')
            return NULL;
    return n > 0 && n <= 128 ? v : NULL;
}

static struct bytes header(const struct gw_req *r, const char *name) { return bytes_str(r->get(r, GW_HEADER, name)); }

const char *gw_parent(const struct gw_req *r)
{
    const char *hop = r->get(r, GW_HEADER, "traceparent"), *origin = r->get(r, GW_HEADER, "ce-traceparent");
    return ce_traceparent_ok(hop) ? hop : ce_traceparent_ok(origin) ? origin : NULL;
}

static void set_attributes(const struct gw_worker *w, const struct gw_req *r, struct ce *ce)
{
    const char *id = given_attribute(r, "ce-id"), *source = given_attribute(r, "ce-source");
    const char *time = given_attribute(r, "ce-time");
    if (id && source) { /* together they are the event's identity */
        ce->id = id;
        ce->source = source;
    }
    ce->time_ms = w->gw->now_ms();
    if (time)
        text_time_parse(time, strlen(time), &ce->time_ms);
}

struct bus_out gw_record(struct gw_worker *w, struct gw_req *r, enum event_id type, const char *id,
                         const ProtobufCMessage *msg, const char *ce_id)
{
    struct bus_out o = {.topic = TOPIC_INTAKE_INBOX, .partition = gw_partition(w->gw, id), .key = bytes_str(id)};
    must(svc_may_emit(gw_outputs, o.topic, type));
    char *span = ARENA_ARRAY(w->mem, char, CE_TRACEPARENT_BYTES);
    struct ce_trace trace = ce_trace_of(header(r, "traceparent"), header(r, "tracestate"), header(r, "ce-traceparent"),
                                        header(r, "ce-tracestate"));
    struct ce ce = {.event = type, .id = ce_id, .source = "/clinic/gateway", .subject = id, .tracestate = trace.state};
    set_attributes(w, r, &ce);
    ce_child_traceparent(r->trace, ce.id, span);
    ce.traceparent = span;
    ce.origin = trace.origin.n ? trace.origin : bytes_str(r->trace);
    size_t n = protobuf_c_message_get_packed_size(msg);
    uint8_t *value = arena_alloc(w->mem, n ? n : 1);
    protobuf_c_message_pack(msg, value);
    o.value = bytes_of(value, n);
    o.headers = ce_headers(&ce, w->mem, &o.headers_n);
    return o;
}
