/* date.h - civil dates of the proleptic Gregorian calendar and their relation to instants, over base/text.h. Pure.
 * Day numbers count from 1970-01-01 = 0. Instants are ms since the epoch, UTC. A region's offset from UTC is fixed
 * (Russia has had no summer time since 2011), in minutes: rule key region.utc_offset_min. Years 1800 to 2200. */
#ifndef CLINIC_DATE_H
#define CLINIC_DATE_H
#include <stdbool.h>
#include <stdint.h>

struct date {
    int y; /* year */
    int m; /* month, 1 to 12 */
    int d; /* day of the month, from 1 */
};

#define DATE_MS_OF_DAY 86400000LL

bool date_ok(struct date d);                          /* exists in the calendar */
bool date_parse(const char *text, struct date *ret);  /* strictly YYYY-MM-DD of a date that exists */
void date_print(struct date d, char ret[11]);         /* YYYY-MM-DD and NUL */
int date_cmp(struct date a, struct date b);           /* < 0, 0, > 0 */
int32_t date_days(struct date d);                     /* day number */
struct date date_of_days(int32_t days);
int date_weekday(int32_t days);                       /* 0 Monday to 6 Sunday */
int date_month_days(int year, int month);
/* Full years at a date; one born on 29 February is a year older on 1 March of a common year. Negative: not born yet. */
int date_age(struct date birth, struct date at);
/* Same day n months later (earlier when negative), or the last day of that month. */
struct date date_add_months(struct date d, int n);
int32_t date_day_of_ms(int64_t ms, int utc_offset_min);       /* local day number of an instant */
struct date date_of_ms(int64_t ms, int utc_offset_min);
int64_t date_start_ms(int32_t days, int utc_offset_min);      /* 00:00:00.000 local */
int64_t date_end_ms(int32_t days, int utc_offset_min);        /* 23:59:59.999 local */
#endif
