/* name.h - normal form of names, so that one person written in two ways compares equal (domain.md 4.2, 4.5). Pure.
 * NFKC with case folding (utf8proc); ё becomes е; any run of spaces, hyphens and dashes becomes one space;
 * apostrophes are dropped; a Latin letter that looks like a Cyrillic one becomes it inside a word that has Cyrillic
 * letters. Every digest of a name is a digest of this form. */
#ifndef CLINIC_NAME_H
#define CLINIC_NAME_H
#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

#define NAME_MAX_BYTES 400 /* longest name taken, bytes of UTF-8 */

/* *ret in the arena; "" stays "". Errors: ERR_INPUT not UTF-8, or longer than NAME_MAX_BYTES. */
bool name_normal(const char *text, struct arena *mem, const char **ret, struct err *e) MUST_CHECK;
/* One text of a whole name for the digest of a policy holder: the three normal forms joined by '|'. */
bool name_holder(const char *surname, const char *name, const char *patronymic, struct arena *mem, const char **ret,
                 struct err *e) MUST_CHECK;
bool utf8_ok(const char *text); /* well-formed UTF-8 without control characters */
/* Letters of any script, spaces, hyphens, apostrophes and dots, at least one letter. False for digits and the rest. */
bool name_ok(const char *text);
#endif
