/* main.c - svc_main: a service as a process. Options, ports, admin door, signals, watchdog, drain. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "runtime/admin.h"
#include "runtime/bus_kafka.h"
#include "runtime/describe.h"
#include "runtime/kafka_conf.h"
#include "runtime/options.h"
#include "runtime/report.h"
#include "runtime/runtime.h"
#include "runtime/runtime_metrics.h"
#include "runtime/store_redis.h"

#define TRIM_MS 5000     /* how often an idle process gives memory back, after work */
#define TURN_MS 250      /* longest wait of a turn: how late a signal is seen */
#define TABLES_MAX 16
enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_FENCED, EXIT_STUCK = 70 };

struct process {
    const struct svc_def *def;
    struct conf *conf;
    struct runtime_conf rc;
    struct keyring *keys;
    void *svc_conf;
    enum topic_id outputs[TOPIC_N + 3]; /* ended by TOPIC_N */
    struct store_table tables[TABLES_MAX];
    struct runtime *rt;
    struct bus *bus;
    struct store *store;
    struct pub *pub;
    struct reports *reports;
    void *outbound;
    struct admin *admin;
    pthread_t watchdog;
    int64_t watchdog_ms;
    atomic_llong beat_ms;    /* steady clock of the last turn */
    atomic_bool is_ready, is_over;
    atomic_llong drain_until_ms; /* 0 = not draining */
};

static atomic_int stops; /* SIGTERM and SIGINT so far */

static void on_stop(int sig)
{
    (void)sig;
    if (atomic_fetch_add(&stops, 1) > 0)
        _exit(EXIT_FAILED); /* the second one does not wait */
}

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return clock_ms(CLOCK_REALTIME);
}

/* --- probes and watchdog --- */
static bool is_turning(void *ctx)
{
    const struct process *p = ctx;
    return clock_ms(CLOCK_MONOTONIC) - atomic_load(&p->beat_ms) < p->watchdog_ms;
}

static bool is_ready(void *ctx)
{
    const struct process *p = ctx;
    return atomic_load(&p->is_ready) && is_turning(ctx);
}

static void *watch(void *ctx)
{
    struct process *p = ctx;
    while (!atomic_load(&p->is_over)) {
        nanosleep(&(struct timespec){0, 200000000}, NULL);
        int64_t until = atomic_load(&p->drain_until_ms);
        bool late = until && clock_ms(CLOCK_MONOTONIC) > until;
        if (atomic_load(&p->is_over) || (is_turning(p) && !late))
            continue;
        log_line(LOG_ERROR, late ? "SVC-DRAIN-LATE" : "SVC-STUCK", "the loop stands still; ending the process", NULL);
        _exit(late ? EXIT_FAILED : EXIT_STUCK);
    }
    return NULL;
}

/* --- configuration --- */
static bool read_level(const struct conf *c, enum log_level *ret, struct err *e)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(conf_str(c, "log.level"), names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return err_set(e, ERR_FATAL, "CONF-VALUE", "log.level: %s is not debug, info, warn or error", conf_str(c, "log.level"));
}

static bool read_conf(struct process *p, struct err *e)
{
    const struct conf *c = p->conf;
    const char *source = conf_str(c, "time.source");
    enum log_level level = LOG_INFO;
    if (!conf_check(c, e) || !read_level(c, &level, e))
        return false;
    log_open(p->def->name, level);
    p->rc = (struct runtime_conf){
        .batch_max_records = (size_t)conf_int(c, "batch.max_records"),
        .batch_max_bytes = (size_t)conf_int(c, "batch.max_bytes"),
        .gather_max_ms = (int)conf_int(c, "gather.max_ms"),
        .gather_patient_ms = (int)conf_int(c, "gather.patient_ms"),
        .spacing_ms = (int)conf_int(c, "transaction.spacing_ms"),
        .record_max_bytes = (size_t)conf_int(c, "record.max_bytes"),
        .tick_ms = (int)conf_int(c, "tick.ms"),
        .partitions = (int32_t)conf_int(c, "topics.partitions"),
        .time_from_event = strcmp(source, "event") == 0,
        .instance = conf_str(c, "instance"),
    };
    if (!p->rc.time_from_event && strcmp(source, "record") != 0)
        return err_set(e, ERR_FATAL, "CONF-VALUE", "time.source: %s is not record or event", source);
    p->watchdog_ms = conf_int(c, "watchdog.ms");
    return true;
}

/* What needs files, but no servers: --check-config goes as far as this. */
static bool load(struct process *p, struct err *e)
{
    const char *keyring = conf_str(p->conf, "keyring.file");
    if (!kafka_conf_check(p->conf, e))
        return false;
    if (!*keyring)
        return err_set(e, ERR_FATAL, "CONF-MISSING", "keyring.file: required, dead letters are sealed");
    if (!keyring_load(keyring, &p->keys, e))
        return false;
    return !p->def->init || p->def->init(p->conf, &p->svc_conf, e);
}

/* --- start --- */
static void outbound(void *ctx, enum event_id type, struct bytes packed, const char *trace, int64_t begun_ms)
{
    struct process *p = ctx;
    if (p->outbound)
        p->def->outbound->submit(p->outbound, type, packed, trace, begun_ms);
}

static bool start_outbound(struct process *p, struct err *e)
{
    char id[96];
    if (!p->def->outbound)
        return true;
    snprintf(id, sizeof id, "%s-%s-reports", p->def->name, p->rc.instance);
    if (!pub_open(p->conf, id, &p->pub, e))
        return false;
    p->reports = reports_new(p->pub, p->def, p->rc.partitions);
    p->outbound = p->def->outbound->start(p->conf, p->svc_conf, reports_send, p->reports, e);
    return p->outbound != NULL;
}

/* Every topic that a transaction may write: the service's outputs, its facts and its dead letters. */
static void list_outputs(struct process *p)
{
    size_t n = svc_output_topics(p->def->outputs, p->outputs);
    p->outputs[n++] = p->def->facts;
    p->outputs[n++] = p->def->dlq;
    p->outputs[n] = TOPIC_N;
}

static bool start_ports(struct process *p, struct err *e)
{
    size_t n = 0;
    list_outputs(p);
    for (; p->def->tables[n].name; n++) {
        const struct svc_table *t = &p->def->tables[n];
        must(n < TABLES_MAX);
        p->tables[n] = (struct store_table){t->name, t->source < 0 ? (int)p->def->facts : t->source, t->bucket_bits};
    }
    struct bus_conf bc = {.service = p->def->name, .instance = p->rc.instance, .inbox = (int)p->def->inbox,
                          .facts = (int)p->def->facts, .outputs = p->outputs,
                          .listener = runtime_listener(p->rt)};
    return store_redis_open(conf_str(p->conf, "store.url"), p->def->name, p->tables, n, &p->store, e) &&
           bus_kafka_open(p->conf, &bc, &p->bus, e);
}

static bool start(struct process *p, struct err *e)
{
    struct runtime_deps d = {.def = p->def, .conf = &p->rc, .svc_conf = p->svc_conf, .keys = p->keys,
                             .now_ms = wall_ms, .outbound = outbound, .outbound_ctx = p};
    struct admin_probes probes = {is_turning, is_ready, p};
    metric_set(metric_of(build_metric), CLINIC_VERSION, 1);
    p->rt = runtime_new(&d);
    atomic_store(&p->beat_ms, clock_ms(CLOCK_MONOTONIC));
    if (!admin_open(conf_str(p->conf, "admin.listen"), conf_str(p->conf, "admin.port_file"), &probes, &p->admin, e) ||
        !start_ports(p, e) || !start_outbound(p, e))
        return false;
    runtime_start(p->rt, p->bus, p->store);
    must(pthread_create(&p->watchdog, NULL, watch, p) == 0);
    log_line(LOG_INFO, "SVC-START", "service started", "version", CLINIC_VERSION, "instance", p->rc.instance, NULL);
    return true;
}

/* --- run and stop --- */
/* The heap keeps what the largest batch took; an idle service gives it back once. */
static void trim(const struct process *p, bool *worked, int64_t *trimmed_ms)
{
    int64_t now = clock_ms(CLOCK_MONOTONIC);
    if (!runtime_is_idle(p->rt)) {
        *worked = true;
    } else if (*worked && now - *trimmed_ms > TRIM_MS) {
        malloc_trim(0);
        *worked = false;
        *trimmed_ms = now;
    }
}

static bool run(struct process *p, struct err *e)
{
    bool worked = true;
    int64_t trimmed_ms = 0;
    while (atomic_load(&stops) == 0) {
        if (!runtime_turn(p->rt, TURN_MS, e))
            return false;
        trim(p, &worked, &trimmed_ms);
        atomic_store(&p->is_ready, runtime_is_ready(p->rt));
        atomic_store(&p->beat_ms, clock_ms(CLOCK_MONOTONIC));
        reports_retry(p->reports);
    }
    return true;
}

/* Nothing is in hand between turns: leave the group, let the outbound side finish, flush its reports. The watchdog
 * ends what takes longer than drain.ms. */
static void drain(struct process *p)
{
    log_line(LOG_INFO, "SVC-DRAIN", "stopping", NULL);
    int64_t ms = conf_int(p->conf, "drain.ms"), until = clock_ms(CLOCK_MONOTONIC) + ms;
    struct err e = {0};
    atomic_store(&p->is_ready, false);
    atomic_store(&p->drain_until_ms, until + 1);
    atomic_store(&p->beat_ms, until);
    if (p->outbound)
        p->def->outbound->stop(p->outbound);
    while (p->reports && reports_open(p->reports) > 0 && clock_ms(CLOCK_MONOTONIC) < until) {
        reports_retry(p->reports);
        if (!pub_flush(p->pub, 200, &e))
            log_line(LOG_DEBUG, "SVC-FLUSH", e.text, NULL);
    }
    runtime_free(p->rt);
    p->rt = NULL;
    p->bus->ops->close(p->bus);
    p->bus = NULL;
}

static void release(struct process *p)
{
    atomic_store(&p->is_over, true);
    if (p->watchdog)
        pthread_join(p->watchdog, NULL);
    if (p->pub)
        pub_close(p->pub);
    reports_free(p->reports);
    runtime_free(p->rt);
    if (p->bus)
        p->bus->ops->close(p->bus);
    if (p->store)
        p->store->ops->close(p->store);
    admin_close(p->admin);
    keyring_free(p->keys);
    conf_free(p->conf);
}

static int fail(const struct process *p, const struct err *e, int code)
{
    log_line(LOG_ERROR, e->code[0] ? e->code : "SVC-FAILED", e->text, "class", err_class_name(e->cls), NULL);
    (void)p;
    return code;
}

static int serve(struct process *p)
{
    struct err e = {0};
    struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!start(p, &e))
        return fail(p, &e, EXIT_FAILED);
    bool ok = run(p, &e);
    if (!ok) /* at once, as if killed: the successor finds out what happened */
        _exit(fail(p, &e, e.cls == ERR_FENCED ? EXIT_FENCED : EXIT_FAILED));
    drain(p);
    log_line(LOG_INFO, "SVC-STOP", "service stopped", NULL);
    return EXIT_OK;
}

/* The switches that show something and end; true = done. */
static bool show(const struct process *p, const struct cli *cli)
{
    if (cli->help)
        cli_usage(p->def->name, p->def->summary, p->conf, stdout);
    else if (cli->version)
        printf("%s %s\n", p->def->name, CLINIC_VERSION);
    else if (cli->describe && cli->json)
        describe_json(p->def, stdout);
    else if (cli->describe)
        describe_text(p->def, stdout);
    else if (cli->print_config)
        conf_print(p->conf, stdout);
    return cli->help || cli->version || cli->describe || cli->print_config;
}

static int act(struct process *p, int argc, char **argv)
{
    struct cli cli;
    struct err e = {0};
    if (!cli_parse(argc, argv, p->conf, &cli, NULL, &e)) {
        fprintf(stderr, "%s: %s\n", p->def->name, e.text);
        return EXIT_USAGE;
    }
    if (show(p, &cli))
        return EXIT_OK;
    if (!read_conf(p, &e) || !load(p, &e)) {
        if (!cli.check_config)
            return fail(p, &e, EXIT_USAGE);
        fprintf(stderr, "%s: %s\n", p->def->name, e.text);
        return EXIT_USAGE;
    }
    if (!cli.check_config)
        return serve(p);
    printf("%s: configuration is good\n", p->def->name);
    return EXIT_OK;
}

int svc_main(const struct svc_def *def, int argc, char **argv)
{
    static struct process p; /* one per program; probes and watchdog outlive the stack */
    const struct conf_opt *tables[] = {common_options, def->options, NULL};
    p.def = def;
    mallopt(M_ARENA_MAX, 2); /* librdkafka's threads would each keep a heap of their own */
    mallopt(M_MMAP_THRESHOLD, 256 << 10); /* and its buffers of a megabyte would stay in them, among small things */
    p.conf = conf_new(tables);
    int code = act(&p, argc, argv);
    release(&p);
    return code;
}
