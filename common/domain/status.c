#include "domain/status.h"
#include "base/err.h"

PB(ApplicationStatusChanged) *status_changed(struct arena *mem, const PB(Case) *k, size_t entered)
{
    must(entered > 0 && entered <= k->n_trail && k->application);
    PB(ApplicationStatusChanged) *m = ARENA_NEW(mem, PB(ApplicationStatusChanged));
    clinic__attach__v1__application_status_changed__init(m);
    m->application_id = k->application_id;
    m->source = k->application->source;
    m->external_ref = k->application->external_ref;
    m->status = k->trail[k->n_trail - 1]->status;
    m->at_ms = k->trail[k->n_trail - 1]->at_ms;
    m->due_at_ms = k->due_at_ms;
    m->passed = ARENA_ARRAY(mem, PB(Status), entered);
    for (size_t i = k->n_trail - entered; i + 1 < k->n_trail; i++)
        m->passed[m->n_passed++] = k->trail[i]->status;
    return m;
}
