/* clock_step.c - preloaded into a service by the fault campaign: its wall clock jumps while it runs, as when somebody sets
 * the machine's date. The file named by CLOCK_STEP_FILE holds one int64, milliseconds to add to the wall clock.
 * As the kernel does it: CLOCK_MONOTONIC is left alone, and a wait until a time of the wall clock (librdkafka waits so, by
 * cnd_timedwait) ends early or late when the clock jumps meanwhile. That is why libfaketime does not do here: it makes
 * such waits relative once, when they begin.
 * Threads: any. Memory: one page, shared with the campaign. Errors: without the file the clock is the true one. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL
#define SLICE_NS (50 * 1000000LL) /* how soon a wait notices that the clock has jumped */
#define WALL_FROM_S 1000000000    /* a deadline beyond is of the wall clock: no machine is up for 30 years */

typedef int clock_fn(clockid_t clock, struct timespec *ret);
typedef int wait_fn(void *condition, void *mutex, const struct timespec *until);

static const volatile int64_t *step_ms;

static const volatile int64_t *open_step(void)
{
    const char *path = getenv("CLOCK_STEP_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *p = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return p == MAP_FAILED ? NULL : p;
}

__attribute__((constructor)) static void start(void) { step_ms = open_step(); }

static int64_t step_ns(void) { return step_ms ? *step_ms * 1000000 : 0; }

/* The functions behind ours. pthread_cond_timedwait has two versions; the first is of another type of condition. */
static void *behind(const char *name, const char *version)
{
    void *f = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return f ? f : dlsym(RTLD_NEXT, name);
}

static int true_clock(clockid_t clock, struct timespec *ret)
{
    static clock_fn *f;
    if (!f)
        f = (clock_fn *)behind("clock_gettime", NULL);
    return f(clock, ret);
}

static int64_t ns_of(const struct timespec *t) { return t->tv_sec * SECOND_NS + t->tv_nsec; }

static struct timespec of_ns(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
}

static int64_t true_ns(void)
{
    struct timespec t;
    true_clock(CLOCK_REALTIME, &t);
    return ns_of(&t);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int failed = true_clock(clock, ret);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *ret = of_ns(ns_of(ret) + step_ns());
    return failed;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    *ret = (struct timeval){.tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (ret)
        *ret = t.tv_sec;
    return t.tv_sec;
}

int timespec_get(struct timespec *ret, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, ret) == 0 ? base : 0;
}

/* Until the stepped clock says so; timed_out is what `wait` answers at the end of its time. */
static int wait_stepped(wait_fn *wait, int timed_out, void *condition, void *mutex, const struct timespec *until)
{
    for (;;) {
        int64_t now = true_ns(), left = ns_of(until) - (now + step_ns());
        struct timespec slice = of_ns(now + (left < SLICE_NS ? left : SLICE_NS));
        int rc = wait(condition, mutex, &slice); /* one of the past returns at once */
        if (rc != timed_out || left <= SLICE_NS)
            return rc;
    }
}

int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict until)
{
    static wait_fn *f;
    if (!f)
        f = (wait_fn *)behind("pthread_cond_timedwait", "GLIBC_2.3.2");
    return until->tv_sec < WALL_FROM_S ? f(c, m, until) : wait_stepped(f, ETIMEDOUT, c, m, until);
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until)
{
    static wait_fn *f;
    if (!f)
        f = (wait_fn *)behind("cnd_timedwait", NULL);
    return wait_stepped(f, thrd_timedout, c, m, until);
}
