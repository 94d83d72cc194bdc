/* arena.h - memory of one batch: bump allocation, released all at once.
 * Threads: confined to one. Memory: a large address range is reserved, pages are touched as used; arena_reset gives
 * back what exceeds `keep_bytes`. Exhaustion of the range is a bug (must), because record sizes are bounded before
 * decoding and the runtime closes a batch when arena_used() passes its limit. */
#ifndef CLINIC_ARENA_H
#define CLINIC_ARENA_H
#include <stddef.h>
#include <stdint.h>
#include <protobuf-c/protobuf-c.h>

struct arena;

struct arena *arena_new(size_t reserve_bytes, size_t keep_bytes); /* gives; must() on failure */
void arena_free(struct arena *a);                                 /* NULL is fine */
void arena_reset(struct arena *a);
size_t arena_used(const struct arena *a);
void *arena_alloc(struct arena *a, size_t n);      /* aligned for pointers and numbers (8), not zeroed, never NULL */
void *arena_zalloc(struct arena *a, size_t n);     /* zeroed */
void *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_strdup(struct arena *a, const char *s);
/* The strings one after the other; faster than arena_printf where it is done for every record. */
char *arena_cat(struct arena *a, const char *const *parts, size_t n);
#define ARENA_CAT(a, ...)                                                                                              \
    arena_cat((a), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
char *arena_i64(struct arena *a, int64_t v); /* decimal */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Allocator for protobuf-c unpack: messages live in the arena, free is a no-op. Valid as long as the arena. */
ProtobufCAllocator *arena_pb(struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (n)))
#endif
