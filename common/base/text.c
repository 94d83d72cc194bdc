#include "base/text.h"
#include <string.h>
#include "base/err.h"

#define DAY_MIN (-719162) /* 0001-01-01 */
#define DAY_MAX 2932896   /* 9999-12-31 */

bool text_is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int text_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    must(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && text_is_leap(year));
}

/* Years are counted from March, so that the leap day is the last of its year; 719468 days lie between 0000-03-01 and
 * 1970-01-01, 146097 days are 400 years. */
int32_t text_day_of(int year, int month, int day)
{
    int y = month > 2 ? year : year - 1;
    int era = y / 400, yoe = y % 400; /* years are positive */
    int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int32_t clamp_day(int32_t day) { return day < DAY_MIN ? DAY_MIN : day > DAY_MAX ? DAY_MAX : day; }

void text_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
    int n = clamp_day(day) + 719468;
    int era = n / 146097, doe = n % 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

int text_weekday(int32_t day) { return (int)(((int64_t)day - DAY_MIN) % 7 + 7) % 7 + 1; } /* 0001-01-01 was a Monday */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int64_t clamp_ms(int64_t ms)
{
    const int64_t lo = DAY_MIN * TEXT_DAY_MS, hi = (DAY_MAX + 1) * TEXT_DAY_MS - 1;
    return ms < lo ? lo : ms > hi ? hi : ms;
}

int32_t text_day_at(int64_t ms, int offset_min)
{
    int64_t day = floor_div(clamp_ms(ms) + offset_min * 60000LL, TEXT_DAY_MS);
    return day < DAY_MIN ? DAY_MIN : day > DAY_MAX ? DAY_MAX : (int32_t)day;
}

int64_t text_day_start(int32_t day, int offset_min) { return day * TEXT_DAY_MS - offset_min * 60000LL; }

/* --- writing --- */
static void put_digits(char *to, int width, int value)
{
    for (; width > 0; value /= 10)
        to[--width] = (char)('0' + value % 10);
}

void text_day(int32_t day, char ret[TEXT_DAY_BYTES])
{
    int y, m, d;
    text_civil(day, &y, &m, &d);
    memcpy(ret, "0000-00-00", TEXT_DAY_BYTES);
    put_digits(ret, 4, y);
    put_digits(ret + 5, 2, m);
    put_digits(ret + 8, 2, d);
}

void text_time(int64_t ms, char ret[TEXT_TIME_BYTES])
{
    ms = clamp_ms(ms);
    int32_t day = (int32_t)floor_div(ms, TEXT_DAY_MS);
    int rest = (int)(ms - day * TEXT_DAY_MS);
    text_day(day, ret);
    memcpy(ret + 10, "T00:00:00.000Z", 15);
    put_digits(ret + 11, 2, rest / 3600000);
    put_digits(ret + 14, 2, rest / 60000 % 60);
    put_digits(ret + 17, 2, rest / 1000 % 60);
    put_digits(ret + 20, 3, rest % 1000);
}

/* --- reading --- */
struct scan {
    const char *p, *end;
    bool ok;
};

static int take_digits(struct scan *s, int width, int lo, int hi)
{
    int v = 0;
    for (; s->ok && width > 0; width--, s->p++) {
        s->ok = s->p < s->end && *s->p >= '0' && *s->p <= '9';
        v = s->ok ? v * 10 + (*s->p - '0') : v;
    }
    s->ok = s->ok && v >= lo && v <= hi;
    return v;
}

static char take_one(struct scan *s, const char *of)
{
    s->ok = s->ok && s->p < s->end && *s->p && strchr(of, *s->p);
    return s->ok ? *s->p++ : '\0';
}

static int32_t take_day(struct scan *s)
{
    int y = take_digits(s, 4, 1, 9999);
    take_one(s, "-");
    int m = take_digits(s, 2, 1, 12);
    take_one(s, "-");
    int d = take_digits(s, 2, 1, 31);
    s->ok = s->ok && d <= text_month_days(y, m);
    return s->ok ? text_day_of(y, m, d) : 0;
}

static int take_fraction_ms(struct scan *s)
{
    int ms = 0, scale = 100;
    if (!s->ok || s->p >= s->end || *s->p != '.')
        return 0;
    s->p++;
    ms = take_digits(s, 1, 0, 9) * scale;
    for (; s->ok && s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
        ms += (*s->p - '0') * (scale /= 10);
    return ms;
}

static int take_offset_min(struct scan *s)
{
    char sign = take_one(s, "Zz+-");
    if (!s->ok || sign == 'Z' || sign == 'z')
        return 0;
    int h = take_digits(s, 2, 0, 23);
    take_one(s, ":");
    int m = take_digits(s, 2, 0, 59);
    return sign == '-' ? -(h * 60 + m) : h * 60 + m;
}

bool text_day_parse(const char *s, int32_t *ret_day)
{
    struct scan in = {s, s + strlen(s), true};
    int32_t day = take_day(&in);
    if (!in.ok || in.p != in.end)
        return false;
    *ret_day = day;
    return true;
}

bool text_time_parse(const char *s, size_t n, int64_t *ret_ms)
{
    struct scan in = {s, s + n, true};
    int64_t ms = take_day(&in) * TEXT_DAY_MS;
    take_one(&in, "Tt ");
    ms += take_digits(&in, 2, 0, 23) * 3600000LL;
    take_one(&in, ":");
    ms += take_digits(&in, 2, 0, 59) * 60000LL;
    take_one(&in, ":");
    ms += take_digits(&in, 2, 0, 60) * 1000LL;
    ms += take_fraction_ms(&in);
    ms -= take_offset_min(&in) * 60000LL;
    if (!in.ok || in.p != in.end)
        return false;
    *ret_ms = ms;
    return true;
}

/* --- UTF-8 --- */
static size_t utf8_len(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xe0)
        return lead >= 0xc2 ? 2 : 0;
    return lead < 0xf0 ? 3 : lead <= 0xf4 ? 4 : 0;
}

size_t text_utf8_next(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t len = n ? utf8_len(u[0]) : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte. */
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
        (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    return len;
}

/* ASCII goes by eight bytes at a time: most is. */
static bool is_ascii8(const char *s)
{
    uint64_t v;
    memcpy(&v, s, 8);
    return (v & 0x8080808080808080U) == 0;
}

bool text_utf8_ok(const char *s, size_t n)
{
    for (size_t len; n > 0; s += len, n -= len) {
        len = n >= 8 && is_ascii8(s) ? 8 : (unsigned char)*s < 0x80 ? 1 : text_utf8_next(s, n);
        if (len == 0)
            return false;
    }
    return true;
}
