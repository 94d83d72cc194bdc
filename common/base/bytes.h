/* bytes.h - a borrowed run of bytes. */
#ifndef CLINIC_BYTES_H
#define CLINIC_BYTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const void *p; /* NULL = absent (a tombstone, a missing value), which differs from an empty run */
    size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n) { return (struct bytes){p, n}; }
static inline struct bytes bytes_str(const char *s) { return (struct bytes){s, s ? strlen(s) : 0}; }
static inline bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
#endif
