/* reserve.c - a place for an application: is the clinic attachable, and which doctor has room. The answer to a repeat is
 * the answer given first. Refusals are not kept: a repeat of a refused question is judged anew, and the person's side
 * gives the place back if it comes too late. */
#include "services/capacity/ledger.h"
#include "domain/channel.h"
#include "domain/places.h"
#include "services/capacity/rules.h"
#include "services/capacity/vacancy.h"

/* How the notices will name the clinic; NULL = it is not in the register. */
static PB(ClinicCard) *card_of(const struct svc_event *ev, const struct cap_room *r)
{
    if (!r->clinic)
        return NULL;
    PB(ClinicCard) *card = ARENA_NEW(ev->arena, PB(ClinicCard));
    clinic__attach__v1__clinic_card__init(card);
    card->clinic_id = ((const PB(Reserve) *)ev->msg)->clinic_id;
    card->name = r->clinic->name;
    card->address = r->clinic->address;
    card->phone = r->clinic->phone;
    return card;
}

static void answer_held(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r,
                        const PB(Reservation) *held)
{
    const PB(Reserve) *q = ev->msg;
    const PB(Doctor) *doctor = r->clinic ? places_doctor(r->clinic, held->doctor_id) : NULL;
    PB(Reserved) m = CLINIC__ATTACH__V1__RESERVED__INIT;
    m.application_id = q->application_id;
    m.person_ref = q->person_ref;
    m.clinic_id = q->clinic_id;
    m.doctor_id = held->doctor_id;
    if (doctor)
        m.district_id = doctor->district_id;
    m.over_capacity = held->over_norm;
    m.clinic = card_of(ev, r);
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, bytes_str(q->person_ref), EV_RESERVED, &m, q->application_id);
    svc_count(c, CAP_M_ANSWERS, held->over_norm ? "over_norm" : "reserved");
}

static void answer_no(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r, struct finding f)
{
    const PB(Reserve) *q = ev->msg;
    PB(ReserveRefused) m = CLINIC__ATTACH__V1__RESERVE_REFUSED__INIT;
    PB(Reason) *reason = reason_msg(ev->arena, f);
    m.application_id = q->application_id;
    m.person_ref = q->person_ref;
    m.clinic_id = q->clinic_id;
    m.outcome = reason_outcome(f.id);
    m.reasons = &reason;
    m.n_reasons = 1;
    m.clinic = card_of(ev, r);
    if (f.id == REASON_CAPACITY_ALL_DOCTORS_FULL)
        vacancy_advise(ev, c, r->clinic->region, &m);
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, bytes_str(q->person_ref), EV_RESERVE_REFUSED, &m, q->application_id);
    svc_count(c, CAP_M_ANSWERS, "refused");
}

static PB(Reservation) held_by(const struct places_choice *ch, PB(Profile) profile)
{
    PB(Reservation) res = CLINIC__ATTACH__V1__RESERVATION__INIT;
    res.doctor_id = ch->doctor_id;
    res.over_norm = ch->over_norm;
    res.norm = ch->norm;
    res.profile = profile;
    return res;
}

static void judge(const struct svc_event *ev, struct svc_call *c, const struct cap_room *r)
{
    const PB(Reserve) *q = ev->msg;
    struct rule_ctx at = cap_rules_at(ev, q->rule_set, r->clinic);
    struct finding no = clinic_admits(&at, r->clinic, &(struct clinic_ask){q->profile, q->insurer_id, q->online});
    if (no.id != REASON_NONE) {
        answer_no(ev, c, r, no);
        return;
    }
    struct places_ask ask = {q->profile, q->doctor_id, q->residence_district, q->exempt_resident};
    struct places_choice choice = places_choose(&at, r->clinic, r->places, &ask);
    if (choice.finding.id != REASON_NONE) {
        vacancy_note(ev, c, r->clinic, false);
        answer_no(ev, c, r, choice.finding);
        return;
    }
    PB(Reservation) res = held_by(&choice, q->profile);
    cap_take(c, ev, r, &res);
    vacancy_note(ev, c, r->clinic, places_free(r->clinic, r->places, q->profile) > 1); /* counted before this one */
    answer_held(ev, c, r, &res);
}

struct svc_verdict cap_reserve(const struct svc_event *ev, struct svc_call *c)
{
    const PB(Reserve) *q = ev->msg;
    struct cap_room r;
    const char *why;
    if (!cap_open(ev, c, &r, &why))
        return svc_rejected(SVC_REJECT_INVALID, why);
    if (!q->person_ref[0])
        return svc_rejected(SVC_REJECT_INVALID, "person_ref: required");
    if (!profile_name(q->profile)[0])
        return svc_rejected(SVC_REJECT_INVALID, "profile: must be a known one");
    if (r.held)
        answer_held(ev, c, &r, r.held);
    else
        judge(ev, c, &r);
    return SVC_DONE;
}
