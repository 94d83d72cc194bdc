/* describe.h - what a service is, from its descriptor: topics, tables, options, metrics. The one source of generated
 * documents, ACLs and dashboards. */
#ifndef CLINIC_DESCRIBE_H
#define CLINIC_DESCRIBE_H
#include <jansson.h>
#include <stdio.h>
#include "runtime/svc.h"

json_t *describe_service(const struct svc_def *def); /* gives */
/* Rows of a table, appended to a JSON array; a table may be NULL. */
void describe_options(json_t *list, const struct conf_opt *o);
void describe_metrics(json_t *list, const struct metric_row *m);
void describe_outputs(json_t *list, const struct svc_output *o);

void describe_text(const struct svc_def *def, FILE *to);
void describe_json(const struct svc_def *def, FILE *to);
#endif
