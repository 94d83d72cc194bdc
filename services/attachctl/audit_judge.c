/* audit_judge.c - the invariants of architecture 5, once everything is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "services/attachctl/audit_impl.h"
#include "wire/seal.h"

#define MILESTONE(n) (1u << (n))

/* Notices of which one must exist when an application ends so (domain.md 5). */
static uint32_t notices_of(uint8_t outcome)
{
    switch (outcome) {
    case PB_OUTCOME(APPROVED):
        return MILESTONE(6) | MILESTONE(7);
    case PB_OUTCOME(REFUSED):
        return MILESTONE(8);
    case PB_OUTCOME(RETURNED):
        return MILESTONE(5);
    case PB_OUTCOME(GATED):
        return MILESTONE(2);
    case PB_OUTCOME(WITHDRAWN):
    case PB_OUTCOME(EXPIRED):
        return MILESTONE(3);
    default:
        return 0;
    }
}

static void judge_open(struct audit *a, const struct app *app, const char *id)
{
    a->sum.open++;
    if (app->public_outcome && !(app->flags & APP_WAITING))
        audit_find(a, AUDIT_NO_DECISION, id, "outcome %d was published, the state of intake is open", app->public_outcome);
    if (!(app->flags & APP_DUE))
        audit_find(a, AUDIT_NO_DUE, id, "open without a due date");
    if (!app->public_outcome && !(app->flags & (APP_IN_FLIGHT | APP_WAITING)))
        audit_find(a, AUDIT_LOST, id, "open, but known to no stage");
}

static void judge_notices(struct audit *a, const struct app *app, const char *id)
{
    uint32_t needed = notices_of(app->outcome);
    if (app->flags & APP_WAITING)
        return;
    if (needed && !(app->notices & needed))
        audit_find(a, AUDIT_MISSING_NOTICE, id, "outcome %d has no notice", app->outcome);
    if (app->outcome != PB_OUTCOME(GATED) && !(app->notices & MILESTONE(1)))
        audit_find(a, AUDIT_MISSING_NOTICE, id, "receipt has no notice (N-01)");
}

static void judge_closed(struct audit *a, const struct app *app, const char *id)
{
    a->sum.outcomes[app->outcome & 7]++;
    if (app->public_outcome && app->public_outcome != app->outcome)
        audit_find(a, AUDIT_NO_DECISION, id, "outcome %d is kept, outcome %d was published", app->outcome,
                   app->public_outcome);
    if ((int64_t)app->decided_s * 1000 < a->horizon_ms)
        return;
    if (!app->public_outcome)
        audit_find(a, AUDIT_NO_DECISION, id, "outcome %d was never published", app->outcome);
    judge_notices(a, app, id);
}

static void judge_app(struct audit *a, const struct app *app)
{
    char id[37];
    uuid_to_text(app->id, id);
    const uint16_t known = APP_FACTS | APP_FORGOTTEN | APP_PUBLIC;
    if (!(app->flags & (known | APP_INBOX))) {
        if (app->flags & APP_IN_FLIGHT)
            audit_find(a, AUDIT_LOST, id, "in flight, but unknown to intake");
        return;
    }
    a->sum.submitted++;
    a->sum.breached += (app->flags & APP_BREACHED) != 0;
    if (!(app->flags & known)) {
        if (app->flags & APP_REJECTED)
            a->sum.rejected++;
        else if (!(app->flags & APP_WAITING))
            audit_find(a, AUDIT_LOST, id, "submitted, but it left no trace");
    } else if (app->flags & APP_FACTS) {
        if (app->outcome)
            judge_closed(a, app, id);
        else
            judge_open(a, app, id);
    } else if (!(app->flags & APP_FORGOTTEN)) {
        audit_find(a, AUDIT_LOST, id, "has a public status, but no state in intake");
    }
}

static void judge_attachment(struct audit *a, const struct hold *h, const char *id)
{
    const char *clinic = audit_clinic_name(a, h->att_clinic), *who = (const char *)h->person;
    if (!h->has_place)
        audit_find(a, AUDIT_NO_PLACE, who, "attachment at %s by %s: no place is held", clinic, id);
    else if (h->place_clinic != h->att_clinic)
        audit_find(a, AUDIT_NO_PLACE, who, "attachment at %s by %s: the place is at %s", clinic, id,
                   audit_clinic_name(a, h->place_clinic));
    else if (h->att_doctor && h->att_doctor != h->place_doctor)
        audit_find(a, AUDIT_NO_PLACE, who, "attachment at %s by %s: doctor %u, the place is of doctor %u", clinic, id,
                   h->att_doctor, h->place_doctor);
}

static void judge_hold(struct audit *a, const struct hold *h)
{
    char id[37];
    uuid_to_text(h->id, id);
    if (h->has_attachment) {
        judge_attachment(a, h, id);
        return;
    }
    const struct app *app = htab_get(&a->apps, h->id);
    if (app && app->flags & APP_IN_FLIGHT)
        a->sum.open_reservations++;
    else
        audit_find(a, AUDIT_LEAKED_PLACE, id, "place at %s, doctor %u: its holder is neither in flight nor attached",
                   audit_clinic_name(a, h->place_clinic), h->place_doctor);
}

static void judge_doctor(struct audit *a, const struct doctor *d)
{
    char who[96];
    snprintf(who, sizeof who, "%s/%u", audit_clinic_name(a, d->clinic), d->doctor);
    if (d->used != d->held)
        audit_find(a, AUDIT_PLACE_COUNT, who, "counter says %u places used, %u are held", d->used, d->held);
    if (d->unflagged > d->norm)
        audit_find(a, AUDIT_OVER_NORM, who, "%u persons admitted under the norm of %u", d->unflagged, d->norm);
}

/* --- counted changes --- */

static int by_person(const void *x, const void *y)
{
    const struct change *a = x, *b = y;
    int c = memcmp(a->person, b->person, sizeof a->person);
    if (c == 0)
        c = (a->profile > b->profile) - (a->profile < b->profile);
    if (c == 0)
        c = (a->at_s > b->at_s) - (a->at_s < b->at_s);
    return c ? c : memcmp(a->basis, b->basis, sizeof a->basis);
}

/* The state and the public event speak of the same change: keep one. */
static void drop_repeats(struct audit *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->changes_n; i++)
        if (n == 0 || memcmp(a->changes[n - 1].person, a->changes[i].person, 16) != 0 ||
            memcmp(a->changes[n - 1].basis, a->changes[i].basis, 16) != 0 ||
            a->changes[n - 1].profile != a->changes[i].profile)
            a->changes[n++] = a->changes[i];
    a->changes_n = n;
}

static bool same_window(struct audit_limit l, int32_t early, int32_t late)
{
    int y1, m1, d1, y2, m2, d2;
    text_civil(early, &y1, &m1, &d1);
    text_civil(late, &y2, &m2, &d2);
    switch (l.window) {
    case AUDIT_MONTH:
        return y1 == y2 && m1 == m2;
    case AUDIT_YEAR:
        return y1 == y2;
    case AUDIT_ROLLING_30D:
        return late - early < 30;
    default:
        return (y2 - y1) * 12 + (m2 - m1) < 12 || ((y2 - y1) * 12 + (m2 - m1) == 12 && d2 < d1);
    }
}

/* Change i against the earlier ones of the same person and profile; those of imports are given, not decided. */
static void judge_change(struct audit *a, size_t i)
{
    const struct change *c = &a->changes[i];
    const struct app *app = htab_get(&a->apps, c->basis);
    if (!app || !a->conf.limit)
        return;
    int32_t day = text_day_at((int64_t)c->at_s * 1000, a->conf.utc_offset_min);
    struct audit_limit l = a->conf.limit(a->conf.ctx, app->rule ? a->rules[app->rule - 1] : "", c->profile, day);
    unsigned n = 1;
    for (size_t j = i; l.count && j-- > 0;) {
        const struct change *b = &a->changes[j];
        if (memcmp(b->person, c->person, 16) != 0 || b->profile != c->profile)
            break;
        n += same_window(l, text_day_at((int64_t)b->at_s * 1000, a->conf.utc_offset_min), day);
    }
    char id[37];
    uuid_to_text(c->basis, id);
    if (l.count && n > l.count)
        audit_find(a, AUDIT_TWO_CHANGES, c->ref, "change by %s is number %u in its window, %u allowed", id, n, l.count);
}

void audit_judge(struct audit *a)
{
    const void *p;
    for (size_t i = 0; (p = htab_next(&a->apps, &i));)
        judge_app(a, p);
    for (size_t i = 0; (p = htab_next(&a->holds, &i));)
        judge_hold(a, p);
    for (size_t i = 0; (p = htab_next(&a->doctors, &i));)
        judge_doctor(a, p);
    if (a->changes_n)
        qsort(a->changes, a->changes_n, sizeof *a->changes, by_person);
    drop_repeats(a);
    for (size_t i = 0; i < a->changes_n; i++)
        judge_change(a, i);
}
