/* template.h - texts with {{name}} places and {{#name}}...{{/name}} sections (shown when the value is not empty).
 * Role:    every text that leaves the platform is a template of a file; a name outside the given list, a brace left
 *          open or a section not closed stops the program at start.
 * Purity:  no I/O. Threads: read-only after template_parse. Memory: process lifetime; renderings in the arena. */
#ifndef CLINIC_NOTIFICATION_TEMPLATE_H
#define CLINIC_NOTIFICATION_TEMPLATE_H
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"

/* How a value is written into the text around it; the text itself is never changed. */
enum template_escape {
    TEMPLATE_TEXT, /* plain text of many lines: control characters but the newline become spaces */
    TEMPLATE_LINE, /* one line (subject, SMS): every control character becomes a space */
    TEMPLATE_JSON, /* inside a JSON string */
    TEMPLATE_FORM, /* application/x-www-form-urlencoded */
};

struct template;

/* gives. names: NULL-ended list of what may be used; the index of a name is the index of its value. `where` names the
 * file in errors. A section tag alone on its line takes the line with it. Errors: ERR_INPUT, with the line. */
bool template_parse(const char *text, const char *const *names, const char *where, struct template **ret,
                    struct err *e) MUST_CHECK;
/* arena. values: as many as names; NULL is empty. */
char *template_render(const struct template *t, const char *const *values, enum template_escape escape,
                      struct arena *mem);
bool template_uses(const struct template *t, size_t name);
void template_free(struct template *t); /* NULL is fine */
#endif
