#include "services/attachctl/htab.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"

#define CAP_MIN 1024

void htab_init(struct htab *h, size_t entry_bytes, size_t key_bytes)
{
    *h = (struct htab){.entry_bytes = entry_bytes, .key_bytes = key_bytes};
}

void htab_free(struct htab *h)
{
    free(h->slots);
    free(h->used);
    htab_init(h, h->entry_bytes, h->key_bytes);
}

/* FNV-1a with a final mix: keys are digests, identifiers and small numbers. */
static uint64_t hash(const void *key, size_t n)
{
    const uint8_t *p = key;
    uint64_t h = 0xcbf29ce484222325U;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3U;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15U;
    return h ^ h >> 29;
}

static size_t slot_of(const struct htab *h, const void *key)
{
    size_t at = hash(key, h->key_bytes) & (h->cap - 1);
    while (h->used[at] && memcmp(h->slots + at * h->entry_bytes, key, h->key_bytes) != 0)
        at = (at + 1) & (h->cap - 1);
    return at;
}

static void grow(struct htab *h)
{
    struct htab old = *h;
    h->cap = old.cap ? old.cap * 2 : CAP_MIN;
    h->slots = malloc(h->cap * h->entry_bytes);
    h->used = calloc(h->cap, 1);
    must(h->slots && h->used);
    for (size_t i = 0; i < old.cap; i++) {
        if (!old.used[i])
            continue;
        const uint8_t *e = old.slots + i * h->entry_bytes;
        size_t at = slot_of(h, e);
        memcpy(h->slots + at * h->entry_bytes, e, h->entry_bytes);
        h->used[at] = 1;
    }
    free(old.slots);
    free(old.used);
}

void *htab_get(const struct htab *h, const void *key)
{
    if (h->cap == 0)
        return NULL;
    size_t at = slot_of(h, key);
    return h->used[at] ? h->slots + at * h->entry_bytes : NULL;
}

void *htab_put(struct htab *h, const void *key, bool *ret_new)
{
    if (h->n * 10 >= h->cap * 7)
        grow(h);
    size_t at = slot_of(h, key);
    uint8_t *e = h->slots + at * h->entry_bytes;
    if (ret_new)
        *ret_new = !h->used[at];
    if (!h->used[at]) {
        memset(e, 0, h->entry_bytes);
        memcpy(e, key, h->key_bytes);
        h->used[at] = 1;
        h->n++;
    }
    return e;
}

void *htab_next(const struct htab *h, size_t *i)
{
    for (; *i < h->cap; (*i)++)
        if (h->used[*i])
            return h->slots + h->entry_bytes * (*i)++;
    return NULL;
}

void htab_digest(struct bytes text, uint8_t ret[16])
{
    static const uint8_t key[crypto_generichash_KEYBYTES] = "attachctl";
    crypto_generichash(ret, 16, text.p, text.n, key, sizeof key);
}

/* --- last values --- */

struct last_blob {
    uint32_t key_n, value_n;
    int16_t tag;
    bool gone;
    char data[]; /* key, then value */
};
struct last_entry {
    uint8_t digest[16];
    struct last_blob *blob;
};

void lastmap_init(struct lastmap *m) { htab_init(&m->keys, sizeof(struct last_entry), 16); }

void lastmap_put(struct lastmap *m, struct bytes key, int tag, struct bytes value)
{
    uint8_t digest[16];
    htab_digest(key, digest);
    struct last_entry *e = htab_put(&m->keys, digest, NULL);
    struct last_blob *b = realloc(e->blob, sizeof *b + key.n + value.n);
    must(b);
    *b = (struct last_blob){(uint32_t)key.n, (uint32_t)value.n, (int16_t)tag, value.p == NULL};
    if (key.n)
        memcpy(b->data, key.p, key.n);
    if (value.p && value.n)
        memcpy(b->data + key.n, value.p, value.n);
    e->blob = b;
}

bool lastmap_next(const struct lastmap *m, size_t *i, struct bytes *ret_key, int *ret_tag, struct bytes *ret_value)
{
    const struct last_entry *e = htab_next(&m->keys, i);
    if (!e)
        return false;
    *ret_key = bytes_of(e->blob->data, e->blob->key_n);
    *ret_tag = e->blob->tag;
    *ret_value = bytes_of(e->blob->gone ? NULL : e->blob->data + e->blob->key_n, e->blob->value_n);
    return true;
}

void lastmap_free(struct lastmap *m)
{
    struct last_entry *e;
    for (size_t i = 0; (e = htab_next(&m->keys, &i));)
        free(e->blob);
    htab_free(&m->keys);
}
