/* reg_build.c - the records that a good row becomes: digests of names and dates, never the texts.
 * Names and dates of birth come again and again: their digests are kept, which saves most of the work of a load. */
#include <stdlib.h>
#include <string.h>
#include "domain/digest.h"
#include "services/attachctl/reg_impl.h"

#define KEPT 32768 /* of each use; a newcomer takes the place of who was there */
#define KEPT_TEXT 55

struct kept {
    char text[KEPT_TEXT + 1]; /* "" = free */
    uint8_t digest[DIGEST_BYTES];
};
struct reg_digests {
    const struct keyring *keys; /* keeps */
    struct kept of[DIGEST_USE_N][KEPT];
};

struct reg_digests *reg_digests_new(const struct keyring *k)
{
    struct reg_digests *d = calloc(1, sizeof *d);
    must(d);
    d->keys = k;
    return d;
}

/* Texts of persons: not left behind in freed memory. */
void reg_digests_free(struct reg_digests *d)
{
    if (d)
        explicit_bzero(d, sizeof *d);
    free(d);
}

static bool digest(struct reg_digests *d, enum digest_use use, const char *text, struct arena *mem, ProtobufCBinaryData *ret,
                   struct err *e)
{
    uint32_t h = 2166136261u;
    size_t n = 0;
    for (; text[n]; n++)
        h = (h ^ (uint8_t)text[n]) * 16777619u;
    struct kept *kept = &d->of[use][(h ^ h >> 15) % KEPT];
    *ret = (ProtobufCBinaryData){DIGEST_BYTES, kept->digest};
    if (strcmp(kept->text, text) == 0 && n > 0)
        return true;
    if (n <= KEPT_TEXT && n > 0) {
        if (!digest_one(d->keys, use, text, mem, kept->digest, e))
            return false;
        memcpy(kept->text, text, n + 1);
        return true;
    }
    ret->data = arena_alloc(mem, DIGEST_BYTES);
    return digest_one(d->keys, use, text, mem, ret->data, e);
}

bool reg_build_person(struct reg_digests *d, const struct reg_row *r, struct arena *mem, PB(PersonRecord) * *ret,
                      struct err *e)
{
    PB(PersonRecord) *m = arena_alloc(mem, sizeof *m);
    clinic__attach__v1__person_record__init(m);
    if (!digest(d, DIGEST_SURNAME, r->v[RF_SURNAME], mem, &m->surname, e) ||
        !digest(d, DIGEST_NAME, r->v[RF_NAME], mem, &m->name, e) ||
        !digest(d, DIGEST_BIRTH, r->v[RF_BIRTH_DATE], mem, &m->birth_date, e))
        return false;
    if (r->v[RF_PATRONYMIC][0] && !digest(d, DIGEST_PATRONYMIC, r->v[RF_PATRONYMIC], mem, &m->patronymic, e))
        return false;
    if (r->snils[0]) { /* never comes again: not kept */
        m->snils = (ProtobufCBinaryData){DIGEST_BYTES, arena_alloc(mem, DIGEST_BYTES)};
        if (!digest_one(d->keys, DIGEST_SNILS, r->snils, mem, m->snils.data, e))
            return false;
    }
    m->residence_district = (char *)(uintptr_t)r->v[RF_RESIDENCE_DISTRICT];
    m->military = r->military;
    *ret = m;
    return true;
}

bool reg_build_policy(struct reg_digests *d, const struct reg_row *r, struct arena *mem, PB(PolicyRecord) * *ret,
                      struct err *e)
{
    PB(Personal) p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    p.surname = (char *)(uintptr_t)r->v[RF_SURNAME];
    p.name = (char *)(uintptr_t)r->v[RF_NAME];
    p.patronymic = (char *)(uintptr_t)r->v[RF_PATRONYMIC];
    p.birth_date = (char *)(uintptr_t)r->v[RF_BIRTH_DATE];
    struct policy_digest all;
    if (!policy_digests(d->keys, &p, mem, &all, e))
        return false;
    PB(PolicyRecord) *m = arena_alloc(mem, sizeof *m);
    clinic__attach__v1__policy_record__init(m);
    m->form = r->form;
    m->status = r->status;
    m->region = (char *)(uintptr_t)r->v[RF_REGION];
    m->insurer_id = (char *)(uintptr_t)r->v[RF_INSURER_ID];
    m->valid_until_day = (uint32_t)r->valid_until;
    m->holder_name = (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(mem, all.holder_name, DIGEST_BYTES)};
    m->holder_birth = (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(mem, all.holder_birth, DIGEST_BYTES)};
    *ret = m;
    return true;
}
