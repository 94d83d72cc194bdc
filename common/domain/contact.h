/* contact.h - phones and e-mail addresses (domain.md 4.2; ru-facts section 3). Pure. */
#ifndef CLINIC_CONTACT_H
#define CLINIC_CONTACT_H
#include <stdbool.h>

#define PHONE_LEN 12 /* +7 and ten digits */

/* Normal form +7XXXXXXXXXX. Accepts +7…, 7…, 8… and ten digits alone, with spaces, hyphens and parentheses.
 * False: not a Russian number; ret untouched. */
bool phone_normal(const char *text, char ret[PHONE_LEN + 1]);
/* Syntax of an address (RFC 5321 lengths, dot-atom local part, host name with a dot). Does not ask whether it exists. */
bool email_ok(const char *text);
#endif
