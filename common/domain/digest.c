#include "domain/digest.h"
#include <stdio.h>
#include "domain/date.h"
#include "domain/name.h"
#include "domain/snils.h"

static bool digest_name(const struct keyring *k, const char *what, const char *text, struct arena *mem, uint8_t *ret,
                        struct err *e)
{
    const char *normal;
    if (!name_normal(text, mem, &normal, e)) {
        snprintf(e->code, sizeof e->code, "personal.%s", what);
        return false;
    }
    digest8(k, what, bytes_str(normal), ret);
    return true;
}

static bool digest_birth(const struct keyring *k, const char *what, const char *text, uint8_t *ret, struct err *e)
{
    struct date d;
    if (!date_parse(text, &d))
        return err_set(e, ERR_INPUT, "personal.birth_date", "must be a date, YYYY-MM-DD");
    digest8(k, what, bytes_str(text), ret);
    return true;
}

static bool digest_snils(const struct keyring *k, const char *text, uint8_t *ret, struct err *e)
{
    char normal[12];
    if (!snils_normal(text, normal))
        return err_set(e, ERR_INPUT, "personal.snils", "must be 11 digits or NNN-NNN-NNN NN");
    digest8(k, "snils", bytes_str(normal), ret);
    return true;
}

bool digest_one(const struct keyring *k, enum digest_use use, const char *text, struct arena *mem, uint8_t ret[DIGEST_BYTES],
                struct err *e)
{
    switch (use) {
    case DIGEST_SURNAME:
        return digest_name(k, "surname", text, mem, ret, e);
    case DIGEST_NAME:
        return digest_name(k, "name", text, mem, ret, e);
    case DIGEST_PATRONYMIC:
        return digest_name(k, "patronymic", text, mem, ret, e);
    case DIGEST_BIRTH:
        return digest_birth(k, "birth", text, ret, e);
    case DIGEST_HOLDER_BIRTH:
        return digest_birth(k, "holder_birth", text, ret, e);
    case DIGEST_SNILS:
        return digest_snils(k, text, ret, e);
    default:
        must(!"a use of digests");
        return false;
    }
}

bool person_digests(const struct keyring *k, const PB(Personal) * p, struct arena *mem, struct person_digest *ret,
                    struct err *e)
{
    struct person_digest d = {.has_patronymic = p->patronymic[0] != '\0', .has_snils = p->snils[0] != '\0'};
    if (!digest_one(k, DIGEST_SURNAME, p->surname, mem, d.surname, e) || !digest_one(k, DIGEST_NAME, p->name, mem, d.name, e))
        return false;
    if (d.has_patronymic && !digest_one(k, DIGEST_PATRONYMIC, p->patronymic, mem, d.patronymic, e))
        return false;
    if (!digest_one(k, DIGEST_BIRTH, p->birth_date, mem, d.birth_date, e))
        return false;
    if (d.has_snils && !digest_one(k, DIGEST_SNILS, p->snils, mem, d.snils, e))
        return false;
    *ret = d;
    return true;
}

bool policy_digests(const struct keyring *k, const PB(Personal) * p, struct arena *mem, struct policy_digest *ret,
                    struct err *e)
{
    const char *holder;
    struct policy_digest d;
    if (!name_holder(p->surname, p->name, p->patronymic, mem, &holder, e))
        return false;
    if (!digest_one(k, DIGEST_HOLDER_BIRTH, p->birth_date, mem, d.holder_birth, e))
        return false;
    digest8(k, "holder", bytes_str(holder), d.holder_name);
    *ret = d;
    return true;
}

void application_fingerprint(const struct keyring *k, const PB(Application) * a, const PB(Personal) * p,
                             struct arena *mem, uint8_t ret[DIGEST_BYTES])
{
    PB(Application) said = *a; /* shallow: only packed, never freed */
    said.submitted_at = (char *)"";
    said.personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    said.personal = (PB(Personal) *)p;
    said.base.n_unknown_fields = 0;
    size_t n = protobuf_c_message_get_packed_size(&said.base);
    uint8_t *bytes = arena_alloc(mem, n);
    protobuf_c_message_pack(&said.base, bytes);
    digest8(k, "application", bytes_of(bytes, n), ret);
}
