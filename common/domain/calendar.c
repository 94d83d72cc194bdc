/* calendar.c - a year is two bits a day: working, shortened. Weekends are off by themselves; the file tells what
 * differs: days off on weekdays, working weekends, shortened days, by month. */
#include "domain/calendar.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/inifile.h"
#include "domain/date.h"

enum { YEAR_FIRST = 2000, YEAR_LAST = 2100, YEAR_N = YEAR_LAST - YEAR_FIRST + 1 };
enum { OFF = 1, WORKING = 2, SHORTENED = 4 };

struct year {
    bool known;
    int working_days;
    uint8_t days[366]; /* by day of the year; marks of the file, then WORKING and SHORTENED only */
};

struct calendar {
    struct year years[YEAR_N];
};

struct calendar *calendar_new(void)
{
    struct calendar *c = calloc(1, sizeof *c);
    must(c);
    return c;
}

void calendar_free(struct calendar *c) { free(c); }

static int32_t new_year(int year) { return date_days((struct date){year, 1, 1}); }

static const struct year *year_of(const struct calendar *c, int year)
{
    return year >= YEAR_FIRST && year <= YEAR_LAST && c->years[year - YEAR_FIRST].known ? &c->years[year - YEAR_FIRST] : NULL;
}

bool calendar_has_year(const struct calendar *c, int year) { return year_of(c, year) != NULL; }

static bool has_mark(const struct calendar *c, int32_t day, uint8_t mark)
{
    int year = date_of_days(day).y;
    const struct year *y = year_of(c, year);
    must(y);
    return y->days[day - new_year(year)] & mark;
}

bool calendar_is_working(const struct calendar *c, int32_t day) { return has_mark(c, day, WORKING); }
bool calendar_is_shortened(const struct calendar *c, int32_t day) { return has_mark(c, day, SHORTENED); }

int calendar_working_days(const struct calendar *c, int year)
{
    const struct year *y = year_of(c, year);
    return y ? y->working_days : 0;
}

/* --- loading --- */

struct reading {
    struct year *y;
    int year;         /* 0 = not read yet */
    int expect;       /* working_days of the file */
};

static bool parse_int(const char *s, int min, int max, int *ret)
{
    char *end;
    long v = strtol(s, &end, 10);
    if (end == s || *end || v < min || v > max)
        return false;
    *ret = (int)v;
    return true;
}

static bool mark_day(struct reading *r, int month, int day, uint8_t mark, struct err *e)
{
    struct date d = {r->year, month, day};
    if (!date_ok(d))
        return err_set(e, ERR_INPUT, "calendar", "there is no day %d in month %d", day, month);
    int32_t number = date_days(d);
    bool weekend = date_weekday(number) >= 5;
    uint8_t *at = &r->y->days[number - new_year(r->year)];
    if (*at & mark)
        return err_set(e, ERR_INPUT, "calendar", "day %d of month %d is named twice", day, month);
    if (mark == OFF && weekend)
        return err_set(e, ERR_INPUT, "calendar", "day %d of month %d is a weekend, it is off by itself", day, month);
    if (mark == WORKING && !weekend)
        return err_set(e, ERR_INPUT, "calendar", "day %d of month %d is no weekend, it works by itself", day, month);
    *at |= mark;
    return true;
}

/* "1 2 3": days of one month. */
static bool mark_days(struct reading *r, const struct ini_line *l, uint8_t mark, struct err *e)
{
    int month, day;
    if (r->year == 0)
        return err_set(e, ERR_INPUT, "calendar", "[year] number = … has to come first");
    if (!parse_int(l->key, 1, 12, &month))
        return err_set(e, ERR_INPUT, "calendar", "key is the number of a month, 1 to 12");
    char text[256], *save = NULL;
    snprintf(text, sizeof text, "%s", l->value);
    for (char *t = strtok_r(text, " ", &save); t; t = strtok_r(NULL, " ", &save))
        if (!parse_int(t, 1, 31, &day))
            return err_set(e, ERR_INPUT, "calendar", "'%s' is no day of a month", t);
        else if (!mark_day(r, month, day, mark, e))
            return false;
    return true;
}

static bool year_line(struct reading *r, const struct ini_line *l, struct err *e)
{
    if (strcmp(l->key, "working_days") == 0)
        return parse_int(l->value, 1, 366, &r->expect) || err_set(e, ERR_INPUT, "calendar", "working_days is 1 to 366");
    if (strcmp(l->key, "status") == 0)
        return true;
    if (strcmp(l->key, "number") != 0)
        return err_set(e, ERR_INPUT, "calendar", "unknown key '%s' in [year]", l->key);
    if (r->year != 0)
        return err_set(e, ERR_INPUT, "calendar", "number stands twice");
    return parse_int(l->value, YEAR_FIRST, YEAR_LAST, &r->year) ||
           err_set(e, ERR_INPUT, "calendar", "number is a year from %d to %d", YEAR_FIRST, YEAR_LAST);
}

static bool on_line(void *ctx, const struct ini_line *l, struct err *e)
{
    static const struct {
        const char *name;
        uint8_t mark;
    } sections[] = {{"days_off", OFF}, {"working_weekends", WORKING}, {"shortened", SHORTENED}};
    if (strcmp(l->section, "year") == 0)
        return year_line(ctx, l, e);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(l->section, sections[i].name) == 0)
            return mark_days(ctx, l, sections[i].mark, e);
    return err_set(e, ERR_INPUT, "calendar", "unknown section [%s]", l->section);
}

/* Turn marks into days and compare their sum with what the file says, so that a slip of the pen does not pass. */
static bool settle(struct reading *r, const char *name, struct err *e)
{
    int n = (int)(new_year(r->year + 1) - new_year(r->year)), weekday = date_weekday(new_year(r->year));
    for (int i = 0; i < n; i++) {
        bool weekend = (weekday + i) % 7 >= 5;
        uint8_t marks = r->y->days[i];
        bool working = weekend ? marks & WORKING : !(marks & OFF);
        if (!working && (marks & SHORTENED))
            return err_set(e, ERR_INPUT, "calendar", "%s: day %d of the year is shortened but off", name, i + 1);
        r->y->days[i] = (uint8_t)((working ? WORKING : 0) | (marks & SHORTENED));
        r->y->working_days += working;
    }
    if (r->y->working_days != r->expect)
        return err_set(e, ERR_INPUT, "calendar", "%s: %d working days, but working_days = %d", name, r->y->working_days,
                       r->expect);
    return true;
}

bool calendar_load_stream(struct calendar *c, FILE *f, const char *name, struct err *e)
{
    struct year y = {.known = true};
    struct reading r = {.y = &y};
    if (!inifile_each_of(f, name, on_line, &r, e))
        return false;
    if (r.year == 0)
        return err_set(e, ERR_INPUT, "calendar", "%s: no year", name);
    if (calendar_has_year(c, r.year))
        return err_set(e, ERR_INPUT, "calendar", "%s: year %d is there already", name, r.year);
    if (!settle(&r, name, e))
        return false;
    c->years[r.year - YEAR_FIRST] = y;
    return true;
}

bool calendar_load_file(struct calendar *c, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, ERR_FATAL, "calendar", "%s: %s", path, strerror(errno));
    bool ok = calendar_load_stream(c, f, path, e);
    fclose(f);
    return ok;
}

static bool load_path(void *ctx, const char *path, struct err *e) { return calendar_load_file(ctx, path, e); }

bool calendar_load_dir(const char *path, struct calendar **ret, struct err *e)
{
    size_t n = 0;
    struct calendar *c = calendar_new();
    bool ok = inifile_each_path(path, load_path, c, &n, e) &&
              (n > 0 || err_set(e, ERR_FATAL, "calendar", "%s: no *.ini", path));
    if (!ok) {
        calendar_free(c);
        return false;
    }
    *ret = c;
    return true;
}

/* --- terms --- */

bool calendar_add(const struct calendar *c, int32_t day, int working_days, int32_t *ret_day, struct err *e)
{
    while (working_days > 0) {
        int year = date_of_days(++day).y;
        if (!calendar_has_year(c, year))
            return err_set(e, ERR_INPUT, "calendar", "no production calendar of %d", year);
        working_days -= calendar_is_working(c, day);
    }
    *ret_day = day;
    return true;
}

bool calendar_due(const struct calendar *c, int64_t received_ms, int working_days, int utc_offset_min,
                  int64_t *ret_due_ms, struct err *e)
{
    int32_t day = date_day_of_ms(received_ms, utc_offset_min);
    if (!calendar_add(c, day, working_days, &day, e))
        return false;
    *ret_due_ms = date_end_ms(day, utc_offset_min);
    return true;
}
