/* validate.h - the fields of an application, the same for both doors: HTTP answers 400 or 422 with it, Kafka a dead
 * letter INVALID (domain.md section 4; P-06 to P-14 for the kinds). Pure.
 * Errors: ERR_INPUT, e->code = path of the field ("personal.snils"), e->text = the rule, never the value. */
#ifndef CLINIC_VALIDATE_H
#define CLINIC_VALIDATE_H
#include "base/err.h"
#include "domain/ruleset.h"

#define EXTERNAL_REF_MAX 64 /* characters, printable ASCII */
#define EVIDENCE_MAX     40 /* papers of one application */

/* An application with its plain Personal (which may be app->personal or an opened seal). `today` = local date of
 * receipt: no date of birth or issue lies after it. Kinds served: ATTACH_FIRST and CHANGE; another kind is an error of
 * the field "kind" that names those served.
 * Not tested here: what a gate answers for (form and check digit of the policy number, presence of SNILS). */
bool validate_application(const struct rulesets *sets, const PB(Application) * app, const PB(Personal) * p,
                          struct date today, struct err *e) MUST_CHECK;
bool validate_withdrawal(const PB(Withdrawal) * w, struct err *e) MUST_CHECK;
/* Kinds of applications that are taken. */
bool validate_kind_served(PB(ApplicationKind) kind);
#endif
