#include "domain/letter.h"
#include <string.h>
#include <utf8proc.h>
#include "base/text.h"

int32_t letter_next(const char **text)
{
    const unsigned char *u = (const unsigned char *)*text;
    if (*u < 0x80) { /* most is ASCII */
        *text += *u != '\0';
        return *u;
    }
    size_t n = text_utf8_next(*text, 4); /* stops at the NUL, which continues nothing */
    *text += n ? n : 1;
    if (n == 0)
        return -1;
    int32_t c = u[0] & (0x7f >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (u[i] & 0x3f);
    return c;
}

bool letter_put(char *to, size_t size, size_t *n, int32_t c)
{
    utf8proc_uint8_t bytes[4];
    size_t len = (size_t)utf8proc_encode_char(c, bytes);
    if (*n + len + 1 > size)
        return false;
    memcpy(to + *n, bytes, len);
    *n += len;
    to[*n] = '\0';
    return true;
}

int32_t letter_upper(int32_t c) { return utf8proc_toupper(c); }

bool letter_is_letter(int32_t c)
{
    if (c < 0)
        return false;
    utf8proc_category_t k = utf8proc_category(c);
    return k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LL || k == UTF8PROC_CATEGORY_LT ||
           k == UTF8PROC_CATEGORY_LM || k == UTF8PROC_CATEGORY_LO;
}

bool letter_is_cyrillic(int32_t c) { return c >= 0x0400 && c <= 0x052f; }
bool letter_is_control(int32_t c) { return c >= 0 && (c < 0x20 || (c >= 0x7f && c < 0xa0)); }
bool letter_is_space(int32_t c) { return c == ' ' || c == 0xa0; }
bool letter_is_dash(int32_t c) { return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212; }

int32_t letter_cyrillic_twin(int32_t c)
{
    static const struct {
        char latin;
        int32_t cyrillic;
    } twins[] = {
        {'a', 0x430}, {'b', 0x432}, {'c', 0x441}, {'e', 0x435}, {'h', 0x43d}, {'k', 0x43a}, {'m', 0x43c},
        {'o', 0x43e}, {'p', 0x440}, {'t', 0x442}, {'x', 0x445}, {'y', 0x443}, {'A', 0x410}, {'B', 0x412},
        {'C', 0x421}, {'E', 0x415}, {'H', 0x41d}, {'K', 0x41a}, {'M', 0x41c}, {'O', 0x41e}, {'P', 0x420},
        {'T', 0x422}, {'X', 0x425}, {'Y', 0x423},
    };
    if (c > 'y') /* as nearly every letter is */
        return c;
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
        if (twins[i].latin == c)
            return twins[i].cyrillic;
    return c;
}

size_t letter_chars(const char *text)
{
    size_t n = 0;
    while (letter_next(&text) != 0)
        n++;
    return n;
}

bool letter_is_digits(const char *s, size_t min, size_t max)
{
    size_t n = strspn(s, "0123456789");
    return s[n] == '\0' && n >= min && n <= max;
}
