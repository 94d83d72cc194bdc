#include "domain/snils.h"
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Where a printed SNILS has its separators: NNN-NNN-NNN NN. */
static bool separator_ok(size_t at, char c)
{
    return (at == 3 || at == 7) ? c == '-' : at == 11 ? c == ' ' || c == '-' : false;
}

bool snils_normal(const char *text, char ret[12])
{
    char out[12];
    size_t n = 0, len = strlen(text);
    if (len != 11 && len != 14)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i]) && n < 11)
            out[n++] = text[i];
        else if (len == 11 || !separator_ok(i, text[i]))
            return false;
    }
    if (n != 11)
        return false;
    out[11] = '\0';
    memcpy(ret, out, sizeof out);
    return true;
}

bool snils_valid(const char digits[12])
{
    enum { UNCHECKED_UP_TO = 1001998 };
    int sum = 0;
    long number = 0;
    for (int i = 0; i < 9; i++) {
        sum += (digits[i] - '0') * (9 - i);
        number = number * 10 + (digits[i] - '0');
    }
    if (number == 0)
        return false;
    if (number <= UNCHECKED_UP_TO)
        return true;
    return sum % 101 % 100 == (digits[9] - '0') * 10 + (digits[10] - '0');
}
