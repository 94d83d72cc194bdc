#include "services/attachctl/retry.h"
#include <stdio.h>
#include <time.h>

#define PAUSE_NS 100000000L

static double patience = 30.0;

void retry_patience(double seconds) { patience = seconds; }
double retry_seconds(void) { return patience; }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool retry_again(struct retry *r, const struct err *e)
{
    if (e->cls != ERR_RETRY)
        return false;
    if (r->until <= 0) {
        r->until = now() + patience;
        if (patience > 0)
            fprintf(stderr, "attachctl: %s: %s; asking again for %.0f s\n", e->code, e->text, patience);
    }
    if (now() >= r->until)
        return false;
    nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
    return true;
}

bool retry_high(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e)
{
    struct retry r = {0};
    bool good;
    do
        good = b->ops->high(b, topic, part, ret, e);
    while (!good && retry_again(&r, e));
    return good;
}

bool retry_log_open(struct bus *b, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e)
{
    struct retry r = {0};
    bool good;
    do
        good = b->ops->log_open(b, topic, part, from, ret, e);
    while (!good && retry_again(&r, e));
    return good;
}
