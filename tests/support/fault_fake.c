#include "support/fault_fake.h"
#include <stdio.h>

static void answer(const struct fake_fault *f, const char *call, struct err *e)
{
    if (f->is_dead)
        err_set(e, ERR_FATAL, "FAKE-DEAD", "%s: the process is dead", call);
    else
        err_set(e, f->error, "FAKE-FAULT", "%s: injected at call %ld", call, f->calls);
}

static void note(struct fake_fault *f, const char *call)
{
    if (f->trace)
        f->trace->steps[f->trace->n++ % FAKE_TRACE] = (struct fake_step){f->who, call, false};
}

/* Others may have made calls since: the newest of ours. */
static void mark(struct fake_fault *f)
{
    if (!f->trace)
        return;
    for (long i = f->trace->n; i-- > 0 && i > f->trace->n - FAKE_TRACE;)
        if (f->trace->steps[i % FAKE_TRACE].who == f->who) {
            f->trace->steps[i % FAKE_TRACE].disturbed = true;
            return;
        }
}

enum fake_verdict fake_fault_enter(struct fake_fault *f, const char *call, struct err *e)
{
    if (!f)
        return FAKE_GO_ON;
    f->calls++;
    note(f, call);
    if (f->is_dead) {
        answer(f, call, e);
        return FAKE_BEFORE;
    }
    if (f->pause && f->calls == f->pause_at) {
        mark(f);
        f->where = call;
        f->pause(f->pause_ctx);
    }
    if (f->at == 0 || f->calls < f->at || f->calls >= f->at + (f->times ? f->times : 1))
        return FAKE_GO_ON;
    f->hit = true;
    mark(f);
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
    fprintf(stderr, "process %d: %ld port calls, disturbed at %s\n", f->who, f->calls, f->where ? f->where : "none");
}

void fake_trace_print(const struct fake_trace *t)
{
    long from = t->n > FAKE_TRACE ? t->n - FAKE_TRACE : 0;
    fprintf(stderr, "the last %ld port calls, process:call, <!> = disturbed:\n ", t->n - from);
    for (long i = from; i < t->n; i++) {
        const struct fake_step *s = &t->steps[i % FAKE_TRACE];
        fprintf(stderr, " %d:%s%s", s->who, s->call, s->disturbed ? "<!>" : "");
    }
    fprintf(stderr, "\n");
}
