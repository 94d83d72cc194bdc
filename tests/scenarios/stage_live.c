/* stage_live.c - a scenario on the running platform: publishes as a portal and a register loader would, waits on the
 * public topics and the facts with a deadline. The scenario's clock travels as ce_time. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/bus_kafka.h"
#include "runtime/pub.h"
#include "runtime/store_redis.h"
#include "services/capacity/capacity.h"
#include "services/identity/identity.h"
#include "services/policy/policy.h"
#include "stage.h"
#include "wire/ce.h"

#define PARTS_MAX    64
#define PENDING_MAX  64
#define READ_AT_ONCE 500

static const enum topic_id watched[] = {TOPIC_APPLICATION, TOPIC_ATTACHMENT, TOPIC_NOTIFICATION,
                                        TOPIC_ATTACHMENT_FACTS, TOPIC_CAPACITY_FACTS, TOPIC_ATTACHMENT_INBOX};
#define WATCHED (sizeof watched / sizeof *watched)

/* Services that read registers: a record is in force when their projection has it. */
static const struct svc_def *const readers[] = {&identity_svc, &policy_svc, &capacity_svc};
#define READERS (sizeof readers / sizeof *readers)

struct live {
    struct stage stage;
    struct stage_live_conf lc;
    struct conf *conf;
    struct bus *bus;
    struct pub *pub;
    struct bus_log *logs[WATCHED][PARTS_MAX];
    struct store *stores[READERS];
    struct store_table tables[READERS][8];
    int32_t partitions;
    struct arena *mem;
    struct {
        enum topic_id topic;
        struct bytes key, value;
    } pending[PENDING_MAX]; /* register records not seen in force yet */
    size_t pending_n;
};

static struct live *live_of(struct stage *st) { return (struct live *)st; }

static int64_t mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static void clock_to(struct stage *st, int64_t now_ms)
{
    (void)st;
    (void)now_ms; /* every record carries it */
}

static bool publish(struct stage *st, const struct scn_record *r, struct err *e)
{
    struct live *l = live_of(st);
    struct bytes key = bytes_str(arena_strdup(l->mem, r->key));
    size_t n = protobuf_c_message_get_packed_size(r->msg);
    uint8_t *packed = arena_alloc(l->mem, n + 1);
    protobuf_c_message_pack(r->msg, packed);
    struct ce ce = {.event = r->type, .id = r->id, .source = "/clinic/scenario", .subject = r->subject, .time_ms = r->time_ms};
    char trace[CE_TRACEPARENT_BYTES];
    ce_child_traceparent("", r->subject[0] ? r->subject : r->id, trace);
    ce.traceparent = trace;
    struct bus_out o = {.topic = (int)r->topic, .partition = wire_partition(key, l->partitions), .key = key,
                        .value = bytes_of(packed, n)};
    o.headers = ce_headers(&ce, l->mem, &o.headers_n);
    if (!pub_send(l->pub, &o, NULL, NULL, e))
        return false;
    if (r->topic == TOPIC_REGISTRY_PERSON || r->topic == TOPIC_REGISTRY_POLICY || r->topic == TOPIC_REGISTRY_CLINIC) {
        must(l->pending_n < PENDING_MAX);
        l->pending[l->pending_n].topic = r->topic;
        l->pending[l->pending_n].key = key;
        l->pending[l->pending_n++].value = o.value;
    }
    return pub_flush(l->pub, l->lc.deadline_ms, e);
}

/* --- registers --- */

static bool in_force_at(struct live *l, size_t reader, size_t i, bool *ret, struct err *e)
{
    const struct svc_table *t = readers[reader]->tables;
    for (int table = 0; t[table].name; table++) {
        if (t[table].source != (int)l->pending[i].topic)
            continue;
        struct store_get get = {.part = wire_partition(l->pending[i].key, l->partitions), .table = table,
                                .key = l->pending[i].key};
        size_t stale;
        if (!l->stores[reader]->ops->read(l->stores[reader], NULL, 0, &get, 1, l->mem, &stale, e))
            return false;
        *ret = *ret && get.val.p && bytes_eq(get.val, l->pending[i].value);
    }
    return true;
}

/* A later record of the same key takes the place of an earlier one. */
static bool is_superseded(const struct live *l, size_t i)
{
    for (size_t j = i + 1; j < l->pending_n; j++)
        if (l->pending[j].topic == l->pending[i].topic && bytes_eq(l->pending[j].key, l->pending[i].key))
            return true;
    return false;
}

static bool all_in_force(struct live *l, bool *ret, struct err *e)
{
    *ret = true;
    for (size_t i = 0; *ret && i < l->pending_n; i++)
        for (size_t r = 0; *ret && r < READERS; r++)
            if (!is_superseded(l, i) && !in_force_at(l, r, i, ret, e))
                return false;
    return true;
}

static bool registered(struct stage *st, struct err *e)
{
    struct live *l = live_of(st);
    int64_t deadline = mono_ms() + l->lc.deadline_ms;
    bool all;
    for (;;) {
        if (!all_in_force(l, &all, e) && e->cls != ERR_RETRY)
            return false;
        if (all)
            break;
        if (mono_ms() > deadline)
            return err_set(e, ERR_INPUT, "SCENARIO", "registers: %zu records not in force within %d ms", l->pending_n,
                           l->lc.deadline_ms);
        pause_ms(5);
    }
    l->pending_n = 0;
    return true;
}

/* --- holding --- */

#define INSTANCES_MAX 8

static bool signal_one(const char *dir, const char *service, int instance, int number, bool *ret_found)
{
    char path[400];
    int pid = 0;
    snprintf(path, sizeof path, "%s/%s-%d", dir, service, instance);
    FILE *f = fopen(path, "re");
    *ret_found = f != NULL;
    if (!f)
        return true;
    bool ok = fscanf(f, "%d", &pid) == 1 && pid > 1 && kill(-pid, number) == 0;
    fclose(f);
    return ok;
}

/* Well under the session time-out of the group, after which the others would take over. */
static bool hold(struct stage *st, const char *service, bool held, struct err *e)
{
    struct live *l = live_of(st);
    int n = 0;
    bool found = l->lc.pids != NULL;
    for (; found && n < INSTANCES_MAX; n += found)
        if (!signal_one(l->lc.pids, service, n, held ? SIGSTOP : SIGCONT, &found))
            return err_set(e, ERR_INPUT, "SCENARIO", "%s-%d cannot be signalled", service, n);
    return n > 0 || err_set(e, ERR_INPUT, "SCENARIO", "no pid file of %s: give --pids", service);
}

/* --- watching --- */

static bool read_log(struct live *l, struct bus_log *log, int wait_ms, struct seen *s, size_t *ret_n, struct err *e)
{
    struct bus_rec recs[READ_AT_ONCE];
    int64_t next;
    if (!l->bus->ops->log_read(l->bus, log, wait_ms, recs, READ_AT_ONCE, ret_n, &next, e)) {
        *ret_n = 0;
        return e->cls == ERR_RETRY;
    }
    for (size_t i = 0; i < *ret_n; i++)
        seen_add(s, recs[i].topic, recs[i].key, recs[i].ce_type.p, recs[i].ce_type.n, recs[i].value);
    l->bus->ops->done(l->bus);
    return true;
}

static bool read_all(struct live *l, struct seen *s, char *why, size_t cap)
{
    struct err e = {0};
    size_t total = 0, n = 0;
    for (size_t t = 0; t < WATCHED; t++)
        for (int32_t p = 0; p < l->partitions; p++, total += n)
            if (!read_log(l, l->logs[t][p], 0, s, &n, &e)) {
                snprintf(why, cap, "%s", e.text);
                return false;
            }
    if (!total)
        pause_ms(5);
    return true;
}

static bool until(struct stage *st, struct seen *s, bool (*holds)(void *ctx, char *why, size_t cap), void *ctx,
                  char *why, size_t cap)
{
    struct live *l = live_of(st);
    int64_t deadline = mono_ms() + l->lc.deadline_ms;
    do {
        if (!read_all(l, s, why, cap))
            return false;
        if (holds(ctx, why, cap))
            return true;
    } while (mono_ms() < deadline);
    return false;
}

/* --- opening --- */

/* A broker that has just started does not know its partitions yet. */
static bool once_more(const struct err *e, int64_t deadline)
{
    if (e->cls != ERR_RETRY || mono_ms() > deadline)
        return false;
    pause_ms(50);
    return true;
}

static bool open_log(struct live *l, size_t t, int32_t p, struct err *e)
{
    int64_t end;
    return l->bus->ops->high(l->bus, (int)watched[t], p, &end, e) &&
           l->bus->ops->log_open(l->bus, (int)watched[t], p, end, &l->logs[t][p], e);
}

static bool open_logs(struct live *l, int64_t deadline, struct err *e)
{
    for (size_t t = 0; t < WATCHED; t++)
        for (int32_t p = 0; p < l->partitions; p++)
            while (!open_log(l, t, p, e))
                if (!once_more(e, deadline))
                    return false;
    return true;
}

static bool ask_partitions(struct live *l, int64_t deadline, struct err *e)
{
    l->partitions = l->lc.partitions;
    while (l->partitions <= 0) {
        l->partitions = bus_kafka_partitions(l->bus, TOPIC_INTAKE_INBOX, e);
        if (l->partitions <= 0 && !once_more(e, deadline))
            return false;
    }
    return l->partitions <= PARTS_MAX || err_set(e, ERR_FATAL, "SCENARIO", "more than %d partitions", PARTS_MAX);
}

static bool open_stores(struct live *l, struct err *e)
{
    for (size_t r = 0; r < READERS; r++) {
        size_t n = 0;
        for (const struct svc_table *t = readers[r]->tables; t->name; t++, n++)
            l->tables[r][n] =
                (struct store_table){t->name, t->source < 0 ? (int)readers[r]->facts : t->source, t->bucket_bits};
        if (!store_redis_open(l->lc.redis, readers[r]->name, l->tables[r], n, &l->stores[r], e))
            return false;
    }
    return true;
}

static bool open_all(struct live *l, struct err *e)
{
    if (!conf_set(l->conf, "kafka.bootstrap.servers", l->lc.bootstrap, "--bootstrap", e) ||
        !bus_kafka_open_reader(l->conf, "scenarios", &l->bus, e) || !pub_open(l->conf, "scenarios", &l->pub, e))
        return false;
    int64_t deadline = mono_ms() + l->lc.deadline_ms;
    return ask_partitions(l, deadline, e) && open_stores(l, e) && open_logs(l, deadline, e);
}

static void close_stage(struct stage *st)
{
    struct live *l = live_of(st);
    for (size_t t = 0; l->bus && t < WATCHED; t++)
        for (int32_t p = 0; p < l->partitions; p++)
            l->bus->ops->log_close(l->bus, l->logs[t][p]);
    for (size_t r = 0; r < READERS; r++)
        if (l->stores[r])
            l->stores[r]->ops->close(l->stores[r]);
    if (l->pub)
        pub_close(l->pub);
    if (l->bus)
        l->bus->ops->close(l->bus);
    conf_free(l->conf);
    arena_free(l->mem);
    free(l);
}

static const struct stage_ops live_ops = {
    .clock = clock_to, .publish = publish, .registered = registered, .hold = hold, .until = until, .close = close_stage};

bool stage_live_open(const struct stage_live_conf *lc, struct stage **ret, struct err *e)
{
    static const struct conf_opt none[] = {{0}};
    static const struct conf_opt *const tables[] = {none, NULL};
    struct live *l = calloc(1, sizeof *l);
    must(l);
    *l = (struct live){.stage.ops = &live_ops, .lc = *lc, .conf = conf_new(tables),
                       .mem = arena_new((size_t)1 << 30, 1 << 20)};
    if (!open_all(l, e)) {
        close_stage(&l->stage);
        return false;
    }
    *ret = &l->stage;
    return true;
}
