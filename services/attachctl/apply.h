/* apply.h - applications for submission: read from JSON, checked only as far as JSON goes (the platform judges fields). */
#ifndef CLINIC_CTL_APPLY_H
#define CLINIC_CTL_APPLY_H
#include <jansson.h>
#include <stdio.h>
#include "base/err.h"

/* Objects of a text: one object, an array of objects, or JSON lines, in order. */
struct apply_reader {
    FILE *from;
    const char *name;
    unsigned long n;   /* objects given */
    json_t *array;     /* being walked */
    size_t at;
};
/* *ret: gives; NULL at the end. ERR_INPUT names the line. */
bool apply_next(struct apply_reader *r, json_t **ret, struct err *e) MUST_CHECK;
#endif
