/* settle.c - what happens to a place once the person's side has decided: confirm, cancel, release; and places taken
 * before the platform existed. Every command is a no-op when it finds nothing to do, so a repeat changes nothing. */
#include "services/capacity/ledger.h"
#include "domain/channel.h"
#include "domain/places.h"

/* What a command does to the place that its application holds; nothing when it holds none. */
static struct svc_verdict settle(const struct svc_event *ev, struct svc_call *c,
                                 void (*held)(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r))
{
    struct cap_room r;
    const char *why;
    if (!cap_open(ev, c, &r, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    if (r.held)
        held(ev, c, &r);
    return SVC_DONE;
}

static void confirm(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r)
{
    (void)ev;
    PB(Reservation) fresh = *r->held;
    if (fresh.confirmed)
        return;
    fresh.confirmed = true;
    svc_put(c, CAP_RESERVATION, r->held_key, &fresh);
}

/* A late cancel must never take the place from an attachment: only an unconfirmed reservation goes. */
static void cancel(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r)
{
    if (r->held->confirmed)
        return;
    cap_free(c, ev, r);
    svc_count(c, CAP_M_FREED, "cancelled");
}

static void release(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r)
{
    cap_free(c, ev, r);
    svc_count(c, CAP_M_FREED, "released");
}

struct svc_verdict cap_confirm(const struct svc_event *ev, struct svc_call *c) { return settle(ev, c, confirm); }
struct svc_verdict cap_cancel(const struct svc_event *ev, struct svc_call *c) { return settle(ev, c, cancel); }
struct svc_verdict cap_release(const struct svc_event *ev, struct svc_call *c) { return settle(ev, c, release); }

/* An attachment older than the platform takes its place whatever the norm says. */
struct svc_verdict cap_occupy(const struct svc_event *ev, struct svc_call *c)
{
    const PB(Occupy) *m = ev->msg;
    struct cap_room r;
    const char *why;
    if (!cap_open(ev, c, &r, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    if (!profile_name(m->profile)[0])
        return svc_rejected(SVC_REJECT_INVALID, "profile: must be a known one");
    if (r.held)
        return SVC_DONE;
    /* A named doctor counts as named, whether the register knows him or not: the attachment says the same number. */
    uint32_t doctor_id = m->doctor_id;
    if (!doctor_id && r.clinic)
        doctor_id = places_occupy(r.clinic, r.places, m->profile, 0);
    const PB(Doctor) *doctor = r.clinic ? places_doctor(r.clinic, doctor_id) : NULL;
    PB(Reservation) res = CLINIC__ATTACH__V1__RESERVATION__INIT;
    res.doctor_id = doctor_id; /* 0 = of nobody known; counted all the same */
    res.confirmed = true;
    res.over_norm = true;
    res.norm = doctor ? doctor->norm : 0;
    res.profile = m->profile;
    cap_take(c, ev, &r, &res);
    return SVC_DONE;
}
