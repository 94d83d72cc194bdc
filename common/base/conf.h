/* conf.h - options: one table per program, filled from defaults, an INI file (inih), the environment and --set, in
 * rising priority. "store.url" is CLINIC_STORE_URL in the environment and url= under [store] in the file; NAME_FILE
 * (url_file= in the INI file) reads the value from a file, without its newline. Unknown keys are errors that name file
 * and line; so is an unknown CLINIC_ variable, but CLINIC_TEST_*, which belong to the tests. Keys under [kafka]
 * ("kafka.*", CLINIC_KAFKA_BOOTSTRAP_SERVERS, --set kafka.x=y) pass through to librdkafka unchecked here.
 * A CONF_MS value is milliseconds or has a unit: 200, 200ms, 5s, 10m, 2h, 14d. The order of the calls does not matter.
 * Errors: ERR_FATAL CONF-UNKNOWN, CONF-VALUE, CONF-RANGE, CONF-MISSING, CONF-FILE, INI-OPEN; ERR_INPUT INI-LINE.
 * Threads: read-only after conf_load. Ownership: process lifetime. */
#ifndef CLINIC_CONF_H
#define CLINIC_CONF_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

enum conf_type { CONF_STR, CONF_INT, CONF_BOOL, CONF_MS };

struct conf_opt {
    const char *name;          /* dotted, lower case; NULL ends a table */
    enum conf_type type;
    const char *def;           /* default as text; NULL = required */
    int64_t min, max;          /* for CONF_INT and CONF_MS; both 0 = unbounded */
    bool secret;               /* hidden by --print-config; NAME_FILE accepted */
    const char *help;          /* one line */
};

struct conf;

/* gives. `tables` = NULL-ended list of option tables. */
struct conf *conf_new(const struct conf_opt *const *tables);
void conf_free(struct conf *c);
bool conf_load_file(struct conf *c, const char *path, struct err *e) MUST_CHECK;
bool conf_load_env(struct conf *c, char **environ, struct err *e) MUST_CHECK;
/* --set; where = the place, put before the text of an error. */
bool conf_set(struct conf *c, const char *name, const char *value, const char *where, struct err *e) MUST_CHECK;
bool conf_check(const struct conf *c, struct err *e) MUST_CHECK; /* required present */
void conf_print(const struct conf *c, FILE *to);                 /* secrets hidden */
void conf_help(const struct conf *c, FILE *to);                  /* option table with types, defaults, environment names */

/* Values; asking for an option not in the tables is a bug. Strings are borrowed for the process. */
const char *conf_str(const struct conf *c, const char *name);
int64_t conf_int(const struct conf *c, const char *name); /* also CONF_MS and CONF_BOOL */
/* kafka.* pass-through: calls fn for each key without the prefix. */
void conf_each_kafka(const struct conf *c, void (*fn)(const char *key, const char *value, void *ctx), void *ctx);
#endif
