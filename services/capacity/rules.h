/* rules.h - the rules by which capacity judges, loaded once.
 * Role:   inside services/capacity only. Memory: process lifetime. Threads: read-only after init. */
#ifndef CLINIC_CAPACITY_RULES_H
#define CLINIC_CAPACITY_RULES_H
#include "domain/ruleset.h"
#include "services/capacity/ledger.h"

bool cap_rules_init(const struct conf *conf, void **ret, struct err *e) MUST_CHECK; /* svc_def.init; gives */
/* Rules of the case; of the clinic's region when the case names none that is loaded here; else the federal ones. */
struct rule_ctx cap_rules_at(const struct svc_event *ev, const PB(RuleSetRef) *ref, const PB(ClinicRecord) *clinic);
#endif
