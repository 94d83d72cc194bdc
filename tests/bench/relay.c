/* relay.c - one hop of the floor: consume, produce, send offsets, commit, nothing else. The same adapter, and so the same
 * client settings, as the services. What a service costs above this is what its logic, its state and Redis cost. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "runtime/bus_kafka.h"
#include "tests/bench/bench_conf.h"

static const struct conf_opt options[] = {
    {"from", CONF_STR, NULL, 0, 0, false, "topic to read"},
    {"to", CONF_STR, NULL, 0, 0, false, "topic to write"},
    {"name", CONF_STR, NULL, 0, 0, false, "group and transactional id"},
    {"batch", CONF_INT, "1000", 1, 10000, false, "largest batch"},
    {"gather.ms", CONF_MS, "3", 0, 1000, false, "longest gathering when busy: that of the services, gather.max_ms"},
    {"partitions", CONF_INT, "6", 1, 1000, false, "partitions of the topics"},
    {NULL},
};

struct relay {
    struct bus *bus;
    int from, to;
    int32_t partitions;
    struct bus_pos pos[1000];
    bool owned[1000];
    bool fresh[1000]; /* assigned, not yet resumed */
};

static volatile sig_atomic_t stopping;
static void on_term(int signo)
{
    (void)signo;
    stopping = 1;
}

static void assigned(void *ctx, const int32_t *parts, size_t n)
{
    struct relay *r = ctx;
    for (size_t i = 0; i < n; i++)
        r->owned[parts[i]] = r->fresh[parts[i]] = true;
}

static void revoked(void *ctx, const int32_t *parts, size_t n, bool lost)
{
    struct relay *r = ctx;
    (void)lost;
    for (size_t i = 0; i < n; i++)
        r->owned[parts[i]] = false;
}

static bool resume(struct relay *r, struct err *e)
{
    for (int32_t p = 0; p < r->partitions; p++) {
        int64_t at = 0;
        if (!r->fresh[p] || !r->owned[p])
            continue;
        if (!r->bus->ops->committed(r->bus, p, &at, e))
            return false;
        if (at < 0 && !r->bus->ops->high(r->bus, r->from, p, &at, e)) /* what the services left there is not ours */
            return false;
        if (!r->bus->ops->seek(r->bus, p, at, e) || !r->bus->ops->pause(r->bus, p, false, e))
            return false;
        r->fresh[p] = false;
    }
    return true;
}

static bool commit(struct relay *r, const struct bus_rec *recs, size_t n, struct err *e)
{
    const struct bus_ops *ops = r->bus->ops;
    struct bus_pos pos[64];
    size_t pos_n = 0;
    if (!ops->begin(r->bus, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct bus_out out = {r->to, recs[i].partition, recs[i].key, recs[i].value, 0, recs[i].headers, recs[i].headers_n};
        while (!ops->produce(r->bus, &out, e))
            if (e->cls != ERR_RETRY)
                return false;
        size_t k = 0;
        while (k < pos_n && pos[k].partition != recs[i].partition)
            k++;
        if (k == pos_n)
            pos[pos_n++].partition = recs[i].partition;
        pos[k].next = recs[i].offset + 1;
    }
    while (!ops->send_offsets(r->bus, pos, pos_n, e))
        if (e->cls != ERR_RETRY)
            return false;
    while (!ops->commit(r->bus, e))
        if (e->cls != ERR_RETRY)
            return false;
    return true;
}

/* As the runtime gathers: what is there at once when idle; when a batch was large, wait for more. */
static bool turn(struct relay *r, const struct conf *c, struct bus_rec *recs, size_t *last, struct err *e)
{
    size_t max = (size_t)conf_int(c, "batch"), n = 0, more = 0;
    if (!r->bus->ops->poll(r->bus, 100, recs, max, &n, e))
        return e->cls == ERR_RETRY;
    int64_t end = bench_now_us() + conf_int(c, "gather.ms") * 1000;
    while (*last > 1 && n && n < max && bench_now_us() < end) {
        if (!r->bus->ops->poll(r->bus, 1, recs + n, max - n, &more, e))
            break;
        n += more;
    }
    *last = n;
    bool ok = resume(r, e) || e->cls == ERR_RETRY;
    if (ok && n)
        ok = commit(r, recs, n, e);
    r->bus->ops->done(r->bus);
    return ok;
}

int main(int argc, char **argv)
{
    static struct relay r;
    struct conf *c = bench_conf(options, argc, argv);
    struct err e = {0};
    int to = bench_topic(c, "to");
    const enum topic_id outputs[] = {(enum topic_id)to, TOPIC_N};
    r.from = bench_topic(c, "from");
    r.to = to;
    r.partitions = (int32_t)conf_int(c, "partitions");
    struct bus_conf bc = {conf_str(c, "name"), "0", bench_topic(c, "from"), to, outputs, {assigned, revoked, &r}};
    if (!bus_kafka_open(c, &bc, &r.bus, &e))
        bench_die(&e);
    while (!r.bus->ops->recreate(r.bus, &e))
        if (e.cls != ERR_RETRY)
            bench_die(&e);
    signal(SIGTERM, on_term);
    size_t max = (size_t)conf_int(c, "batch"), last = 0;
    struct bus_rec *recs = calloc(max, sizeof *recs);
    must(recs);
    while (!stopping)
        if (!turn(&r, c, recs, &last, &e))
            bench_die(&e);
    r.bus->ops->close(r.bus);
    free(recs);
    return 0;
}
