/* bus_fake_group.c - eager rebalances: everybody gives up and joins, then the partitions are handed out in ranges. */
#include "support/bus_fake_impl.h"

static struct fake_group *group_of(const struct fake_bus *b) { return &b->c->groups[b->conf.inbox]; }

bool fake_group_has(const struct fake_bus *b)
{
    const struct fake_group *g = group_of(b);
    for (int i = 0; i < FAKE_MEMBERS; i++)
        if (g->members[i] == b)
            return true;
    return false;
}

static void prepare(struct fake_group *g)
{
    g->is_preparing = true;
    for (int i = 0; i < FAKE_MEMBERS; i++)
        if (g->members[i])
            g->members[i]->has_joined = g->members[i]->has_news = false;
}

void fake_rebalance(struct fake_cluster *c, int inbox) { prepare(&c->groups[inbox]); }

void fake_group_join(struct fake_bus *b)
{
    struct fake_group *g = group_of(b);
    for (int i = 0; i < FAKE_MEMBERS; i++)
        if (!g->members[i]) {
            g->members[i] = b;
            prepare(g);
            return;
        }
    must(!"room for another member");
}

void fake_group_leave(struct fake_bus *b)
{
    struct fake_group *g = group_of(b);
    for (int i = 0; i < FAKE_MEMBERS; i++)
        if (g->members[i] == b) {
            g->members[i] = NULL;
            prepare(g);
            g->generation++; /* what it still sends in the name of the old one is refused */
        }
}

void fake_bus_expel(struct bus *bus) { fake_group_leave((struct fake_bus *)bus); }

/* Partitions 0..n-1 in equal runs, the first members get one more. */
static void hand_out(struct fake_group *g, int32_t partitions)
{
    int32_t live = 0, at = 0, seen = 0;
    for (int i = 0; i < FAKE_MEMBERS; i++)
        live += g->members[i] != NULL;
    for (int i = 0; i < FAKE_MEMBERS; i++) {
        struct fake_bus *m = g->members[i];
        if (!m)
            continue;
        int32_t share = partitions / live + (seen++ < partitions % live);
        memset(m->given, 0, sizeof m->given);
        for (int32_t k = 0; k < share; k++)
            m->given[at++] = true;
        m->has_news = true;
    }
}

static size_t list_of(const bool *flags, int32_t *out)
{
    size_t n = 0;
    for (int32_t p = 0; p < FAKE_PARTS; p++)
        if (flags[p])
            out[n++] = p;
    return n;
}

static void give_up(struct fake_bus *b, bool lost)
{
    int32_t parts[FAKE_PARTS];
    size_t n = list_of(b->owned, parts);
    memset(b->owned, 0, sizeof b->owned);
    b->generation = -1;
    if (n)
        b->conf.listener.revoked(b->conf.listener.ctx, parts, n, lost);
}

static void try_complete(struct fake_bus *b)
{
    struct fake_group *g = group_of(b);
    for (int i = 0; i < FAKE_MEMBERS; i++)
        if (g->members[i] && !g->members[i]->has_joined)
            return;
    g->generation++;
    g->is_preparing = false;
    hand_out(g, b->c->partitions);
}

static void announce(struct fake_bus *b)
{
    int32_t parts[FAKE_PARTS];
    b->has_news = false;
    b->generation = group_of(b)->generation;
    memcpy(b->owned, b->given, sizeof b->owned);
    memset(b->paused, 1, sizeof b->paused);
    b->conf.listener.assigned(b->conf.listener.ctx, parts, list_of(b->owned, parts));
}

void fake_group_serve(struct fake_bus *b)
{
    struct fake_group *g = group_of(b);
    if (!fake_group_has(b)) {
        give_up(b, true);
        fake_group_join(b);
    }
    if (g->is_preparing && !b->has_joined) {
        give_up(b, false);
        b->has_joined = true;
        try_complete(b);
    }
    if (b->has_news)
        announce(b);
}
