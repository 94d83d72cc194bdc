/* htab.h - hash table of fixed-size entries, grown by doubling: the memory of `audit`, compact because there may be
 * tens of millions of entries.
 * Memory:  one block of slots; an entry pointer is good until the next htab_put() of the same table.
 * Threads: confined to one. */
#ifndef CLINIC_CTL_HTAB_H
#define CLINIC_CTL_HTAB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"

struct htab {
    size_t entry_bytes, key_bytes; /* the key is the beginning of an entry */
    size_t n, cap;
    uint8_t *slots;
    uint8_t *used;
};

void htab_init(struct htab *h, size_t entry_bytes, size_t key_bytes);
void htab_free(struct htab *h); /* may be used again after htab_init */
void *htab_get(const struct htab *h, const void *key);                /* NULL = absent */
void *htab_put(struct htab *h, const void *key, bool *ret_new);       /* entry zeroed but the key when new */
/* Every entry: for (size_t i = 0; (p = htab_next(h, &i));) */
void *htab_next(const struct htab *h, size_t *i);

/* 16 bytes that stand for any text. */
void htab_digest(struct bytes text, uint8_t ret[16]);

/* Last value of every key of a compacted log. */
struct lastmap {
    struct htab keys;
};
void lastmap_init(struct lastmap *m);
void lastmap_put(struct lastmap *m, struct bytes key, int tag, struct bytes value); /* value.p == NULL: deleted */
/* Every key in no order, deleted ones too (*ret_value.p == NULL). */
bool lastmap_next(const struct lastmap *m, size_t *i, struct bytes *ret_key, int *ret_tag, struct bytes *ret_value);
void lastmap_free(struct lastmap *m);
#endif
