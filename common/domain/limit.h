/* limit.h - how often the organisation may be changed (R-030 to R-038, C-01, C-02, C-03, C-33, C-36). Pure. */
#ifndef CLINIC_LIMIT_H
#define CLINIC_LIMIT_H
#include <stdbool.h>
#include <stddef.h>
#include "domain/reason.h"
#include "domain/ruleset.h"

struct limit_ask {
    PB(Profile) profile;
    PB(ChangeReason) reason;  /* UNSPECIFIED is a wish */
    bool first;               /* no attachment of this profile in force: never counted */
    bool has_move_proof;      /* undamaged MOVE_PROOF or TEMP_REG among the papers (OV-2) */
    bool reason_confirmed;    /* platform itself saw that the child grew up, the year ended or the clinic closed:
                                 a mere statement of these does not exempt */
    bool another_town;        /* new address is in another town; matters under limit.exempt = TOWN only */
};

enum limit_verdict {
    LIMIT_COUNTED,        /* allowed; the change is to be written to the ledger */
    LIMIT_EXEMPT,         /* allowed; not written to the ledger */
    LIMIT_REACHED,        /* finding CHANGE_LIMIT_REACHED, detail = first day on which it is allowed again */
    LIMIT_PROOF_REQUIRED, /* finding MOVE_PROOF_REQUIRED */
};

struct limit_result {
    enum limit_verdict verdict;
    struct date next_allowed; /* of LIMIT_REACHED, local date */
    struct finding finding;   /* REASON_NONE when allowed */
};

/* changes: the person's counted changes of all profiles, any order; only those of the profile are looked at unless
 * limit.per_profile = 0. A move with proof is exempt; without proof it is exempt only under move.proof = NEVER, and
 * under IF_LIMIT_HIT it is allowed but counted while the limit leaves room (else an unproven move would never count). */
struct limit_result limit_check(const struct rule_ctx *at, PB(CountedChange) *const *changes, size_t n,
                                const struct limit_ask *ask);
/* A ledger entry that no window can reach any more and may be dropped. */
bool limit_is_stale(const struct rule_ctx *at, const PB(CountedChange) * change);
#endif
