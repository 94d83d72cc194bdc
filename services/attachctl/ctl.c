#include "services/attachctl/ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "runtime/structured.h"
#include "services/attachctl/ctl_access.h"
#include "services/attachctl/retry.h"

#define READ_MAX 512
#define READ_TIMEOUT_MS 1000
#define READ_AT_ONCE 8 /* partitions: what is fetched ahead is a few MiB each */

int ctl_usage(const char *command)
{
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        if (strcmp(c->name, command) == 0)
            fprintf(stderr, "usage: attachctl [-o table|json] %s %s\n  %s\n", c->name, c->args, c->help);
    return CTL_USAGE;
}

bool ctl_option(struct ctl *c, const char *command, int opt, int *ret_exit)
{
    if (opt == 'J') {
        c->json = true;
        return true;
    }
    if (opt == 'o' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "table") == 0)) {
        c->json = strcmp(optarg, "json") == 0;
        return true;
    }
    ctl_usage(command);
    *ret_exit = opt == 'h' ? CTL_OK : CTL_USAGE;
    return false;
}

int ctl_fail(const struct err *e)
{
    fprintf(stderr, "attachctl: %s: %s\n", e->code, e->text);
    return e->cls == ERR_INPUT ? CTL_USAGE : CTL_FAILED;
}

bool ctl_number(const char *option, const char *text, int64_t min, int64_t max, int64_t *ret)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || *end || end == text || v < min || v > max) {
        fprintf(stderr, "attachctl: %s wants a number from %lld to %lld\n", option, (long long)min, (long long)max);
        return false;
    }
    *ret = v;
    return true;
}

bool ctl_keyring(struct ctl *c, struct keyring **ret, struct err *e)
{
    const char *path = conf_str(c->conf, "keyring.file");
    if (!path[0])
        return err_set(e, ERR_INPUT, "keyring.file", "this command needs a keyring: --set keyring.file=FILE");
    return keyring_load(path, ret, e);
}

void ctl_print(json_t *j)
{
    json_dumpf(j, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(j);
}

void ctl_line(json_t *j)
{
    json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(j);
}

json_t *ctl_text(const char *s)
{
    size_t left = strlen(s);
    char *to = malloc(left + 1), *end = to;
    must(to);
    while (left > 0) {
        size_t n = text_utf8_next(s, left);
        end = n ? mempcpy(end, s, n) : mempcpy(end, "?", 1);
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    json_t *j = json_stringn(to, (size_t)(end - to));
    free(to);
    return j;
}

int64_t ctl_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

double ctl_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- reading topics --- */

static bool read_until(struct bus *b, struct bus_log *l, int64_t high, ctl_rec_fn *fn, void *ctx, struct err *e)
{
    struct bus_rec recs[READ_MAX];
    int64_t next = 0;
    struct retry r = {0};
    while (next < high) {
        size_t n;
        int64_t before = next;
        if (!b->ops->log_read(b, l, READ_TIMEOUT_MS, recs, READ_MAX, &n, &next, e)) {
            if (!retry_again(&r, e))
                return false;
            continue; /* the log is open still and goes on where it stands */
        }
        for (size_t i = 0; i < n; i++)
            if (recs[i].offset < high && !fn(ctx, &recs[i])) {
                b->ops->done(b);
                return true;
            }
        b->ops->done(b);
        if (n > 0 || next > before)
            r = (struct retry){0};
        else if (!err_set(e, ERR_RETRY, "CTL-READ", "no progress: an open transaction, or the broker is away") &&
                 !retry_again(&r, e))
            return false;
    }
    return true;
}

bool ctl_read(struct bus *b, int topic, int32_t part, int64_t from, ctl_rec_fn *fn, void *ctx, int64_t *ret_high,
              struct err *e)
{
    int64_t high;
    struct bus_log *l;
    if (!retry_high(b, topic, part, &high, e))
        return false;
    if (ret_high)
        *ret_high = high;
    if (from >= high)
        return true;
    if (!retry_log_open(b, topic, part, from, &l, e))
        return false;
    bool good = read_until(b, l, high, fn, ctx, e);
    b->ops->log_close(b, l);
    return good;
}

/* Partitions first .. first + n - 1, fetched at the same time, given one after another. */
static bool read_group(struct bus *b, int topic, int32_t first, int32_t n, const struct ctl_reader *r, int64_t *ends,
                       struct err *e)
{
    struct bus_log *logs[READ_AT_ONCE] = {NULL};
    bool good = true;
    for (int32_t i = 0; i < n && good; i++) {
        good = retry_high(b, topic, first + i, &ends[i], e);
        if (good && ends[i] > 0)
            good = retry_log_open(b, topic, first + i, 0, &logs[i], e);
    }
    for (int32_t i = 0; i < n && good; i++) {
        good = !logs[i] || read_until(b, logs[i], ends[i], r->rec, r->ctx, e);
        if (good && r->partition_end)
            r->partition_end(r->ctx, topic);
    }
    for (int32_t i = 0; i < n; i++)
        b->ops->log_close(b, logs[i]);
    return good;
}

bool ctl_read_topic(struct bus *b, int topic, const struct ctl_reader *r, int64_t *ret_ends, struct err *e)
{
    int64_t ends[READ_AT_ONCE] = {0};
    int32_t parts = ctl_partitions(b, topic, e);
    for (int32_t p = 0; p < parts; p += READ_AT_ONCE) {
        int32_t n = parts - p < READ_AT_ONCE ? parts - p : READ_AT_ONCE;
        if (!read_group(b, topic, p, n, r, ret_ends ? ret_ends + p : ends, e))
            return false;
    }
    return parts >= 0;
}

int64_t ctl_rec_time(const struct bus_rec *r)
{
    int64_t ms;
    return r->ce_time.n && text_time_parse(r->ce_time.p, r->ce_time.n, &ms) ? ms : r->time_ms;
}

int ctl_rec_event(const struct bus_rec *r) { return r->ce_type.n ? event_by_type(r->ce_type.p, r->ce_type.n) : -1; }

static bool takes_structured(int topic)
{
    for (const struct svc_def *const *d = ctl_services; *d; d++)
        if ((int)(*d)->inbox == topic)
            return (*d)->structured;
    return false;
}

const struct bus_rec *ctl_rec_open(const struct bus_rec *r, struct arena *mem)
{
    struct err e;
    if (ce_mode_of(r->content_type) != CE_JSON || !r->value.p || !takes_structured(r->topic))
        return r;
    struct bus_rec *open = arena_alloc(mem, sizeof *open);
    return structured_open(r, mem, open, &e) ? open : r;
}
