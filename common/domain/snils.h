/* snils.h - the insurance number of an individual account (ru-facts section 3; PFR formats, section 8). Pure. */
#ifndef CLINIC_SNILS_H
#define CLINIC_SNILS_H
#include <stdbool.h>

/* Normal form: 11 digits and NUL. Accepts 11 digits or NNN-NNN-NNN NN. False: not that form; ret untouched. */
bool snils_normal(const char *text, char ret[12]);
/* Control number of a normal form. Numbers up to 001-001-998 carry none and are taken as they are;
 * 000-000-000 is refused. */
bool snils_valid(const char digits[12]);
#endif
