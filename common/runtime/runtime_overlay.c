/* runtime_overlay.c - the keys of one batch, so that later records see what earlier ones wrote. Open addressing over
 * indexes; everything in the arena, so growing leaves the old slots behind until the batch ends. */
#include "runtime/runtime_int.h"

#define SLOTS_FIRST 128

/* The table of the pieces, with room for element n; pieces of elements that were taken back are used again. */
void *list_room(struct arena *mem, void *chunks, uint32_t n, uint32_t *cap, size_t size)
{
    uint32_t at = n / LIST_CHUNK, grown = *cap ? *cap * 2 : 16;
    void **table = chunks;
    if (at == *cap) {
        table = ARENA_ARRAY(mem, void *, grown);
        if (*cap)
            memcpy(table, chunks, *cap * sizeof *table);
        *cap = grown;
    }
    if (!table[at])
        table[at] = arena_alloc(mem, LIST_CHUNK * size);
    return table;
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
    uint32_t slots = o->mask ? (o->mask + 1) * 2 : SLOTS_FIRST; /* a power of two */
    o->mask = slots - 1;
    o->slots = ARENA_ARRAY(o->mem, uint32_t, slots);
    for (uint32_t i = 0; i < o->entries.n; i++)
        slot_set(o, LIST_AT(&o->entries, i)->hash, i);
}

static uint32_t add(struct overlay *o, uint64_t hash, int32_t part, int table, struct bytes key)
{
    if (o->entries.n >= (o->mask + 1) / 2) /* at most half full */
        grow(o);
    uint32_t index = o->entries.n;
    struct entry *en = LIST_ADD(&o->entries, o->mem);
    *en = (struct entry){.hash = hash, .part = part, .table = table};
    en->key = bytes_of(arena_dup(o->mem, key.p, key.n), key.n);
    slot_set(o, hash, index);
    return index;
}

uint32_t overlay_entry(struct overlay *o, int32_t part, int table, struct bytes key)
{
    uint64_t hash = hash_key(part, table, key);
    for (uint32_t at = (uint32_t)hash & o->mask; o->slots && o->slots[at]; at = (at + 1) & o->mask) {
        const struct entry *en = LIST_AT(&o->entries, o->slots[at] - 1);
        if (en->hash == hash && en->part == part && en->table == table && bytes_eq(en->key, key))
            return o->slots[at] - 1;
    }
    return add(o, hash, part, table, key);
}
