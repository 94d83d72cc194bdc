/* calendar.h - production calendar: working days of Russia and terms counted in them (C-35, 2.12; ru-facts section 5).
 * Data, not code: deploy/calendar/<year>.ini, next year's file comes with the decree of autumn. Pure after loading.
 * Threads: read-only after load. */
#ifndef CLINIC_CALENDAR_H
#define CLINIC_CALENDAR_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

struct calendar;

/* gives. Reads every *.ini of the folder. ERR_INPUT names file and line: unknown key, bad day, a count of working days
 * that does not add up, a year twice; ERR_FATAL the folder cannot be read or has no calendar. */
bool calendar_load_dir(const char *path, struct calendar **ret, struct err *e) MUST_CHECK;
bool calendar_load_file(struct calendar *c, const char *path, struct err *e) MUST_CHECK; /* one more year */
bool calendar_load_stream(struct calendar *c, FILE *f, const char *name, struct err *e) MUST_CHECK; /* borrows f */
struct calendar *calendar_new(void);                                                     /* gives; no years */
void calendar_free(struct calendar *c);

bool calendar_has_year(const struct calendar *c, int year);
/* Day number as in date.h. Its year must be known (calendar_has_year). */
bool calendar_is_working(const struct calendar *c, int32_t day);
bool calendar_is_shortened(const struct calendar *c, int32_t day); /* one hour less */
int calendar_working_days(const struct calendar *c, int year);     /* in the year; 0 = year not known */
/* The n-th working day after a day; the day itself is not counted. n >= 0. ERR_INPUT: a year is missing. */
bool calendar_add(const struct calendar *c, int32_t day, int working_days, int32_t *ret_day, struct err *e) MUST_CHECK;
/* End (23:59:59.999 local) of the n-th working day after the local day of receipt. ERR_INPUT: a year is missing. */
bool calendar_due(const struct calendar *c, int64_t received_ms, int working_days, int utc_offset_min,
                  int64_t *ret_due_ms, struct err *e) MUST_CHECK;
#endif
