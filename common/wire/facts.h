/* facts.h - keys of the facts topics: "<table>/<key>". Pure. Table names hold no slash; keys are printable text. */
#ifndef CLINIC_WIRE_FACTS_H
#define CLINIC_WIRE_FACTS_H
#include <string.h>
#include "base/arena.h"
#include "base/bytes.h"

/* Header of a fact whose due time is given up: the work that was due was refused by its handler and is in the dead letters.
 * The record stands, but is not due by any rebuild either, until it is written anew. */
#define FACTS_DUE_OFF "svc-due-off"

static inline struct bytes facts_key(const char *table, struct bytes key, struct arena *mem)
{
    size_t n = strlen(table);
    char *to = (char *)arena_alloc(mem, n + 1 + key.n);
    memcpy(to, table, n);
    to[n] = '/';
    if (key.n)
        memcpy(to + n + 1, key.p, key.n);
    return bytes_of(to, n + 1 + key.n);
}

/* Parts of a facts key, pointing into it; false when it has no table. */
static inline bool facts_split(struct bytes facts, struct bytes *ret_table, struct bytes *ret_key)
{
    const char *p = (const char *)facts.p, *slash = facts.n ? (const char *)memchr(p, '/', facts.n) : NULL;
    if (!slash || slash == p)
        return false;
    *ret_table = bytes_of(p, (size_t)(slash - p));
    *ret_key = bytes_of(slash + 1, facts.n - (size_t)(slash - p) - 1);
    return true;
}
#endif
