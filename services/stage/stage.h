/* stage.h - what the stages between the door and the decision (identity, policy) share: a case comes in, is opened, checked
 * against a register, and goes on or is stopped.
 * Role:    linked into those services only; each keeps its register, its rules and its findings. Pure.
 * Memory:  batch arena; struct stage_conf lives as long as the process. Threads: the runtime's. */
#ifndef CLINIC_STAGE_H
#define CLINIC_STAGE_H
#include "domain/pb.h"
#include "domain/reason.h"
#include "domain/ruleset.h"
#include "runtime/svc.h"
#include "wire/seal.h"

enum { STAGE_CHECKS }; /* the metric of a stage: checks by result, "verified" or the code of the reason */

/* ev->conf of a stage. */
struct stage_conf {
    struct rulesets *rules;
    struct keyring *keys; /* can seal and name */
};

/* One case while it is checked. */
struct stage {
    const struct svc_event *ev;
    struct svc_call *call;
    const struct stage_conf *in;
    PB(Case) *the_case; /* shallow copy, to be filled and passed on */
    PB(Personal) *personal;
    struct rule_ctx at; /* rules in force when the application was received */
};

bool stage_init(const struct conf *conf, void **ret, struct err *e) MUST_CHECK; /* svc_def.init; gives */
/* The person's record of a table; nothing for a malformed case: it is rejected before anything is read. */
void stage_plan(struct svc_plan *p, int table, const PB(Case) *c);
/* The case as the stage before makes it; a record from elsewhere that lacks a part is a dead letter, not a crash.
 * ERR_INPUT: e->code names the field. */
bool stage_open(struct stage *s, const PB(Case) *c, struct err *e) MUST_CHECK;
struct svc_verdict stage_invalid(const struct svc_event *ev, const struct err *e);
/* To the decider, with one ground. */
void stage_stop(struct stage *s, struct finding why, PB(Outcome) outcome);
/* The next stage, on the case's trail and in public (domain/status.h); before stage_pass, with the case as it then is. */
void stage_enter(struct stage *s, PB(Status) next);
/* To the next stage: msg carries the case. */
void stage_pass(struct stage *s, enum topic_id topic, enum event_id type, const void *msg);
#endif
