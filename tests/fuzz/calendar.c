/* calendar.c - files of production calendars: what is loaded counts its own working days, and terms end on one. */
#include "domain/calendar.h"
#include "domain/date.h"
#include "fuzz.h"

static int working_days(const struct calendar *c, int year)
{
    int32_t day = date_days((struct date){year, 1, 1}), end = date_days((struct date){year, 12, 31});
    int n = 0;
    for (; day <= end; day++) {
        n += calendar_is_working(c, day);
        calendar_is_shortened(c, day);
    }
    return n;
}

static void check_year(const struct calendar *c, int year, int term)
{
    int32_t from = date_days((struct date){year, 1, 1}), ret;
    int64_t due_ms, received_ms = date_start_ms(from, 180);
    struct err e = {0};
    EXPECT(calendar_working_days(c, year) == working_days(c, year));
    if (calendar_add(c, from, term, &ret, &e)) {
        EXPECT(term == 0 ? ret == from : ret > from && calendar_is_working(c, ret));
        EXPECT(calendar_due(c, received_ms, term, 180, &due_ms, &e) && due_ms == date_end_ms(ret, 180));
    } else {
        EXPECT(e.cls == ERR_INPUT && e.text[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    struct calendar *c = calendar_new();
    struct err e = {0};
    int term = fuzz_u8(&in);
    FILE *f = fuzz_stream(fuzz_rest(&in));
    if (!calendar_load_stream(c, f, "input.ini", &e))
        EXPECT((e.cls == ERR_INPUT || e.cls == ERR_FATAL) && e.text[0]);
    fclose(f);
    for (int year = 1990; year < 2060; year++)
        if (calendar_has_year(c, year))
            check_year(c, year, term);
    calendar_free(c);
    return 0;
}
