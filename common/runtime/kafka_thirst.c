#include "runtime/kafka_thirst.h"
#include <time.h>

enum { MOMENT_MS = 2, MUCH_RECORDS = 800, MUCH_BYTES = 1 << 18 };

static bool is_much(const struct thirst *t) { return t->records >= MUCH_RECORDS || t->bytes >= MUCH_BYTES; }

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void thirst_note(struct thirst *t, size_t bytes)
{
    t->records++;
    t->bytes += bytes;
    t->since_ms = 0;
}

int thirst_wait_ms(const struct thirst *t, int timeout_ms)
{
    return is_much(t) && timeout_ms > MOMENT_MS ? MOMENT_MS + 1 : timeout_ms;
}

bool thirst_is_dry(struct thirst *t, int waited_ms)
{
    if (!is_much(t))
        return false;
    int64_t now = now_ms();
    if (t->since_ms == 0)
        t->since_ms = now - waited_ms;
    if (now - t->since_ms < MOMENT_MS)
        return false;
    *t = (struct thirst){0};
    return true;
}
