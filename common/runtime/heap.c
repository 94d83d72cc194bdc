#include "runtime/heap.h"
#include <malloc.h>
#include <stddef.h>

#define ALL_ARENAS_PURGE "arena.4096.purge" /* 4096 is jemalloc's number for all of them */

/* Read by jemalloc before main(). Two arenas, because each keeps free pages of its own; free pages go back within half a
 * second, so that a burst does not stay resident. */
const char *malloc_conf = "narenas:2,dirty_decay_ms:500,muzzy_decay_ms:0";

/* Absent without jemalloc. */
extern int mallctl(const char *name, void *old, size_t *old_n, void *new_value, size_t new_n) __attribute__((weak));

void heap_init(void)
{
    if (!mallctl)
        mallopt(M_ARENA_MAX, 2); /* librdkafka's threads would each keep a heap of their own */
}

void heap_trim(void)
{
    if (mallctl)
        mallctl(ALL_ARENAS_PURGE, NULL, NULL, NULL, 0);
    else
        malloc_trim(0);
}
