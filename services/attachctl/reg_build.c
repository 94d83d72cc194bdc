/* reg_build.c - the records that a good row becomes: digests of names and dates, never the texts. */
#include "domain/digest.h"
#include "services/attachctl/reg_impl.h"

static PB(Personal) personal_of(const struct reg_row *r)
{
    PB(Personal) p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    p.surname = (char *)(uintptr_t)r->v[RF_SURNAME];
    p.name = (char *)(uintptr_t)r->v[RF_NAME];
    p.patronymic = (char *)(uintptr_t)r->v[RF_PATRONYMIC];
    p.birth_date = (char *)(uintptr_t)r->v[RF_BIRTH_DATE];
    p.snils = (char *)(uintptr_t)r->snils;
    return p;
}

static ProtobufCBinaryData digest_field(struct arena *mem, const uint8_t d[DIGEST_BYTES])
{
    return (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(mem, d, DIGEST_BYTES)};
}

bool reg_build_person(const struct keyring *k, const struct reg_row *r, struct arena *mem, PB(PersonRecord) * *ret,
                      struct err *e)
{
    PB(Personal) p = personal_of(r);
    struct person_digest d;
    if (!person_digests(k, &p, mem, &d, e))
        return false;
    PB(PersonRecord) *m = ARENA_NEW(mem, PB(PersonRecord));
    clinic__attach__v1__person_record__init(m);
    m->surname = digest_field(mem, d.surname);
    m->name = digest_field(mem, d.name);
    m->birth_date = digest_field(mem, d.birth_date);
    if (d.has_patronymic)
        m->patronymic = digest_field(mem, d.patronymic);
    if (d.has_snils)
        m->snils = digest_field(mem, d.snils);
    m->residence_district = (char *)(uintptr_t)r->v[RF_RESIDENCE_DISTRICT];
    m->military = r->military;
    *ret = m;
    return true;
}

bool reg_build_policy(const struct keyring *k, const struct reg_row *r, struct arena *mem, PB(PolicyRecord) * *ret,
                      struct err *e)
{
    PB(Personal) p = personal_of(r);
    struct policy_digest d;
    if (!policy_digests(k, &p, mem, &d, e))
        return false;
    PB(PolicyRecord) *m = ARENA_NEW(mem, PB(PolicyRecord));
    clinic__attach__v1__policy_record__init(m);
    m->form = r->form;
    m->status = r->status;
    m->region = (char *)(uintptr_t)r->v[RF_REGION];
    m->insurer_id = (char *)(uintptr_t)r->v[RF_INSURER_ID];
    m->valid_until_day = (uint32_t)r->valid_until;
    m->holder_name = digest_field(mem, d.holder_name);
    m->holder_birth = digest_field(mem, d.holder_birth);
    *ret = m;
    return true;
}
