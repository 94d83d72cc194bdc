#include "services/attachctl/timeline.h"
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/text.h"
#include "wire/wire.h"

#define GAP_MS 5000 /* a wait worth a line of its own */

void timeline_add(struct timeline *t, const struct timeline_entry *e)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->all = realloc(t->all, t->cap * sizeof *t->all);
        must(t->all);
    }
    t->all[t->n++] = *e;
}

void timeline_free(struct timeline *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->all[i].facts);
    free(t->all);
    t->all = NULL;
    t->n = t->cap = 0;
}

/* Along the flow: topics.def lists services in that order; what is written beside the events comes after them. */
static int rank(const struct timeline_entry *e)
{
    bool facts = topics[e->topic].cleanup == 'C';
    return (facts ? 1000 : 0) + e->topic;
}

static int by_time(const void *x, const void *y)
{
    const struct timeline_entry *a = x, *b = y;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    if (a->topic != b->topic)
        return rank(a) - rank(b);
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Times are milliseconds: an effect may carry the time of its cause. Move it behind. */
static void causes_first(struct timeline *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = i + 1; j < t->n && t->all[j].time_ms == t->all[i].time_ms; j++)
            if (t->all[i].cause[0] && strcmp(t->all[i].cause, t->all[j].id) == 0) {
                struct timeline_entry effect = t->all[i];
                memmove(&t->all[i], &t->all[i + 1], (j - i) * sizeof *t->all);
                t->all[j] = effect;
                i = i ? i - 1 : 0;
                break;
            }
}

void timeline_sort(struct timeline *t)
{
    if (t->n)
        qsort(t->all, t->n, sizeof *t->all, by_time);
    causes_first(t);
}

void timeline_wait_text(int64_t ms, char ret[32])
{
    long long s = ms / 1000;
    if (ms < 1000)
        snprintf(ret, 32, "%lld ms", (long long)ms);
    else if (s < 60)
        snprintf(ret, 32, "%lld.%lld s", s, (long long)(ms % 1000) / 100);
    else if (s < 3600)
        snprintf(ret, 32, "%lld min %lld s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(ret, 32, "%lld h %lld min", s / 3600, s / 60 % 60);
    else
        snprintf(ret, 32, "%lld d %lld h", s / 86400, s / 3600 % 24);
}

/* Without the prefix and the version: enough for a line. */
static const char *plain(const char *name, const char *prefix, char ret[64])
{
    size_t skip = strncmp(name, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    snprintf(ret, 64, "%s", name + skip);
    size_t n = strlen(ret);
    if (n > 3 && strcmp(ret + n - 3, ".v1") == 0)
        ret[n - 3] = '\0';
    return ret;
}

static void print_entry(const struct timeline_entry *e, int64_t before_ms, FILE *to)
{
    char time[TEXT_TIME_BYTES], wait[32], at[96], topic[64], type[64] = "?";
    int64_t gap = before_ms ? e->time_ms - before_ms : 0;
    text_time(e->time_ms, time);
    timeline_wait_text(gap, wait);
    if (gap >= GAP_MS)
        fprintf(to, "%24s   ... %s ...\n", "", wait);
    plain(topics[e->topic].name, "clinic.attach.", topic);
    snprintf(at, sizeof at, "%s %d/%lld", topic, (int)e->partition, (long long)e->offset);
    if (e->event >= 0)
        plain(events[e->event].type, "ru.clinic.attach.", type);
    fprintf(to, "%s %10s  %-30s %-24s %s\n", time, before_ms ? wait : "", at, e->tombstone ? "(deleted)" : type, e->facts);
}

/* What remains to be waited for. */
static void print_end(const struct timeline *t, int64_t now_ms, FILE *to)
{
    char due[TEXT_TIME_BYTES], wait[32];
    if (t->due_ms) {
        text_time(t->due_ms, due);
        timeline_wait_text(t->due_ms > now_ms ? t->due_ms - now_ms : now_ms - t->due_ms, wait);
        if (t->closed)
            fprintf(to, "decided; the term was %s\n", due);
        else
            fprintf(to, "open; due %s, %s %s\n", due, t->due_ms > now_ms ? "in" : "OVERDUE by", wait);
    } else {
        fputs(t->closed ? "decided\n" : "open, without a due date\n", to);
    }
    if (t->n && !t->closed) {
        timeline_wait_text(now_ms > t->all[t->n - 1].time_ms ? now_ms - t->all[t->n - 1].time_ms : 0, wait);
        fprintf(to, "nothing has happened for %s\n", wait);
    }
}

void timeline_print(const struct timeline *t, int64_t now_ms, FILE *to)
{
    fprintf(to, "application %s   person %s\n", t->application_id, t->person_ref[0] ? t->person_ref : "(not known)");
    fprintf(to, "%-24s %10s  %-30s %-24s %s\n", "TIME", "AFTER", "TOPIC PARTITION/OFFSET", "EVENT", "FACTS");
    for (size_t i = 0; i < t->n; i++)
        print_entry(&t->all[i], i ? t->all[i - 1].time_ms : 0, to);
    print_end(t, now_ms, to);
}

json_t *timeline_json(const struct timeline *t, int64_t now_ms)
{
    json_t *all = json_array();
    char time[TEXT_TIME_BYTES];
    for (size_t i = 0; i < t->n; i++) {
        const struct timeline_entry *e = &t->all[i];
        text_time(e->time_ms, time);
        json_array_append_new(all, json_pack("{s:s, s:I, s:s, s:i, s:I, s:s, s:b, s:s, s:s, s:s}", "time", time, "wait_ms",
                                             (json_int_t)(i ? e->time_ms - t->all[i - 1].time_ms : 0), "topic",
                                             topics[e->topic].name, "partition", (int)e->partition, "offset",
                                             (json_int_t)e->offset, "type", e->event < 0 ? "?" : events[e->event].type,
                                             "deleted", e->tombstone, "facts", e->facts, "id", e->id, "cause", e->cause));
    }
    json_t *j = json_pack("{s:s, s:s, s:b, s:o}", "application_id", t->application_id, "person_ref", t->person_ref, "closed",
                          t->closed, "events", all);
    if (t->due_ms) {
        text_time(t->due_ms, time);
        json_object_set_new(j, "due", json_string(time));
        json_object_set_new(j, "overdue", json_boolean(!t->closed && now_ms > t->due_ms));
    }
    return j;
}
