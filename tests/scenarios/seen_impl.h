/* seen_impl.h - what the two files share. */
#ifndef CLINIC_SCENARIO_SEEN_IMPL_H
#define CLINIC_SCENARIO_SEEN_IMPL_H
#include <stdarg.h>
#include <stdio.h>
#include "seen.h"

struct seen_list {
    void **msgs;
    size_t n, cap;
};
struct seen_fact {
    const char *key; /* table/key */
    int event;
    void *msg;       /* NULL = deleted */
};
struct seen_notice {
    const char *application_id;
    const PB(Notice) *notice;
};
struct seen {
    const struct world *w;
    struct arena *mem;
    struct seen_list statuses, changes, notices, asked_back, facts;
};
const void *seen_fact(const struct seen *s, const char *table, const char *key); /* last value; NULL = none */
#endif
