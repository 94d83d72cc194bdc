/* settle.c - the end of a place, and places taken before the platform existed. Every command is a no-op when it finds
 * nothing to do, so a repeat changes nothing. */
#include "services/capacity/ledger.h"
#include "domain/channel.h"
#include "domain/places.h"

/* The place goes back, whether it served an application in flight or an attachment: the sender knows, and sends in order
 * (services/attachment/room.c). */
static struct svc_verdict give_back(const struct svc_event *ev, struct svc_call *c, const char *by)
{
    struct cap_room r;
    const char *why;
    if (!cap_open(ev, c, &r, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    if (r.held) {
        cap_free(c, ev, &r);
        svc_count(c, CAP_M_FREED, by);
    }
    return SVC_DONE;
}

struct svc_verdict cap_cancel(const struct svc_event *ev, struct svc_call *c) { return give_back(ev, c, "cancelled"); }
struct svc_verdict cap_release(const struct svc_event *ev, struct svc_call *c) { return give_back(ev, c, "released"); }

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
    res.over_norm = true;
    res.norm = doctor ? doctor->norm : 0;
    res.profile = m->profile;
    cap_take(c, ev, &r, &res);
    return SVC_DONE;
}
