/* uuid.c - UUID text and bytes, and the id of an application (RFC 9562 section 5.5). */
#include <openssl/evp.h>
#include <string.h>
#include "base/err.h"
#include "wire/seal.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash_at(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

bool uuid_to_bytes(const char *text, uint8_t ret[16])
{
    uint8_t out[16];
    size_t n = 0;
    if (strnlen(text, 37) != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        if (is_dash_at(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int hi = hex_value(text[i]), lo = hex_value(text[i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        out[n++] = (uint8_t)(hi << 4 | lo);
        i++;
    }
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

static void hash_parts(const uint8_t space[16], const struct bytes *parts, size_t n, char ret[37])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *sha1 = EVP_MD_CTX_new();
    must(sha1 && EVP_DigestInit_ex(sha1, EVP_sha1(), NULL) == 1 && EVP_DigestUpdate(sha1, space, 16) == 1);
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
