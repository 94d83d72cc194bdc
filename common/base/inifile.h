/* inifile.h - walk over an INI file (inih) with the place of every line; for options, keyrings, rule files and calendars.
 * Lines: [section], key = value (also key: value), comments with ; or # at the start of a line and " ;" within it. A
 * value is one line of at most 4000 bytes; there are no continuation lines.
 * Threads: at start, one at a time (inih keeps its limits in globals). */
#ifndef CLINIC_INIFILE_H
#define CLINIC_INIFILE_H
#include <stdbool.h>
#include <stdio.h>
#include "base/err.h"

struct ini_line {
    const char *file;    /* name for messages */
    int line;
    const char *section; /* "" before the first section */
    const char *key, *value;
};
/* Called for each key; borrows the line. A false return ends the walk; its error gets "file:line: " put before its text. */
typedef bool inifile_fn(void *ctx, const struct ini_line *l, struct err *e);
/* Errors: ERR_FATAL INI-OPEN the file cannot be read; ERR_INPUT INI-LINE a line is neither of the above or too long; else
 * fn's. */
bool inifile_each(const char *path, inifile_fn *fn, void *ctx, struct err *e) MUST_CHECK;
bool inifile_each_of(FILE *f, const char *name, inifile_fn *fn, void *ctx, struct err *e) MUST_CHECK; /* borrows f */
/* Calls fn for each *.ini of a folder in the order of their names; *ret_n = how many. ERR_FATAL INI-OPEN; else fn's. */
bool inifile_each_path(const char *folder, bool (*fn)(void *ctx, const char *path, struct err *e), void *ctx,
                       size_t *ret_n, struct err *e) MUST_CHECK;
#endif
