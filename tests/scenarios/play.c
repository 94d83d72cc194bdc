/* play.c - one scenario on one stage, statement by statement; see stage.h. */
#include <stdio.h>
#include "stage.h"

struct wait {
    const struct seen *seen;
    const struct scn_stmt *stmt;
};

static bool holds(void *ctx, char *why, size_t cap)
{
    const struct wait *w = ctx;
    return seen_holds(w->seen, w->stmt, why, cap);
}

static bool given(void *ctx, char *why, size_t cap)
{
    const struct wait *w = ctx;
    return seen_given(w->seen, w->stmt, why, cap);
}

static bool sound(void *ctx, char *why, size_t cap)
{
    const struct wait *w = ctx;
    return seen_sound(w->seen, why, cap);
}

static bool failed(const struct scn *scn, int line, const char *why, struct err *e)
{
    return err_set(e, ERR_INPUT, "SCENARIO", "%s:%d: %s", scn->path, line, why);
}

static bool publish(struct stage *st, struct world *w, const struct scn_stmt *s, struct err *e)
{
    struct scn_record records[2];
    size_t n = world_step(w, s, records);
    if (s->form == SCN_CLOCK)
        st->ops->clock(st, w->now_ms);
    for (size_t i = 0; i < n; i++)
        if (!st->ops->publish(st, &records[i], e))
            return false;
    return true;
}

static bool perform(struct stage *st, struct world *w, struct seen *seen, const struct scn_stmt *s, struct err *e)
{
    char why[200] = "";
    struct wait wait = {seen, s};
    bool acts = s->form >= SCN_APPLIES && s->form <= SCN_WITHDRAWN;
    if ((acts || s->form == SCN_ATTACHMENT) && !st->ops->registered(st, e))
        return false;
    if (s->form == SCN_STILL || s->form == SCN_ON)
        return st->ops->hold(st, s->word, s->form == SCN_STILL, e);
    if (!publish(st, w, s, e))
        return false;
    if (s->form == SCN_ATTACHMENT && !st->ops->until(st, seen, given, &wait, why, sizeof why))
        return failed(w->scn, s->line, why, e);
    if (s->form > SCN_WITHDRAWN && !st->ops->until(st, seen, holds, &wait, why, sizeof why))
        return failed(w->scn, s->line, why, e);
    return true;
}

bool play(struct stage *st, const struct scn *scn, const struct keyring *keys, unsigned run, struct arena *mem,
          struct err *e)
{
    struct world *w = world_new(scn, keys, run, mem);
    struct seen *seen = seen_new(w, mem);
    for (size_t i = 0; i < scn->stmts_n; i++)
        if (!perform(st, w, seen, &scn->stmts[i], e))
            return false;
    char why[200] = "";
    struct wait wait = {seen, NULL};
    return st->ops->until(st, seen, sound, &wait, why, sizeof why) || failed(scn, 0, why, e);
}
