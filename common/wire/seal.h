/* seal.h - keys: sealing of personal data, pseudonyms, digests, dead-letter boxes. libsodium.
 * A keyring is an INI file; a service gets only the sections it needs:
 *   [seal]        current = k1      k1 = <base64, 32 bytes>  k0 = ...   intake, identity, policy, notification, gateway
 *   [pseudonym]   key = <base64, 32 bytes>                              intake, identity, policy, gateway, attachctl
 *   [deadletter]  id = d1  public = <base64>  secret = <base64>         public: everyone, required; secret: attachctl
 * Base64 is the standard alphabet with padding. Rotation: add a key and make it current; old boxes still open.
 * Pure after loading: seal() derives the nonce from key, text and context, so the same input gives the same bytes.
 * Keys are mlocked and zeroed on free. Threads: read-only after load. */
#ifndef CLINIC_SEAL_H
#define CLINIC_SEAL_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "clinic/attach/v1/application.pb-c.h"
#include "clinic/attach/v1/events.pb-c.h"

#define PERSON_REF_LEN 16 /* base64url characters, 96 bits */

struct keyring;
/* gives. With file and line, never with a key: ERR_FATAL INI-OPEN, KEYRING; ERR_INPUT INI-LINE. */
bool keyring_load(const char *path, struct keyring **ret, struct err *e) MUST_CHECK;
void keyring_free(struct keyring *k);
bool keyring_can_seal(const struct keyring *k);
bool keyring_can_name(const struct keyring *k);  /* has the pseudonym key */

/* Seal Personal for an application; result in the arena. Needs keyring_can_seal (must). */
Clinic__Attach__V1__Sealed *seal_personal(const struct keyring *k, const Clinic__Attach__V1__Personal *p,
                                          const char *application_id, struct arena *mem);
/* ERR_INPUT unknown key id, or box does not open. */
bool seal_open(const struct keyring *k, const Clinic__Attach__V1__Sealed *s, const char *application_id,
               struct arena *mem, Clinic__Attach__V1__Personal **ret, struct err *e) MUST_CHECK;

/* Pseudonym of a policy number in normal form ("<16 digits>", "T:<9 digits>", "O:<series> <number>"): 16 characters +
 * NUL. Keyed BLAKE2b-128 of "person_ref", NUL and the number, cut to 96 bits. Needs keyring_can_name (must). */
void person_ref_of(const struct keyring *k, const char *policy_norm, char ret[PERSON_REF_LEN + 1]);
/* Keyed 8-byte digest for registers and fingerprints; `what` separates uses ("surname", "birth"). Same need. */
void digest8(const struct keyring *k, const char *what, struct bytes text, uint8_t ret[8]);

/* Sealed box for a dead letter (random); needs only the public part. */
struct bytes deadletter_box(const struct keyring *k, struct bytes plain, struct arena *mem);
const char *deadletter_key_id(const struct keyring *k);
bool deadletter_open(const struct keyring *k, struct bytes box, struct arena *mem, struct bytes *ret,
                     struct err *e) MUST_CHECK;

/* UUIDv5 (RFC 9562) of SOURCE/external_ref in the platform's namespace, for example "MOSRU/12-345":
 * portals in any language compute the same id. 36 characters + NUL. SOURCE without its prefix SOURCE_. */
#define APPLICATION_NAMESPACE "6f1d9c52-3c8e-5b1a-9d43-8a1f0c2e7b60"
void application_id_of(Clinic__Attach__V1__Source source, const char *external_ref, char ret[37]);
/* UUIDv5 of a name in a namespace of 16 bytes. */
void uuid_v5(const uint8_t space[16], struct bytes name, char ret[37]);
bool uuid_to_bytes(const char *text, uint8_t ret[16]);
void uuid_to_text(const uint8_t id[16], char ret[37]);
#endif
