/* The order in which the puts of a batch go to the script. */
#include "runtime/store_redis_impl.h"

static enum store_kind kind_of(const struct store_put *p)
{
    return !p->val.p ? STORE_GONE : p->due_ms > 0 ? STORE_TIMED : STORE_NEVER_DUE;
}

/* Keys that a later put of the batch has; open addressing, at most half full. */
struct later {
    const struct store_written **slots;
    uint32_t mask;
};

static void later_init(struct later *l, struct arena *mem, size_t n)
{
    l->mask = 15;
    while (l->mask < 2 * n)
        l->mask = 2 * l->mask + 1;
    l->slots = ARENA_ARRAY(mem, const struct store_written *, l->mask + 1);
}

/* False: it is there already. */
static bool later_add(struct later *l, const struct store_written *w)
{
    uint32_t at = w->hash & l->mask;
    for (; l->slots[at]; at = (at + 1) & l->mask) {
        const struct store_written *x = l->slots[at];
        if (x->hash == w->hash && x->put->table == w->put->table && bytes_eq(x->put->key, w->put->key))
            return false;
    }
    l->slots[at] = w;
    return true;
}

/* Puts of which no later one has the key, at the end of `to`, in order. Returns where they begin. */
static size_t last_ones(struct store_redis *s, const struct store_batch *b, struct store_written *to)
{
    struct later l;
    size_t at = b->n;
    later_init(&l, s->mem, b->n);
    for (size_t i = b->n; i-- > 0;) {
        to[at - 1] = (struct store_written){&b->puts[i], store_hash(b->puts[i].key)};
        at -= later_add(&l, &to[at - 1]);
    }
    return at;
}

void store_order(struct store_redis *s, const struct store_batch *b, struct store_order *ret)
{
    struct store_written *found = arena_alloc(s->mem, b->n * sizeof *found);
    size_t first = last_ones(s, b, found), (*ends)[STORE_KINDS] = arena_zalloc(s->mem, s->tables_n * sizeof *ends);
    *ret = (struct store_order){.n = b->n - first, .counts = arena_zalloc(s->mem, s->tables_n * sizeof *ret->counts)};
    ret->all = arena_alloc(s->mem, ret->n * sizeof *ret->all);
    for (size_t i = first; i < b->n; i++)
        ret->counts[found[i].put->table][kind_of(found[i].put)]++;
    for (size_t g = 0, sum = 0; g < s->tables_n * STORE_KINDS; g++) { /* where each run begins, then how far it is filled */
        ends[g / STORE_KINDS][g % STORE_KINDS] = sum;
        sum += ret->counts[g / STORE_KINDS][g % STORE_KINDS];
    }
    for (size_t i = first; i < b->n; i++)
        ret->all[ends[found[i].put->table][kind_of(found[i].put)]++] = found[i];
}
