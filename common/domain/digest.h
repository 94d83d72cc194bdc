/* digest.h - keyed digests by which personal data are compared without being read: what the registers of persons and
 * policies hold, and the fingerprint of an application. Pure.
 * One place for the normal forms and the names of uses, because the loader of registers and the services must agree:
 *   surname, name, patronymic   name.h normal form, uses "surname", "name", "patronymic"
 *   date of birth               YYYY-MM-DD, uses "birth" (person) and "holder_birth" (policy)
 *   SNILS                       11 digits, use "snils"
 *   whole name of a holder      name_holder(), use "holder"
 * Threads: any; the keyring is read-only. Errors: ERR_INPUT with e->code = field of Personal. */
#ifndef CLINIC_DIGEST_H
#define CLINIC_DIGEST_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "domain/pb.h"
#include "wire/seal.h"

#define DIGEST_BYTES 8

struct person_digest {
    uint8_t surname[DIGEST_BYTES], name[DIGEST_BYTES], patronymic[DIGEST_BYTES];
    uint8_t birth_date[DIGEST_BYTES], snils[DIGEST_BYTES];
    bool has_patronymic, has_snils; /* false: the field is empty, its digest is not set */
};

struct policy_digest {
    uint8_t holder_name[DIGEST_BYTES], holder_birth[DIGEST_BYTES];
};

/* mem: scratch. Names must be UTF-8, the date YYYY-MM-DD, the SNILS empty or in one of its two forms. */
bool person_digests(const struct keyring *k, const PB(Personal) * p, struct arena *mem, struct person_digest *ret,
                    struct err *e) MUST_CHECK;
/* Of the holder: surname, name, patronymic and date of birth of p. */
bool policy_digests(const struct keyring *k, const PB(Personal) * p, struct arena *mem, struct policy_digest *ret,
                    struct err *e) MUST_CHECK;

/* One digest of a PersonRecord or of a holder's birth, for a loader that keeps those of texts that come again and again:
 * the same bytes as in person_digests and policy_digests. */
enum digest_use { DIGEST_SURNAME, DIGEST_NAME, DIGEST_PATRONYMIC, DIGEST_BIRTH, DIGEST_SNILS, DIGEST_HOLDER_BIRTH, DIGEST_USE_N };
bool digest_one(const struct keyring *k, enum digest_use use, const char *text, struct arena *mem, uint8_t ret[DIGEST_BYTES],
                struct err *e) MUST_CHECK;

/* Fingerprint of what an application says: all of it but submitted_at, with the personal data in clear, so that a
 * repeat by another road or under another seal key is seen as the same.
 *   a   borrows; its personal block is not looked at   p   borrows; the personal data, opened */
void application_fingerprint(const struct keyring *k, const PB(Application) * a, const PB(Personal) * p,
                             struct arena *mem, uint8_t ret[DIGEST_BYTES]);
#endif
