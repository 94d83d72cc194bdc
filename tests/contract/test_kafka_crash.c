/* Exactly once under kill -9 and long stops, of the bus alone: workers relay numbered records from an inbox to its facts
 * partition by partition while the parent kills, stops and replaces them; afterwards every number is there once.
 *   test_kafka_crash [seed]          the parent
 *   test_kafka_crash worker SERVICE INSTANCE OFFSET...   one per partition: where this run's records begin */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "kafka_env.h"
#include "ports_member.h"
#include "runtime/bus_kafka.h"
#include "runtime/pub.h"

enum { WORKERS = 3, PARTS = 3, RECORDS = 30000, BATCH = 10, HITS = 10, RUN_LIMIT_MS = 240000 };
#define INBOX TOPIC_NOTIFICATION_INBOX
#define FACTS TOPIC_NOTIFICATION_FACTS

/* --- worker --- */
struct worker {
    struct bus *bus;
    bool owned[MEMBER_PARTS], is_set[MEMBER_PARTS]; /* set: sought and running */
    int64_t begin[MEMBER_PARTS];
};

static void on_assigned(void *ctx, const int32_t *parts, size_t n)
{
    struct worker *w = ctx;
    for (size_t i = 0; i < n; i++) {
        w->owned[parts[i]] = true;
        w->is_set[parts[i]] = false;
    }
}

static void on_revoked(void *ctx, const int32_t *parts, size_t n, bool lost)
{
    struct worker *w = ctx;
    (void)lost;
    for (size_t i = 0; i < n; i++)
        w->owned[parts[i]] = false;
}

static void end_if(const struct err *e)
{
    if (e->cls == ERR_FENCED || e->cls == ERR_FATAL) {
        fprintf(stderr, "worker %d: %s: %s\n", (int)getpid(), e->code, e->text);
        _exit(3);
    }
}

/* Every owned partition goes on where the group stands. */
static void position(struct worker *w)
{
    struct err e = {0};
    for (int32_t p = 0; p < MEMBER_PARTS; p++) {
        int64_t offset;
        if (!w->owned[p] || w->is_set[p])
            continue;
        w->is_set[p] = w->bus->ops->pause(w->bus, p, true, &e) && w->bus->ops->committed(w->bus, p, &offset, &e) &&
                       w->bus->ops->seek(w->bus, p, offset < 0 ? w->begin[p] : offset, &e) &&
                       w->bus->ops->pause(w->bus, p, false, &e);
        if (!w->is_set[p])
            end_if(&e);
    }
}

static bool produce_all(struct worker *w, const struct bus_rec *r, size_t n, struct bus_pos *pos, size_t *pos_n,
                        struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct bus_out o = {.topic = FACTS, .partition = r[i].partition, .key = r[i].key, .value = r[i].value};
        if (!w->bus->ops->produce(w->bus, &o, e))
            return false;
        size_t at = 0;
        while (at < *pos_n && pos[at].partition != r[i].partition)
            at++;
        *pos_n += at == *pos_n;
        pos[at] = (struct bus_pos){r[i].partition, r[i].offset + 1};
    }
    return true;
}

static bool transact(struct worker *w, const struct bus_rec *r, size_t n, struct err *e)
{
    struct bus_pos pos[MEMBER_PARTS];
    size_t pos_n = 0;
    return w->bus->ops->begin(w->bus, e) && produce_all(w, r, n, pos, &pos_n, e) &&
           w->bus->ops->send_offsets(w->bus, pos, pos_n, e) && w->bus->ops->commit(w->bus, e);
}

static void mend(struct worker *w, struct err *e)
{
    end_if(e);
    if (e->cls != ERR_ABORT || !w->bus->ops->abort(w->bus, e))
        while (!w->bus->ops->recreate(w->bus, e))
            end_if(e);
    memset(w->is_set, 0, sizeof w->is_set);
}

static int work(const char *service, const char *instance, char **begin)
{
    static const enum topic_id outputs[] = {FACTS, TOPIC_N};
    static struct bus_rec recs[BATCH];
    struct worker w = {0};
    struct bus_conf bc = {service, instance, INBOX, FACTS, outputs, {on_assigned, on_revoked, &w}};
    struct err e = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int p = 0; p < PARTS; p++)
        w.begin[p] = atoll(begin[p]);
    if (!bus_kafka_open(kafka_env_conf(), &bc, &w.bus, &e))
        return 2;
    for (;;) {
        size_t n = 0;
        if (!w.bus->ops->poll(w.bus, 50, recs, BATCH, &n, &e))
            end_if(&e);
        if (n > 0 && w.bus->ops->troubled(w.bus))
            while (!w.bus->ops->recreate(w.bus, &e))
                end_if(&e);
        if (n > 0 && !transact(&w, recs, n, &e))
            mend(&w, &e);
        w.bus->ops->done(w.bus);
        position(&w);
    }
}

/* --- parent --- */
static char service[64];
static char begin[PARTS][24];

static pid_t spawn(int ordinal)
{
    char instance[12];
    const char *argv[6 + PARTS] = {"test_kafka_crash", "worker", service, instance};
    snprintf(instance, sizeof instance, "%d", ordinal);
    for (int p = 0; p < PARTS; p++)
        argv[4 + p] = begin[p];
    pid_t pid = fork();
    must(pid >= 0);
    if (pid == 0) {
        execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static void fill(int first, int n)
{
    struct pub *p;
    struct err e;
    char value[80];
    OK(pub_open(kafka_env_conf(), "crash", &p, &e));
    for (int i = first; i < first + n; i++) {
        snprintf(value, sizeof value, "%s:%d", service, i); /* a broker may hold records of other runs */
        struct bus_out o = {.topic = INBOX, .partition = i % PARTS, .key = bytes_str(value), .value = bytes_str(value)};
        while (!pub_send(p, &o, NULL, NULL, &e))
            OK(pub_flush(p, 20000, &e));
    }
    OK(pub_flush(p, 20000, &e));
    pub_close(p);
}

static void sleep_ms(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); }

/* Kill, or stop for longer than a session lasts, one worker after the other, while records keep coming. The pauses are
 * the campaign's rhythm; nothing is waited for by them. */
static void torment(pid_t *pids, unsigned seed)
{
    for (int i = 0; i < HITS; i++) {
        int k = (int)(rand_r(&seed) % WORKERS);
        fill(RECORDS / HITS * i, RECORDS / HITS);
        sleep_ms(200 + rand_r(&seed) % 1500);
        if (i % 3 == 2) {
            kill(pids[k], SIGSTOP);
            sleep_ms(7000);
            kill(pids[k], SIGCONT);
        } else {
            kill(pids[k], SIGKILL);
            waitpid(pids[k], NULL, 0);
            pids[k] = spawn(k);
        }
    }
}

struct tally {
    unsigned char seen[RECORDS];
    int total, twice;
};

static void tally_one(struct bytes value, struct tally *t)
{
    char text[80];
    snprintf(text, sizeof text, "%.*s", (int)value.n, (const char *)value.p);
    char *colon = strchr(text, ':');
    if (!colon || (size_t)(colon - text) != strlen(service) || strncmp(text, service, strlen(service)) != 0)
        return;
    int k = atoi(colon + 1);
    assert_true(k >= 0 && k < RECORDS);
    t->twice += t->seen[k];
    t->total += !t->seen[k];
    t->seen[k] = 1;
}

static void tally_log(struct bus *b, int32_t part, int64_t *from, struct tally *t)
{
    static struct bus_rec recs[1000];
    struct bus_log *l;
    struct err e;
    int64_t high, next = *from;
    size_t n;
    OK(b->ops->high(b, FACTS, part, &high, &e));
    OK(b->ops->log_open(b, FACTS, part, *from, &l, &e));
    do {
        OK(b->ops->log_read(b, l, 200, recs, 1000, &n, &next, &e));
        for (size_t i = 0; i < n; i++)
            tally_one(recs[i].value, t);
        b->ops->done(b);
        *from = next;
    } while (n > 0);
    b->ops->log_close(b, l);
}

static int judge(struct bus *b, int64_t *from, pid_t *pids)
{
    static struct tally t;
    int64_t deadline = ports_mono_ms() + RUN_LIMIT_MS;
    while (t.total < RECORDS && ports_mono_ms() < deadline) {
        for (int32_t p = 0; p < PARTS; p++)
            tally_log(b, p, &from[p], &t);
        for (int k = 0; k < WORKERS; k++) /* fenced twice in a minute: a supervisor starts it again */
            if (waitpid(pids[k], NULL, WNOHANG) == pids[k])
                pids[k] = spawn(k);
    }
    printf("%d records, %d arrived, %d twice\n", RECORDS, t.total, t.twice);
    return t.total == RECORDS && t.twice == 0 ? 0 : 1;
}

static int parent(unsigned seed)
{
    int64_t from[PARTS];
    pid_t pids[WORKERS];
    struct bus *b = NULL;
    struct err e;
    snprintf(service, sizeof service, "crash%d", (int)getpid());
    printf("seed %u\n", seed);
    OK(bus_kafka_open_reader(kafka_env_conf(), "crash-judge", &b, &e));
    for (int32_t p = 0; p < PARTS; p++) {
        int64_t high;
        OK(b->ops->high(b, FACTS, p, &from[p], &e));
        OK(b->ops->high(b, INBOX, p, &high, &e));
        snprintf(begin[p], sizeof begin[p], "%lld", (long long)high);
    }
    for (int k = 0; k < WORKERS; k++)
        pids[k] = spawn(k);
    torment(pids, seed);
    int failed = judge(b, from, pids);
    for (int k = 0; k < WORKERS; k++) {
        kill(pids[k], SIGKILL);
        waitpid(pids[k], NULL, 0);
    }
    b->ops->close(b);
    return failed;
}

int main(int argc, char **argv)
{
    if (!kafka_env_start())
        return KAFKA_ENV_SKIP;
    log_open("crash", LOG_ERROR);
    if (argc == 4 + PARTS && strcmp(argv[1], "worker") == 0)
        return work(argv[2], argv[3], argv + 4);
    int failed = parent(argc > 1 ? (unsigned)atoi(argv[1]) : 1);
    kafka_env_stop();
    return failed;
}
