/* GET /v1/applications/{id}: where an application stands, why, and what it went through. */
#include "answer.h"
#include "domain/pb.h"
#include "domain/reason.h"
#include "services/attachment/attachment.h"
#include "services/attachment/close.h"
#include "tables.h"
#include "wire/json.h"

/* How far an application has come. */
struct progress {
    PB(Step) *const *trail;
    size_t n;
    PB(Status) status;
};

static json_t *enum_name(const ProtobufCEnumDescriptor *d, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
    return v ? json_string(v->name) : json_integer(value);
}

/* The code for programs, the sentence for the citizen. */
static json_t *reason_json(struct arena *mem, const PB(Reason) * r)
{
    json_t *j = json_pack("{s:s, s:s}", "code", r->code, "detail", r->detail);
    const struct reason_info *info = reason_find(r->code);
    if (info) {
        struct finding f = finding_of((enum reason_id)(info - reasons), r->detail);
        json_object_set_new(j, "text", json_string(reason_text(mem, f)));
        json_object_set_new(j, "law", json_string(info->law));
        json_object_set_new(j, "appeal", json_string(reason_appeal_text(info->appeal)));
    }
    return j;
}

static json_t *reasons_json(struct arena *mem, const PB(ApplicationState) * s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_reasons; i++)
        json_array_append_new(list, reason_json(mem, s->reasons[i]));
    return list;
}

static json_t *step_json(PB(Status) status, int64_t at_ms)
{
    json_t *j = json_object();
    json_object_set_new(j, "status", enum_name(&clinic__attach__v1__status__descriptor, (int)status));
    json_object_set_new(j, "at", gw_json_time(at_ms));
    return j;
}

static json_t *history_json(const struct progress *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n; i++)
        json_array_append_new(list, step_json(p->trail[i]->status, p->trail[i]->at_ms));
    return list;
}

/* --- the stage --- */

static void take_trail(struct progress *p, PB(Step) *const *trail, size_t n)
{
    if (n > p->n)
        *p = (struct progress){trail, n, trail[n - 1]->status};
}

/* Intake knows an application to the door and from its end. In between the decider has it: the case in flight carries every
 * step so far; of one that it has ended, and intake will hear of in a moment, it knows how. Where it cannot be asked, or the
 * stages before it have the application still, intake's word stands: an earlier stage, but a true one. */
static void look_further(struct gw_worker *w, const char *id, const PB(ApplicationState) * s, struct progress *p)
{
    const void *found;
    uint8_t bytes[16];
    struct err e;
    int table = gw_table(&attachment_svc, "person");
    if (!s->person_ref[0] || !uuid_to_bytes(id, bytes) ||
        !gw_fetch(w, w->attachment, table, s->person_ref, &clinic__attach__v1__person_state__descriptor, &found, &e) ||
        !found)
        return;
    const PB(InFlight) *f = person_in_flight_by_id(found, id);
    PB(Outcome) outcome = person_outcome(found, bytes);
    if (f)
        take_trail(p, f->case_->trail, f->case_->n_trail);
    else if (outcome)
        p->status = att_status_of(outcome);
}

static struct progress progress_of(struct gw_worker *w, const char *id, const PB(ApplicationState) * s)
{
    struct progress p = {.status = PB_STATUS(RECEIVED)};
    take_trail(&p, s->trail, s->n_trail);
    if (s->outcome == PB_OUTCOME(UNSPECIFIED))
        look_further(w, id, s, &p);
    return p;
}

static json_t *head_json(const char *id, int source, const char *external_ref, PB(Status) status)
{
    json_t *j = json_object();
    json_object_set_new(j, "application_id", json_string(id));
    json_object_set_new(j, "source", enum_name(&clinic__attach__v1__source__descriptor, source));
    json_object_set_new(j, "external_ref", json_string(external_ref));
    json_object_set_new(j, "status", enum_name(&clinic__attach__v1__status__descriptor, (int)status));
    return j;
}

static json_t *state_json(struct gw_worker *w, const char *id, const PB(ApplicationState) * s)
{
    struct progress p = progress_of(w, id, s);
    json_t *j = head_json(id, (int)s->source, s->external_ref, p.status);
    json_object_set_new(j, "outcome", enum_name(&clinic__attach__v1__outcome__descriptor, (int)s->outcome));
    json_object_set_new(j, "reasons", reasons_json(w->mem, s));
    json_object_set_new(j, "history", history_json(&p));
    json_object_set_new(j, "due_at", s->due_at_ms ? gw_json_time(s->due_at_ms) : json_null());
    json_object_set_new(j, "sla_breached", json_boolean(s->sla_breached));
    json_object_set_new(j, "clinic_id", json_string(s->clinic_id));
    json_object_set_new(j, "profile", enum_name(&clinic__attach__v1__profile__descriptor, (int)s->profile));
    if (s->rule_set)
        json_object_set_new(j, "rule_set", json_pack("{s:s, s:I}", "id", s->rule_set->id, "version",
                                                     (json_int_t)s->rule_set->version));
    return j;
}

/* The broker has it, intake has not spoken yet. */
static json_t *recent_json(const struct gw_recent_entry *a)
{
    json_t *j = head_json(a->id, a->source, a->external_ref, CLINIC__ATTACH__V1__STATUS__STATUS_RECEIVED);
    json_object_set_new(j, "outcome", json_string("OUTCOME_UNSPECIFIED"));
    json_object_set_new(j, "reasons", json_array());
    json_t *history = json_array();
    json_array_append_new(history, step_json(CLINIC__ATTACH__V1__STATUS__STATUS_RECEIVED, a->at_ms));
    json_object_set_new(j, "history", history);
    json_object_set_new(j, "due_at", json_null());
    json_object_set_new(j, "sla_breached", json_false());
    return j;
}

void gw_status(struct gw_worker *w, struct gw_req *r)
{
    const PB(ApplicationState) *known = NULL;
    struct gw_recent_entry recent;
    struct err e;
    bool is_read = gw_read_application(w, r->id, true, &known, &e);
    if (known)
        gw_answer_json(r, 200, state_json(w, r->id, known));
    else if (gw_recent_get(w->gw->recent, r->id, w->gw->now_ms(), &recent))
        gw_answer_json(r, 200, recent_json(&recent));
    else if (is_read)
        gw_answer_problem(r, GW_PROBLEM_NOT_FOUND, NULL);
    else
        gw_answer_unread(w->gw, r, &e);
    gw_finish(w->gw, r);
}
