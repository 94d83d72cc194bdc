/* ledger.h - the places of one clinic as the capacity service keeps them: who holds what, and how many by doctor.
 * Role:      inside services/capacity only.
 * Invariant: for every doctor, used = number of reservations that name him. Both change in the same call.
 * Memory:    everything in the batch arena. Threads: the runtime's. */
#ifndef CLINIC_CAPACITY_LEDGER_H
#define CLINIC_CAPACITY_LEDGER_H
#include "runtime/svc.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"

enum cap_table { CAP_CLINIC, CAP_PLACES, CAP_RESERVATION, CAP_VACANCY };
enum cap_metric { CAP_M_ANSWERS, CAP_M_FREED };

/* The records that one command is about; NULL = absent. */
struct cap_room {
    const PB(ClinicRecord) *clinic;   /* from the register */
    const PB(ClinicPlaces) *places;
    const PB(Reservation) *held;      /* of this application */
    struct bytes clinic_key, held_key;
};

/* Clinic and application named by any command of the inbox. */
void cap_plan(const struct svc_event *ev, struct svc_plan *p);
/* Read the records; false and *ret_why = the broken rule when the command is malformed. */
bool cap_open(const struct svc_event *ev, struct svc_call *c, struct cap_room *ret, const char **ret_why);

uint32_t cap_used(const PB(ClinicPlaces) *places, uint32_t doctor_id);
/* Write a new reservation and count it. The application must hold none yet. */
void cap_take(struct svc_call *c, const struct svc_event *ev, const struct cap_room *r, const PB(Reservation) *res);
/* Delete the reservation held and uncount it. */
void cap_free(struct svc_call *c, const struct svc_event *ev, const struct cap_room *r);

/* Handlers: reserve.c and settle.c. */
struct svc_verdict cap_reserve(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict cap_cancel(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict cap_release(const struct svc_event *ev, struct svc_call *c);
struct svc_verdict cap_occupy(const struct svc_event *ev, struct svc_call *c);
#endif
