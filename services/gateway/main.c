/* gateway: the HTTP door as a process. Options, ports, signals, drain. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "about.h"
#include "base/log.h"
#include "catalogue.h"
#include "domain/ruleset.h"
#include "http.h"
#include "idem.h"
#include "runtime/admin.h"
#include "runtime/bus_kafka.h"
#include "runtime/kafka_conf.h"
#include "runtime/options.h"
#include "runtime/runtime_metrics.h"
#include "runtime/store_redis.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/intake/intake.h"
#include "tables.h"

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE };

struct program {
    struct conf *conf;
    struct gw gw;
    struct keyring *keys;
    struct rulesets *rules;
    struct pub *pub;
    struct bus *reader; /* asks for ends of logs */
    struct claims *claims;
    struct gw_http *http;
    struct admin *admin;
};

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static int64_t wall_ms(void) { return clock_ms(CLOCK_REALTIME); }
static int64_t tick_ms(void) { return clock_ms(CLOCK_MONOTONIC); }

/* --- ports --- */

static bool log_send(void *ctx, const struct bus_out *o, pub_done *done, void *done_ctx, struct err *e)
{
    return pub_send(((struct program *)ctx)->pub, o, done, done_ctx, e);
}
static bool log_is_up(void *ctx) { return pub_is_up(((struct program *)ctx)->pub); }
static bool log_high(void *ctx, int topic, int32_t part, int64_t *ret, struct err *e)
{
    struct program *p = ctx;
    return p->reader->ops->high(p->reader, topic, part, ret, e); /* on the thread of gw_ends */
}
static bool cache_take(void *ctx, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e)
{
    return claims_take(ctx, name, ttl_ms, ret_mine, e);
}
static bool cache_put(void *ctx, const char *name, struct bytes value, int64_t ttl_ms, struct err *e)
{
    return claims_put(ctx, name, value, ttl_ms, e);
}
static bool cache_get(void *ctx, const char *name, struct bytes *ret, struct err *e)
{
    return claims_get(ctx, name, ret, e);
}

/* A store keeps its table list, so each service has one for the life of the process. */
static bool open_store(const char *url, const struct svc_def *def, struct store_table tables[GW_TABLES_MAX],
                       struct store **ret, struct err *e)
{
    size_t n = gw_store_tables(def, tables);
    return store_redis_open(url, def->name, tables, n, ret, e);
}

static void close_worker(struct gw_worker *w, void *ctx)
{
    (void)ctx;
    if (w->intake)
        w->intake->ops->close(w->intake);
    if (w->attachment)
        w->attachment->ops->close(w->attachment);
    if (w->capacity)
        w->capacity->ops->close(w->capacity);
}

static bool open_stores(struct gw_worker *w, const char *url, struct err *e)
{
    static __thread struct store_table intake[GW_TABLES_MAX], attachment[GW_TABLES_MAX], capacity[GW_TABLES_MAX];
    return open_store(url, &intake_svc, intake, &w->intake, e) &&
           open_store(url, &attachment_svc, attachment, &w->attachment, e) &&
           open_store(url, &capacity_svc, capacity, &w->capacity, e);
}

/* The address was tried at start; connections are made when they are needed. */
static void open_worker(struct gw_worker *w, void *ctx)
{
    struct err e;
    must(open_stores(w, ctx, &e));
}

static bool try_store_url(const char *url, struct err *e)
{
    struct gw_worker w = {0};
    bool is_good = open_stores(&w, url, e);
    close_worker(&w, NULL);
    return is_good;
}

/* --- start --- */

static bool read_level(const struct conf *c, enum log_level *ret, struct err *e)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(conf_str(c, "log.level"), names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return err_set(e, ERR_FATAL, "CONF-VALUE", "log.level: must be debug, info, warn or error");
}

/* What needs files, but no servers: --check-config goes as far as this. */
static bool load(struct program *p, struct err *e)
{
    const struct conf *c = p->conf;
    enum log_level level = LOG_INFO;
    if (!conf_check(c, e) || !read_level(c, &level, e))
        return false;
    log_open("gateway", level);
    if (!kafka_conf_check(c, e) || !keyring_load(conf_str(c, "keyring.file"), &p->keys, e) ||
        !rulesets_load_dir(conf_str(c, "rules.dir"), &p->rules, e))
        return false;
    if (!keyring_can_seal(p->keys) || !keyring_can_name(p->keys))
        return err_set(e, ERR_FATAL, "GATEWAY-KEYS", "keyring.file: needs the sections [seal] and [pseudonym]");
    return try_store_url(conf_str(c, "store.url"), e);
}

static void set_up(struct program *p)
{
    const struct conf *c = p->conf;
    p->gw = (struct gw){
        .keys = p->keys,
        .rules = p->rules,
        .log = {log_send, log_is_up, log_high, p},
        .cache = {cache_take, cache_put, cache_get, p->claims},
        .partitions = (int32_t)conf_int(c, "topics.partitions"),
        .publish_ms = (int)conf_int(c, "publish.timeout"),
        .retry_after_s = (int)(conf_int(c, "retry.after") / 1000),
        .idempotency_ms = conf_int(c, "idempotency.term"),
        .clinics_ms = conf_int(c, "clinics.age"),
        .now_ms = wall_ms,
        .tick_ms = tick_ms,
        .finished = gw_http_finished,
        .again = gw_pool_push_after,
        .waits = gw_waits_new(),
        .recent = gw_recent_new(),
        .running = gw_running_new(),
        .catalogue = gw_catalogue_new(),
        .ends = gw_ends_new((int32_t)conf_int(c, "topics.partitions")),
        .requests = metric_of(&gw_metrics[GW_REQUESTS]),
        .seconds = metric_of(&gw_metrics[GW_SECONDS]),
        .publishes = metric_of(&gw_metrics[GW_PUBLISHES]),
    };
    gw_waits_run(p->gw.waits, &p->gw);
    gw_ends_run(p->gw.ends, &p->gw);
    p->gw.pool = gw_pool_new(&p->gw, (int)conf_int(c, "http.workers"), (size_t)conf_int(c, "http.queue"), open_worker,
                             close_worker, (void *)conf_str(c, "store.url"));
}

static bool write_port(const char *path, int port, struct err *e)
{
    FILE *f = path[0] ? fopen(path, "we") : NULL;
    if (!f)
        return !path[0] || err_set(e, ERR_FATAL, "HTTP-PORT", "http.port_file: cannot write %s", path);
    fprintf(f, "%d\n", port);
    return fclose(f) == 0 || err_set(e, ERR_FATAL, "HTTP-PORT", "http.port_file: cannot write %s", path);
}

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

/* Without Redis applications are still taken; without the broker nothing is. */
static bool is_ready(void *ctx) { return pub_is_up(((struct program *)ctx)->pub); }

static bool start(struct program *p, struct err *e)
{
    const struct conf *c = p->conf;
    struct gw_http_conf http = {
        .listen = conf_str(c, "http.listen"),
        .threads = (unsigned)conf_int(c, "http.threads"),
        .connections = (unsigned)conf_int(c, "http.connections"),
        .per_address = (unsigned)conf_int(c, "http.per_address"),
        .idle_s = (unsigned)(conf_int(c, "http.idle") / 1000),
    };
    struct admin_probes probes = {always, is_ready, p};
    char client_id[96];
    snprintf(client_id, sizeof client_id, "gateway-%s", conf_str(c, "instance"));
    if (!claims_open(conf_str(c, "store.url"), "gateway", &p->claims, e) || !pub_open(c, client_id, &p->pub, e) ||
        !bus_kafka_open_reader(c, client_id, &p->reader, e))
        return false;
    set_up(p);
    if (!gw_http_open(&p->gw, &http, &p->http, e) ||
        !write_port(conf_str(c, "http.port_file"), gw_http_port(p->http), e) ||
        !admin_open(conf_str(c, "admin.listen"), conf_str(c, "admin.port_file"), &probes, &p->admin, e))
        return false;
    metric_set(metric_of(build_metric), CLINIC_VERSION, 1);
    log_line(LOG_INFO, "GATEWAY-START", "taking requests", "port", log_i64(gw_http_port(p->http)), "version", CLINIC_VERSION,
             NULL);
    return true;
}

/* Requests first, then what they wait for. */
static void stop(struct program *p)
{
    admin_close(p->admin);
    gw_http_close(p->http, p->conf ? (int)conf_int(p->conf, "drain.ms") : 0);
    gw_pool_free(p->gw.pool);
    if (p->pub)
        pub_close(p->pub); /* answers every wait that is left */
    gw_waits_free(p->gw.waits);
    gw_recent_free(p->gw.recent);
    gw_running_free(p->gw.running);
    gw_catalogue_free(p->gw.catalogue);
    if (gw_ends_free(p->gw.ends) && p->reader)
        p->reader->ops->close(p->reader);
    if (p->claims)
        claims_close(p->claims);
    rulesets_free(p->rules);
    keyring_free(p->keys);
}

static int fail(const struct err *e, int code)
{
    log_line(LOG_ERROR, e->code[0] ? e->code : "GATEWAY-FAILED", e->text, "class", err_class_name(e->cls), NULL);
    return code;
}

/* Signals are blocked before any thread starts, so that only this one sees them. */
static int serve(struct program *p)
{
    struct err e = {0};
    sigset_t set;
    int sig;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!start(p, &e)) {
        stop(p);
        return fail(&e, EXIT_FAILED);
    }
    sigwait(&set, &sig);
    log_line(LOG_INFO, "GATEWAY-DRAIN", "stopping", NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* the second one does not wait */
    stop(p);
    log_line(LOG_INFO, "GATEWAY-STOP", "stopped", NULL);
    return EXIT_OK;
}

/* --- the command line --- */

static void print_names(const char *what, const json_t *list)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
        printf("%s%s\n", what, json_string_value(v));
}

static void describe(bool as_json)
{
    json_t *j = gw_describe();
    if (as_json) {
        json_dumpf(j, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        printf("gateway: %s\n", gw_summary);
        print_names("writes ", json_object_get(j, "outputs"));
        print_names("reads the projection of ", json_object_get(j, "reads"));
        print_names("", json_object_get(j, "routes"));
    }
    json_decref(j);
}

/* The switches that show something and end; true = done. */
static bool show(const struct program *p, const struct cli *cli)
{
    if (cli->help)
        cli_usage("gateway", gw_summary, p->conf, stdout);
    else if (cli->version)
        printf("gateway %s\n", CLINIC_VERSION);
    else if (cli->describe)
        describe(cli->json);
    else if (cli->print_config)
        conf_print(p->conf, stdout);
    return cli->help || cli->version || cli->describe || cli->print_config;
}

static int act(struct program *p, int argc, char **argv)
{
    struct cli cli;
    struct err e = {0};
    if (!cli_parse(argc, argv, p->conf, &cli, NULL, &e)) {
        fprintf(stderr, "gateway: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (show(p, &cli))
        return EXIT_OK;
    if (!load(p, &e)) {
        fprintf(stderr, "gateway: %s\n", e.text);
        return EXIT_USAGE;
    }
    if (!cli.check_config)
        return serve(p);
    printf("gateway: configuration is good\n");
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    static struct program p; /* threads outlive the stack of main's callees */
    const struct conf_opt *tables[] = {common_options, gw_options, NULL};
    p.conf = conf_new(tables);
    int code = act(&p, argc, argv);
    conf_free(p.conf);
    return code;
}
