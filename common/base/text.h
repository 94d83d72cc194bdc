/* text.h - times, dates and UTF-8 as text. Pure: no clock, no locale, no time zone data.
 * Times are ms since the epoch UTC; days are days since 1970-01-01 (proleptic Gregorian calendar, years 1 to 9999). */
#ifndef CLINIC_TEXT_H
#define CLINIC_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_TIME_BYTES 25 /* "2026-05-12T09:00:00.000Z" and NUL */
#define TEXT_DAY_BYTES 11  /* "2026-05-12" and NUL */
#define TEXT_DAY_MS 86400000LL

/* RFC 3339 in UTC with milliseconds. Times outside the years 1 to 9999 are clamped to them. */
void text_time(int64_t ms, char ret[TEXT_TIME_BYTES]);
/* RFC 3339 with any offset and any number of fraction digits (beyond ms cut off); second 60 is read as the next
 * minute. s need not be zero-terminated. False: not a time; *ret_ms untouched. */
bool text_time_parse(const char *s, size_t n, int64_t *ret_ms);

void text_day(int32_t day, char ret[TEXT_DAY_BYTES]);        /* YYYY-MM-DD, clamped likewise */
bool text_day_parse(const char *s, int32_t *ret_day);        /* exactly YYYY-MM-DD of an existing day */
int32_t text_day_of(int year, int month, int day);           /* month 1-12; the date must exist */
void text_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day);
int text_weekday(int32_t day);                               /* 1 Monday to 7 Sunday (ISO 8601) */
bool text_is_leap(int year);
int text_month_days(int year, int month);
/* Day on the calendar of a region whose clocks are offset_min ahead of UTC; and its first moment. */
int32_t text_day_at(int64_t ms, int offset_min);
int64_t text_day_start(int32_t day, int offset_min);

/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool text_utf8_ok(const char *s, size_t n);
/* Bytes of the well-formed character at s, 1 to 4; 0 when there is none (or n == 0). */
size_t text_utf8_next(const char *s, size_t n);
#endif
