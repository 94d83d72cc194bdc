#include "support/fault_fake.h"
#include <stdio.h>

static void answer(const struct fake_fault *f, const char *call, struct err *e)
{
    if (f->is_dead)
        err_set(e, ERR_FATAL, "FAKE-DEAD", "%s: the process is dead", call);
    else
        err_set(e, f->error, "FAKE-FAULT", "%s: injected at call %ld", call, f->calls);
}

enum fake_verdict fake_fault_enter(struct fake_fault *f, const char *call, struct err *e)
{
    if (!f)
        return FAKE_GO_ON;
    f->trace[f->calls++ % 64] = call;
    if (f->is_dead) {
        answer(f, call, e);
        return FAKE_BEFORE;
    }
    if (f->pause && f->calls == f->pause_at)
        f->pause(f->pause_ctx);
    if (f->at == 0 || f->calls < f->at || f->calls >= f->at + (f->times ? f->times : 1))
        return FAKE_GO_ON;
    f->hit = true;
    f->where = call;
    f->is_dead = f->error == ERR_NONE;
    answer(f, call, e);
    return f->after ? FAKE_AFTER : FAKE_BEFORE;
}

void fake_fault_clear(struct fake_fault *f)
{
    f->at = f->pause_at = 0;
    f->is_dead = false;
}

void fake_fault_print(const struct fake_fault *f)
{
    long from = f->calls > 64 ? f->calls - 64 : 0;
    fprintf(stderr, "port calls %ld to %ld, disturbed at %s (%s the effect):\n ", from + 1, f->calls,
            f->where ? f->where : "none", f->after ? "after" : "before");
    for (long i = from; i < f->calls; i++)
        fprintf(stderr, " %s%s", f->trace[i % 64], i + 1 == f->at ? "<!>" : "");
    fprintf(stderr, "\n");
}
