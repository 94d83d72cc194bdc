/* ledger.c - keys and counters of places. See ledger.h. */
#include "services/capacity/ledger.h"
#include "wire/seal.h"

struct ref {
    const char *application_id, *clinic_id;
};

static struct ref ref_of(const void *msg)
{
    const ProtobufCMessageDescriptor *d = ((const ProtobufCMessage *)msg)->descriptor;
#define REF(type, stem)                                                                                                \
    if (d == &clinic__attach__v1__##stem##__descriptor)                                                                \
        return (struct ref){((const PB(type) *)msg)->application_id, ((const PB(type) *)msg)->clinic_id};
    REF(Reserve, reserve)
    REF(Cancel, cancel)
    REF(Release, release)
    REF(Occupy, occupy)
#undef REF
    must(!"a command of the capacity inbox");
    return (struct ref){0};
}

static struct bytes held_key(struct arena *mem, struct ref r)
{
    return bytes_str(ARENA_CAT(mem, r.clinic_id, "/", r.application_id));
}

void cap_plan(const struct svc_event *ev, struct svc_plan *p)
{
    struct ref r = ref_of(ev->msg);
    if (!r.clinic_id[0])
        return; /* malformed: rejected before anything is read */
    svc_read(p, CAP_CLINIC, bytes_str(r.clinic_id));
    svc_read(p, CAP_PLACES, bytes_str(r.clinic_id));
    svc_read(p, CAP_RESERVATION, held_key(ev->arena, r));
}

/* The record must lie on the partition that owns the clinic, else two owners would count the same places. */
static const char *malformed(const struct svc_event *ev, struct ref r)
{
    uint8_t id[16];
    char canonical[37];
    if (!r.clinic_id[0])
        return "clinic_id: required";
    if (!bytes_eq(ev->key, bytes_str(r.clinic_id)))
        return "clinic_id: must be the key of the record";
    if (wire_partition(ev->key, ev->partitions) != ev->partition)
        return "clinic_id: the record lies on another clinic's partition";
    if (!uuid_to_bytes(r.application_id, id))
        return "application_id: must be a UUID";
    uuid_to_text(id, canonical);
    if (strcmp(canonical, r.application_id) != 0) /* one application, one key */
        return "application_id: must be in lower case";
    return NULL;
}

bool cap_open(const struct svc_event *ev, struct svc_call *c, struct cap_room *ret, const char **ret_why)
{
    struct ref r = ref_of(ev->msg);
    *ret_why = malformed(ev, r);
    if (*ret_why)
        return false;
    ret->clinic_key = bytes_str(r.clinic_id);
    ret->held_key = held_key(ev->arena, r);
    ret->clinic = svc_get(c, CAP_CLINIC, ret->clinic_key);
    ret->places = svc_get(c, CAP_PLACES, ret->clinic_key);
    ret->held = svc_get(c, CAP_RESERVATION, ret->held_key);
    return true;
}

uint32_t cap_used(const PB(ClinicPlaces) *places, uint32_t doctor_id)
{
    for (size_t i = 0; places && i < places->n_doctors; i++)
        if (places->doctors[i]->doctor_id == doctor_id)
            return places->doctors[i]->used;
    return 0;
}

/* A fresh record with one entry changed: the old one is shared and stays as it is. */
static void count(struct svc_call *c, const struct svc_event *ev, const struct cap_room *r, uint32_t doctor_id, int by)
{
    size_t n = r->places ? r->places->n_doctors : 0, out = 0;
    PB(ClinicPlaces) fresh = CLINIC__ATTACH__V1__CLINIC_PLACES__INIT;
    fresh.doctors = ARENA_ARRAY(ev->arena, PB(DoctorPlaces) *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (r->places->doctors[i]->doctor_id != doctor_id)
            fresh.doctors[out++] = r->places->doctors[i];
    int64_t used = (int64_t)cap_used(r->places, doctor_id) + by;
    if (used > 0) { /* never negative, whatever was written into the topic by hand: the audit shows the difference */
        PB(DoctorPlaces) *d = arena_alloc(ev->arena, sizeof *d);
        clinic__attach__v1__doctor_places__init(d);
        d->doctor_id = doctor_id;
        d->used = (uint32_t)used;
        fresh.doctors[out++] = d;
    }
    fresh.n_doctors = out;
    if (out)
        svc_put(c, CAP_PLACES, r->clinic_key, &fresh);
    else
        svc_del(c, CAP_PLACES, r->clinic_key);
}

void cap_take(struct svc_call *c, const struct svc_event *ev, const struct cap_room *r, const PB(Reservation) *res)
{
    must(!r->held);
    svc_put(c, CAP_RESERVATION, r->held_key, res);
    count(c, ev, r, res->doctor_id, +1);
}

void cap_free(struct svc_call *c, const struct svc_event *ev, const struct cap_room *r)
{
    must(r->held);
    svc_del(c, CAP_RESERVATION, r->held_key);
    count(c, ev, r, r->held->doctor_id, -1);
}
