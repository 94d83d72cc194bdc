#include "domain/trail.h"

void trail_add(struct arena *mem, PB(Step) ***trail, size_t *n, PB(Status) status, int64_t at_ms)
{
    PB(Step) **longer = ARENA_ARRAY(mem, PB(Step) *, *n + 1);
    for (size_t i = 0; i < *n; i++)
        longer[i] = (*trail)[i];
    PB(Step) *s = ARENA_NEW(mem, PB(Step));
    clinic__attach__v1__step__init(s);
    s->status = status;
    s->at_ms = at_ms;
    longer[(*n)++] = s;
    *trail = longer;
}

PB(Case) *trail_case(struct arena *mem, const PB(Case) *k, PB(Status) status, int64_t at_ms)
{
    PB(Case) *fresh = arena_dup(mem, k, sizeof *k);
    trail_add(mem, &fresh->trail, &fresh->n_trail, status, at_ms);
    return fresh;
}
