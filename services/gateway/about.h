/* about.h - what the gateway says of itself: its tables of options, metrics, outputs and projections. Like a service's
 * descriptor, the one source of --describe, access rights and documents. Pure. */
#ifndef CLINIC_GATEWAY_ABOUT_H
#define CLINIC_GATEWAY_ABOUT_H
#include <jansson.h>
#include "base/conf.h"
#include "runtime/svc.h"

extern const char gw_summary[];
extern const struct conf_opt gw_options[];      /* beside the common ones; ended by .name == NULL */
extern const struct svc_output gw_outputs[];    /* ended by .topic == TOPIC_N */
extern const struct svc_def *const gw_reads[];  /* services whose projections it reads; ended by NULL */
enum { GW_REQUESTS, GW_SECONDS, GW_PUBLISHES };
extern const struct metric_row gw_metrics[];    /* ended by .name == NULL */

json_t *gw_describe(void); /* gives */
#endif
