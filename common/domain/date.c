#include "domain/date.h"
#include <stdio.h>
#include <string.h>

enum { YEAR_MIN = 1800, YEAR_MAX = 2200, DAY_LIMIT = 1000000 };

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int date_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

bool date_ok(struct date d)
{
    return d.y >= YEAR_MIN && d.y <= YEAR_MAX && d.m >= 1 && d.m <= 12 && d.d >= 1 && d.d <= date_month_days(d.y, d.m);
}

static int digits_value(const char *s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

bool date_parse(const char *text, struct date *ret)
{
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return false;
    struct date d = {digits_value(text, 4), digits_value(text + 5, 2), digits_value(text + 8, 2)};
    if (!date_ok(d))
        return false;
    *ret = d;
    return true;
}

void date_print(struct date d, char ret[11])
{
    snprintf(ret, 11, "%04u-%02u-%02u", (unsigned)d.y % 10000, (unsigned)d.m % 100, (unsigned)d.d % 100);
}

int date_cmp(struct date a, struct date b)
{
    if (a.y != b.y)
        return a.y < b.y ? -1 : 1;
    if (a.m != b.m)
        return a.m < b.m ? -1 : 1;
    return (a.d > b.d) - (a.d < b.d);
}

/* Years are taken to begin in March, so that the leap day is the last of its year; 400 years are 146097 days. */
int32_t date_days(struct date d)
{
    int y = d.m <= 2 ? d.y - 1 : d.y, in_era = y % 400, from_march = (d.m + 9) % 12;
    int day_of_year = (153 * from_march + 2) / 5 + d.d - 1;
    return y / 400 * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + day_of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

struct date date_of_days(int32_t days)
{
    int64_t shifted = (int64_t)days + 719468, era = floor_div(shifted, 146097);
    int in_era = (int)(shifted - era * 146097);
    int year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int day_of_year = in_era - (365 * year + year / 4 - year / 100), from_march = (5 * day_of_year + 2) / 153;
    struct date d = {.d = day_of_year - (153 * from_march + 2) / 5 + 1, .m = from_march < 10 ? from_march + 3 : from_march - 9};
    d.y = (int)(era * 400) + year + (d.m <= 2);
    return d;
}

int date_weekday(int32_t days) { return (int)((((int64_t)days + 3) % 7 + 7) % 7); }

int date_age(struct date birth, struct date at)
{
    bool before_birthday = at.m < birth.m || (at.m == birth.m && at.d < birth.d);
    return at.y - birth.y - before_birthday;
}

struct date date_add_months(struct date d, int n)
{
    int64_t months = (int64_t)d.y * 12 + d.m - 1 + n;
    struct date r = {(int)floor_div(months, 12), (int)(months - floor_div(months, 12) * 12) + 1, d.d};
    int last = date_month_days(r.y, r.m);
    if (r.d > last)
        r.d = last;
    return r;
}

/* Instants far outside any calendar (a broken record timestamp) stay within what date_of_days can show. */
int32_t date_day_of_ms(int64_t ms, int utc_offset_min)
{
    const int64_t limit = DAY_LIMIT * DATE_MS_OF_DAY;
    ms = ms > limit ? limit : ms < -limit ? -limit : ms;
    return (int32_t)floor_div(ms + (int64_t)utc_offset_min * 60000, DATE_MS_OF_DAY);
}

struct date date_of_ms(int64_t ms, int utc_offset_min) { return date_of_days(date_day_of_ms(ms, utc_offset_min)); }

int64_t date_start_ms(int32_t days, int utc_offset_min)
{
    return (int64_t)days * DATE_MS_OF_DAY - (int64_t)utc_offset_min * 60000;
}

int64_t date_end_ms(int32_t days, int utc_offset_min) { return date_start_ms(days, utc_offset_min) + DATE_MS_OF_DAY - 1; }
