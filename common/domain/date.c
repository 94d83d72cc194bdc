#include "domain/date.h"
#include <stdio.h>
#include "base/text.h"

enum { YEAR_MIN = 1800, YEAR_MAX = 2200 };

int date_month_days(int year, int month) { return text_month_days(year, month); }

bool date_ok(struct date d)
{
    return d.y >= YEAR_MIN && d.y <= YEAR_MAX && d.m >= 1 && d.m <= 12 && d.d >= 1 && d.d <= date_month_days(d.y, d.m);
}

bool date_parse(const char *text, struct date *ret)
{
    int32_t day;
    if (!text_day_parse(text, &day))
        return false;
    struct date d = date_of_days(day);
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

int32_t date_days(struct date d) { return text_day_of(d.y, d.m, d.d); }

struct date date_of_days(int32_t days)
{
    struct date d;
    text_civil(days, &d.y, &d.m, &d.d);
    return d;
}

int date_weekday(int32_t days) { return text_weekday(days) - 1; }

int date_age(struct date birth, struct date at)
{
    bool before_birthday = at.m < birth.m || (at.m == birth.m && at.d < birth.d);
    return at.y - birth.y - before_birthday;
}

struct date date_add_months(struct date d, int n)
{
    int months = d.y * 12 + d.m - 1 + n; /* positive: years begin at 1800 */
    struct date r = {months / 12, months % 12 + 1, d.d};
    int last = date_month_days(r.y, r.m);
    if (r.d > last)
        r.d = last;
    return r;
}

int32_t date_day_of_ms(int64_t ms, int utc_offset_min) { return text_day_at(ms, utc_offset_min); }
struct date date_of_ms(int64_t ms, int utc_offset_min) { return date_of_days(date_day_of_ms(ms, utc_offset_min)); }
int64_t date_start_ms(int32_t days, int utc_offset_min) { return text_day_start(days, utc_offset_min); }
int64_t date_end_ms(int32_t days, int utc_offset_min) { return date_start_ms(days, utc_offset_min) + DATE_MS_OF_DAY - 1; }
