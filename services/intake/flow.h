/* flow.h - what the files of intake share: submit.c takes applications in, follow.c follows them to their end.
 * Rules: domain.md 2.5 and 2.6 (gates), A-37 (duplicates), C-04 and C-35 (terms), P-09 (withdrawal). Pure. */
#ifndef CLINIC_INTAKE_FLOW_H
#define CLINIC_INTAKE_FLOW_H
#include "domain/calendar.h"
#include "domain/pb.h"
#include "domain/ruleset.h"
#include "runtime/svc.h"
#include "wire/seal.h"

/* ev->conf of intake. */
struct intake {
    struct rulesets *rules;
    struct calendar *calendar;
    struct keyring *keys;
    int64_t retention_ms; /* how long a closed application is remembered */
};

enum { TABLE_APPLICATION };
enum { COUNT_APPLICATIONS, COUNT_CALENDAR };

void intake_plan_submitted(const struct svc_event *ev, struct svc_plan *p);
struct svc_verdict intake_submitted(const struct svc_event *ev, struct svc_call *c);
void intake_plan_withdrawal(const struct svc_event *ev, struct svc_plan *p);
struct svc_verdict intake_withdrawal(const struct svc_event *ev, struct svc_call *c);
void intake_plan_closed(const struct svc_event *ev, struct svc_plan *p);
struct svc_verdict intake_closed(const struct svc_event *ev, struct svc_call *c);
void intake_plan_due(const struct svc_event *ev, struct svc_plan *p);
struct svc_verdict intake_due(const struct svc_event *ev, struct svc_call *c);

/* Application id of a source and reference when this partition owns it (the owner sees every repeat), else false.
 * ret is set in either case; a source or reference that is not given has no id: false and "". */
bool intake_owns(const struct svc_event *ev, PB(Source) source, const char *external_ref, char ret[37]);
/* INVALID with "<field>: <rule>". */
struct svc_verdict intake_invalid(const struct svc_event *ev, const struct err *e);
#endif
