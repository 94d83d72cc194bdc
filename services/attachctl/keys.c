#include "services/attachctl/keys.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define B64 64 /* characters of 32 bytes and more */
struct keys {
    char seal[B64], pseudonym[B64], public[B64], secret[B64], day[16];
};

enum { SEAL = 1, PSEUDONYM = 2, SECRET = 4 }; /* the public key is in every file */
static const struct {
    const char *name, *for_whom;
    int parts;
} files[] = {
    {"full.ini", "everything: keep it off the machines of the services", SEAL | PSEUDONYM | SECRET},
    {"seal.ini", "intake, identity, policy, notification, gateway", SEAL | PSEUDONYM},
    {"public.ini", "attachment, capacity", 0},
    {"operator.ini", "attachctl: loads registers, opens dead letters", PSEUDONYM | SECRET},
};
#define FILES_N (sizeof files / sizeof *files)

static void random_key(char ret[B64])
{
    unsigned char key[32];
    randombytes_buf(key, sizeof key);
    sodium_bin2base64(ret, B64, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof key);
}

static void fill(struct keys *k)
{
    unsigned char public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
    random_key(k->seal);
    random_key(k->pseudonym);
    crypto_box_keypair(public, secret);
    sodium_bin2base64(k->public, B64, public, sizeof public, sodium_base64_VARIANT_ORIGINAL);
    sodium_bin2base64(k->secret, B64, secret, sizeof secret, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(secret, sizeof secret);
    time_t now = time(NULL);
    strftime(k->day, sizeof k->day, "%Y%m%d", gmtime(&now));
}

static void print(FILE *f, size_t i, const struct keys *k)
{
    fprintf(f, "; %s\n", files[i].for_whom);
    if (files[i].parts & SEAL)
        fprintf(f, "[seal]\ncurrent = k%s\nk%s = %s\n", k->day, k->day, k->seal);
    if (files[i].parts & PSEUDONYM)
        fprintf(f, "[pseudonym]\nkey = %s\n", k->pseudonym);
    fprintf(f, "[deadletter]\nid = d%s\npublic = %s\n", k->day, k->public);
    if (files[i].parts & SECRET)
        fprintf(f, "secret = %s\n", k->secret);
}

static bool write_file(const char *dir, size_t i, const struct keys *k, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return err_set(e, ERR_FATAL, "KEYS-FILE", "%s: %s", path, strerror(errno));
    print(f, i, k);
    bool good = fflush(f) == 0 && fsync(fd) == 0;
    if (fclose(f) != 0 || !good)
        return err_set(e, ERR_FATAL, "KEYS-FILE", "%s: %s", path, strerror(errno));
    return true;
}

const char *keys_file(size_t i) { return i < FILES_N ? files[i].name : NULL; }

bool keys_new(const char *dir, struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, ERR_FATAL, "KEYS-SODIUM", "no source of random numbers");
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(e, ERR_FATAL, "KEYS-DIR", "%s: %s", dir, strerror(errno));
    for (size_t i = 0; i < FILES_N; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
        if (access(path, F_OK) == 0)
            return err_set(e, ERR_INPUT, "KEYS-EXIST", "%s exists: what it sealed could not be opened any more", path);
    }
    struct keys k;
    fill(&k);
    bool good = true;
    for (size_t i = 0; good && i < FILES_N; i++)
        good = write_file(dir, i, &k, e);
    sodium_memzero(&k, sizeof k);
    return good;
}
