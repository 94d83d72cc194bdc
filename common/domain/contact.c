#include "domain/contact.h"
#include <stddef.h>
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool phone_normal(const char *text, char ret[PHONE_LEN + 1])
{
    char digits[12];
    size_t n = 0;
    bool plus = *text == '+';
    for (const char *p = text + plus; *p; p++) {
        if (is_digit(*p) && n < 11)
            digits[n++] = *p;
        else if (is_digit(*p) || !strchr(" -()", *p))
            return false;
    }
    bool national = n == 10 && !plus;
    bool whole = n == 11 && (digits[0] == '7' || (digits[0] == '8' && !plus));
    if (!national && !whole)
        return false;
    ret[0] = '+';
    ret[1] = '7';
    memcpy(ret + 2, digits + (n - 10), 10);
    ret[PHONE_LEN] = '\0';
    return true;
}

/* Dot-atom: runs of atom characters joined by single dots. */
static bool local_part_ok(const char *s, size_t n)
{
    if (n == 0 || n > 64 || s[0] == '.' || s[n - 1] == '.')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(s[i]) && !is_letter(s[i]) && (s[i] == '\0' || !strchr("!#$%&'*+-/=?^_`{|}~.", s[i])))
            return false;
        if (s[i] == '.' && s[i + 1] == '.')
            return false;
    }
    return true;
}

static bool label_ok(const char *s, size_t n)
{
    if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_digit(s[i]) && !is_letter(s[i]) && s[i] != '-')
            return false;
    return true;
}

static bool host_ok(const char *s)
{
    int labels = 0;
    for (;;) {
        size_t n = strcspn(s, ".");
        if (!label_ok(s, n))
            return false;
        labels++;
        if (s[n] == '\0')
            return labels >= 2 && is_letter(s[0]);
        s += n + 1;
    }
}

bool email_ok(const char *text)
{
    const char *at = strrchr(text, '@');
    return at && strlen(text) <= 254 && local_part_ok(text, (size_t)(at - text)) && host_ok(at + 1);
}
