/* term.h - when a decision is due (C-04, C-35, A-36): working days by the production calendar, or calendar days under
 * sla.day_kind = CALENDAR, counted from the day after the local day of receipt. Pure. */
#ifndef CLINIC_TERM_H
#define CLINIC_TERM_H
#include "base/err.h"
#include "domain/calendar.h"
#include "domain/ruleset.h"

int term_days(const struct rule_ctx *at); /* sla.online.wd for online channels, else sla.in_person.target_wd */
/* End of the last day of the term, ms UTC. ERR_INPUT: the calendar lacks a year. */
bool term_due(const struct rule_ctx *at, const struct calendar *c, int64_t received_ms, int64_t *ret_due_ms,
              struct err *e) MUST_CHECK;
#endif
