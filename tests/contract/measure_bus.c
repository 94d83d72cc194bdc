/* How fast one transactional relay is on this machine: measure_bus [records per transaction] [transactions]
 * Consume -> produce one fact each -> send offsets -> commit, on the broker of CLINIC_TEST_KAFKA. Prints, asserts
 * nothing about time. */
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "kafka_env.h"
#include "ports_member.h"
#include "runtime/pub.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void fill(size_t n)
{
    struct pub *p;
    struct err e;
    char value[300];
    memset(value, 'v', sizeof value);
    OK(pub_open(kafka_env_conf(), "measure", &p, &e));
    for (size_t i = 0; i < n; i++) {
        struct bus_out o = {.topic = TOPIC_POLICY_INBOX, .partition = (int32_t)(i % 3), .key = {"k", 1},
                            .value = {value, sizeof value}};
        while (!pub_send(p, &o, NULL, NULL, &e))
            OK(pub_flush(p, 20000, &e));
    }
    OK(pub_flush(p, 20000, &e));
    pub_close(p);
}

static size_t gather(struct member *m, struct bus_rec *recs, size_t max)
{
    struct err e;
    size_t n = 0, got;
    while (n < max) {
        m->in_poll = true;
        OK(m->bus->ops->poll(m->bus, 100, recs + n, max - n, &got, &e));
        m->in_poll = false;
        n += got;
    }
    return n;
}

static double relay(struct member *m, struct bus_rec *recs, size_t n)
{
    int64_t next[3] = {-1, -1, -1};
    struct bus_pos pos[3];
    size_t pos_n = 0;
    struct timespec a, b;
    struct err e;
    clock_gettime(CLOCK_MONOTONIC, &a);
    member_begin(m);
    for (size_t i = 0; i < n; i++) {
        struct bus_out o = {.topic = m->facts, .partition = recs[i].partition, .key = {"person/1", 8},
                            .value = recs[i].value};
        OK(m->bus->ops->produce(m->bus, &o, &e));
        next[recs[i].partition] = recs[i].offset + 1;
    }
    for (int32_t p = 0; p < 3; p++)
        if (next[p] >= 0)
            pos[pos_n++] = (struct bus_pos){p, next[p]};
    OK(m->bus->ops->send_offsets(m->bus, pos, pos_n, &e));
    member_commit(m);
    clock_gettime(CLOCK_MONOTONIC, &b);
    return (double)(b.tv_sec - a.tv_sec) * 1000 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)atoi(argv[1]) : 100, txns = argc > 2 ? (size_t)atoi(argv[2]) : 200;
    char name[64];
    struct member m;
    if (!kafka_env_start())
        return KAFKA_ENV_SKIP;
    bus_env = &kafka_env;
    snprintf(name, sizeof name, "measure%d", (int)getpid());
    int64_t start = ports_mono_ms();
    member_open(&m, name, "0", TOPIC_POLICY_INBOX, TOPIC_POLICY_FACTS, TOPIC_ATTACHMENT_INBOX);
    member_await(&m, 3, NULL);
    printf("open to assigned %lld ms\n", (long long)(ports_mono_ms() - start));
    int64_t from[3];
    for (int32_t p = 0; p < 3; p++)
        from[p] = member_high(&m, m.inbox, p);
    fill(n * txns);
    for (int32_t p = 0; p < 3; p++)
        member_run(&m, p, from[p]);
    struct bus_rec *recs = calloc(n, sizeof *recs);
    double *took = calloc(txns, sizeof *took), first = 0, cpu = cpu_s();
    start = ports_mono_ms();
    for (size_t i = 0; i < txns; i++) {
        took[i] = relay(&m, recs, gather(&m, recs, n));
        first = i == 0 ? took[0] : first;
        m.bus->ops->done(m.bus);
    }
    double s = (double)(ports_mono_ms() - start) / 1000;
    cpu = cpu_s() - cpu;
    qsort(took, txns, sizeof *took, compare);
    printf("%zu records per transaction: %.0f records/s, %.1f txn/s, first %.1f ms, p50 %.1f, p90 %.1f, p99 %.1f ms, "
           "client CPU %.2f ms per txn\n", n, (double)(n * txns) / s, (double)txns / s, first, took[txns / 2],
           took[txns * 9 / 10], took[txns * 99 / 100], cpu * 1000 / (double)txns);
    start = ports_mono_ms();
    member_close(&m);
    printf("close %lld ms\n", (long long)(ports_mono_ms() - start));
    free(recs);
    free(took);
    kafka_env_stop();
    return 0;
}
