#include "domain/name.h"
#include <string.h>
#include <utf8proc.h>
#include "domain/letter.h"

enum {
    FOLD = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
    YO = 0x451, /* ё */
    YE = 0x435, /* е */
};

static bool is_apostrophe(int32_t c) { return c == '\'' || c == '`' || c == 0x2019 || c == 0x2bc; }
static bool is_separator(int32_t c) { return letter_is_space(c) || letter_is_dash(c); }

/* Signs that stand alone, whatever is beside them: printable ASCII and the letters of Russian. Lower case is all that folding
 * does to them. -1 for any other, among them those that are joined with their neighbours. */
static int32_t lower_plain(int32_t c)
{
    if (c >= 0x20 && c < 0x7f)
        return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
    if (c >= 0x410 && c < 0x450)
        return c < 0x430 ? c + 0x20 : c;
    return c == 0x401 || c == YO ? YO : -1;
}

/* As fold(), for texts of plain signs only, which nearly all are; -1 = it is not one. */
static utf8proc_ssize_t fold_plain(const char *text, size_t len, struct arena *mem, utf8proc_int32_t **ret)
{
    utf8proc_ssize_t n = 0;
    int32_t c, lower;
    *ret = arena_alloc(mem, sizeof **ret * (len + 1));
    while ((c = letter_next(&text)) != 0) {
        if ((lower = lower_plain(c)) < 0)
            return -1;
        (*ret)[n++] = lower;
    }
    return n;
}

/* Code points of the folded text, in the arena; -1 when the text is not UTF-8. */
static utf8proc_ssize_t fold(const char *text, size_t len, struct arena *mem, utf8proc_int32_t **ret)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    utf8proc_ssize_t n = utf8proc_decompose(bytes, (utf8proc_ssize_t)len, NULL, 0, (utf8proc_option_t)FOLD);
    if (n < 0)
        return -1;
    utf8proc_int32_t *points = arena_alloc(mem, sizeof *points * (size_t)(n + 1));
    n = utf8proc_decompose(bytes, (utf8proc_ssize_t)len, points, n, (utf8proc_option_t)FOLD);
    *ret = points;
    return n < 0 ? -1 : utf8proc_normalize_utf32(points, n, (utf8proc_option_t)FOLD);
}

/* Latin look-alikes of one word become Cyrillic when the word has a Cyrillic letter. */
static void unify_word(utf8proc_int32_t *word, utf8proc_ssize_t n)
{
    bool has_cyrillic = false;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        has_cyrillic |= letter_is_cyrillic(word[i]);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        if (has_cyrillic)
            word[i] = letter_cyrillic_twin(word[i]);
        if (word[i] == YO)
            word[i] = YE;
    }
}

/* Words joined by single spaces, without apostrophes. */
static char *join_words(utf8proc_int32_t *points, utf8proc_ssize_t n, struct arena *mem)
{
    size_t size = (size_t)n * 4 + 1, used = 0;
    char *out = arena_alloc(mem, size);
    out[0] = '\0';
    for (utf8proc_ssize_t i = 0; i < n;) {
        utf8proc_ssize_t end = i;
        while (end < n && !is_separator(points[end]))
            end++;
        unify_word(points + i, end - i);
        for (bool begun = false; i < end; i++) {
            if (is_apostrophe(points[i]))
                continue;
            if (!begun && used > 0) /* not for a word of apostrophes alone */
                letter_put(out, size, &used, ' ');
            begun = true;
            letter_put(out, size, &used, points[i]);
        }
        i = end + 1;
    }
    return out;
}

bool name_normal(const char *text, struct arena *mem, const char **ret, struct err *e)
{
    size_t len = strlen(text);
    if (len > NAME_MAX_BYTES)
        return err_set(e, ERR_INPUT, "name", "longer than %d bytes", NAME_MAX_BYTES);
    utf8proc_int32_t *points = NULL;
    utf8proc_ssize_t n = fold_plain(text, len, mem, &points);
    if (n < 0)
        n = fold(text, len, mem, &points);
    if (n < 0)
        return err_set(e, ERR_INPUT, "name", "not UTF-8");
    *ret = join_words(points, n, mem);
    return true;
}

bool name_holder(const char *surname, const char *name, const char *patronymic, struct arena *mem, const char **ret,
                 struct err *e)
{
    const char *s = "", *n = "", *p = "";
    if (!name_normal(surname, mem, &s, e) || !name_normal(name, mem, &n, e) || !name_normal(patronymic, mem, &p, e))
        return false;
    *ret = arena_printf(mem, "%s|%s|%s", s, n, p);
    return true;
}

bool utf8_ok(const char *text)
{
    int32_t c;
    while ((c = letter_next(&text)) != 0)
        if (c < 0 || letter_is_control(c))
            return false;
    return true;
}

bool name_ok(const char *text)
{
    bool has_letter = false;
    int32_t c;
    while ((c = letter_next(&text)) != 0) {
        bool letter = letter_is_letter(c) || (c >= 0x300 && c < 0x370); /* combining marks of decomposed letters */
        if (!letter && !is_separator(c) && !is_apostrophe(c) && c != '.')
            return false;
        has_letter |= letter;
    }
    return has_letter;
}
