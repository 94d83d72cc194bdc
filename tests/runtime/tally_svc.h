/* tally_svc.h - a service for the tests of the runtime, as touchy as can be: every input changes a counter and is
 * numbered by it in the output, so that one input lost, doubled, reordered or decided on other state shows. */
#ifndef CLINIC_TALLY_SVC_H
#define CLINIC_TALLY_SVC_H
#include "support/crash_sweep.h"

extern const struct svc_def tally_svc;
enum { TALLY_PLACES, TALLY_RESERVATION, TALLY_NOTICE, TALLY_CLINIC };

void tally_script(struct sweep_run *r);       /* the corpus of the sweeps */
extern const struct sweep_case tally_case;

/* Messages, as the script sends them. */
void tally_clinic(struct sweep_run *r, const char *clinic, const char *district);
void tally_release(struct sweep_run *r, const char *clinic, const char *application); /* reminded of it twice, later */
void tally_reserve(struct sweep_run *r, const char *clinic, const char *application, const char *person);
#endif
