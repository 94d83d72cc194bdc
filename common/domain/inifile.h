/* inifile.h - an INI file line by line with its line numbers (inih), for the rule sets and calendars. */
#ifndef CLINIC_DOMAIN_INIFILE_H
#define CLINIC_DOMAIN_INIFILE_H
#include <stdbool.h>
#include <stdio.h>
#include "base/err.h"

struct ini_line {
    const char *file;    /* name for messages, borrowed */
    int line;
    const char *section; /* "" before the first section */
    const char *key, *value;
};
typedef bool ini_line_fn(void *ctx, const struct ini_line *l, struct err *e);

/* Calls fn for every `key = value`. The first error ends it: syntax, an overlong line, or what fn says; err text begins
 * with "file:line: ". */
bool inifile_each_line(FILE *f, const char *name, ini_line_fn *fn, void *ctx, struct err *e) MUST_CHECK;
/* Calls fn for each *.ini of a folder in the order of their names. ERR_FATAL: folder or file cannot be read. */
bool inifile_each_path(const char *folder, bool (*fn)(void *ctx, const char *path, struct err *e), void *ctx, size_t *ret_n,
                       struct err *e) MUST_CHECK;
#endif
