/* csv.h - rows of a separated text file in constant memory: the reader of every register file.
 * Role:    pure parser over a read function; no knowledge of any form.
 * Rules:   RFC 4180 quoting ("" inside quotes, separators and newlines inside quotes), LF or CRLF, byte-order mark
 *          accepted, empty lines skipped, UTF-8 or windows-1251 in, UTF-8 out. A row is at most 64 KiB.
 * Memory:  one buffer for the whole file; fields borrow it until the next csv_next().
 * Errors:  a bad row is reported with its line and rule and skipped; reading goes on at the next line.
 * Threads: confined to one. */
#ifndef CLINIC_CTL_CSV_H
#define CLINIC_CTL_CSV_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/bytes.h"

#define CSV_FIELDS_MAX 64
#define CSV_ROW_MAX 65536

struct csv_row {
    uint64_t line; /* where the row begins, from 1 */
    size_t n;
    struct bytes f[CSV_FIELDS_MAX]; /* UTF-8, unquoted, trimmed of blanks, zero-terminated */
};

enum csv_ret {
    CSV_ROW, /* row is filled */
    CSV_BAD, /* row->line and *ret_rule are; the row was skipped */
    CSV_END,
    CSV_IO /* the read function failed, errno is set */
};

/* Like read(2): bytes put into buf, 0 at the end, -1 with errno. */
typedef ssize_t csv_read_fn(void *ctx, void *buf, size_t n);

struct csv;
/* gives. ctx: keeps. */
struct csv *csv_new(csv_read_fn *read, void *ctx, char sep, bool cp1251);
void csv_free(struct csv *c); /* NULL is fine */
/* *ret_rule: static text. */
enum csv_ret csv_next(struct csv *c, struct csv_row *row, const char **ret_rule);
/* The separator that the first line uses most of ';', ',' and tab; asked before the first csv_next(). */
char csv_guess_separator(struct csv *c);
void csv_set_separator(struct csv *c, char sep);

/* windows-1251 to UTF-8; to has room for 3 * n bytes; gives the bytes written. Undefined bytes become U+FFFD. */
size_t cp1251_to_utf8(const uint8_t *from, size_t n, char *to);
bool csv_text_ok(const char *p, size_t n); /* well-formed, no control characters but tab, CR and LF */
#endif
