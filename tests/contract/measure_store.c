/* How fast the store is on this machine: measure_store [records per partition and call] [seconds per line] [value bytes] [hash-max-listpack-value]
 *                                    [one put in so many has a due time]
 * Starts a redis-server of its own. Prints, asserts nothing. */
#include <hiredis/hiredis.h>
#include <string.h>
#include <sys/resource.h>
#include "ports.h"
#include "redis_server.h"
#include "runtime/store_redis.h"

enum { KEYS = 200000, PARTS = 2 };
static int64_t marks[PARTS];
static struct arena *mem;
static char value[4096];
static size_t value_bytes = 120, due_every = 50;

static struct bytes key_of(unsigned i) { return bytes_str(arena_printf(mem, "p%015u", i % KEYS)); }

static unsigned next_random(void)
{
    static unsigned x = 1;
    return x = x * 1664525 + 1013904223;
}

static size_t do_read(struct store *s, size_t n)
{
    struct store_get *g = ARENA_ARRAY(mem, struct store_get, n * PARTS);
    struct store_expect exp[PARTS];
    struct err e;
    size_t stale;
    for (int p = 0; p < PARTS; p++) {
        exp[p] = (struct store_expect){p, PORTS_FACTS, marks[p]};
        for (size_t i = 0; i < n; i++)
            g[(size_t)p * n + i] = (struct store_get){.part = p, .table = PORTS_PERSON, .key = key_of(next_random() >> 8)};
    }
    OK(s->ops->read(s, exp, PARTS, g, n * PARTS, mem, &stale, &e));
    return n * PARTS;
}

static size_t do_apply(struct store *s, size_t n)
{
    struct store_batch b[PARTS];
    struct err e;
    for (int p = 0; p < PARTS; p++) {
        struct store_put *puts = ARENA_ARRAY(mem, struct store_put, n);
        for (size_t i = 0; i < n; i++)
            puts[i] = (struct store_put){PORTS_PERSON, key_of(next_random() >> 8), {value, value_bytes},
                                          i % due_every ? 0 : 1800000000000 + next_random() % 1000000};
        b[p] = (struct store_batch){.part = p, .topic = PORTS_FACTS, .prev = marks[p], .next = marks[p] + (int64_t)n,
                                    .puts = puts, .n = n};
    }
    OK(s->ops->apply(s, b, PARTS, &e));
    for (int p = 0; p < PARTS; p++) {
        assert_int_equal(b[p].ret, STORE_APPLIED);
        marks[p] += (int64_t)n;
    }
    return n * PARTS;
}

static size_t do_both(struct store *s, size_t n) { return do_read(s, n) + do_apply(s, n) - n * PARTS; }

static double client_cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double info(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? atof(at + strlen(name)) : 0;
}

static double server_cpu_s(void)
{
    redisContext *c = redisConnect("127.0.0.1", redis_server_port());
    redisReply *r = redisCommand(c, "INFO cpu");
    double s = info(r->str, "used_cpu_sys:") + info(r->str, "used_cpu_user:");
    freeReplyObject(r);
    redisFree(c);
    return s;
}

/* CPU time counts on a machine that is not ours alone. */
static void measure(const char *name, size_t (*step)(struct store *, size_t), struct store *s, size_t n, int seconds)
{
    int64_t start = ports_mono_ms(), items = 0, calls = 0;
    double client = client_cpu_s(), server = server_cpu_s();
    while (ports_mono_ms() - start < seconds * 1000) {
        items += (int64_t)step(s, n);
        calls++;
        arena_reset(mem);
    }
    double took = (double)(ports_mono_ms() - start) / 1000;
    printf("%-12s %9.0f items/s  %6.2f ms per call of %zu  CPU per item: client %.2f us, server %.2f us\n", name,
           (double)items / took, took * 1000 / (double)calls, n * PARTS, (client_cpu_s() - client) * 1e6 / (double)items,
           (server_cpu_s() - server) * 1e6 / (double)items);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)atoi(argv[1]) : 250;
    int seconds = argc > 2 ? atoi(argv[2]) : 3;
    value_bytes = argc > 3 ? (size_t)atoi(argv[3]) : value_bytes;
    due_every = argc > 5 ? (size_t)atoi(argv[5]) : due_every;
    const char *more[] = {"--hash-max-listpack-value", argc > 4 ? argv[4] : "1024", NULL};
    if (value_bytes > sizeof value || !redis_server_start(more))
        return 2;
    struct store *s;
    struct err e;
    memset(value, 'v', sizeof value);
    mem = arena_new(1 << 28, 1 << 24);
    OK(store_redis_open(redis_server_unix_url(), "measure", ports_tables, PORTS_TABLES, &s, &e));
    measure("apply", do_apply, s, n, seconds);
    measure("read", do_read, s, n, seconds);
    measure("read+apply", do_both, s, n, seconds);
    s->ops->close(s);
    redis_server_stop();
    return 0;
}
