/* timeline.h - what happened to one application, in order, with the waits between. Pure.
 * Role:    core of `attachctl timeline`; the command collects the entries. */
#ifndef CLINIC_CTL_TIMELINE_H
#define CLINIC_CTL_TIMELINE_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/bytes.h"

struct timeline_entry {
    int64_t time_ms;      /* of the event */
    int topic;            /* topic_id */
    int32_t partition;
    int64_t offset;
    int event;            /* event_id, -1 unknown */
    bool tombstone;
    char *facts;          /* malloc'd */
    char id[96], cause[96]; /* ce_id, ce_causationid */
};

struct timeline {
    char application_id[37];
    char person_ref[17];  /* "" = not known */
    int64_t due_ms;       /* 0 = not known */
    bool closed;
    struct timeline_entry *all;
    size_t n, cap;
};

/* Takes facts (malloc'd). */
void timeline_add(struct timeline *t, const struct timeline_entry *e);
/* By time, then cause before effect, then topic and offset. */
void timeline_sort(struct timeline *t);
/* now_ms: to say how long an open application has waited and whether its term passed. */
void timeline_print(const struct timeline *t, int64_t now_ms, FILE *to);
json_t *timeline_json(const struct timeline *t, int64_t now_ms); /* gives */
void timeline_free(struct timeline *t);
/* "350 ms", "12.4 s", "3 min 20 s", "2 h 5 min", "3 d 4 h" */
void timeline_wait_text(int64_t ms, char ret[32]);
#endif
