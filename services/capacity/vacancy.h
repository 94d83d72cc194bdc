/* vacancy.h - a short list of clinics with free places, by profile: advice to those refused for load. It is kept
 * from what passes by and may be a little old; nobody is admitted by it.
 * Role:   inside services/capacity only. Only Reserve reads and keeps it. */
#ifndef CLINIC_CAPACITY_VACANCY_H
#define CLINIC_CAPACITY_VACANCY_H
#include "services/capacity/ledger.h"

void vacancy_plan(const struct svc_event *ev, struct svc_plan *p);
/* The clinic asked for has, or has no more, free places of the profile asked for. */
void vacancy_note(const struct svc_event *ev, struct svc_call *c, const PB(ClinicRecord) *clinic, bool has_places);
/* Put other clinics of the region into the refusal. */
void vacancy_advise(const struct svc_event *ev, struct svc_call *c, const char *region, PB(ReserveRefused) *m);
#endif
