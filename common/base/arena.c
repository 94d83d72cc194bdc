#include "base/arena.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/err.h"

/* Under AddressSanitizer what is not given out is poisoned, with a gap behind every piece: what reads past a piece, or a
 * piece of a batch that is over, is found. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_GAP 16
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GAP 16
#endif
#endif
#ifdef ARENA_GAP
#include <sanitizer/asan_interface.h>
#else
#define ARENA_GAP 0
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ARENA_ALIGN 8 /* no long double here; most pieces are short texts */

struct arena {
    uint8_t *base;
    size_t size, keep, used, peak; /* peak: pages touched since the last trim */
    size_t high;                   /* most ever used */
    ProtobufCAllocator pb;
};

static void *pb_alloc(void *a, size_t n) { return arena_alloc(a, n); }
static void pb_free(void *a, void *p)
{
    (void)a;
    (void)p;
}

struct arena *arena_new(size_t reserve_bytes, size_t keep_bytes)
{
    struct arena *a = calloc(1, sizeof *a);
    must(a);
    a->base = mmap(NULL, reserve_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    must(a->base != MAP_FAILED);
    a->size = reserve_bytes;
    a->keep = keep_bytes;
    a->pb = (ProtobufCAllocator){pb_alloc, pb_free, a};
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    ASAN_UNPOISON_MEMORY_REGION(a->base, a->high); /* the addresses may be given to somebody else */
    munmap(a->base, a->size);
    free(a);
}

void arena_reset(struct arena *a)
{
    if (a->peak > a->keep) {
        size_t from = (a->keep + 4095) & ~(size_t)4095;
        if (from < a->peak)
            madvise(a->base + from, a->peak - from, MADV_DONTNEED);
        a->peak = a->keep;
    }
    ASAN_POISON_MEMORY_REGION(a->base, a->used);
    a->used = 0;
}

size_t arena_used(const struct arena *a) { return a->used; }

void *arena_alloc(struct arena *a, size_t n)
{
    size_t start = (a->used + (a->used ? ARENA_GAP : 0) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    must(n <= a->size && start <= a->size - n);
    a->used = start + n;
    if (a->used > a->peak)
        a->peak = a->used;
    if (ARENA_GAP) {
        size_t end = a->used + ARENA_GAP < a->size ? a->used + ARENA_GAP : a->size;
        a->high = end > a->high ? end : a->high;
        ASAN_UNPOISON_MEMORY_REGION(a->base + start, n);
        ASAN_POISON_MEMORY_REGION(a->base + a->used, end - a->used);
    }
    return a->base + start;
}

void *arena_zalloc(struct arena *a, size_t n) { return memset(arena_alloc(a, n), 0, n); }

void *arena_dup(struct arena *a, const void *p, size_t n)
{
    void *to = arena_alloc(a, n);
    if (n)
        memcpy(to, p, n);
    return to;
}

char *arena_strdup(struct arena *a, const char *s) { return arena_dup(a, s, strlen(s) + 1); }

/* Room that most texts fit into: formatted in place, at once. Counting first would format everything twice. */
#define PRINTF_GUESS 192

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    size_t before = a->used;
    va_start(ap, fmt);
    va_copy(again, ap);
    char *s = arena_alloc(a, PRINTF_GUESS);
    int n = vsnprintf(s, PRINTF_GUESS, fmt, ap);
    va_end(ap);
    must(n >= 0);
    a->used = before; /* what was too much, or too little, is taken back */
    s = arena_alloc(a, (size_t)n + 1);
    if (n >= PRINTF_GUESS)
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

char *arena_cat(struct arena *a, const char *const *parts, size_t n)
{
    size_t len[8], total = 0;
    must(n <= sizeof len / sizeof *len);
    for (size_t i = 0; i < n; i++)
        total += len[i] = strlen(parts[i]);
    char *s = arena_alloc(a, total + 1), *to = s;
    for (size_t i = 0; i < n; to += len[i++])
        memcpy(to, parts[i], len[i]);
    *to = '\0';
    return s;
}

char *arena_i64(struct arena *a, int64_t v)
{
    char text[21], *p = text + sizeof text - 1; /* 19 digits, a sign, NUL */
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    *p = '\0';
    do
        *--p = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (v < 0)
        *--p = '-';
    return arena_dup(a, p, (size_t)(text + sizeof text - p));
}

ProtobufCAllocator *arena_pb(struct arena *a) { return &a->pb; }
