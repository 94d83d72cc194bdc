/* options.h - options that every service has, and the command line that every program of the platform understands.
 * Threads: at start. */
#ifndef CLINIC_OPTIONS_H
#define CLINIC_OPTIONS_H
#include <stdio.h>
#include "base/conf.h"

extern const struct conf_opt common_options[]; /* ended by .name == NULL */

/* --config FILE, --set KEY=VALUE, --check-config, --print-config, --describe, -o json|text, --help, --version. */
struct cli {
    bool check_config, print_config, describe, json, help, version;
};
/* Fills c from the file, the environment and --set, and *ret. rest (may be NULL): where to put the index of the first
 * argument that is not an option; NULL = such arguments are errors. Errors: ERR_INPUT CLI, or those of conf. */
bool cli_parse(int argc, char **argv, struct conf *c, struct cli *ret, int *rest, struct err *e) MUST_CHECK;
void cli_usage(const char *program, const char *summary, const struct conf *c, FILE *to);
#endif
