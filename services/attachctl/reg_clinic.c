/* reg_clinic.c - clinics of a load with their doctors: kept whole, because a record carries both. */
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "services/attachctl/reg_impl.h"

struct clinic_entry {
    uint8_t digest[16];
    size_t at;
};

void clinics_init(struct clinics *c)
{
    *c = (struct clinics){.mem = arena_new((size_t)1 << 32, 1 << 20)};
    htab_init(&c->index, sizeof(struct clinic_entry), 16);
}

void clinics_free(struct clinics *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->all[i].doctors);
    free(c->all);
    htab_free(&c->index);
    arena_free(c->mem);
}

struct clinic *clinics_find(const struct clinics *c, const char *id)
{
    uint8_t digest[16];
    htab_digest(bytes_str(id), digest);
    const struct clinic_entry *e = htab_get(&c->index, digest);
    return e ? &c->all[e->at] : NULL;
}

/* "a|b|c" to an array of strings. */
static char **list(struct arena *mem, const char *text, size_t *ret_n)
{
    *ret_n = 0;
    if (!text[0])
        return NULL;
    char *copy = arena_strdup(mem, text), *save = NULL;
    size_t n = 1;
    for (const char *p = text; *p; p++)
        n += *p == '|';
    char **all = ARENA_ARRAY(mem, char *, n);
    for (char *p = strtok_r(copy, "|", &save); p; p = strtok_r(NULL, "|", &save))
        all[(*ret_n)++] = p;
    return all;
}

const char *clinics_add(struct clinics *c, const struct reg_row *r, const char *file, struct reg_place at,
                        enum reg_field *ret_field)
{
    *ret_field = RF_CLINIC_ID;
    if (clinics_find(c, r->v[RF_CLINIC_ID]))
        return "the same clinic twice in one load";
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 256;
        c->all = realloc(c->all, c->cap * sizeof *c->all);
    }
    must(c->all);
    struct clinic *k = &c->all[c->n];
    *k = (struct clinic){.id = arena_strdup(c->mem, r->v[RF_CLINIC_ID]), .file = file, .at = at};
    PB(ClinicRecord) *p = &k->pb;
    clinic__attach__v1__clinic_record__init(p);
    p->name = arena_strdup(c->mem, r->v[RF_TITLE]);
    p->address = arena_strdup(c->mem, r->v[RF_ADDRESS]);
    p->region = arena_strdup(c->mem, r->v[RF_REGION]);
    p->phone = arena_strdup(c->mem, r->v[RF_PHONE]);
    p->kind = r->kind;
    p->ownership = r->ownership;
    p->in_chi_register = r->in_chi;
    p->tinao = r->tinao;
    p->n_profiles = r->profiles_n;
    p->profiles = arena_dup(c->mem, r->profiles, r->profiles_n * sizeof r->profiles[0]);
    p->districts = list(c->mem, r->v[RF_DISTRICTS], &p->n_districts);
    p->insurers = list(c->mem, r->v[RF_INSURERS], &p->n_insurers);
    k->profiles_by_doctors = !r->v[RF_PROFILES][0];
    uint8_t digest[16];
    htab_digest(bytes_str(k->id), digest);
    ((struct clinic_entry *)htab_put(&c->index, digest, NULL))->at = c->n++;
    return NULL;
}

static bool offers(const struct clinic *k, PB(Profile) profile)
{
    for (size_t i = 0; i < k->pb.n_profiles; i++)
        if (k->pb.profiles[i] == profile)
            return true;
    return false;
}

static void add_profile(struct clinics *c, struct clinic *k, PB(Profile) profile)
{
    PB(Profile) *more = ARENA_ARRAY(c->mem, PB(Profile), k->pb.n_profiles + 1);
    if (k->pb.n_profiles)
        memcpy(more, k->pb.profiles, k->pb.n_profiles * sizeof *more);
    more[k->pb.n_profiles++] = profile;
    k->pb.profiles = more;
}

const char *clinics_add_doctor(struct clinics *c, const struct reg_row *r, enum reg_field *ret_field)
{
    struct clinic *k = clinics_find(c, r->v[RF_CLINIC_ID]);
    *ret_field = RF_CLINIC_ID;
    if (!k)
        return "clinic is not in this load (load doctors together with their clinics)";
    *ret_field = RF_PROFILE;
    if (!offers(k, r->profile)) {
        if (!k->profiles_by_doctors)
            return "profile that the clinic does not offer";
        add_profile(c, k, r->profile);
    }
    *ret_field = RF_DOCTOR_ID;
    for (size_t i = 0; i < k->doctors_n; i++)
        if (k->doctors[i].pb.doctor_id == r->doctor_id)
            return "the same doctor twice in one load";
    if (k->doctors_n == k->doctors_cap) {
        k->doctors_cap = k->doctors_cap ? 2 * k->doctors_cap : 4;
        k->doctors = realloc(k->doctors, k->doctors_cap * sizeof *k->doctors);
        must(k->doctors);
    }
    struct clinic_doctor *d = &k->doctors[k->doctors_n++];
    clinic__attach__v1__doctor__init(&d->pb);
    d->pb.doctor_id = r->doctor_id;
    d->pb.profile = r->profile;
    d->pb.norm = r->norm;
    d->pb.accepts_new = r->accepts_new;
    d->pb.district_id = arena_strdup(c->mem, r->v[RF_DISTRICT_ID]);
    memcpy(d->snils, r->doctor_snils, sizeof d->snils);
    return NULL;
}

/* Against the clinics of this load, when it has any; finds the number of a doctor named by SNILS. */
const char *clinics_check_attachment(const struct clinics *c, struct reg_row *r, enum reg_field *ret_field)
{
    if (c->n == 0)
        return NULL;
    struct clinic *k = clinics_find(c, r->v[RF_CLINIC_ID]);
    *ret_field = RF_CLINIC_ID;
    if (!k)
        return "clinic is not in this load";
    bool known = r->doctor_id == 0;
    for (size_t i = 0; i < k->doctors_n; i++) {
        const struct clinic_doctor *d = &k->doctors[i];
        if (r->doctor_id == 0 && r->doctor_snils[0] && strcmp(d->snils, r->doctor_snils) == 0)
            r->doctor_id = d->pb.doctor_id;
        if (d->pb.doctor_id == r->doctor_id) {
            known = true;
            *ret_field = RF_DOCTOR_ID;
            if (d->pb.profile != r->profile)
                return "doctor serves another profile";
        }
    }
    *ret_field = RF_PROFILE;
    if (!offers(k, r->profile))
        return "profile that the clinic does not offer";
    *ret_field = RF_DOCTOR_ID;
    return known ? NULL : "the clinic has no such doctor";
}

PB(ClinicRecord) *clinic_record(struct clinic *k, struct arena *mem)
{
    PB(ClinicRecord) *p = arena_dup(mem, &k->pb, sizeof k->pb);
    p->n_doctors = k->doctors_n;
    p->doctors = ARENA_ARRAY(mem, PB(Doctor) *, k->doctors_n);
    for (size_t i = 0; i < k->doctors_n; i++)
        p->doctors[i] = &k->doctors[i].pb;
    return p;
}
