/* tables.h - tables of the services whose projections are read, taken from their descriptors: there is no second list.
 * Pure. */
#ifndef CLINIC_GATEWAY_TABLES_H
#define CLINIC_GATEWAY_TABLES_H
#include "runtime/store.h"
#include "runtime/svc.h"

#define GW_TABLES_MAX 8

/* Index of a table of a service, as its store numbers it; a name it does not have is a bug. */
int gw_table(const struct svc_def *def, const char *name);
/* The list that store_redis_open wants; returns how many. */
size_t gw_store_tables(const struct svc_def *def, struct store_table ret[GW_TABLES_MAX]);
#endif
