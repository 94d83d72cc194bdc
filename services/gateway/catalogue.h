/* catalogue.h - the clinics of the register with their free places, as one list sorted by number, read from the
 * projection of capacity when somebody asks and what is held has grown old. An idle gateway reads nothing.
 * Threads:   any; a list taken stays valid until it is given back, whatever is read meanwhile.
 * Memory:    a few hundred bytes a clinic; the whole country (70,000) is about 30 MB, a region well below 1 MB. */
#ifndef CLINIC_GATEWAY_CATALOGUE_H
#define CLINIC_GATEWAY_CATALOGUE_H
#include "domain/pb.h"
#include "gateway.h"

struct gw_clinic {
    const char *id, *name, *address, *phone, *region;
    PB(ClinicKind) kind;
    PB(Ownership) ownership;
    unsigned profiles;                 /* bit of each profile offered */
    uint32_t free[PB_PROFILE_N];       /* free places of accepting doctors, by profile */
    const char *const *districts;
    size_t districts_n;
};
struct gw_clinics {
    struct gw_clinic *items; /* sorted by id */
    size_t n;
    int64_t read_ms;         /* monotonic */
    int uses;                /* under the catalogue's lock */
    struct arena *mem;
};

struct gw_catalogue *gw_catalogue_new(void);       /* gives */
void gw_catalogue_free(struct gw_catalogue *c);    /* NULL is fine */
/* The list, not older than gw->clinics_ms unless the store is away; then the last one read. Errors: ERR_RETRY none was
 * ever read. Give it back. */
bool gw_catalogue_take(struct gw_worker *w, struct gw_clinics **ret, struct err *e) MUST_CHECK;
void gw_catalogue_give(struct gw *gw, struct gw_clinics *list);
/* Index of the first clinic after an id; "" = 0. */
size_t gw_clinics_after(const struct gw_clinics *list, const char *id);
#endif
