#include "domain/limit.h"

enum { ROLLING_DAYS = 30 };

/* First day on which a change made on `day` no longer takes up the allowance. */
static int32_t freed_on(enum rule_word window, int32_t day)
{
    struct date d = date_of_days(day);
    switch (window) {
    case W_CALENDAR_YEAR: return date_days((struct date){d.y + 1, 1, 1});
    case W_CALENDAR_MONTH: return date_days(date_add_months((struct date){d.y, d.m, 1}, 1));
    case W_ROLLING_12M: return date_days(date_add_months(d, 12));
    default: return day + ROLLING_DAYS;
    }
}

static int32_t freed_change(const struct rule_ctx *at, const PB(CountedChange) * c)
{
    return freed_on(rule_word(at, RULE_LIMIT_WINDOW), date_day_of_ms((int64_t)c->at_s * 1000, at->utc_offset_min));
}

/* Nth latest of the days on which the changes are freed, n from 1; the ledger is short. False: fewer than n. */
static bool nth_latest(const struct rule_ctx *at, PB(CountedChange) *const *changes, size_t n_changes, PB(Profile) profile,
                       int64_t n, int32_t *ret)
{
    bool per_profile = rule_on(at, RULE_LIMIT_PER_PROFILE), found = false;
    int32_t best = 0;
    for (size_t i = 0; i < n_changes; i++) {
        if (per_profile && changes[i]->profile != profile)
            continue;
        int32_t mine = freed_change(at, changes[i]);
        int64_t later = 0;
        for (size_t j = 0; j < n_changes; j++)
            if (!per_profile || changes[j]->profile == profile) {
                int32_t other = freed_change(at, changes[j]);
                later += other > mine || (other == mine && j < i);
            }
        if (later == n - 1) {
            best = mine;
            found = true;
        }
    }
    if (found)
        *ret = best;
    return found;
}

/* The allowance is used up while the count-th latest change still takes it; it is free again on that one's day. */
static bool limit_hit(const struct rule_ctx *at, PB(CountedChange) *const *changes, size_t n, PB(Profile) profile,
                      int32_t *ret_next)
{
    int64_t count = rule_int(at, RULE_LIMIT_COUNT);
    return count > 0 && nth_latest(at, changes, n, profile, count, ret_next) && *ret_next > at->day;
}

/* A move that the region's rules know as a reason to be exempt. */
static bool is_exempt_move(const struct rule_ctx *at, const struct limit_ask *ask)
{
    switch (ask->reason) {
    case PB_CHANGE(MOVED):
        return rule_has(at, RULE_LIMIT_EXEMPT, W_RESIDENCE) || (ask->another_town && rule_has(at, RULE_LIMIT_EXEMPT, W_TOWN));
    case PB_CHANGE(STAY_CHANGED): return rule_has(at, RULE_LIMIT_EXEMPT, W_STAY);
    default: return false;
    }
}

static bool is_exempt(const struct rule_ctx *at, const struct limit_ask *ask)
{
    bool by_fact = ask->reason == PB_CHANGE(CHILD_GREW) || ask->reason == PB_CHANGE(NEW_PERIOD) ||
                   ask->reason == PB_CHANGE(CLINIC_CLOSED);
    struct rule_ctx of_profile = *at;
    of_profile.profile = ask->profile;
    return ask->first || (by_fact && ask->reason_confirmed) || rule_on(&of_profile, RULE_LIMIT_PROFILE_EXEMPT);
}

static struct limit_result proof_required(void)
{
    return (struct limit_result){.verdict = LIMIT_PROOF_REQUIRED, .finding = finding_of(REASON_MOVE_PROOF_REQUIRED, NULL)};
}

static struct limit_result reached(int32_t next)
{
    struct limit_result r = {.verdict = LIMIT_REACHED, .next_allowed = date_of_days(next)};
    char day[11];
    date_print(r.next_allowed, day);
    r.finding = finding_of(REASON_CHANGE_LIMIT_REACHED, day);
    return r;
}

struct limit_result limit_check(const struct rule_ctx *at, PB(CountedChange) *const *changes, size_t n,
                                const struct limit_ask *ask)
{
    const struct limit_result exempt = {.verdict = LIMIT_EXEMPT}, counted = {.verdict = LIMIT_COUNTED};
    int32_t next = 0;
    if (is_exempt(at, ask))
        return exempt;
    bool move = is_exempt_move(at, ask), hit = limit_hit(at, changes, n, ask->profile, &next);
    if (move && (ask->has_move_proof || rule_is(at, RULE_MOVE_PROOF, W_NEVER)))
        return exempt;
    if (move && (hit || rule_is(at, RULE_MOVE_PROOF, W_ALWAYS)))
        return proof_required();
    return hit ? reached(next) : counted;
}

bool limit_is_stale(const struct rule_ctx *at, const PB(CountedChange) * change)
{
    int32_t day = date_day_of_ms((int64_t)change->at_s * 1000, at->utc_offset_min);
    return freed_on(W_CALENDAR_YEAR, day) <= at->day && freed_on(W_ROLLING_12M, day) <= at->day;
}
