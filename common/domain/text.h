/* text.h - one code point at a time, for the modules of this folder. Pure. */
#ifndef CLINIC_DOMAIN_TEXT_H
#define CLINIC_DOMAIN_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Next code point of *text, which advances; 0 at the end, -1 for a byte that is not UTF-8. */
int32_t text_next(const char **text);
/* Append a code point to a buffer of `size` bytes holding *n, always NUL-ended. False: no room. */
bool text_put(char *to, size_t size, size_t *n, int32_t c);
int32_t text_upper(int32_t c);
bool text_is_letter(int32_t c);
bool text_is_cyrillic(int32_t c);
bool text_is_control(int32_t c);
bool text_is_space(int32_t c);             /* space, no-break space */
bool text_is_dash(int32_t c);              /* hyphen, dashes, minus */
int32_t text_cyrillic_twin(int32_t c);     /* Cyrillic letter that looks like this Latin one; else c */
size_t text_chars(const char *text);       /* code points; counts a broken byte as one */
bool text_is_digits(const char *s, size_t min, size_t max); /* ASCII digits only, min to max of them */
#endif
