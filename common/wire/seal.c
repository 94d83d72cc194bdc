#include "wire/seal.h"
#include <string.h>
#include "wire/keyring.h"

typedef Clinic__Attach__V1__Personal Personal;
typedef Clinic__Attach__V1__Sealed Sealed;

enum {
    NONCE_N = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_N = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

/* The nonce depends on everything sealed, so that equal nonces mean equal boxes: a redone batch writes the same bytes
 * and no counter or random is needed. The length keeps id and text apart. */
static void make_nonce(const struct seal_key *key, struct bytes text, struct bytes id, uint8_t ret[NONCE_N])
{
    crypto_generichash_state st;
    uint8_t len[8];
    for (int i = 0; i < 8; i++)
        len[i] = (uint8_t)((uint64_t)id.n >> 8 * i);
    crypto_generichash_init(&st, key->nonce, sizeof key->nonce, NONCE_N);
    crypto_generichash_update(&st, len, sizeof len);
    crypto_generichash_update(&st, id.p, id.n);
    crypto_generichash_update(&st, text.p, text.n);
    crypto_generichash_final(&st, ret, NONCE_N);
}

Sealed *seal_personal(const struct keyring *k, const Personal *p, const char *application_id, struct arena *mem)
{
    must(keyring_can_seal(k));
    struct bytes id = bytes_str(application_id);
    size_t n = clinic__attach__v1__personal__get_packed_size(p);
    uint8_t *text = arena_alloc(mem, n);
    clinic__attach__v1__personal__pack(p, text);
    Sealed *s = ARENA_NEW(mem, Sealed);
    clinic__attach__v1__sealed__init(s);
    s->key_id = arena_strdup(mem, k->current->id);
    s->nonce = (ProtobufCBinaryData){NONCE_N, arena_alloc(mem, NONCE_N)};
    s->box = (ProtobufCBinaryData){n + TAG_N, arena_alloc(mem, n + TAG_N)};
    make_nonce(k->current, bytes_of(text, n), id, s->nonce.data);
    crypto_aead_xchacha20poly1305_ietf_encrypt(s->box.data, NULL, text, n, id.p, id.n, NULL, s->nonce.data,
                                               k->current->box);
    sodium_memzero(text, n);
    return s;
}

static const struct seal_key *seal_key_of(const struct keyring *k, const char *id)
{
    for (size_t i = 0; k && i < k->seal_n; i++)
        if (strcmp(k->seal[i].id, id) == 0)
            return &k->seal[i];
    return NULL;
}

bool seal_open(const struct keyring *k, const Sealed *s, const char *application_id, struct arena *mem,
               Personal **ret, struct err *e)
{
    const struct seal_key *key = seal_key_of(k, s->key_id);
    if (!key)
        return err_set(e, ERR_INPUT, "/sealed/key_id", "is not a key of the keyring");
    if (s->nonce.len != NONCE_N || s->box.len < TAG_N)
        return err_set(e, ERR_INPUT, "/sealed", "nonce or box is too short or too long");
    size_t n = s->box.len - TAG_N;
    uint8_t *text = arena_alloc(mem, n);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, s->box.data, s->box.len,
                                                   (const uint8_t *)application_id, strlen(application_id),
                                                   s->nonce.data, key->box) != 0)
        return err_set(e, ERR_INPUT, "/sealed/box", "does not open with its key for this application");
    Personal *p = clinic__attach__v1__personal__unpack(arena_pb(mem), n, text);
    sodium_memzero(text, n);
    if (!p)
        return err_set(e, ERR_INPUT, "/sealed/box", "does not hold the message it should");
    *ret = p;
    return true;
}

/* `what` ends with its NUL, so that no two uses share an input. */
static void keyed_hash(const struct keyring *k, const char *what, struct bytes text, uint8_t ret[16])
{
    must(keyring_can_name(k));
    crypto_generichash_state st;
    crypto_generichash_init(&st, k->name_key, sizeof k->name_key, 16);
    crypto_generichash_update(&st, (const uint8_t *)what, strlen(what) + 1);
    crypto_generichash_update(&st, text.p, text.n);
    crypto_generichash_final(&st, ret, 16);
}

void person_ref_of(const struct keyring *k, const char *policy_norm, char ret[PERSON_REF_LEN + 1])
{
    uint8_t hash[16];
    keyed_hash(k, "person_ref", bytes_str(policy_norm), hash);
    sodium_bin2base64(ret, PERSON_REF_LEN + 1, hash, 12, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void digest8(const struct keyring *k, const char *what, struct bytes text, uint8_t ret[8])
{
    uint8_t hash[16];
    keyed_hash(k, what, text, hash);
    memcpy(ret, hash, 8);
}

struct bytes deadletter_box(const struct keyring *k, struct bytes plain, struct arena *mem)
{
    uint8_t *box = arena_alloc(mem, plain.n + crypto_box_SEALBYTES);
    must(k->has_box_public && crypto_box_seal(box, plain.p, plain.n, k->box_public) == 0);
    return bytes_of(box, plain.n + crypto_box_SEALBYTES);
}

const char *deadletter_key_id(const struct keyring *k) { return k->box_id; }

bool deadletter_open(const struct keyring *k, struct bytes box, struct arena *mem, struct bytes *ret, struct err *e)
{
    if (!k->has_box_secret)
        return err_set(e, ERR_FATAL, "KEYRING", "the keyring has no [deadletter] secret");
    if (box.n < crypto_box_SEALBYTES)
        return err_set(e, ERR_INPUT, "/box", "is too short");
    uint8_t *text = arena_alloc(mem, box.n - crypto_box_SEALBYTES);
    if (crypto_box_seal_open(text, box.p, box.n, k->box_public, k->box_secret) != 0)
        return err_set(e, ERR_INPUT, "/box", "does not open with the dead-letter key");
    *ret = bytes_of(text, box.n - crypto_box_SEALBYTES);
    return true;
}
