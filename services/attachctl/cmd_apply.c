/* cmd_apply.c - attachctl apply FILE|-: submit applications, or with --withdraw withdrawals, as a portal would. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "services/attachctl/apply.h"
#include "services/attachctl/apply_http.h"
#include "services/attachctl/sender.h"
#include "wire/json.h"

struct apply {
    struct ctl *c;
    const char *url; /* NULL: Kafka */
    bool seal, withdraw, quiet;
    int64_t parallel, rate, retry;
    /* while running */
    struct keyring *keys;
    struct sender *sender;
    struct http *http;
    struct arena *mem;
    int64_t began_ms;
    double began;
    unsigned long sent, refused, accepted;
};

static void print_accepted(struct apply *a, const char *id, const char *ref)
{
    a->accepted++;
    if (a->quiet)
        return;
    if (a->c->json)
        ctl_line(json_pack("{s:s, s:o}", "application_id", id, "external_ref", ctl_text(ref)));
    else
        printf("%s\n", id);
}

/* Refused by the contract or by the gateway: the reference and the rule, never the content. */
static void print_refused(struct apply *a, const char *ref, const char *why)
{
    a->refused++;
    if (a->c->json)
        ctl_line(json_pack("{s:o, s:o}", "external_ref", ctl_text(ref), "refused", ctl_text(why)));
    else
        fprintf(stderr, "attachctl: %s: %s\n", ref, why);
}

static void print_sum(const struct apply *a)
{
    double seconds = ctl_seconds() - a->began;
    if (a->c->json)
        ctl_line(json_pack("{s:b, s:I, s:I, s:I, s:f}", "total", true, "submitted", (json_int_t)a->sent, "accepted",
                           (json_int_t)a->accepted, "refused", (json_int_t)a->refused, "seconds", seconds));
    else
        fprintf(stderr, "%lu submitted, %lu accepted, %lu refused, %.1f s\n", a->sent, a->accepted, a->refused, seconds);
}

static void pace(struct apply *a)
{
    if (a->rate == 0)
        return;
    double due = a->began + (double)a->sent / (double)a->rate, wait = due - ctl_seconds();
    if (wait <= 0)
        return;
    struct timespec t = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* Who the application is: both kinds of input carry source and external_ref. */
static bool identify(json_t *j, char id[37], const char **ret_ref, struct err *e)
{
    const char *source = json_string_value(json_object_get(j, "source"));
    *ret_ref = json_string_value(json_object_get(j, "external_ref"));
    char name[64];
    if (!source || !*ret_ref || !(*ret_ref)[0])
        return err_set(e, ERR_INPUT, "/external_ref", "source and external_ref are required");
    snprintf(name, sizeof name, "%s%s", strncmp(source, "SOURCE_", 7) == 0 ? "" : "SOURCE_", source);
    const ProtobufCEnumValue *v =
        protobuf_c_enum_descriptor_get_value_by_name(&clinic__attach__v1__source__descriptor, name);
    if (!v || v->value == 0)
        return err_set(e, ERR_INPUT, "/source", "unknown source");
    application_id_of((Clinic__Attach__V1__Source)v->value, *ret_ref, id);
    return true;
}

/* A portal of good manners seals what it publishes. */
static void seal(struct apply *a, Clinic__Attach__V1__Application *m, const char *id)
{
    if (!a->seal || m->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL)
        return;
    m->sealed = seal_personal(a->keys, m->personal, id, a->mem);
    m->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
}

static bool send_kafka(struct apply *a, json_t *j, const char *id, struct err *e)
{
    enum event_id event = a->withdraw ? EV_APPLICATION_WITHDRAWAL : EV_APPLICATION_SUBMITTED;
    ProtobufCMessage *m;
    char ce_id[80];
    if (!json_to_msg(j, events[event].msg, a->mem, &m, e))
        return false;
    if (!a->withdraw)
        seal(a, (Clinic__Attach__V1__Application *)m, id);
    snprintf(ce_id, sizeof ce_id, "apply-%lld-%lu", (long long)a->began_ms, a->sent);
    return sender_put(a->sender, TOPIC_INTAKE_INBOX, event, bytes_str(id), m, ce_id, id, e);
}

static void on_answer(void *ctx, const char *name, long status, const char *body)
{
    struct apply *a = ctx;
    char id[37];
    snprintf(id, sizeof id, "%.36s", name);
    const char *ref = strlen(name) > 37 ? name + 37 : "";
    if (status >= 200 && status < 300) {
        print_accepted(a, id, ref);
        return;
    }
    char why[400];
    snprintf(why, sizeof why, "%ld %.300s", status, body);
    print_refused(a, ref[0] ? ref : id, why);
}

static void send_http(struct apply *a, json_t *j, const char *id, const char *ref)
{
    char path[96], name[64 + 37];
    snprintf(path, sizeof path, a->withdraw ? "/v1/applications/%s/withdrawal" : "/v1/applications", id);
    snprintf(name, sizeof name, "%s %s", id, ref);
    http_post(a->http, path, name, json_dumps(j, JSON_COMPACT));
}

/* False: no use in going on. */
static bool submit(struct apply *a, json_t *j, struct err *e)
{
    char id[37];
    const char *ref;
    struct err bad;
    pace(a);
    a->sent++;
    bool good = identify(j, id, &ref, &bad);
    if (good && a->http) {
        send_http(a, j, id, ref);
        return true;
    }
    if (good && send_kafka(a, j, id, &bad)) {
        print_accepted(a, id, ref);
        arena_reset(a->mem);
        return true;
    }
    arena_reset(a->mem);
    if (bad.cls != ERR_INPUT || strncmp(bad.code, "CTL-", 4) == 0) {
        *e = bad;
        return false;
    }
    char why[320];
    snprintf(why, sizeof why, "%s: %s", bad.code, bad.text);
    print_refused(a, ref ? ref : "?", why);
    return true;
}

static bool submit_all(struct apply *a, FILE *from, const char *name, struct err *e)
{
    struct apply_reader r = {.from = from, .name = name};
    json_t *j;
    for (;;) {
        if (!apply_next(&r, &j, e))
            return false;
        if (!j)
            return true;
        bool good = submit(a, j, e);
        json_decref(j);
        if (!good)
            return false;
    }
}

static bool open_way(struct apply *a, struct err *e)
{
    if (a->url)
        return http_open(a->url, (int)a->parallel, (int)a->retry, on_answer, a, &a->http, e);
    if (a->seal && !ctl_keyring(a->c, &a->keys, e))
        return false;
    if (a->seal && !keyring_can_seal(a->keys))
        return err_set(e, ERR_INPUT, "keyring.file", "has no [seal] key");
    return sender_open(a->c, &a->sender, e);
}

static int run(struct apply *a, const char *path)
{
    struct err e = {0};
    FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!from) {
        fprintf(stderr, "attachctl: %s: %s\n", path, strerror(errno));
        return CTL_FAILED;
    }
    a->mem = arena_new(16 << 20, 1 << 20);
    a->began_ms = ctl_now_ms();
    a->began = ctl_seconds();
    bool good = open_way(a, &e) && submit_all(a, from, path, &e);
    if (a->http)
        http_finish(a->http);
    if (a->sender && good)
        good = sender_flush(a->sender, NULL, &e);
    sender_close(a->sender);
    keyring_free(a->keys);
    arena_free(a->mem);
    fclose(from);
    print_sum(a);
    if (!good)
        return ctl_fail(&e);
    return a->refused ? CTL_FOUND : CTL_OK;
}

int cmd_apply(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"http", required_argument, NULL, 'H'}, {"seal", no_argument, NULL, 's'},
                                          {"withdraw", no_argument, NULL, 'w'}, {"parallel", required_argument, NULL, 'p'},
                                          {"rate", required_argument, NULL, 'r'}, {"retry", required_argument, NULL, 't'},
                                          {"quiet", no_argument, NULL, 'q'}, CTL_OPTIONS, {NULL}};
    struct apply a = {.c = c, .parallel = 16, .retry = 60};
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:hq", longs, NULL)) >= 0) {
        if (opt == 'p' ? !ctl_number("--parallel", optarg, 1, 64, &a.parallel)
            : opt == 'r' ? !ctl_number("--rate", optarg, 0, 1000000, &a.rate)
                         : opt == 't' && !ctl_number("--retry", optarg, 0, 86400, &a.retry))
            return CTL_USAGE;
        if (opt == 'H')
            a.url = optarg;
        else if (opt == 's')
            a.seal = true;
        else if (opt == 'w')
            a.withdraw = true;
        else if (opt == 'q')
            a.quiet = true;
        else if (!strchr("prt", opt) && !ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (optind + 1 != argc)
        return ctl_usage(argv[0]);
    return run(&a, argv[optind]);
}
