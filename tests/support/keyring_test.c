#include "support/keyring_test.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_key(FILE *f, const char *name, const uint8_t key[32])
{
    char text[64];
    sodium_bin2base64(text, sizeof text, key, 32, sodium_base64_VARIANT_ORIGINAL);
    fprintf(f, "%s = %s\n", name, text);
}

static void print_all(FILE *f)
{
    uint8_t key[32], public[32], secret[32];
    memset(key, 1, sizeof key);
    fprintf(f, "[seal]\ncurrent = k1\n");
    print_key(f, "k1", key);
    memset(key, 2, sizeof key);
    fprintf(f, "[pseudonym]\n");
    print_key(f, "key", key);
    memset(key, 3, sizeof key);
    crypto_box_seed_keypair(public, secret, key);
    fprintf(f, "[deadletter]\nid = d1\n");
    print_key(f, "public", public);
    print_key(f, "secret", secret);
}

bool keyring_test_write(const char *path, struct err *e)
{
    FILE *f = sodium_init() >= 0 ? fopen(path, "we") : NULL;
    if (!f)
        return err_set(e, ERR_FATAL, "KEYRING-TEST", "%s: %s", path, strerror(errno));
    print_all(f);
    return fclose(f) == 0 || err_set(e, ERR_FATAL, "KEYRING-TEST", "%s: %s", path, strerror(errno));
}

bool keyring_test_temp(char ret[64], struct err *e)
{
    strcpy(ret, "/tmp/clinic-keyring-XXXXXX");
    int fd = mkstemp(ret);
    if (fd < 0)
        return err_set(e, ERR_FATAL, "KEYRING-TEST", "%s: %s", ret, strerror(errno));
    close(fd);
    return keyring_test_write(ret, e);
}
