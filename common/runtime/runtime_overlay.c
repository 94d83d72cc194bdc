/* runtime_overlay.c - the keys of one batch, so that later records see what earlier ones wrote. Open addressing over
 * indexes; everything in the arena, so growing leaves the old array behind until the batch ends. */
#include "runtime/runtime_int.h"

void *list_grow(struct arena *mem, void *v, uint32_t *cap, size_t size)
{
    uint32_t grown = *cap ? *cap * 2 : 64;
    void *to = arena_zalloc(mem, grown * size);
    if (*cap)
        memcpy(to, v, *cap * size);
    *cap = grown;
    return to;
}

void overlay_reset(struct overlay *o, struct arena *mem) { *o = (struct overlay){.mem = mem}; }

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15U;
    return h ^ h >> 29;
}

static uint64_t hash_key(int32_t part, int table, struct bytes key)
{
    const uint8_t *p = key.p;
    uint64_t h = mix((uint64_t)(uint32_t)part << 8 ^ (uint64_t)(unsigned)table, key.n), v;
    size_t n = key.n;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&v, p, 8);
        h = mix(h, v);
    }
    v = 0;
    if (n)
        memcpy(&v, p, n);
    return mix(h, v);
}

static void slot_set(struct overlay *o, uint64_t hash, uint32_t index)
{
    uint32_t at = (uint32_t)hash & o->mask;
    while (o->slots[at])
        at = (at + 1) & o->mask;
    o->slots[at] = index + 1;
}

static void grow(struct overlay *o)
{
    o->entries = list_grow(o->mem, o->entries, &o->cap, sizeof *o->entries);
    o->mask = o->cap * 2 - 1; /* cap is a power of two: at most half full */
    o->slots = ARENA_ARRAY(o->mem, uint32_t, o->cap * 2);
    for (uint32_t i = 0; i < o->n; i++)
        slot_set(o, o->entries[i].hash, i);
}

static uint32_t add(struct overlay *o, uint64_t hash, int32_t part, int table, struct bytes key)
{
    if (o->n == o->cap)
        grow(o);
    o->entries[o->n] = (struct entry){.hash = hash, .part = part, .table = table};
    o->entries[o->n].key = bytes_of(arena_dup(o->mem, key.p, key.n), key.n);
    slot_set(o, hash, o->n);
    return o->n++;
}

uint32_t overlay_entry(struct overlay *o, int32_t part, int table, struct bytes key)
{
    uint64_t hash = hash_key(part, table, key);
    for (uint32_t at = (uint32_t)hash & o->mask; o->cap && o->slots[at]; at = (at + 1) & o->mask) {
        const struct entry *en = &o->entries[o->slots[at] - 1];
        if (en->hash == hash && en->part == part && en->table == table && bytes_eq(en->key, key))
            return o->slots[at] - 1;
    }
    return add(o, hash, part, table, key);
}
