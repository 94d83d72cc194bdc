/* POST /v1/applications: the same contract as over Kafka, answered 202 only when the broker has it. */
#include <stdlib.h>
#include <string.h>
#include "answer.h"
#include "domain/digest.h"
#include "domain/ruleset.h"
#include "domain/validate.h"
#include "idem.h"
#include "wire/json.h"

#define MOSCOW_OFFSET_MIN 180 /* to tell the day of receipt before the rule set is known */

/* One submission while it is worked on. */
struct submission {
    struct gw_worker *w;
    struct gw_req *r;
    PB(Application) * app;
    char key[GW_KEY_MAX + 1]; /* Idempotency-Key; "" = none */
    char id[37];
    uint8_t fingerprint[DIGEST_BYTES];
};

static bool decode_json(struct submission *s)
{
    json_t *j = gw_body_json(s->r);
    if (!j)
        return false;
    ProtobufCMessage *m;
    struct err e;
    bool is_good = json_to_msg(j, &clinic__attach__v1__application__descriptor, s->w->mem, &m, &e);
    json_decref(j);
    if (!is_good) {
        gw_answer_field(s->r, &e);
        return false;
    }
    s->app = (PB(Application) *)m;
    return true;
}

static bool decode(struct submission *s)
{
    if (!gw_type_is(s->r->get(s->r, GW_HEADER, "Content-Type"), "application/protobuf"))
        return decode_json(s);
    s->app = clinic__attach__v1__application__unpack(arena_pb(s->w->mem), s->r->body_n, (uint8_t *)s->r->body);
    if (!s->app)
        gw_answer_problem(s->r, GW_PROBLEM_MALFORMED, "protobuf");
    return s->app != NULL;
}

/* CloudEvents HTTP binding, binary mode: attributes are headers; the body is the same. */
static bool check_cloud_event(struct submission *s)
{
    const char *version = s->r->get(s->r, GW_HEADER, "ce-specversion"), *type = s->r->get(s->r, GW_HEADER, "ce-type");
    if (!version && !type)
        return true;
    if (version && strcmp(version, "1.0") == 0 && type && strcmp(type, events[EV_APPLICATION_SUBMITTED].type) == 0)
        return true;
    gw_answer_problem(s->r, GW_PROBLEM_BAD_REQUEST, "ce-specversion, ce-type");
    return false;
}

static bool take_key(struct submission *s)
{
    const char *header = s->r->get(s->r, GW_HEADER, "Idempotency-Key");
    if (!header)
        return true;
    if (!gw_idem_parse(header, s->key)) {
        gw_answer_problem(s->r, GW_PROBLEM_BAD_REQUEST, "Idempotency-Key");
        return false;
    }
    if (s->app->external_ref[0] == '\0')
        s->app->external_ref = s->key;
    return true;
}

static bool check_fields(struct submission *s)
{
    struct err e;
    int64_t now_ms = s->w->gw->now_ms();
    const struct rulesets *sets = s->w->gw->rules;
    if (s->app->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL) {
        err_set(&e, ERR_INPUT, "/personal", "must be given, and in clear");
        gw_answer_field(s->r, &e);
        return false;
    }
    const struct ruleset *rules = ruleset_find(sets, s->app->region);
    struct date today = date_of_ms(now_ms, MOSCOW_OFFSET_MIN);
    if (rules)
        today = date_of_days(rules_for(rules, now_ms, s->app).day);
    if (validate_application(sets, s->app, s->app->personal, today, &e))
        return true;
    gw_answer_field(s->r, &e);
    return false;
}

/* A portal that sends no traceparent gets one trace per application, whatever the road. */
static void name_submission(struct submission *s)
{
    application_id_of(s->app->source, s->app->external_ref, s->id);
    application_fingerprint(s->w->gw->keys, s->app, s->app->personal, s->w->mem, s->fingerprint);
    memcpy(s->r->id, s->id, sizeof s->r->id);
    if (!gw_parent(s->r))
        ce_child_traceparent("", s->id, s->r->trace);
}

static void prepare_answer(struct submission *s)
{
    const char *url = arena_printf(s->w->mem, "/v1/applications/%s", s->id);
    gw_answer_json(s->r, 202, json_pack("{s:s, s:s}", "application_id", s->id, "status_url", url));
    snprintf(s->r->answer.location, sizeof s->r->answer.location, "%s", url);
}

/* What intake already knows answers without another record. Nothing known, or nobody to ask: publish. */
static bool is_known(struct submission *s)
{
    const PB(ApplicationState) * known;
    struct err e;
    if (!gw_read_application(s->w, s->id, false, &known, &e) || !known)
        return false;
    if (bytes_eq(bytes_of(known->fingerprint.data, known->fingerprint.len), bytes_of(s->fingerprint, DIGEST_BYTES)))
        prepare_answer(s);
    else
        gw_answer_problem(s->r, GW_PROBLEM_REF_REUSED, "external_ref");
    return true;
}

static void finish_known(struct submission *s)
{
    void (*store)(struct gw_worker *, struct gw_req *) = s->r->answer.status == 202 ? s->r->after_ack : NULL;
    s->r->after_ack = NULL;
    if (store)
        store(s->w, s->r);
    else
        gw_finish(s->w->gw, s->r);
}

static void remember(struct submission *s)
{
    struct gw_recent_entry *a = calloc(1, sizeof *a);
    must(a != NULL);
    memcpy(a->id, s->id, sizeof a->id);
    a->source = (int)s->app->source;
    a->at_ms = s->w->gw->now_ms();
    snprintf(a->external_ref, sizeof a->external_ref, "%s", s->app->external_ref);
    s->r->accepted = a;
}

static void publish(struct submission *s)
{
    struct arena *mem = s->w->mem;
    PB(Application) *sealed = arena_dup(mem, s->app, sizeof *sealed);
    sealed->sealed = seal_personal(s->w->gw->keys, s->app->personal, s->id, mem);
    sealed->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    uint64_t print;
    memcpy(&print, s->fingerprint, sizeof print);
    const char *ce_id = arena_printf(mem, "%s-%016llx", s->id, (unsigned long long)print);
    prepare_answer(s);
    remember(s);
    struct bus_out o = gw_record(s->w, s->r, EV_APPLICATION_SUBMITTED, s->id, &sealed->base, ce_id);
    gw_publish(s->w->gw, s->r, &o); /* the request is not ours any more */
}

void gw_submit(struct gw_worker *w, struct gw_req *r)
{
    struct submission s = {.w = w, .r = r};
    if (!check_cloud_event(&s) || !decode(&s) || !take_key(&s) || !check_fields(&s)) {
        gw_finish(w->gw, r);
        return;
    }
    name_submission(&s);
    if (s.key[0] && !gw_idem_begin(w, r, (int)s.app->source, s.key, s.fingerprint)) {
        gw_finish(w->gw, r);
        return;
    }
    if (is_known(&s))
        finish_known(&s);
    else
        publish(&s);
}
