/* reason.h - the closed catalogue of reasons of decisions (domain.md appendix D, R-082 to R-085). Pure.
 * One list: reason.def. A row gives the code, its class, where one may appeal, the Russian text for the citizen
 * and the legal reference. */
#ifndef CLINIC_REASON_H
#define CLINIC_REASON_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "domain/pb.h"

enum reason_class {
    REASON_GATE = 'G',    /* stopped before being an application */
    REASON_REFUSAL = 'R', /* refused in writing */
    REASON_BACK = 'B',    /* back to the applicant for papers */
    REASON_HOLD = 'H',    /* waits; no outcome of its own */
    REASON_OK = 'K',      /* good news */
};

enum reason_appeal { APPEAL_NONE, APPEAL_REGISTRY, APPEAL_INSURER, APPEAL_HEAD };

#define REASON(code, cls, appeal, text, law) REASON_##code,
enum reason_id {
    REASON_NONE, /* no finding */
#include "domain/reason.def"
    REASON_N
};
#undef REASON

struct reason_info {
    const char *code;          /* "CHANGE_LIMIT_REACHED" */
    enum reason_class cls;
    enum reason_appeal appeal; /* first body to appeal to */
    const char *text;          /* Russian, for the citizen; %s stands for the detail where there is one */
    const char *law;           /* act and article; "" = none */
};
extern const struct reason_info reasons[REASON_N]; /* row REASON_NONE is empty */

/* What a rule found: REASON_NONE or one reason with its parameter. */
struct finding {
    enum reason_id id;
    char detail[40]; /* paper of DOC_MISSING, next allowed date, …; "" = none; never personal data */
};
#define FINDING_NONE ((struct finding){REASON_NONE, ""})
struct finding finding_of(enum reason_id id, const char *detail); /* detail may be NULL */

const struct reason_info *reason_find(const char *code);   /* NULL when unknown */
/* Outcome that a reason leads to: G GATED, R REFUSED, B RETURNED, K APPROVED, H unspecified. */
PB(Outcome) reason_outcome(enum reason_id id);
/* Codes that must never be a ground: NO_REGISTRATION, POLICY_EXPIRED, NOT_RESIDENT. */
bool reason_is_forbidden(const char *code);
const char *reason_appeal_text(enum reason_appeal a);      /* Russian; "" for none; static */
/* The message of a finding; arena. */
PB(Reason) * reason_msg(struct arena *mem, struct finding f);
/* Russian sentence with the detail put in; arena. The name of a paper is put for its code. */
const char *reason_text(struct arena *mem, struct finding f);
#endif
