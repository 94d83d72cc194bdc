/* policy.h - forms of policies and their numbers (R-045 to R-049, C-21; ru-facts section 2). Pure. */
#ifndef CLINIC_POLICY_H
#define CLINIC_POLICY_H
#include <stdbool.h>
#include "domain/pb.h"

#define POLICY_NORMAL_MAX 40 /* bytes of a normal number, NUL included */

/* Normal form of a policy number, the text person_ref is derived from:
 *   "<16 digits>"             unified policies of all carriers and time-limited ones; no series
 *   "T:<9 digits>"            temporary certificate; no series
 *   "O:<series> <number>"     old form; series in capitals without separators, may be empty
 * Spaces and hyphens inside are dropped. Form UNSPECIFIED is derived: 16 digits UNIFIED_ELECTRONIC, 9 digits
 * TEMP_CERT, a series OLD. The check digit of an ENP is NOT looked at: a wrong one is a gate (POLICY_NUMBER_FORMAT).
 * False: does not fit its form; rets untouched but *ret_rule (static text, no data). ret_form, ret_rule may be NULL. */
bool policy_normal(PB(PolicyForm) form, const char *series, const char *number, char ret[POLICY_NORMAL_MAX],
                   PB(PolicyForm) * ret_form, const char **ret_rule);
/* A stand-in for a number that has no normal form, so that a gated application still has one pseudonym:
 * "X:" and what was given, without separators, cut to fit. */
void policy_raw(const char *series, const char *number, char ret[POLICY_NORMAL_MAX]);

bool policy_is_temporary(PB(PolicyForm) form); /* TEMP_CERT or TIME_LIMITED: never online */
bool policy_is_unified(PB(PolicyForm) form);   /* a permanent 16-digit policy */
const char *policy_form_code(PB(PolicyForm) form); /* "OLD"; static */
#endif
