#include "domain/enp.h"
#include <stdio.h>
#include <string.h>
#include "base/err.h"

/* Sum of M10: from the right of the body, every digit at an odd place is doubled and its digits added. */
static int check_digit(const char body[15])
{
    int sum = 0;
    for (int i = 0; i < 15; i++) {
        int digit = body[14 - i] - '0', doubled = digit * 2;
        sum += i % 2 ? digit : doubled / 10 + doubled % 10;
    }
    return (10 - sum % 10) % 10;
}

bool enp_valid(const char *text)
{
    if (strlen(text) != 16)
        return false;
    for (int i = 0; i < 16; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return check_digit(text) == text[15] - '0';
}

/* Months are shifted by the years they belong to, so that a number says its century. */
static int month_offset(int year) { return year <= 1950 ? 20 : year <= 2000 ? 40 : 0; }

/* Two coded digits: each is 9 minus what is printed. */
static int coded(const char *s) { return (9 - (s[0] - '0')) * 10 + (9 - (s[1] - '0')); }

static int coded_year(const char *s)
{
    int year = 0;
    for (int i = 3; i >= 0; i--)
        year = year * 10 + (9 - (s[i] - '0'));
    return year;
}

bool enp_decode(const char *enp, struct enp_facts *ret)
{
    if (!enp_valid(enp))
        return false;
    int year = coded_year(enp + 4), month = coded(enp + 2), day = coded(enp + 8);
    bool male = day > 50;
    struct date birth = {year, month - month_offset(year), male ? day - 50 : day};
    if (!date_ok(birth))
        return false;
    ret->region = (enp[0] - '0') * 10 + (enp[1] - '0');
    ret->birth = birth;
    ret->sex = male ? PB_SEX(MALE) : PB_SEX(FEMALE);
    ret->serial = 0;
    for (int i = 10; i < 15; i++)
        ret->serial = ret->serial * 10 + (unsigned)(enp[i] - '0');
    return true;
}

void enp_make(int region, struct date birth, PB(Sex) sex, unsigned serial, char ret[17])
{
    must(region >= 0 && region <= 99 && serial < 100000 && date_ok(birth));
    int day = birth.d + (sex == PB_SEX(MALE) ? 50 : 0);
    char year[8], plain[16];
    snprintf(year, sizeof year, "%04d", birth.y);
    snprintf(plain, sizeof plain, "%02d%c%c%c%c%02d", birth.m + month_offset(birth.y), year[3], year[2], year[1], year[0], day);
    for (int i = 0; i < 8; i++)
        plain[i] = (char)('0' + '9' - plain[i]);
    snprintf(ret, 17, "%02d%s%05u", region, plain, serial);
    ret[15] = (char)('0' + check_digit(ret));
    ret[16] = '\0';
}
