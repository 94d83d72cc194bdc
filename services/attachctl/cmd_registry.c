/* cmd_registry.c - attachctl registry load FILE... and registry forms. A load is one transaction: readers see all of it
 * or nothing, however it ends. */
#include <signal.h>
#include <string.h>
#include "base/text.h"
#include "services/attachctl/reg.h"
#include "runtime/kafka_conf.h"
#include "services/attachctl/ctl_access.h"
#include "services/attachctl/sender.h"

#define REGION_OFFSET_MIN 180
#define ID_BYTES 160
#define SLOW_ROWS_PER_S 5000 /* slower than that a load is given up; measured: more than 100,000 */

struct load {
    struct ctl *c;
    struct sender *sender;
    int64_t began_ms; /* names this load in ce_id */
    int timeout_ms;   /* of the transaction */
    double opened;    /* ctl_seconds() */
    const char *file; /* prefix is of this one */
    unsigned turn;    /* how often another file had its turn: two files of a load may have one name */
    char prefix[120];
    size_t prefix_n;
};

/* The first asks for an orderly end, the second ends at once. */
static volatile sig_atomic_t stopped;
static void on_signal(int number) { stopped = number; }

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction once = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &once, NULL);
}

static void on_bad(void *ctx, const struct reg_finding *f)
{
    const struct load *l = ctx;
    if (!l->c->json) {
        printf("%s:%llu: ", f->file, (unsigned long long)f->line);
        if (f->record)
            printf("record %llu: ", (unsigned long long)f->record);
        printf("%s%s%s\n", f->field, f->field[0] ? ": " : "", f->rule);
        return;
    }
    json_t *j = json_pack("{s:o, s:I, s:o, s:s}", "file", ctl_text(f->file), "line", (json_int_t)f->line, "field",
                          ctl_text(f->field), "rule", f->rule);
    if (f->record)
        json_object_set_new(j, "record", json_integer((json_int_t)f->record));
    ctl_line(j);
}

/* "<load>/<turn>/<file>/<line or record>"; one is made for every row of millions. */
static void make_id(struct load *l, const char *file, uint64_t at, char ret[ID_BYTES])
{
    if (file != l->file) {
        l->file = file;
        l->prefix_n = (size_t)snprintf(l->prefix, sizeof l->prefix, "registry-%lld/%u/%.70s/", (long long)l->began_ms, ++l->turn,
                                       file);
    }
    char digits[20];
    size_t n = 0;
    for (; at || n == 0; at /= 10)
        digits[n++] = (char)('0' + at % 10);
    memcpy(ret, l->prefix, l->prefix_n);
    for (size_t i = 0; i < n; i++)
        ret[l->prefix_n + i] = digits[n - 1 - i];
    ret[l->prefix_n + n] = '\0';
}

static bool on_put(void *ctx, enum topic_id topic, enum event_id event, struct bytes key, const void *msg, const char *file,
                   uint64_t at, struct err *e)
{
    struct load *l = ctx;
    char ce_id[ID_BYTES];
    if (stopped)
        return err_set(e, ERR_ABORT, "CTL-STOPPED", "ended by a signal");
    make_id(l, file, at, ce_id);
    return sender_put(l->sender, topic, event, key, msg, ce_id, "", e);
}

static json_int_t per_second(uint64_t n, double seconds) { return seconds > 0 ? (json_int_t)((double)n / seconds + 0.5) : 0; }

static void print_sum(const struct ctl *c, const struct reg *r)
{
    if (!c->json)
        printf("%-28s %-14s %10s %10s %8s %8s %9s %9s\n", "FILE", "FORM", "ROWS", "PUBLISHED", "LEFT OUT", "BAD", "CHECK/S",
               "LOAD/S");
    for (size_t i = 0; i < reg_files(r); i++) {
        struct reg_sum s = reg_sum(r, i);
        json_int_t check = per_second(s.rows, s.seconds[0]), load = per_second(s.rows, s.seconds[1]);
        if (c->json)
            ctl_line(json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "file", ctl_text(s.file), "form", s.form, "rows",
                               (json_int_t)s.rows, "published", (json_int_t)s.published, "left_out", (json_int_t)s.left_out,
                               "bad", (json_int_t)s.bad, "check_rows_per_s", check, "load_rows_per_s", load));
        else
            printf("%-28s %-14s %10llu %10llu %8llu %8llu %9lld %9lld\n", s.file, s.form, (unsigned long long)s.rows,
                   (unsigned long long)s.published, (unsigned long long)s.left_out, (unsigned long long)s.bad, (long long)check,
                   (long long)load);
    }
}

static void print_total(const struct ctl *c, const struct reg *r, double seconds)
{
    unsigned long long rows = 0, published = 0, bad = 0;
    for (size_t i = 0; i < reg_files(r); i++) {
        struct reg_sum s = reg_sum(r, i);
        rows += s.rows;
        published += s.published;
        bad += s.bad;
    }
    const json_int_t rate = per_second(rows, seconds);
    if (c->json)
        ctl_line(json_pack("{s:b, s:I, s:I, s:I, s:f, s:I}", "total", true, "rows", (json_int_t)rows, "published",
                           (json_int_t)published, "bad", (json_int_t)bad, "seconds", seconds, "rows_per_s", rate));
    else
        printf("%llu rows, %llu records published, %llu bad rows, %.1f s, %lld rows/s\n", rows, published, bad, seconds,
               (long long)rate);
}

/* --- second pass: everything was checked --- */

/* A load is called by the names and sizes of its files. The same one made again ends at once what its predecessor, killed,
 * left open; another at the same time is none of its business. */
static void txn_id(const struct reg *r, char *ret, size_t n)
{
    static const uint8_t space[16] = "registry load";
    char name[64 * 128], uuid[37];
    size_t at = 0;
    for (size_t i = 0; i < reg_files(r); i++) {
        struct reg_sum s = reg_sum(r, i);
        at += (size_t)snprintf(name + at, sizeof name - at, "%.100s/%llu\n", s.file, (unsigned long long)s.bytes);
    }
    uuid_v5(space, bytes_of(name, at), uuid);
    snprintf(ret, n, LOAD_IDS "%s", uuid);
}

/* Long enough for a slow broker, and no longer: after a kill -9 readers wait so long, unless the load is made again. */
static int timeout_of(const struct ctl *c, const struct reg *r)
{
    int64_t ms = KAFKA_LOAD_WAIT_MS, longest = conf_int(c->conf, "load.longest");
    for (size_t i = 0; i < reg_files(r); i++)
        ms += (int64_t)(reg_sum(r, i).rows * 1000 / SLOW_ROWS_PER_S);
    return (int)(ms < longest ? ms : longest);
}

static bool publish(struct load *l, struct reg *r, struct err *e)
{
    static const enum topic_id outputs[] = {TOPIC_REGISTRY_CLINIC, TOPIC_REGISTRY_POLICY, TOPIC_REGISTRY_PERSON,
                                            TOPIC_ATTACHMENT_INBOX, TOPIC_N};
    char id[64];
    txn_id(r, id, sizeof id);
    l->timeout_ms = timeout_of(l->c, r);
    catch_signals();
    l->opened = ctl_seconds();
    return sender_open_txn(l->c, id, outputs, l->timeout_ms, &l->sender, e) && reg_publish(r, e) && sender_commit(l->sender, e);
}

/* The broker says only that the producer's time is over; of whose doing it is, the clock tells. */
static void explain_fence(const struct load *l, struct err *e)
{
    if (ctl_seconds() - l->opened < l->timeout_ms / 1000.0)
        err_prefix(e, "the same load was begun by somebody else");
    else
        err_prefix(e, "the load took longer than the %d s of its transaction (see load.longest)", l->timeout_ms / 1000);
}

/* A load that failed: what was wrong, and what readers see of it. */
static int give_up(struct load *l, struct err *e)
{
    struct err ignored;
    const bool fenced = strcmp(e->code, "BUS-FENCED") == 0, unknown = e->cls == ERR_UNKNOWN && !fenced;
    if (fenced)
        explain_fence(l, e);
    int code = ctl_fail(e);
    if (unknown)
        fputs("attachctl: whether it was committed is not known: readers see the whole load or nothing of it; load again\n", stderr);
    else if (!l->sender || fenced || sender_abort(l->sender, &ignored))
        fputs("attachctl: nothing of the load was published\n", stderr);
    else
        fprintf(stderr, "attachctl: nothing of the load will be seen; readers of its topics wait for the broker to end it, %d s at "
                "most, or until the same load is made again\n", l->timeout_ms / 1000);
    return code;
}

static int load(struct ctl *c, struct reg *r, struct load *l, bool skip_bad, bool check_only)
{
    struct err e = {0};
    double began = ctl_seconds();
    bool clean = reg_check(r, &e);
    if (!clean && e.cls != ERR_INPUT)
        return ctl_fail(&e);
    bool publishing = !check_only && (clean || (skip_bad && reg_whole(r)));
    if (publishing && !publish(l, r, &e))
        return give_up(l, &e);
    print_sum(c, r);
    print_total(c, r, ctl_seconds() - began);
    if (!clean && !publishing)
        fputs(skip_bad && !reg_whole(r) ? "attachctl: a file cannot be read to its end: nothing was published\n"
                                        : "attachctl: nothing was published\n", stderr);
    return clean ? CTL_OK : CTL_FOUND;
}

static int forms(const struct ctl *c)
{
    json_t *all = json_array();
    for (size_t i = 0; reg_form_name(i); i++)
        if (c->json)
            json_array_append_new(all, json_pack("{s:s, s:s}", "form", reg_form_name(i), "help", reg_form_help(i)));
        else
            printf("%-14s %s\n", reg_form_name(i), reg_form_help(i));
    if (c->json)
        ctl_print(json_incref(all));
    json_decref(all);
    return CTL_OK;
}

static int load_files(struct ctl *c, char **files, int n, const char *form, bool skip_bad, bool check_only)
{
    struct load l = {.c = c, .began_ms = ctl_now_ms()};
    struct keyring *keys = NULL;
    struct err e = {0};
    if (!check_only && !ctl_keyring(c, &keys, &e))
        return ctl_fail(&e);
    if (keys && !keyring_can_name(keys)) {
        keyring_free(keys);
        err_set(&e, ERR_INPUT, "keyring.file", "has no [pseudonym] key");
        return ctl_fail(&e);
    }
    struct reg_hooks hooks = {on_bad, on_put, &l};
    struct reg *r = reg_new(keys, text_day_at(l.began_ms, REGION_OFFSET_MIN), &hooks);
    reg_set_clock(r, ctl_seconds);
    bool good = true;
    for (int i = 0; i < n && good; i++)
        good = reg_add(r, files[i], form, &e);
    int code = good ? load(c, r, &l, skip_bad, check_only) : ctl_fail(&e);
    sender_close(l.sender);
    reg_free(r);
    keyring_free(keys);
    return code;
}

int cmd_registry(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"form", required_argument, NULL, 'f'}, {"skip-bad", no_argument, NULL, 's'},
                                          {"check", no_argument, NULL, 'k'}, CTL_OPTIONS, {NULL}};
    const char *form = NULL;
    bool skip_bad = false, check_only = false;
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if (opt == 'f')
            form = optarg;
        else if (opt == 's')
            skip_bad = true;
        else if (opt == 'k')
            check_only = true;
        else if (!ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (optind + 1 == argc && strcmp(argv[optind], "forms") == 0)
        return forms(c);
    if (optind + 2 > argc || strcmp(argv[optind], "load") != 0)
        return ctl_usage(argv[0]);
    return load_files(c, argv + optind + 1, argc - optind - 1, form, skip_bad, check_only);
}
