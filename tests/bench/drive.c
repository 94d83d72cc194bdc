/* drive.c - submits to a topic at a rate and watches another until everything came out; prints one JSON object:
 * sent, seen, seconds (first to last seen), rate, and the delay submission -> visible: p50, p95, p99 in ms.
 * Records are matched by ce_subject. With `file` the records are applications (JSON lines); else opaque bytes of `size`. */
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "runtime/bus_kafka.h"
#include "runtime/pub.h"
#include "tests/bench/bench_conf.h"
#include "wire/ce.h"
#include "wire/json.h"
#include "wire/seal.h"

static const struct conf_opt options[] = {
    {"in", CONF_STR, NULL, 0, 0, false, "topic to submit to"},
    {"out", CONF_STR, NULL, 0, 0, false, "topic to watch; empty = do not watch"},
    {"rate", CONF_INT, "0", 0, 1000000, false, "records per second; 0 = as fast as possible"},
    {"count", CONF_INT, "1000", 1, 100000000, false, "records"},
    {"lead", CONF_INT, "0", 0, 100000000, false, "the first so many count for no delay: the clients of this program connect meanwhile"},
    {"file", CONF_STR, "", 0, 0, false, "applications, JSON lines"},
    {"skip", CONF_INT, "0", 0, 100000000, false, "lines of the file that earlier runs have used"},
    {"tag", CONF_STR, "b", 0, 0, false, "prefix of external references, to make runs distinct"},
    {"size", CONF_INT, "700", 1, 60000, false, "bytes of an opaque record"},
    {"from.now", CONF_BOOL, "1", 0, 0, false, "watch from the end; 0 = from the beginning"},
    {"send", CONF_BOOL, "1", 0, 0, false, "0 = watch only"},
    {"wait.s", CONF_INT, "60", 1, 3600, false, "longest wait for the rest"},
    {"partitions", CONF_INT, "6", 1, 1000, false, "partitions of the topics"},
    {NULL},
};

/* Submitted ids: open addressing, id text -> time sent. */
struct slot {
    char id[37];
    int64_t sent_us, seen_us;
    bool leads;
};
static struct slot *slots;
static size_t slots_n;

static struct slot *slot_of(const char *id, size_t len)
{
    size_t h = 5381;
    for (size_t i = 0; i < len; i++)
        h = h * 33 ^ (unsigned char)id[i];
    for (h &= slots_n - 1; slots[h].id[0]; h = (h + 1) & (slots_n - 1))
        if (strncmp(slots[h].id, id, len) == 0 && slots[h].id[len] == '\0')
            break;
    return &slots[h];
}

struct job {
    const struct conf *c;
    struct pub *pub;
    ProtobufCMessage **apps; /* of the file, parsed before the clock starts; NULL when opaque */
    size_t apps_n;
    struct arena *mem;
    double send_s; /* first send to last delivery report */
};

static void pace(const struct job *j, int64_t began, int64_t i)
{
    int64_t rate = conf_int(j->c, "rate");
    if (!rate)
        return;
    int64_t due = began + i * 1000000 / rate, now = bench_now_us();
    if (due > now) {
        struct timespec t = {(due - now) / 1000000, (due - now) % 1000000 * 1000};
        nanosleep(&t, NULL);
    }
}

static struct bytes application_of(const struct job *j, int64_t i, char id[37])
{
    ProtobufCMessage *m = j->apps[(size_t)i % j->apps_n];
    Clinic__Attach__V1__Application *a = (Clinic__Attach__V1__Application *)m;
    a->external_ref = arena_printf(j->mem, "%s-%lld", conf_str(j->c, "tag"), (long long)i);
    application_id_of(a->source, a->external_ref, id);
    size_t n = protobuf_c_message_get_packed_size(m);
    uint8_t *p = arena_alloc(j->mem, n);
    protobuf_c_message_pack(m, p);
    return bytes_of(p, n);
}

static struct bytes opaque_of(const struct job *j, int64_t i, char id[37])
{
    char ref[64];
    size_t n = (size_t)conf_int(j->c, "size");
    snprintf(ref, sizeof ref, "%s-%lld", conf_str(j->c, "tag"), (long long)i);
    application_id_of(CLINIC__ATTACH__V1__SOURCE__SOURCE_MOSRU, ref, id);
    uint8_t *p = arena_alloc(j->mem, n);
    for (size_t k = 0; k < n; k++) /* half of it repeats, as sealed and plain parts of an application do */
        p[k] = k % 2 ? (uint8_t)(k * 31) : (uint8_t)id[k % 36];
    return bytes_of(p, n);
}

static void send_one(const struct job *j, int64_t i)
{
    char id[37];
    struct err e = {0};
    arena_reset(j->mem);
    struct bytes value = j->apps ? application_of(j, i, id) : opaque_of(j, i, id);
    struct ce ce = {.event = EV_APPLICATION_SUBMITTED, .id = id, .source = "/bench", .subject = id,
                    .time_ms = (int64_t)time(NULL) * 1000};
    struct bus_out out = {.topic = bench_topic(j->c, "in"), .key = bytes_str(id), .value = value};
    out.partition = wire_partition(out.key, (int32_t)conf_int(j->c, "partitions"));
    out.headers = ce_headers(&ce, j->mem, &out.headers_n);
    struct slot *s = slot_of(id, 36);
    memcpy(s->id, id, sizeof s->id);
    s->leads = i < conf_int(j->c, "lead");
    __atomic_store_n(&s->sent_us, bench_now_us(), __ATOMIC_RELEASE);
    while (!pub_send(j->pub, &out, NULL, NULL, &e)) {
        struct timespec t = {0, 1000000};
        if (e.cls != ERR_RETRY)
            bench_die(&e);
        nanosleep(&t, NULL);
    }
}

static void *sender(void *ctx)
{
    struct job *j = ctx;
    struct err e = {0};
    int64_t began = bench_now_us(), count = conf_int(j->c, "count");
    for (int64_t i = 0; i < count; i++) {
        pace(j, began, i);
        send_one(j, i);
    }
    if (!pub_flush(j->pub, 60000, &e))
        bench_die(&e);
    j->send_s = (double)(bench_now_us() - began) / 1e6;
    return NULL;
}

/* Of the public topics only what tells the decision counts: the status that closes an application, or a notice that is not
 * the one of registration (N-01). */
static bool counts(const struct bus_rec *r)
{
    if (r->topic == TOPIC_NOTIFICATION) {
        Clinic__Attach__V1__NotificationIssued *m =
            clinic__attach__v1__notification_issued__unpack(NULL, r->value.n, r->value.p);
        bool decided = m && m->n_notices && strcmp(m->notices[0]->milestone, "N-01") != 0;
        clinic__attach__v1__notification_issued__free_unpacked(m, NULL);
        return decided;
    }
    if (r->topic != TOPIC_APPLICATION || !bytes_eq(r->ce_type, bytes_str(events[EV_STATUS_CHANGED].type)))
        return true;
    Clinic__Attach__V1__ApplicationStatusChanged *m =
        clinic__attach__v1__application_status_changed__unpack(NULL, r->value.n, r->value.p);
    bool closed = m && m->outcome;
    clinic__attach__v1__application_status_changed__free_unpacked(m, NULL);
    return closed;
}

struct watch {
    struct bus *bus;
    struct bus_log *logs[1000];
    int64_t first_us, last_us, seen;
};

static void note(struct watch *w, const struct bus_rec *r, int64_t now)
{
    if (!r->ce_subject.n || r->ce_subject.n > 36 || !counts(r))
        return;
    struct slot *s = slot_of(r->ce_subject.p, r->ce_subject.n);
    if (!s->id[0] || s->seen_us)
        return;
    s->seen_us = now;
    w->first_us = w->first_us ? w->first_us : now;
    w->last_us = now;
    w->seen++;
}

static void watch_once(struct watch *w, int32_t partitions)
{
    static struct bus_rec recs[2000];
    struct err e = {0};
    size_t n, total = 0;
    int64_t next;
    for (int32_t p = 0; p < partitions; p++) {
        if (!w->bus->ops->log_read(w->bus, w->logs[p], 0, recs, 2000, &n, &next, &e)) {
            if (e.cls == ERR_RETRY)
                continue;
            bench_die(&e);
        }
        int64_t now = bench_now_us();
        for (size_t i = 0; i < n; i++)
            note(w, &recs[i], now);
        total += n;
        w->bus->ops->done(w->bus);
    }
    if (!total) {
        struct timespec t = {0, 500000};
        nanosleep(&t, NULL);
    }
}

static void watch_open(struct watch *w, const struct conf *c)
{
    struct err e = {0};
    int topic = bench_topic(c, "out");
    if (!bus_kafka_open_reader(c, "bench-watch", &w->bus, &e))
        bench_die(&e);
    for (int32_t p = 0; p < conf_int(c, "partitions"); p++) {
        int64_t from = 0;
        while (conf_int(c, "from.now") && !w->bus->ops->high(w->bus, topic, p, &from, &e))
            if (e.cls != ERR_RETRY)
                bench_die(&e);
        if (!w->bus->ops->log_open(w->bus, topic, p, from, &w->logs[p], &e))
            bench_die(&e);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void report(const struct watch *w, int64_t count, double send_s)
{
    int64_t *delay = calloc((size_t)w->seen + 1, sizeof *delay), n = 0;
    must(delay);
    for (size_t i = 0; i < slots_n; i++)
        if (slots[i].seen_us && !slots[i].leads && n < w->seen)
            delay[n++] = slots[i].seen_us - slots[i].sent_us;
    qsort(delay, (size_t)n, sizeof *delay, by_value);
    double seconds = (double)(w->last_us - w->first_us) / 1e6;
    printf("{\"sent\": %lld, \"seen\": %lld, \"seconds\": %.3f, \"rate\": %.1f, \"p50\": %.1f, \"p95\": %.1f, \"p99\": %.1f, "
           "\"send_s\": %.3f}\n",
           (long long)count, (long long)w->seen, seconds, seconds > 0 ? (double)w->seen / seconds : 0,
           n ? (double)delay[n / 2] / 1e3 : 0, n ? (double)delay[n * 95 / 100] / 1e3 : 0,
           n ? (double)delay[n * 99 / 100] / 1e3 : 0, send_s);
    free(delay);
}

static ProtobufCMessage *parse(const char *line, struct arena *mem)
{
    json_error_t je;
    struct err e = {0};
    ProtobufCMessage *m = NULL;
    json_t *parsed = json_loads(line, 0, &je);
    must(parsed);
    if (!json_to_msg(parsed, events[EV_APPLICATION_SUBMITTED].msg, mem, &m, &e))
        bench_die(&e);
    json_decref(parsed);
    return m;
}

/* As many as are wanted, after those that earlier runs have used. */
static void read_applications(struct job *j, const char *path)
{
    struct arena *mem = arena_new((size_t)16 << 30, 1u << 20); /* for the life of the process */
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0, want = (size_t)conf_int(j->c, "count");
    if (!f) {
        perror(path);
        exit(2);
    }
    j->apps = ARENA_ARRAY(mem, ProtobufCMessage *, want);
    for (int64_t i = 0; j->apps_n < want && getline(&line, &cap, f) > 0; i++)
        if (i >= conf_int(j->c, "skip"))
            j->apps[j->apps_n++] = parse(line, mem);
    free(line);
    fclose(f);
    must(j->apps_n > 0);
}

/* For watch-only runs the ids are known from tag and count. */
static void remember(const struct job *j)
{
    char id[37];
    for (int64_t i = 0; i < conf_int(j->c, "count"); i++) {
        arena_reset(j->mem);
        (void)(j->apps ? application_of(j, i, id) : opaque_of(j, i, id));
        struct slot *s = slot_of(id, 36);
        memcpy(s->id, id, sizeof s->id);
        s->sent_us = bench_now_us();
    }
}

int main(int argc, char **argv)
{
    struct watch w = {0};
    struct err e = {0};
    struct conf *c = bench_conf(options, argc, argv);
    struct job j = {.c = c, .mem = arena_new(64u << 20, 1u << 20)};
    int64_t count = conf_int(c, "count");
    bool watching = conf_str(c, "out")[0] != '\0';
    pthread_t thread;
    for (slots_n = 1024; slots_n < (size_t)count * 2; slots_n *= 2)
        ;
    slots = calloc(slots_n, sizeof *slots);
    must(slots);
    if (conf_str(c, "file")[0])
        read_applications(&j, conf_str(c, "file"));
    if (!pub_open(c, "bench-drive", &j.pub, &e))
        bench_die(&e);
    if (watching)
        watch_open(&w, c);
    if (!conf_int(c, "send"))
        remember(&j);
    else
        must(pthread_create(&thread, NULL, sender, &j) == 0);
    int64_t end = bench_now_us() + (conf_int(c, "wait.s") + (conf_int(c, "rate") ? count / conf_int(c, "rate") : 0)) * 1000000;
    while (watching && w.seen < count && bench_now_us() < end)
        watch_once(&w, (int32_t)conf_int(c, "partitions"));
    if (conf_int(c, "send"))
        pthread_join(thread, NULL);
    report(&w, count, j.send_s);
    fflush(stdout);
    _exit(w.seen == count || !watching ? 0 : 1);
}
