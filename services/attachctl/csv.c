#include "services/attachctl/csv.h"
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"

#define BUF_BYTES (512 * 1024)

struct csv {
    csv_read_fn *read;
    void *ctx;
    char sep;
    bool cp1251, eof, began;
    uint64_t line;   /* of buf[pos] */
    size_t pos, len; /* unread part of buf */
    char *buf;
    char *text; /* row in UTF-8, when it had to be converted */
};

struct csv *csv_new(csv_read_fn *read, void *ctx, char sep, bool cp1251)
{
    struct csv *c = calloc(1, sizeof *c);
    must(c);
    *c = (struct csv){.read = read, .ctx = ctx, .sep = sep, .cp1251 = cp1251, .line = 1};
    c->buf = malloc(BUF_BYTES + 1);
    c->text = malloc(3 * (size_t)CSV_ROW_MAX + 1);
    must(c->buf && c->text);
    return c;
}

void csv_free(struct csv *c)
{
    if (!c)
        return;
    free(c->buf);
    free(c->text);
    free(c);
}

void csv_set_separator(struct csv *c, char sep) { c->sep = sep; }

/* Move what is unread to the front and read more behind it. False only on an error of the source. */
static bool refill(struct csv *c)
{
    if (c->pos > 0) {
        memmove(c->buf, c->buf + c->pos, c->len - c->pos);
        c->len -= c->pos;
        c->pos = 0;
    }
    while (!c->eof && c->len < BUF_BYTES) {
        ssize_t n = c->read(c->ctx, c->buf + c->len, BUF_BYTES - c->len);
        if (n < 0)
            return false;
        c->eof = n == 0;
        c->len += (size_t)n;
    }
    return true;
}

static bool begin(struct csv *c)
{
    if (c->began)
        return true;
    c->began = true;
    if (!refill(c))
        return false;
    if (c->len >= 3 && memcmp(c->buf, "\xEF\xBB\xBF", 3) == 0)
        c->pos = 3;
    return true;
}

char csv_guess_separator(struct csv *c)
{
    static const char candidates[] = ";,\t";
    char best = ';';
    size_t most = 0;
    if (!begin(c))
        return best;
    const char *end = memchr(c->buf + c->pos, '\n', c->len - c->pos);
    size_t stop = end ? (size_t)(end - c->buf) : c->len;
    for (const char *s = candidates; *s; s++) {
        size_t n = 0;
        for (size_t i = c->pos; i < stop; i++)
            n += c->buf[i] == *s;
        if (n > most) {
            most = n;
            best = *s;
        }
    }
    return best;
}

static size_t quotes_in(const char *p, size_t n)
{
    size_t quotes = 0;
    for (const char *q = p; (q = memchr(q, '"', n - (size_t)(q - p))); q++)
        quotes++;
    return quotes;
}

/* End of the row that begins at p: the first newline outside quotes; n when there is none. *ret_quoted: it has quotes,
 * *ret_open: the end was reached inside quotes. */
static size_t row_end(const char *p, size_t n, bool *ret_quoted, bool *ret_open)
{
    size_t at = 0, quotes = 0;
    for (;;) {
        const char *nl = memchr(p + at, '\n', n - at);
        size_t stop = nl ? (size_t)(nl - p) : n;
        quotes += quotes_in(p + at, stop - at);
        *ret_quoted = quotes > 0;
        *ret_open = quotes % 2 != 0;
        if (!nl || !*ret_open)
            return stop;
        at = stop + 1;
    }
}

static uint64_t newlines_in(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *q = p; (q = memchr(q, '\n', n - (size_t)(q - p))); q++)
        lines++;
    return lines;
}

static struct bytes trimmed(const char *p, size_t n)
{
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    while (n > 0 && (*p == ' ' || *p == '\t')) {
        p++;
        n--;
    }
    return bytes_of(p, n);
}

static const char *split_plain(char *p, size_t n, char sep, struct csv_row *row)
{
    char *end = p + n;
    for (row->n = 0;; row->n++) {
        if (row->n == CSV_FIELDS_MAX)
            return "more than 64 fields";
        char *next = memchr(p, sep, (size_t)(end - p));
        row->f[row->n] = trimmed(p, (size_t)((next ? next : end) - p));
        if (!next)
            break;
        p = next + 1;
    }
    row->n++;
    return NULL;
}

/* One quoted field at *at (after its first quote), unescaped in place. */
static const char *take_quoted(char **at, char *end, char sep, struct bytes *ret)
{
    char *from = *at, *to = from;
    for (char *p = from; p < end; p++) {
        if (*p != '"') {
            *to++ = *p;
        } else if (p + 1 < end && p[1] == '"') {
            *to++ = *p++;
        } else {
            if (p + 1 < end && p[1] != sep)
                return "text after a closing quote";
            *ret = trimmed(from, (size_t)(to - from));
            *at = p + 1;
            return NULL;
        }
    }
    return "a quote is not closed";
}

static const char *take_bare(char **at, char *end, char sep, struct bytes *ret)
{
    char *next = memchr(*at, sep, (size_t)(end - *at));
    size_t n = (size_t)((next ? next : end) - *at);
    if (memchr(*at, '"', n))
        return "a quote inside an unquoted field";
    *ret = trimmed(*at, n);
    *at += n;
    return NULL;
}

static const char *split_quoted(char *p, size_t n, char sep, struct csv_row *row)
{
    char *end = p + n;
    for (row->n = 0;;) {
        if (row->n == CSV_FIELDS_MAX)
            return "more than 64 fields";
        const char *rule;
        if (p < end && *p == '"') {
            p++;
            rule = take_quoted(&p, end, sep, &row->f[row->n]);
        } else {
            rule = take_bare(&p, end, sep, &row->f[row->n]);
        }
        if (rule)
            return rule;
        row->n++;
        if (p == end)
            return NULL;
        p++; /* the separator */
    }
}

static const char *split(struct csv *c, char *p, size_t n, bool quoted, struct csv_row *row)
{
    if (c->cp1251) {
        n = cp1251_to_utf8((const uint8_t *)p, n, c->text);
        p = c->text;
    }
    if (!csv_text_ok(p, n))
        return "not UTF-8 text, or a control character";
    const char *rule = quoted ? split_quoted(p, n, c->sep, row) : split_plain(p, n, c->sep, row);
    for (size_t i = 0; !rule && i < row->n; i++)
        ((char *)(uintptr_t)row->f[i].p)[row->f[i].n] = '\0'; /* over a separator, a quote or the end of the row */
    return rule;
}

/* A row that never ends, or is too long: skip its first line only, so that one stray quote costs one row. */
static enum csv_ret skip_line(struct csv *c, struct csv_row *row, const char *rule, const char **ret_rule)
{
    row->line = c->line++;
    *ret_rule = rule;
    for (;;) {
        const char *nl = memchr(c->buf + c->pos, '\n', c->len - c->pos);
        c->pos = nl ? (size_t)(nl + 1 - c->buf) : c->len;
        if (nl || c->eof)
            return CSV_BAD;
        if (!refill(c))
            return CSV_IO;
    }
}

enum csv_ret csv_next(struct csv *c, struct csv_row *row, const char **ret_rule)
{
    if (!begin(c))
        return CSV_IO;
    for (;;) {
        bool quoted, open;
        size_t left = c->len - c->pos, n = row_end(c->buf + c->pos, left, &quoted, &open);
        if (n == left && !c->eof && left <= CSV_ROW_MAX) {
            if (!refill(c))
                return CSV_IO;
            continue;
        }
        if (left == 0)
            return CSV_END;
        if (n > CSV_ROW_MAX)
            return skip_line(c, row, open ? "a quote is not closed" : "longer than 64 KiB", ret_rule);
        if (open)
            return skip_line(c, row, "a quote is not closed", ret_rule);
        char *p = c->buf + c->pos;
        size_t text = n > 0 && p[n - 1] == '\r' ? n - 1 : n;
        row->line = c->line;
        c->line += 1 + newlines_in(p, n);
        c->pos += n < left ? n + 1 : n;
        if (text == 0)
            continue;
        *ret_rule = split(c, p, text, quoted, row);
        return *ret_rule ? CSV_BAD : CSV_ROW;
    }
}

/* --- text --- */

static char high_utf8[128][4]; /* UTF-8 of the bytes 0x80 to 0xFF, by iconv */
static uint8_t high_len[128];

__attribute__((constructor)) static void cp1251_table(void)
{
    iconv_t cd = iconv_open("UTF-8", "WINDOWS-1251");
    for (int i = 0; i < 128; i++) {
        char in = (char)(0x80 + i), *from = &in, *to = high_utf8[i];
        size_t in_n = 1, out_n = sizeof high_utf8[i];
        if (cd == (iconv_t)-1 || iconv(cd, &from, &in_n, &to, &out_n) == (size_t)-1) {
            memcpy(high_utf8[i], "\xEF\xBF\xBD", 3);
            out_n = 1;
        }
        high_len[i] = (uint8_t)(sizeof high_utf8[i] - out_n);
    }
    if (cd != (iconv_t)-1)
        iconv_close(cd);
}

size_t cp1251_to_utf8(const uint8_t *from, size_t n, char *to)
{
    char *at = to;
    for (size_t i = 0; i < n; i++) {
        if (from[i] < 0x80) {
            *at++ = (char)from[i];
        } else {
            memcpy(at, high_utf8[from[i] - 0x80], 3);
            at += high_len[from[i] - 0x80];
        }
    }
    return (size_t)(at - to);
}

/* Length of the well-formed sequence at p, 0 when it is not one (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_seq(const uint8_t *p, size_t n)
{
    uint32_t c = p[0];
    size_t len = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if (len == 3 && ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F)))
        return 0;
    if (len == 4 && ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)))
        return 0;
    return len;
}

bool csv_text_ok(const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    for (size_t i = 0; i < n;) {
        if (p[i] >= 0x20 && p[i] < 0x7F) {
            i++;
            continue;
        }
        if (p[i] < 0x20 && p[i] != '\t' && p[i] != '\n' && p[i] != '\r')
            return false;
        size_t len = utf8_seq(p + i, n - i);
        if (len == 0 || p[i] == 0x7F)
            return false;
        i += len;
    }
    return true;
}
