/* keyring.c - reading of a keyring file. Errors name file and line, never a key. */
#include "wire/keyring.h"
#include <stdio.h>
#include <string.h>
#include "base/inifile.h"

/* A key whose "=" was forgotten is read as a name, so what is too long for one is not repeated. */
static bool bad_key(struct err *e, const char *what, const char *rule)
{
    return err_set(e, ERR_FATAL, "KEYRING", "%s %s", strlen(what) < KEYRING_ID_BYTES ? what : "a long name", rule);
}

static bool read_key(const char *name, const char *text, uint8_t ret[32], struct err *e)
{
    size_t n = 0;
    const char *end = NULL;
    uint8_t key[32];
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    bool ok = sodium_base642bin(key, sizeof key, text, strlen(text), NULL, &n, &end, variant) == 0;
    ok = ok && n == sizeof key && *end == '\0';
    if (ok)
        memcpy(ret, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return ok || bad_key(e, name, "is not 32 bytes in base64");
}

static bool read_once(const char *name, const char *text, uint8_t ret[32], bool *seen, struct err *e)
{
    if (*seen)
        return bad_key(e, name, "is given twice");
    return *seen = read_key(name, text, ret, e);
}

static bool read_id(const char *name, const char *text, char ret[KEYRING_ID_BYTES], struct err *e)
{
    if (!*text || strlen(text) >= KEYRING_ID_BYTES || *ret)
        return bad_key(e, name, "is empty, too long or given twice");
    snprintf(ret, KEYRING_ID_BYTES, "%s", text);
    return true;
}

static struct seal_key *find_seal(struct keyring *k, const char *id)
{
    for (size_t i = 0; i < k->seal_n; i++)
        if (strcmp(k->seal[i].id, id) == 0)
            return &k->seal[i];
    return NULL;
}

/* Two keys of one: the same bits never both encrypt and make nonces. */
static bool add_seal(struct keyring *k, const char *id, const char *text, struct err *e)
{
    uint8_t master[crypto_kdf_KEYBYTES];
    if (k->seal_n == KEYRING_SEAL_MAX)
        return bad_key(e, id, "is one key too many");
    struct seal_key *to = &k->seal[k->seal_n];
    if (find_seal(k, id) || strlen(id) >= sizeof to->id)
        return bad_key(e, id, "has a name too long or given twice");
    if (!read_key(id, text, master, e))
        return false;
    snprintf(to->id, sizeof to->id, "%s", id);
    crypto_kdf_derive_from_key(to->box, sizeof to->box, 1, "sealdata", master);
    crypto_kdf_derive_from_key(to->nonce, sizeof to->nonce, 2, "sealdata", master);
    sodium_memzero(master, sizeof master);
    k->seal_n++;
    return true;
}

static bool on_key(void *ctx, const struct ini_line *l, struct err *e)
{
    struct keyring *k = ctx;
    const char *section = l->section, *key = l->key, *value = l->value;
    if (strcmp(section, "seal") == 0)
        return strcmp(key, "current") == 0 ? read_id(key, value, k->current_id, e) : add_seal(k, key, value, e);
    if (strcmp(section, "pseudonym") == 0 && strcmp(key, "key") == 0)
        return read_once(key, value, k->name_key, &k->has_name_key, e);
    if (strcmp(section, "deadletter") == 0) {
        if (strcmp(key, "id") == 0)
            return read_id(key, value, k->box_id, e);
        if (strcmp(key, "public") == 0)
            return read_once(key, value, k->box_public, &k->has_box_public, e);
        if (strcmp(key, "secret") == 0)
            return read_once(key, value, k->box_secret, &k->has_box_secret, e);
    }
    return bad_key(e, key, "is not a key of a keyring");
}

static bool check_box(const struct keyring *k, struct err *e)
{
    uint8_t pub[crypto_box_PUBLICKEYBYTES];
    if (!k->has_box_public || !*k->box_id)
        return bad_key(e, "[deadletter]", "needs id and public: without them a record cannot be set aside");
    if (!k->has_box_secret)
        return true;
    if (crypto_scalarmult_base(pub, k->box_secret) != 0 || memcmp(pub, k->box_public, sizeof pub) != 0)
        return bad_key(e, "[deadletter]", "secret does not belong to public");
    return true;
}

static bool check_ring(struct keyring *k, struct err *e)
{
    k->current = find_seal(k, k->current_id);
    if ((k->seal_n > 0 || *k->current_id) && !k->current)
        return bad_key(e, "[seal]", "current names no key");
    return check_box(k, e);
}

bool keyring_load(const char *path, struct keyring **ret, struct err *e)
{
    must(sodium_init() >= 0);
    struct keyring *k = sodium_malloc(sizeof *k);
    must(k);
    memset(k, 0, sizeof *k);
    if (!inifile_each(path, on_key, k, e)) {
        keyring_free(k);
        return false;
    }
    if (!check_ring(k, e)) {
        keyring_free(k);
        return err_prefix(e, "%s", path);
    }
    sodium_mprotect_readonly(k);
    *ret = k;
    return true;
}

void keyring_free(struct keyring *k) { sodium_free(k); }
bool keyring_can_seal(const struct keyring *k) { return k && k->current; }
bool keyring_can_name(const struct keyring *k) { return k && k->has_name_key; }
