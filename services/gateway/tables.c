#include "tables.h"
#include <string.h>

int gw_table(const struct svc_def *def, const char *name)
{
    int i = 0;
    while (def->tables[i].name && strcmp(def->tables[i].name, name) != 0)
        i++;
    must(def->tables[i].name != NULL);
    return i;
}

size_t gw_store_tables(const struct svc_def *def, struct store_table ret[GW_TABLES_MAX])
{
    size_t n = 0;
    for (const struct svc_table *t = def->tables; t->name; t++) {
        must(n < GW_TABLES_MAX);
        ret[n++] = (struct store_table){t->name, t->source < 0 ? (int)def->facts : t->source, t->bucket_bits};
    }
    return n;
}
