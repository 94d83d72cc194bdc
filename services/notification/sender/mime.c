#include "mime.h"
#include <string.h>
#include "base/text.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_group(const uint8_t *p, size_t n, char out[4])
{
    uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
    for (int i = 0; i < 4; i++)
        out[i] = (size_t)i <= n ? base64_digits[v >> (18 - 6 * i) & 63] : '=';
}

/* Base64 in lines of `width` characters (a multiple of 4; 0 = one line), each ended by CR LF when width is given. */
static char *base64(const char *s, size_t n, size_t width, struct arena *mem)
{
    char *out = arena_alloc(mem, (n + 2) / 3 * 4 + (width ? n * 4 / 3 / width * 2 + 4 : 0) + 8), *w = out;
    size_t column = 0;
    for (size_t i = 0; i < n; i += 3) {
        base64_group((const uint8_t *)s + i, n - i < 3 ? n - i : 3, w);
        w += 4;
        column += 4;
        if (width && (column == width || i + 3 >= n)) {
            *w++ = '\r';
            *w++ = '\n';
            column = 0;
        }
    }
    *w = '\0';
    return out;
}

static char *one_line(const char *text, struct arena *mem)
{
    char *s = arena_strdup(mem, text);
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return s;
}

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s >= 0x80)
            return false;
    return true;
}

/* Bytes of whole characters from s, at most `max`. */
static size_t take_characters(const char *s, size_t max)
{
    size_t n = 0, len = strlen(s);
    while (n < len) {
        size_t c = text_utf8_next(s + n, len - n);
        c = c ? c : 1;
        if (n + c > max)
            break;
        n += c;
    }
    return n;
}

#define WORD_MAX 75      /* RFC 2047: an encoded word with its marks */
#define WORD_MARKS 12    /* =?UTF-8?B? and ?= */

char *mime_words(const char *text, size_t indent, struct arena *mem)
{
    const char *line = one_line(text, mem);
    if (is_ascii(line) && indent + strlen(line) <= 76)
        return arena_strdup(mem, line);
    char *out = arena_strdup(mem, "");
    while (*line) {
        size_t room = WORD_MAX - (indent < 50 ? indent : 50) - WORD_MARKS;
        size_t n = take_characters(line, room / 4 * 3);
        out = arena_printf(mem, "%s%s=?UTF-8?B?%s?=", out, *out ? "\r\n " : "", base64(line, n, 0, mem));
        line += n;
        indent = 1;
    }
    return out;
}

/* "Sun, 22 Nov 2026 12:00:00 +0300" */
static char *date_field(int64_t ms, int offset_min, struct arena *mem)
{
    static const char *const weekdays[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"",    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int32_t day = text_day_at(ms, offset_min);
    int second = (int)((ms - text_day_start(day, offset_min)) / 1000), year, month, mday;
    int offset = offset_min < 0 ? -offset_min : offset_min;
    text_civil(day, &year, &month, &mday);
    return arena_printf(mem, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d", weekdays[text_weekday(day)], mday,
                        months[month], year, second / 3600, second / 60 % 60, second % 60, offset_min < 0 ? '-' : '+',
                        offset / 60, offset % 60);
}

/* Text lines end with CR LF inside the base64 too (RFC 2045 6.8: canonical form first). */
static char *canonical(const char *text, struct arena *mem)
{
    char *out = arena_alloc(mem, strlen(text) * 2 + 1), *w = out;
    for (; *text; text++) {
        if (*text == '\n')
            *w++ = '\r';
        if (*text != '\r')
            *w++ = *text;
    }
    *w = '\0';
    return out;
}

/* A name before an address: a quoted string, or encoded words. */
static char *phrase(const char *name, struct arena *mem)
{
    const char *line = one_line(name, mem);
    bool quotable = is_ascii(line) && strlen(line) <= 60 && !strpbrk(line, "\"\\");
    return quotable ? arena_printf(mem, "\"%s\" ", line) : arena_printf(mem, "%s ", mime_words(line, 6, mem));
}

struct bytes mime_letter(const struct letter *l, struct arena *mem)
{
    char *body = canonical(l->text, mem);
    const char *name = *l->from_name ? phrase(l->from_name, mem) : "";
    const char *fold = strlen(name) + strlen(l->from) > 68 ? "\r\n " : "";
    char *text = arena_printf(mem,
                              "Date: %s\r\nFrom: %s%s<%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\n"
                              "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                              "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n%s",
                              date_field(l->date_ms, l->utc_offset_min, mem), name, fold, one_line(l->from, mem),
                              one_line(l->to, mem), mime_words(l->subject, 9, mem), one_line(l->message_id, mem),
                              base64(body, strlen(body), 76, mem));
    return bytes_str(text);
}
