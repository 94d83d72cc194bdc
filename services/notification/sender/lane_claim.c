/* lane_claim - may this order be handed over now? See the head of lane.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lane_impl.h"

#define ELSEWHERE_MS   1000 /* how often an order claimed elsewhere is looked at again */
#define REDIS_PAUSE_MS 500
#define SINCE_MS       2000 /* how often the memory of claims is looked at while orders pass */

/* Result of an attempt as any process left it; -1 = none is known. False: Redis cannot be asked. */
static bool known_result(struct lane *l, const struct job *j, int *ret)
{
    char name[NAME_BYTES + 8];
    struct bytes value;
    struct err e;
    *ret = lane_recall(l, j->name);
    if (*ret > PB_SEND(UNSPECIFIED))
        return true;
    snprintf(name, sizeof name, "%s=", j->name);
    if (!claims_get(l->c.claims, name, &value, &e))
        return false;
    if (value.p && value.n == 1)
        *ret = *(const char *)value.p - '0';
    free((void *)value.p);
    return true;
}

#define SINCE_BYTES (24 + sizeof((struct claims_server *)0)->run_id)

/* "<ms UTC> <run id of the server>", as note_since() wrote it. False: of another server, or absent. */
static bool parse_since(struct bytes value, const char *run_id, int64_t *ret)
{
    char text[SINCE_BYTES], *end;
    if (!value.p || value.n >= sizeof text)
        return false;
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    int64_t at = strtoll(text, &end, 10);
    if (*end != ' ' || strcmp(end + 1, run_id) != 0)
        return false;
    *ret = at;
    return true;
}

static bool note_since(struct lane *l, const struct claims_server *server, int64_t *ret)
{
    char text[SINCE_BYTES];
    struct err e;
    *ret = server->now_ms;
    snprintf(text, sizeof text, "%lld %s", (long long)*ret, server->run_id);
    return claims_put(l->c.claims, "since", bytes_str(text), 100 * CLAIM_TTL_MS, &e);
}

/* This process may stand still at any point: ahead_ms errs to the later (an order is older than it seems), and so does
 * since_seen_ms (the memory is younger). */
static void keep_since(struct lane *l, int64_t since, int64_t ahead_ms)
{
    pthread_mutex_lock(&l->lock);
    l->ahead_ms = ahead_ms;
    if (l->since_ms != since)
        l->since_seen_ms = clock_steady_ms();
    l->since_ms = since;
    pthread_mutex_unlock(&l->lock);
}

/* When the memory of claims began, ms UTC: the first to find it empty, or kept by a server that was started anew (with a
 * snapshot of the past, perhaps), says now. False: Redis cannot be asked. */
static bool ask_since(struct lane *l, int64_t *ret)
{
    int64_t asked_ms = clock_steady_ms();
    struct claims_server server;
    struct bytes value;
    struct err e;
    if (!claims_server(l->c.claims, &server, &e) || !claims_get(l->c.claims, "since", &value, &e))
        return false;
    bool good = parse_since(value, server.run_id, ret) || note_since(l, &server, ret);
    free((void *)value.p);
    if (good)
        keep_since(l, *ret, server.now_ms - asked_ms);
    return good;
}

static bool put_back(struct lane *l, struct job *j, int delay_ms)
{
    lane_put_back(l, j, delay_ms);
    return false;
}

static bool answer(struct lane *l, struct job *j, struct outcome o)
{
    lane_finish(l, j, &o);
    return false;
}

/* The claim is held by another process, perhaps dead: wait for its result, then give up on the attempt. */
static bool claimed_elsewhere(struct lane *l, struct job *j)
{
    int64_t now = clock_steady_ms();
    if (j->elsewhere_ms == 0)
        j->elsewhere_ms = now;
    if (now - j->elsewhere_ms < l->c.answer_ms)
        return put_back(l, j, ELSEWHERE_MS);
    return answer(l, j, outcome_of(PB_SEND(UNKNOWN), "claimed_elsewhere"));
}

/* Claims of this attempt may have been forgotten: of a first order since this process made it, of a repeated one since
 * whoever made it first. (A first order may be older than the memory: the inbox waited.) */
static bool is_memory_lost(struct lane *l, const struct job *j, int64_t since)
{
    pthread_mutex_lock(&l->lock);
    int64_t seen_ms = l->since_seen_ms;
    pthread_mutex_unlock(&l->lock);
    return j->again ? since > j->ordered_at_ms : seen_ms >= j->begun_ms;
}

/* An attempt that another process may have had as well: was it handed over? */
static bool claim_again(struct lane *l, struct job *j, bool mine)
{
    int result;
    int64_t since;
    if (!known_result(l, j, &result) || !ask_since(l, &since))
        return put_back(l, j, REDIS_PAUSE_MS);
    if (result > PB_SEND(UNSPECIFIED))
        return answer(l, j, outcome_of((PB(SendResult))result, "answered_before"));
    if (!mine)
        return claimed_elsewhere(l, j);
    if (is_memory_lost(l, j, since) && result != PB_SEND(UNSPECIFIED))
        return answer(l, j, outcome_of(PB_SEND(UNKNOWN), "claims_lost"));
    return true;
}

/* The beginning is noted early, at start and soon after a loss: what is ordered later is known to be safe. */
static bool look_at_memory(struct lane *l)
{
    int64_t now = clock_steady_ms(), since;
    if (now - atomic_load(&l->since_checked_ms) < SINCE_MS)
        return true;
    if (!ask_since(l, &since))
        return false;
    atomic_store(&l->since_checked_ms, now);
    return true;
}

void lane_look(struct lane *l)
{
    int64_t now = clock_steady_ms();
    pthread_mutex_lock(&l->lock);
    bool tried = now - l->looked_ms < SINCE_MS; /* a Redis that is away takes its time to say so */
    if (!tried)
        l->looked_ms = now;
    pthread_mutex_unlock(&l->lock);
    if (!tried)
        (void)look_at_memory(l);
}

void lane_begin(struct lane *l)
{
    while (!lane_stopping(l) && !look_at_memory(l))
        lane_pause(l, REDIS_PAUSE_MS);
}

/* Nobody else can have been told of it: ordered the first time, found with nobody, and its partition's new owner, if it
 * moved, would not have ordered it again yet. That owner goes by the time of the order, so this does, too. */
static bool is_fresh(struct lane *l, const struct job *j)
{
    pthread_mutex_lock(&l->lock);
    int64_t age = clock_steady_ms() + l->ahead_ms - j->ordered_at_ms;
    pthread_mutex_unlock(&l->lock);
    return !j->again && j->elsewhere_ms == 0 && age < l->c.answer_ms / 2;
}

bool lane_claim(struct lane *l, struct job *j)
{
    bool mine;
    struct err e;
    if (!look_at_memory(l) || !claims_take(l->c.claims, j->name, CLAIM_TTL_MS, &mine, &e))
        return put_back(l, j, REDIS_PAUSE_MS);
    return (mine && is_fresh(l, j)) || claim_again(l, j, mine);
}
