/* describe.h - what a service is, from its descriptor: topics, tables, options, metrics. The one source of generated
 * documents, ACLs and dashboards. */
#ifndef CLINIC_DESCRIBE_H
#define CLINIC_DESCRIBE_H
#include <stdio.h>
#include "runtime/svc.h"

void describe_text(const struct svc_def *def, FILE *to);
void describe_json(const struct svc_def *def, FILE *to);
#endif
