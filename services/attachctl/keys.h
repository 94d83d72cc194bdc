/* keys.h - keyring files by role (wire/seal.h says what is in them). */
#ifndef CLINIC_CTL_KEYS_H
#define CLINIC_CTL_KEYS_H
#include <stddef.h>
#include "base/err.h"

/* Fresh random keys into dir (made, 0700): full.ini, seal.ini, public.ini, operator.ini, each 0600. A file that is there
 * already is never overwritten: ERR_INPUT and nothing written. */
const char *keys_file(size_t i); /* their names; NULL after the last */
bool keys_new(const char *dir, struct err *e) MUST_CHECK;
#endif
