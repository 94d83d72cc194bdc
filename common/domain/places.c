#include "domain/places.h"
#include <string.h>

/* --- register record --- */

bool places_is_resident(const PB(ClinicRecord) * clinic, const char *residence_district)
{
    if (!residence_district || !*residence_district)
        return false;
    for (size_t i = 0; i < clinic->n_districts; i++)
        if (strcmp(clinic->districts[i], residence_district) == 0)
            return true;
    return false;
}

const PB(Doctor) * places_doctor(const PB(ClinicRecord) * clinic, uint32_t doctor_id)
{
    for (size_t i = 0; i < clinic->n_doctors; i++)
        if (clinic->doctors[i]->doctor_id == doctor_id)
            return clinic->doctors[i];
    return NULL;
}

uint32_t places_used(const PB(ClinicPlaces) * places, uint32_t doctor_id)
{
    for (size_t i = 0; places && i < places->n_doctors; i++)
        if (places->doctors[i]->doctor_id == doctor_id)
            return places->doctors[i]->used;
    return 0;
}

/* Free places; negative when over the norm. */
static int64_t free_of(const PB(Doctor) * d, const PB(ClinicPlaces) * places)
{
    return (int64_t)d->norm - places_used(places, d->doctor_id);
}

uint32_t places_free(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places, PB(Profile) profile)
{
    int64_t sum = 0;
    for (size_t i = 0; i < clinic->n_doctors; i++) {
        const PB(Doctor) *d = clinic->doctors[i];
        if (d->profile == profile && d->accepts_new && free_of(d, places) > 0)
            sum += free_of(d, places);
    }
    return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

/* --- choice --- */

/* Doctor of the profile with most free places, ties by the lower number; `accepting` = of those who take new persons. */
static const PB(Doctor) * roomiest(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places, PB(Profile) profile,
                                   bool accepting)
{
    const PB(Doctor) *best = NULL;
    for (size_t i = 0; i < clinic->n_doctors; i++) {
        const PB(Doctor) *d = clinic->doctors[i];
        if (d->profile != profile || (accepting && !d->accepts_new))
            continue;
        int64_t more = best ? free_of(d, places) - free_of(best, places) : 1;
        if (more > 0 || (more == 0 && d->doctor_id < best->doctor_id))
            best = d;
    }
    return best;
}

/* District doctor of a residence, ties by the lower number. */
static const PB(Doctor) * of_district(const PB(ClinicRecord) * clinic, PB(Profile) profile, const char *district)
{
    const PB(Doctor) *best = NULL;
    for (size_t i = 0; district && *district && i < clinic->n_doctors; i++) {
        const PB(Doctor) *d = clinic->doctors[i];
        if (d->profile == profile && d->accepts_new && strcmp(d->district_id, district) == 0 &&
            (!best || d->doctor_id < best->doctor_id))
            best = d;
    }
    return best;
}

static bool has_free(const PB(Doctor) * d, const PB(ClinicPlaces) * places, PB(Profile) profile)
{
    return d && d->profile == profile && d->accepts_new && free_of(d, places) > 0;
}

/* Under CLINIC_TOTAL the sum of norms is what is full or not, whoever has room. */
static bool total_is_full(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places, PB(Profile) profile)
{
    int64_t sum = 0;
    for (size_t i = 0; i < clinic->n_doctors; i++)
        if (clinic->doctors[i]->profile == profile && clinic->doctors[i]->accepts_new)
            sum += free_of(clinic->doctors[i], places);
    return sum <= 0;
}

/* Doctor with a free place, in the order of the header; NULL = none. */
static const PB(Doctor) * free_doctor(const struct rule_ctx *at, const PB(ClinicRecord) * clinic,
                                      const PB(ClinicPlaces) * places, const struct places_ask *ask)
{
    if (rule_is(at, RULE_CAPACITY_MODE, W_CLINIC_TOTAL) && total_is_full(clinic, places, ask->profile))
        return NULL;
    enum { CHOICES = 3 };
    const PB(Doctor) *order[CHOICES] = {
        ask->doctor_id ? places_doctor(clinic, ask->doctor_id) : NULL,
        of_district(clinic, ask->profile, ask->residence_district),
        roomiest(clinic, places, ask->profile, true),
    };
    for (size_t i = 0; i < CHOICES; i++)
        if (has_free(order[i], places, ask->profile))
            return order[i];
    return NULL;
}

/* Whose norm a resident of the area exceeds. A clinic none of whose doctors takes new persons still owes him a place. */
static const PB(Doctor) * doctor_over_norm(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places,
                                           const struct places_ask *ask)
{
    const PB(Doctor) *d = of_district(clinic, ask->profile, ask->residence_district);
    if (!d)
        d = roomiest(clinic, places, ask->profile, true);
    return d ? d : roomiest(clinic, places, ask->profile, false);
}

static struct places_choice choice_of(const PB(Doctor) * d, bool over_norm)
{
    return (struct places_choice){d->doctor_id, d->norm, d->district_id, over_norm, FINDING_NONE};
}

static struct places_choice choice_none(enum reason_id id)
{
    return (struct places_choice){.district_id = "", .finding = finding_of(id, NULL)};
}

struct places_choice places_choose(const struct rule_ctx *at, const PB(ClinicRecord) * clinic,
                                   const PB(ClinicPlaces) * places, const struct places_ask *ask)
{
    if (!roomiest(clinic, places, ask->profile, false))
        return choice_none(REASON_CLINIC_PROFILE_ABSENT);
    const PB(Doctor) *d = free_doctor(at, clinic, places, ask);
    if (d)
        return choice_of(d, false);
    if (ask->exempt_resident && places_is_resident(clinic, ask->residence_district))
        return choice_of(doctor_over_norm(clinic, places, ask), true);
    return choice_none(REASON_CAPACITY_ALL_DOCTORS_FULL);
}

uint32_t places_occupy(const PB(ClinicRecord) * clinic, const PB(ClinicPlaces) * places, PB(Profile) profile,
                       uint32_t doctor_id)
{
    const PB(Doctor) *d = doctor_id ? places_doctor(clinic, doctor_id) : NULL;
    if (!d || d->profile != profile)
        d = roomiest(clinic, places, profile, false);
    return d ? d->doctor_id : 0;
}

/* --- admissibility --- */

static bool kind_is_attachable(const struct rule_ctx *at, PB(ClinicKind) kind)
{
    static const enum rule_word words[] = {
        [PB_CLINIC_KIND(OUTPATIENT)] = W_OUTPATIENT, [PB_CLINIC_KIND(DENTAL)] = W_DENTAL,
        [PB_CLINIC_KIND(ANTENATAL)] = W_ANTENATAL,   [PB_CLINIC_KIND(HOSPITAL)] = W_HOSPITAL,
        [PB_CLINIC_KIND(RESEARCH)] = W_RESEARCH,     [PB_CLINIC_KIND(SPECIALISED)] = W_SPECIALISED,
    };
    return (size_t)kind < sizeof words / sizeof *words && words[kind] != W_NONE_SET &&
           rule_has(at, RULE_CLINIC_KIND_ATTACHABLE, words[kind]);
}

static bool offers(const PB(ClinicRecord) * clinic, PB(Profile) profile)
{
    for (size_t i = 0; i < clinic->n_profiles; i++)
        if (clinic->profiles[i] == profile)
            return true;
    return false;
}

/* No list = works with every insurer. */
static bool serves(const PB(ClinicRecord) * clinic, const char *insurer_id)
{
    if (clinic->n_insurers == 0 || !insurer_id || !*insurer_id)
        return true;
    for (size_t i = 0; i < clinic->n_insurers; i++)
        if (strcmp(clinic->insurers[i], insurer_id) == 0)
            return true;
    return false;
}

struct finding clinic_admits(const struct rule_ctx *at, const PB(ClinicRecord) * clinic, const struct clinic_ask *ask)
{
    if (!clinic || (!clinic->in_chi_register && rule_on(at, RULE_CLINIC_REQUIRE_CHI_REGISTER)))
        return finding_of(REASON_CLINIC_NOT_IN_CHI, NULL);
    if (!kind_is_attachable(at, clinic->kind))
        return finding_of(REASON_CLINIC_KIND_NOT_ATTACHABLE, NULL);
    if (clinic->ownership == PB_OWNERSHIP(PRIVATE) && !rule_on(at, RULE_CLINIC_ALLOW_PRIVATE))
        return finding_of(REASON_CLINIC_KIND_NOT_ATTACHABLE, "PRIVATE");
    if (!offers(clinic, ask->profile))
        return finding_of(REASON_CLINIC_PROFILE_ABSENT, NULL);
    if (!serves(clinic, ask->insurer_id))
        return finding_of(REASON_INSURER_NOT_SERVED, NULL);
    if (ask->online && clinic->ownership != PB_OWNERSHIP(STATE_DOH) && rule_is(at, RULE_CLINIC_ONLINE_SUBORDINATION, W_DOH))
        return finding_of(REASON_CLINIC_NOT_ONLINE, NULL);
    return FINDING_NONE;
}
