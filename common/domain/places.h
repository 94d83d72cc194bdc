/* places.h - may a person be attached to this clinic, and whose place is it (R-010 to,
 * R-091, C-07, C-08, C-26). Pure functions over the register record and the counts. */
#ifndef CLINIC_PLACES_H
#define CLINIC_PLACES_H
#include <stdbool.h>
#include "domain/reason.h"
#include "domain/ruleset.h"

struct places_ask {
    PB(Profile) profile;
    uint32_t doctor_id;             /* chosen doctor; 0 = none */
    const char *residence_district; /* borrows; "" = unknown or none (never a ground to refuse, R-004) */
    bool exempt_resident;           /* a resident is admitted over the norm (capacity.exempt_registered) */
};

struct places_choice {
    uint32_t doctor_id;      /* whose place; 0 = refused */
    uint32_t norm;           /* of the doctor */
    const char *district_id; /* of the doctor; borrowed from the clinic record */
    bool over_norm;          /* resident admitted though all are full */
    struct finding finding;  /* REASON_NONE, CAPACITY_ALL_DOCTORS_FULL or CLINIC_PROFILE_ABSENT */
};

/* places: counts by doctor, NULL = nobody yet. Order: the chosen doctor if he has a free place; the district doctor of
 * a resident if free; the one with most free places, ties by the lower number. A resident when all are full: over the
 * norm, to his district doctor, else to the one least over. capacity.mode CLINIC_TOTAL compares totals instead. */
struct places_choice places_choose(const struct rule_ctx *at, const PB(ClinicRecord) * clinic,
                                   const PB(ClinicPlaces) * places, const struct places_ask *ask);
/* Doctor for an imported attachment, norm or not: the named one, else the least loaded of the profile; 0 = no such. */
uint32_t places_occupy(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places, PB(Profile) profile,
                       uint32_t doctor_id);
bool places_is_resident(const PB(ClinicRecord) * clinic, const char *residence_district);
uint32_t places_used(const PB(ClinicPlaces) * places, uint32_t doctor_id);     /* NULL places: 0 */
const PB(Doctor) * places_doctor(const PB(ClinicRecord) * clinic, uint32_t doctor_id); /* NULL = no such */
/* Free places of accepting doctors of a profile, for look-up and alternatives. */
uint32_t places_free(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places, PB(Profile) profile);

struct clinic_ask {
    PB(Profile) profile;
    const char *insurer_id; /* borrows; "" = not known: not tested */
    bool online;            /* came through an online channel: clinic.online.subordination applies */
};
/* First reason why the clinic cannot be attached to at all, in this order: CLINIC_NOT_IN_CHI (also for clinic NULL),
 * CLINIC_KIND_NOT_ATTACHABLE, CLINIC_PROFILE_ABSENT, INSURER_NOT_SERVED, CLINIC_NOT_ONLINE. */
struct finding clinic_admits(const struct rule_ctx *at, const PB(ClinicRecord) * clinic, const struct clinic_ask *ask);
#endif
