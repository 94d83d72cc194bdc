/* conf_impl.h - what the files of conf share: conf.c holds values, conf_parse.c reads them, conf_source.c fills them,
 * conf_print.c shows them. */
#ifndef CLINIC_CONF_IMPL_H
#define CLINIC_CONF_IMPL_H
#include "base/conf.h"

#define CONF_MAX_OPTIONS 128
#define CONF_ENV_PREFIX "CLINIC_"
#define CONF_ENV_TESTS "CLINIC_TEST_" /* not ours */
#define CONF_PASS_PREFIX "kafka." /* unknown keys under it are kept for librdkafka */

enum conf_rank { CONF_DEFAULT, CONF_FILE, CONF_ENV, CONF_ARG }; /* a value yields to its own rank or a higher one */

struct conf_val {
    char *text;          /* as given; NULL = no value yet */
    char *where;         /* place it came from, for people */
    int64_t number;      /* parsed, for all types but CONF_STR */
    enum conf_rank rank;
};
struct conf_pass {
    char *name;          /* with the kafka. prefix */
    struct conf_val val;
    struct conf_pass *next;
};
struct conf {
    const struct conf_opt *opts[CONF_MAX_OPTIONS];
    struct conf_val vals[CONF_MAX_OPTIONS];
    size_t n;
    struct conf_pass *pass; /* in order of first appearance */
};

/* Index of an option, or -1. */
int conf_find(const struct conf *c, const char *name);
/* Set name = value, or name_file = path of a file with the value. The error text does not tell the place. */
bool conf_put(struct conf *c, const char *name, const char *value, const char *where, enum conf_rank rank,
              struct err *e) MUST_CHECK;
/* Environment name of an option; at most n bytes with the NUL. */
void conf_env_name(const char *name, char *ret, size_t n);
bool conf_parse(const struct conf_opt *o, const char *text, int64_t *ret, struct err *e) MUST_CHECK;
#endif
