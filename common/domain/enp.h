/* enp.h - the 16-digit number of a unified policy, ENP (R-045, R-046; ru-facts section 1). Pure.
 * Layout: region of first issue (2) | coded birth date and sex (8) | serial (5) | check digit (1). The check is that
 * of HL7 M10, which equals Luhn. The region is that of the FIRST issue, so it never decides where a policy is
 * registered now. */
#ifndef CLINIC_ENP_H
#define CLINIC_ENP_H
#include <stdbool.h>
#include "domain/date.h"
#include "domain/pb.h"

struct enp_facts {
    int region;        /* two digits of first issue; 99 = synthetic */
    struct date birth; /* date of birth when issued */
    PB(Sex) sex;
    unsigned serial;   /* 0 to 99999 */
};

/* Exactly 16 ASCII digits with the right check digit. */
bool enp_valid(const char *text);
/* What a valid number says. False, ret untouched: not valid, or its date does not decode (month offset must agree
 * with the year); such numbers exist and are not refused for it. */
bool enp_decode(const char *enp, struct enp_facts *ret);
/* Number of these facts; region 0 to 99, birth year 1800 to 2199, serial below 100000. 16 digits and NUL. */
void enp_make(int region, struct date birth, PB(Sex) sex, unsigned serial, char ret[17]);
#endif
