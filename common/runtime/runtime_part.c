/* runtime_part.c - the state of each partition: AWAY (not ours), JOINING (ours, nothing known yet), REPLAYING (the
 * store is being brought to the present), OPEN (its records are decided). */
#include "runtime/runtime_int.h"

static const char *const state_names[PART_STATES] = {"AWAY", "JOINING", "REPLAYING", "OPEN"};
static const char *const cause_names[JOIN_CAUSES] = {"assigned", "stale", "store", "apply", "outcome"};

static const bool legal[PART_STATES][PART_STATES] = {
    [PART_AWAY] = {[PART_JOINING] = true},
    [PART_JOINING] = {[PART_AWAY] = true, [PART_JOINING] = true, [PART_REPLAYING] = true},
    [PART_REPLAYING] = {[PART_AWAY] = true, [PART_JOINING] = true, [PART_OPEN] = true},
    [PART_OPEN] = {[PART_AWAY] = true, [PART_JOINING] = true},
};

void part_move(struct part *p, enum part_state to)
{
    must(legal[p->state][to]);
    log_line(LOG_DEBUG, "RT-PART", state_names[to], "partition", log_i64(p->id), "from", state_names[p->state], NULL);
    p->state = to;
}

struct part *part_of(struct runtime *rt, int32_t id)
{
    return id >= 0 && id < rt->d.conf->partitions ? &rt->parts[id] : NULL;
}

void part_close_logs(struct runtime *rt, struct part *p)
{
    for (int s = 0; s < rt->sources_n; s++) {
        if (p->src[s].log)
            rt->bus->ops->log_close(rt->bus, p->src[s].log);
        p->src[s].log = NULL;
    }
}

void part_rejoin(struct runtime *rt, struct part *p, enum join_cause cause)
{
    if (p->state == PART_AWAY || p->state == PART_JOINING)
        return;
    log_line(LOG_INFO, "RT-REJOIN", "partition catches up again", "partition", log_i64(p->id), "cause",
             cause_names[cause], NULL);
    rt_count_join(cause);
    part_move(p, PART_JOINING);
    struct err e = {0}; /* the catch-up pauses again and minds the result; until then this keeps the records away */
    if (!rt->bus->ops->pause(rt->bus, p->id, true, &e))
        log_line(LOG_DEBUG, "RT-PAUSE", e.text, NULL);
}

bool part_wants_due(const struct runtime *rt, const struct part *p)
{
    int64_t now = rt_now(rt), since = now - p->looked_ms; /* negative after a step of the clock */
    return p->state == PART_OPEN && p->next_due_ms && p->next_due_ms <= now &&
           (since < 0 || since >= rt->d.conf->tick_ms);
}

void part_rejoin_all(struct runtime *rt, enum join_cause cause)
{
    for (int32_t i = 0; i < rt->d.conf->partitions; i++)
        part_rejoin(rt, &rt->parts[i], cause);
}

/* Logs of the time before are closed by the next step of the catch-up: the bus is busy while it calls back. */
void part_assigned(void *ctx, const int32_t *ids, size_t n)
{
    struct runtime *rt = ctx;
    rt->generation++;
    rt->had_assignment = true;
    for (size_t i = 0; i < n; i++) {
        struct part *p = part_of(rt, ids[i]);
        if (!p) {
            rt->outside_range = true;
            continue;
        }
        p->epoch++;
        p->failed_offset = -1;
        p->tries = 0;
        p->poison = false;
        part_move(p, PART_JOINING);
        rt_count_join(JOIN_ASSIGNED);
    }
    rt_count_assigned(rt);
    log_line(LOG_INFO, "RT-ASSIGNED", "partitions assigned", "n", log_i64((int64_t)n), NULL);
}

void part_revoked(void *ctx, const int32_t *ids, size_t n, bool lost)
{
    struct runtime *rt = ctx;
    rt->generation++;
    for (size_t i = 0; i < n; i++) {
        struct part *p = part_of(rt, ids[i]);
        if (!p || p->state == PART_AWAY)
            continue;
        p->epoch++;
        part_move(p, PART_AWAY);
    }
    rt_count_assigned(rt);
    log_line(LOG_INFO, "RT-REVOKED", lost ? "partitions lost" : "partitions given up", "n", log_i64((int64_t)n), NULL);
}
