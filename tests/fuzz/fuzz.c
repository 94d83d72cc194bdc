#include "fuzz.h"
#include <sanitizer/lsan_interface.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/log.h"
#include "support/keyring_test.h"

#define MEM_RESERVE (256u << 20)
#define MEM_KEEP    (4u << 20)

static struct {
    struct arena *mem;
    struct keyring *keys;
    struct rulesets *rules;
    struct calendar *calendar;
    char keyring_path[64];
} world;

void fuzz_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: expected: %s\n", file, line, what);
    abort();
}

static void forget_keyring(void) { unlink(world.keyring_path); }

static void load(const struct err *e, bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz: %s %s\n", e->code, e->text);
    exit(1);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err e = {0};
    (void)argc;
    (void)argv;
    log_open("fuzz", LOG_ERROR + 1); /* refusals are what this is about: no lines for them */
    __lsan_disable();                /* kept for the process, partly in arenas, which the leak checker cannot see */
    world.mem = arena_new(MEM_RESERVE, MEM_KEEP);
    load(&e, keyring_test_temp(world.keyring_path, &e));
    atexit(forget_keyring);
    load(&e, keyring_load(world.keyring_path, &world.keys, &e));
    load(&e, rulesets_load_dir(SOURCE_DIR "/deploy/rules", &world.rules, &e));
    load(&e, calendar_load_dir(SOURCE_DIR "/deploy/calendar", &world.calendar, &e));
    __lsan_enable();
    return 0;
}

const struct keyring *fuzz_keys(void) { return world.keys; }
const struct rulesets *fuzz_rules(void) { return world.rules; }
const struct calendar *fuzz_calendar(void) { return world.calendar; }
const char *fuzz_keyring_path(void) { return world.keyring_path; }
struct arena *fuzz_mem(void) { return world.mem; }

struct fuzz_in fuzz_begin(const uint8_t *data, size_t n)
{
    arena_reset(world.mem);
    return (struct fuzz_in){data, n};
}

struct bytes fuzz_take(struct fuzz_in *in, size_t n)
{
    struct bytes b = bytes_of(in->p, n < in->n ? n : in->n);
    in->p += b.n;
    in->n -= b.n;
    return b;
}

struct bytes fuzz_rest(struct fuzz_in *in) { return fuzz_take(in, in->n); }

uint8_t fuzz_u8(struct fuzz_in *in)
{
    struct bytes b = fuzz_take(in, 1);
    return b.n ? *(const uint8_t *)b.p : 0;
}

uint32_t fuzz_u32(struct fuzz_in *in)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++)
        v |= (uint32_t)fuzz_u8(in) << 8 * i;
    return v;
}

char *fuzz_line(struct fuzz_in *in)
{
    size_t n = 0;
    while (n < in->n && in->p[n] != '\n' && in->p[n] != '\0')
        n++;
    char *s = fuzz_text(fuzz_take(in, n));
    fuzz_u8(in);
    return s;
}

void *fuzz_copy(struct bytes b) { return arena_dup(world.mem, b.p, b.n); }

char *fuzz_text(struct bytes b)
{
    char *s = arena_alloc(world.mem, b.n + 1);
    if (b.n)
        memcpy(s, b.p, b.n);
    s[b.n] = '\0';
    return s;
}

FILE *fuzz_stream(struct bytes b)
{
    FILE *f = b.n ? fmemopen(fuzz_copy(b), b.n, "r") : fopen("/dev/null", "re");
    EXPECT(f);
    return f;
}

int fuzz_file(struct bytes b, char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    EXPECT(fd >= 0);
    for (size_t at = 0; at < b.n;) {
        ssize_t n = write(fd, (const char *)b.p + at, b.n - at);
        EXPECT(n > 0);
        at += (size_t)n;
    }
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

void fuzz_file_close(int fd) { close(fd); }
