/* inifile.h - walk over an INI file (inih) with the place of every line; for options, keyrings and rule files.
 * Lines: [section], key = value (also key: value), comments with ; or # at the start of a line and " ;" within it. A
 * value is one line of at most 4000 bytes; there are no continuation lines.
 * Threads: at start, one at a time (inih keeps its limits in globals). */
#ifndef CLINIC_INIFILE_H
#define CLINIC_INIFILE_H
#include <stdbool.h>
#include "base/err.h"

/* Called for each key; borrows the strings; section is "" before the first one. A false return ends the walk; its error
 * gets "path:line: " put before its text. */
typedef bool inifile_fn(void *ctx, const char *section, const char *key, const char *value, struct err *e);
/* Errors: ERR_FATAL INI-OPEN the file cannot be read, INI-LINE a line is neither of the above or too long; else fn's. */
bool inifile_each(const char *path, inifile_fn *fn, void *ctx, struct err *e) MUST_CHECK;
#endif
