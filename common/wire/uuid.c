/* uuid.c - UUID text and bytes, and the id of an application (RFC 9562 section 5.5). */
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include "base/err.h"
#include "wire/seal.h"

enum { IS_HEX = 0x10 };

/* Values of the digits, with IS_HEX; 0 = not a digit. */
#define H(c, v) [c] = IS_HEX | (v)
static const uint8_t hex_values[256] = {
    H('0', 0),  H('1', 1),  H('2', 2),  H('3', 3),  H('4', 4),  H('5', 5),  H('6', 6),  H('7', 7),
    H('8', 8),  H('9', 9),  H('a', 10), H('b', 11), H('c', 12), H('d', 13), H('e', 14), H('f', 15),
    H('A', 10), H('B', 11), H('C', 12), H('D', 13), H('E', 14), H('F', 15),
};
#undef H

static bool is_dash_at(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

bool uuid_to_bytes(const char *text, uint8_t ret[16])
{
    static const uint8_t at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    const uint8_t *u = (const uint8_t *)text;
    uint8_t out[16], all = IS_HEX;
    if (strnlen(text, 37) != 36 || u[8] != '-' || u[13] != '-' || u[18] != '-' || u[23] != '-')
        return false;
    for (size_t i = 0; i < 16; i++) {
        uint8_t hi = hex_values[u[at[i]]], lo = hex_values[u[at[i] + 1]];
        all &= hi & lo;
        out[i] = (uint8_t)(hi << 4 | (lo & 15));
    }
    if (!all)
        return false;
    memcpy(ret, out, 16);
    return true;
}

void uuid_to_text(const uint8_t id[16], char ret[37])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (is_dash_at(at))
            ret[at++] = '-';
        ret[at++] = hex[id[i] >> 4];
        ret[at++] = hex[id[i] & 15];
    }
    ret[at] = '\0';
}

/* Looked up once: EVP_sha1() would be looked up, under locks, for every hash. */
static EVP_MD *sha1_md;
static pthread_once_t sha1_once = PTHREAD_ONCE_INIT;

static void fetch_sha1(void)
{
    sha1_md = EVP_MD_fetch(NULL, "SHA1", NULL);
    must(sha1_md);
}

static void hash_parts(const uint8_t space[16], const struct bytes *parts, size_t n, char ret[37])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *sha1 = EVP_MD_CTX_new();
    pthread_once(&sha1_once, fetch_sha1);
    must(sha1 && EVP_DigestInit_ex(sha1, sha1_md, NULL) == 1 && EVP_DigestUpdate(sha1, space, 16) == 1);
    for (size_t i = 0; i < n; i++)
        must(EVP_DigestUpdate(sha1, parts[i].p, parts[i].n) == 1);
    must(EVP_DigestFinal_ex(sha1, hash, NULL) == 1);
    EVP_MD_CTX_free(sha1);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x50); /* version 5 */
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    uuid_to_text(hash, ret);
}

void uuid_v5(const uint8_t space[16], struct bytes name, char ret[37]) { hash_parts(space, &name, 1, ret); }

void application_id_of(Clinic__Attach__V1__Source source, const char *external_ref, char ret[37])
{
    static const char prefix[] = "SOURCE_";
    const ProtobufCEnumValue *v =
        protobuf_c_enum_descriptor_get_value(&clinic__attach__v1__source__descriptor, (int)source);
    uint8_t space[16];
    must(uuid_to_bytes(APPLICATION_NAMESPACE, space));
    const struct bytes parts[] = {
        bytes_str(v ? v->name + sizeof prefix - 1 : "UNSPECIFIED"), bytes_str("/"), bytes_str(external_ref)};
    hash_parts(space, parts, 3, ret);
}
