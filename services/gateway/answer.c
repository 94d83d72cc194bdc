#include "answer.h"
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

static const struct {
    int status;
    const char *type, *title;
} problems[] = {
#define X(id, status, name, title) [GW_PROBLEM_##id] = {status, GW_PROBLEM_TYPE name, title},
    GW_PROBLEMS(X)
#undef X
};

static void set_body(struct gw_req *r, int status, const char *content_type, json_t *body)
{
    gw_answer_clear(&r->answer);
    r->answer.body = json_dumps(body, JSON_COMPACT);
    must(r->answer.body != NULL);
    r->answer.content_type = content_type;
    r->answer.status = status;
    json_decref(body);
}

void gw_answer_json(struct gw_req *r, int status, json_t *body)
{
    set_body(r, status, "application/json", body);
}

/* The 32 hexadecimal digits of the trace, the second part of a traceparent. */
static json_t *trace_id_of(const struct gw_req *r)
{
    return strlen(r->trace) >= 35 ? json_stringn(r->trace + 3, 32) : json_null();
}

void gw_answer_errors(struct gw_req *r, enum gw_problem p, const char *detail, json_t *errors)
{
    must(p < GW_PROBLEM_N);
    json_t *j = json_object();
    json_object_set_new(j, "type", json_string(problems[p].type));
    json_object_set_new(j, "title", json_string(problems[p].title));
    json_object_set_new(j, "status", json_integer(problems[p].status));
    if (detail)
        json_object_set_new(j, "detail", json_string(detail));
    if (r->path)
        json_object_set_new(j, "instance", json_string(r->path));
    if (errors)
        json_object_set_new(j, "errors", errors);
    json_object_set_new(j, "trace_id", trace_id_of(r));
    set_body(r, problems[p].status, "application/problem+json", j);
}

void gw_answer_problem(struct gw_req *r, enum gw_problem p, const char *detail)
{
    gw_answer_errors(r, p, detail, NULL);
}

void gw_answer_later(const struct gw *gw, struct gw_req *r, enum gw_problem p, const char *detail)
{
    gw_answer_problem(r, p, detail);
    r->answer.retry_after_s = gw->retry_after_s;
}

void gw_answer_unread(const struct gw *gw, struct gw_req *r, const struct err *e)
{
    gw_answer_later(gw, r, e->cls == ERR_STALE ? GW_PROBLEM_REBUILDING : GW_PROBLEM_STORE_DOWN, NULL);
}

json_t *gw_field_error(const char *pointer, const char *code, const char *message)
{
    json_t *e = json_object();
    json_object_set_new(e, "pointer", json_string(pointer));
    json_object_set_new(e, "code", json_string(code));
    json_object_set_new(e, "message", json_string(message));
    return e;
}

void gw_answer_clear(struct gw_answer *a)
{
    free(a->body);
    *a = (struct gw_answer){0};
}

json_t *gw_json_time(int64_t ms)
{
    char text[TEXT_TIME_BYTES];
    text_time(ms, text);
    return json_string(text);
}
