/* room.h - what the handlers of the attachment service share.
 * Role:   inside services/attachment only. Memory: batch arena. Threads: the runtime's. */
#ifndef CLINIC_ATTACHMENT_ROOM_H
#define CLINIC_ATTACHMENT_ROOM_H
#include "domain/reason.h"
#include "domain/ruleset.h"
#include "services/attachment/close.h"
#include "services/attachment/person.h"

enum att_table { ATT_PERSON };
enum att_metric { ATT_M_CLOSED, ATT_M_REPEATED, ATT_M_LATE, ATT_M_ANSWERED_AGAIN };

/* What init builds; read-only afterwards. */
struct att_conf {
    struct rulesets *rules;
};

/* One call about one person and, but for imports, one application. */
struct att {
    const struct svc_event *ev;
    struct svc_call *c;
    const struct att_conf *conf;
    struct bytes key;          /* person_ref */
    const person_t *now;       /* as read, until att_state gives it to be changed; never NULL */
    uint8_t id[16];            /* application, or basis of an import */
};

/* Read the person. False and *ret_why = the broken rule, when the message is malformed or on a foreign partition. */
bool att_open(const struct svc_event *ev, struct svc_call *c, const char *person_ref, const char *application_id,
              struct att *ret, const char **ret_why);
/* The state to change, which a->now shows from then on. Put it by att_save. */
person_t *att_state(const struct att *a);
void att_save(const struct att *a, const person_t *s);
/* Record the outcome in s, save s, announce it. The application must not be in flight any more. */
void att_close(const struct att *a, person_t *s, const PB(Case) *k, const struct ending *e);

/* --- commands to capacity; room.c says why their order is enough --- */
void att_reserve(const struct att *a, const PB(Case) *k);
void att_cancel(const struct att *a, const char *application_id, const char *clinic_id);
void att_release(const struct att *a, const PB(Attachment) *ended);

/* --- judge.c: may this application lead to an attachment, by the state of the person and the rules? --- */
struct judgement {
    struct finding stop;        /* REASON_NONE = go on */
    struct finding ok;          /* reason of the approval */
    bool counted;               /* the change consumes the allowance */
    PB(RuleSetRef) *rule_set;   /* rules applied */
};
struct judgement att_judge(const struct att *a, const PB(Case) *k);
/* Drop the counted changes that no window reaches any more. */
void att_prune(const struct att *a, person_t *s);

/* --- handlers --- */
struct svc_verdict att_on_verified(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict att_on_stopped(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict att_on_withdrawal(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict att_on_reserved(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict att_on_refused(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict att_on_imported(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict att_on_due(const struct svc_event *ev, struct svc_call *c);
#endif
