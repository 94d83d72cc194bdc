#include "records.h"
#include "fuzz.h"

size_t records_read(struct bytes in, struct record ret[RECORDS_MAX])
{
    struct fuzz_in at = {in.p, in.n};
    size_t n = 0;
    while (at.n >= 2 && n < RECORDS_MAX) {
        struct record *r = &ret[n++];
        r->kind = fuzz_u8(&at);
        r->flags = fuzz_u8(&at);
        r->key = fuzz_take(&at, fuzz_u8(&at));
        size_t low = fuzz_u8(&at), high = fuzz_u8(&at);
        r->value = fuzz_take(&at, low | high << 8);
    }
    return n;
}

static void put(uint8_t *to, size_t *n, const void *p, size_t len)
{
    if (len)
        memcpy(to + *n, p, len);
    *n += len;
}

size_t records_write(const struct record *r, size_t n, uint8_t *to, size_t max)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        size_t key_n = r[i].key.n < 255 ? r[i].key.n : 255, value_n = r[i].value.n < 65535 ? r[i].value.n : 65535;
        if (len + 5 + key_n + value_n > max)
            continue;
        put(to, &len, (uint8_t[]){r[i].kind, r[i].flags, (uint8_t)key_n}, 3);
        put(to, &len, r[i].key.p, key_n);
        put(to, &len, (uint8_t[]){(uint8_t)value_n, (uint8_t)(value_n >> 8)}, 2);
        put(to, &len, r[i].value.p, value_n);
    }
    return len;
}
