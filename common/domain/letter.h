/* letter.h - one code point at a time and what kind of sign it is, for the modules of this folder; what is well-formed
 * UTF-8 is said by base/text.h. Pure. */
#ifndef CLINIC_LETTER_H
#define CLINIC_LETTER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Next code point of *text, which advances; 0 at the end, -1 for a byte that is not UTF-8. */
int32_t letter_next(const char **text);
/* Append a code point to a buffer of `size` bytes holding *n, always NUL-ended. False: no room. */
bool letter_put(char *to, size_t size, size_t *n, int32_t c);
int32_t letter_upper(int32_t c);
bool letter_is_letter(int32_t c);
bool letter_is_cyrillic(int32_t c);
bool letter_is_control(int32_t c);
bool letter_is_space(int32_t c);             /* space, no-break space */
bool letter_is_dash(int32_t c);              /* hyphen, dashes, minus */
int32_t letter_cyrillic_twin(int32_t c);     /* Cyrillic letter that looks like this Latin one; else c */
size_t letter_chars(const char *text);       /* code points; counts a broken byte as one */
bool letter_is_digits(const char *s, size_t min, size_t max); /* ASCII digits only, min to max of them */
#endif
