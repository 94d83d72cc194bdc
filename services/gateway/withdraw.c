/* POST /v1/applications/{id}/withdrawal (P-09). The body, {source, external_ref}, may be left out when the platform
 * knows the application already. */
#include <string.h>
#include "answer.h"
#include "domain/pb.h"
#include "domain/validate.h"
#include "wire/json.h"

/* False: answered. *ret untouched when there is no body. */
static bool take_body(struct gw_worker *w, struct gw_req *r, PB(Withdrawal) * ret, bool *ret_has_body)
{
    *ret_has_body = r->body_n > 0;
    if (!*ret_has_body)
        return true;
    json_t *j = gw_body_json(r);
    if (!j)
        return false;
    ProtobufCMessage *m;
    struct err e;
    bool is_good = json_to_msg(j, &clinic__attach__v1__withdrawal__descriptor, w->mem, &m, &e);
    json_decref(j);
    if (is_good) {
        *ret = *(PB(Withdrawal) *)m;
        is_good = validate_withdrawal(ret, &e);
    }
    char id[37] = "";
    if (is_good) {
        application_id_of(ret->source, ret->external_ref, id);
        is_good = strcmp(id, r->id) == 0 || err_set(&e, ERR_INPUT, "/external_ref", "is not of this application");
    }
    if (!is_good)
        gw_answer_field(r, &e);
    return is_good;
}

/* Whose application it is, from what is known. False: answered. */
static bool find_application(struct gw_worker *w, struct gw_req *r, PB(Withdrawal) * ret, bool has_body)
{
    const PB(ApplicationState) *known = NULL;
    struct gw_recent_entry recent;
    struct err e;
    bool is_read = gw_read_application(w, r->id, true, &known, &e);
    if (known && known->outcome != PB_OUTCOME(UNSPECIFIED) && known->outcome != PB_OUTCOME(WITHDRAWN)) {
        gw_answer_problem(r, GW_PROBLEM_CLOSED, NULL);
        return false;
    }
    if (has_body)
        return true;
    if (known) {
        ret->source = known->source;
        ret->external_ref = known->external_ref;
    } else if (gw_recent_get(w->gw->recent, r->id, w->gw->now_ms(), &recent)) {
        ret->source = (PB(Source))recent.source;
        ret->external_ref = arena_strdup(w->mem, recent.external_ref);
    } else if (is_read) {
        gw_answer_problem(r, GW_PROBLEM_NOT_FOUND, NULL);
        return false;
    } else {
        gw_answer_unread(w->gw, r, &e);
        return false;
    }
    return true;
}

void gw_withdraw(struct gw_worker *w, struct gw_req *r)
{
    PB(Withdrawal) m;
    clinic__attach__v1__withdrawal__init(&m);
    bool has_body;
    if (!take_body(w, r, &m, &has_body) || !find_application(w, r, &m, has_body)) {
        gw_finish(w->gw, r);
        return;
    }
    const char *url = arena_printf(w->mem, "/v1/applications/%s", r->id);
    gw_answer_json(r, 202, json_pack("{s:s, s:s}", "application_id", r->id, "status_url", url));
    snprintf(r->answer.location, sizeof r->answer.location, "%s", url);
    struct bus_out o = gw_record(w, r, EV_APPLICATION_WITHDRAWAL, r->id, &m.base,
                                 arena_printf(w->mem, "%s-withdrawal", r->id));
    gw_publish(w->gw, r, &o); /* the request is not ours any more */
}
