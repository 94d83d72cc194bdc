/* GET /v1/attachments?policy=... and POST /v1/attachments/lookup: where is the holder of a policy attached (S-09)?
 * "Not processed" is not "not attached": only a valid 16-digit number of a unified policy is looked up.
 * The POST form keeps the number out of URLs and so out of the logs of proxies; prefer it. */
#include <string.h>
#include "answer.h"
#include "domain/enp.h"
#include "domain/pb.h"
#include "domain/policy.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "tables.h"

#define TEXT_NOT_PROCESSED "Поиск возможен только по 16-значному номеру полиса единого образца."
#define TEXT_NOT_ATTACHED                                                                                            \
    "Прикрепление не найдено. Чтобы прикрепиться, подайте заявление на портале или в регистратуре поликлиники."

static const char *profile_text(PB(Profile) p)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&clinic__attach__v1__profile__descriptor, (int)p);
    return v ? v->name : "PROFILE_UNSPECIFIED";
}

static json_t *result_json(const char *result, const char *text, json_t *attachments)
{
    json_t *j = json_object();
    json_object_set_new(j, "result", json_string(result));
    if (text)
        json_object_set_new(j, "text", json_string(text));
    json_object_set_new(j, "attachments", attachments);
    return j;
}

/* The register's record of the clinic adds its name and address; without one the number has to do. */
static json_t *attachment_json(struct gw_worker *w, const PB(Attachment) * a)
{
    const void *found = NULL;
    struct err e;
    json_t *j = json_pack("{s:s, s:s}", "profile", profile_text(a->profile), "clinic_id", a->clinic_id);
    int table = gw_table(&capacity_svc, "clinic");
    if (gw_fetch(w, w->capacity, table, a->clinic_id, &clinic__attach__v1__clinic_record__descriptor, &found, &e) &&
        found) {
        const PB(ClinicRecord) *c = found;
        json_object_set_new(j, "clinic_name", json_string(c->name));
        json_object_set_new(j, "clinic_address", json_string(c->address));
        json_object_set_new(j, "clinic_phone", json_string(c->phone));
    }
    json_object_set_new(j, "doctor_id", json_integer(a->doctor_id));
    json_object_set_new(j, "since", gw_json_time((int64_t)a->effective_from_s * 1000));
    json_object_set_new(j, "until", a->effective_to_s ? gw_json_time((int64_t)a->effective_to_s * 1000) : json_null());
    return j;
}

static json_t *attachments_json(struct gw_worker *w, const PB(PersonState) * p)
{
    json_t *list = json_array();
    int64_t now_s = w->gw->now_ms() / 1000;
    for (size_t i = 0; p && i < p->n_attachments; i++) {
        const PB(Attachment) *a = p->attachments[i];
        if (a->effective_to_s == 0 || a->effective_to_s > now_s)
            json_array_append_new(list, attachment_json(w, a));
    }
    return list;
}

static void look_up(struct gw_worker *w, struct gw_req *r, const char *number)
{
    char normal[POLICY_NORMAL_MAX], ref[PERSON_REF_LEN + 1];
    PB(PolicyForm) form;
    if (!policy_normal(PB_FORM(UNSPECIFIED), "", number, normal, &form, NULL) || !policy_is_unified(form) ||
        !enp_valid(normal)) {
        gw_answer_json(r, 200, result_json("NOT_PROCESSED", TEXT_NOT_PROCESSED, json_array()));
        return;
    }
    person_ref_of(w->gw->keys, normal, ref);
    const void *person;
    struct err e;
    int table = gw_table(&attachment_svc, "person");
    if (!gw_read(w, w->attachment, table, (int)attachment_svc.facts, ref, &clinic__attach__v1__person_state__descriptor,
                 &person, &e)) {
        gw_answer_unread(w->gw, r, &e);
        return;
    }
    json_t *list = attachments_json(w, person);
    bool is_attached = json_array_size(list) > 0;
    gw_answer_json(r, 200, result_json(is_attached ? "ATTACHED" : "NOT_ATTACHED", is_attached ? NULL : TEXT_NOT_ATTACHED,
                                       list));
}

void gw_lookup_query(struct gw_worker *w, struct gw_req *r)
{
    const char *number = r->get(r, GW_QUERY, "policy");
    if (number)
        look_up(w, r, number);
    else
        gw_answer_problem(r, GW_PROBLEM_BAD_REQUEST, "policy");
    gw_finish(w->gw, r);
}

void gw_lookup_body(struct gw_worker *w, struct gw_req *r)
{
    json_t *j = gw_body_json(r);
    if (j) {
        const char *number = json_string_value(json_object_get(j, "policy"));
        struct err e;
        if (number) {
            look_up(w, r, number);
        } else {
            err_set(&e, ERR_INPUT, "/policy", "must be a string");
            gw_answer_field(r, &e);
        }
        json_decref(j);
    }
    gw_finish(w->gw, r);
}
