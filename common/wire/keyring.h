/* keyring.h - what the files of seal share: the loaded keys. Not for services, which know only seal.h. */
#ifndef CLINIC_WIRE_KEYRING_H
#define CLINIC_WIRE_KEYRING_H
#include <sodium.h>
#include "wire/seal.h"

#define KEYRING_SEAL_MAX 16   /* keys of past rotations included */
#define KEYRING_ID_BYTES 16

struct seal_key {
    char id[KEYRING_ID_BYTES];
    uint8_t box[crypto_aead_xchacha20poly1305_ietf_KEYBYTES]; /* derived: encrypts */
    uint8_t nonce[crypto_generichash_KEYBYTES];               /* derived: makes nonces */
};
/* In memory of sodium_malloc: locked, between guard pages, zeroed when freed. */
struct keyring {
    struct seal_key seal[KEYRING_SEAL_MAX];
    size_t seal_n;
    const struct seal_key *current; /* NULL = no [seal] section */
    uint8_t name_key[crypto_generichash_KEYBYTES];
    bool has_name_key;
    char box_id[KEYRING_ID_BYTES];
    uint8_t box_public[crypto_box_PUBLICKEYBYTES], box_secret[crypto_box_SECRETKEYBYTES];
    bool has_box_public, has_box_secret;
    char current_id[KEYRING_ID_BYTES]; /* as read, until the walk is over */
};
#endif
