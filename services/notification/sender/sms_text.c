#include "sms_text.h"
#include <string.h>

/* Place of a code point in the GSM 7-bit default alphabet: its code, 0x1b00 | code behind an escape, -1 = not in it. */
static const uint16_t gsm_basic[128] = {
    '@', 0xa3, '$', 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, '\n', 0xd8, 0xf8, '\r', 0xc5, 0xe5,
    0x394, '_', 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0xffff, 0xc6, 0xe6, 0xdf, 0xc9,
    ' ', '!', '"', '#', 0xa4, '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    0xa1, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 0xc4, 0xd6, 0xd1, 0xdc, 0xa7,
    0xbf, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0xe4, 0xf6, 0xf1, 0xfc, 0xe0,
};
static const struct {
    uint16_t code_point;
    uint8_t code;
} gsm_escaped[] = {{'\f', 0x0a}, {'^', 0x14}, {'{', 0x28}, {'}', 0x29}, {'\\', 0x2f},
                   {'[', 0x3c},  {'~', 0x3d}, {']', 0x3e}, {'|', 0x40}, {0x20ac, 0x65}};

static int gsm_code(uint32_t cp)
{
    for (int i = 0; i < 128; i++)
        if (gsm_basic[i] == cp)
            return i;
    for (size_t i = 0; i < sizeof gsm_escaped / sizeof gsm_escaped[0]; i++)
        if (gsm_escaped[i].code_point == cp)
            return 0x1b00 | gsm_escaped[i].code;
    return -1;
}

/* Next code point; '?' for a byte that does not belong. Advances *s by at least one. */
static uint32_t next_code_point(const char **s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*s;
    int len = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
    uint32_t cp = len == 1 ? p[0] : len ? p[0] & (0x7fU >> len) : '?';
    for (int i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *s += i;
            return '?';
        }
        cp = cp << 6 | (p[i] & 0x3f);
    }
    *s += len ? len : 1;
    bool good = len && cp >= least[len] && cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
    return good ? cp : '?';
}

static bool is_gsm(const char *text)
{
    while (*text)
        if (gsm_code(next_code_point(&text)) < 0)
            return false;
    return true;
}

/* Octets of a character; returns how many. */
static size_t encode(uint32_t cp, bool ucs2, uint8_t out[4])
{
    if (!ucs2) {
        int code = gsm_code(cp);
        out[0] = code > 0xff ? 0x1b : (uint8_t)code;
        out[1] = (uint8_t)code;
        return code > 0xff ? 2 : 1;
    }
    uint32_t pair = cp < 0x10000 ? cp : (0xd800 + ((cp - 0x10000) >> 10)) << 16 | (0xdc00 + ((cp - 0x10000) & 0x3ff));
    size_t n = cp < 0x10000 ? 2 : 4;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(pair >> (8 * (n - 1 - i)));
    return n;
}

static size_t octets_of(const char *text, bool ucs2)
{
    uint8_t out[4];
    size_t n = 0;
    while (*text)
        n += encode(next_code_point(&text), ucs2, out);
    return n;
}

#define HEADER_BYTES 6
/* Octets of text in one part of several: 153 places, or 67 units. */
static size_t part_room(bool ucs2) { return ucs2 ? 67 * 2 : 153; }

static void write_headers(struct sms *s, uint8_t ref)
{
    for (size_t i = 0; i < s->parts_n; i++)
        memcpy(s->parts[i].octets, (uint8_t[]){5, 0, 3, ref, (uint8_t)s->parts_n, (uint8_t)(i + 1)}, HEADER_BYTES);
}

static bool fill_parts(const char *text, struct sms *s)
{
    size_t room = part_room(s->ucs2) + HEADER_BYTES;
    struct sms_part *part = NULL;
    while (*text) {
        uint8_t out[4];
        size_t n = encode(next_code_point(&text), s->ucs2, out);
        if (!part || part->n + n > room) {
            if (s->parts_n == SMS_PARTS_MAX)
                return false;
            part = &s->parts[s->parts_n++];
            part->n = HEADER_BYTES;
        }
        memcpy(part->octets + part->n, out, n);
        part->n += n;
    }
    return true;
}

bool sms_split(const char *text, uint8_t ref, struct sms *ret)
{
    ret->ucs2 = !is_gsm(text);
    ret->parts_n = 0;
    ret->udh = octets_of(text, ret->ucs2) > (ret->ucs2 ? 140U : 160U);
    if (ret->udh) {
        bool whole = fill_parts(text, ret);
        write_headers(ret, ref);
        return whole;
    }
    ret->parts_n = 1;
    ret->parts[0].n = 0;
    while (*text)
        ret->parts[0].n += encode(next_code_point(&text), ret->ucs2, ret->parts[0].octets + ret->parts[0].n);
    return true;
}

size_t sms_parts(const char *text)
{
    struct sms s;
    return sms_split(text, 0, &s) ? s.parts_n : SMS_PARTS_MAX + 1;
}
