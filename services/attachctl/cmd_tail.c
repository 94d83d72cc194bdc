/* cmd_tail.c - attachctl tail TOPIC: records decoded by their type, headers, personal data masked. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "services/attachctl/retry.h"
#include "services/attachctl/show.h"

#define MASK_RESERVE (64u << 20)
#define MASK_KEEP (1u << 20)
#define BATCH 256
#define FOLLOW_MS 200
#define PARTS_MAX 1024

struct tail {
    struct ctl *c;
    struct bus *bus;
    struct keyring *keys; /* for dead letters; may be NULL */
    struct arena *mem;
    int topic;
    const char *from, *key, *type;
    bool follow;
    int64_t limit, shown;
};

static bool wanted(const struct tail *t, const struct bus_rec *r)
{
    if (t->key && !bytes_eq(r->key, bytes_str(t->key)))
        return false;
    if (!t->type)
        return true;
    return memmem(r->ce_type.p, r->ce_type.n, t->type, strlen(t->type)) != NULL;
}

static void print_line(const struct tail *t, const struct bus_rec *r)
{
    char time[TEXT_TIME_BYTES];
    int event = ctl_rec_event(r);
    ProtobufCMessage *m = show_unpack(r, t->mem);
    text_time(ctl_rec_time(r), time);
    printf("%s %d/%-7lld %-24s %-30.*s ", time, (int)r->partition, (long long)r->offset,
           r->value.p ? show_event(event) : "(tombstone)", (int)r->key.n, r->key.p ? (const char *)r->key.p : "");
    if (!m && r->value.p)
        printf("%zu bytes", r->value.n);
    else
        fputs(show_facts(event, m, t->mem), stdout);
    putchar('\n');
}

static bool on_record(void *ctx, const struct bus_rec *r)
{
    struct tail *t = ctx;
    r = ctl_rec_open(r, t->mem);
    bool shown = wanted(t, r);
    if (shown && t->c->json) {
        ctl_line(show_record(r, t->keys, t->mem));
    } else if (shown) {
        print_line(t, r);
    }
    arena_reset(t->mem);
    t->shown += shown;
    return !ferror(stdout) && (t->shown < t->limit || !t->limit);
}

/* Records of a stretch of a log, up to the one wanted. */
struct stretch {
    int64_t wanted, seen, at; /* at: offset of the last one seen */
};

static bool count_record(void *ctx, const struct bus_rec *r)
{
    struct stretch *s = ctx;
    s->seen++;
    s->at = r->offset;
    return s->seen != s->wanted;
}

/* Where the last n records begin. Offsets are not all records: markers of transactions take some, compaction leaves gaps. */
static bool last_records(struct tail *t, int32_t part, int64_t n, int64_t high, int64_t *ret, struct err *e)
{
    struct stretch all, wanted;
    int64_t from, back = n;
    do {
        all = (struct stretch){.at = high};
        from = high > back ? high - back : 0;
        back *= 2;
        if (!ctl_read(t->bus, t->topic, part, from, count_record, &all, NULL, e))
            return false;
    } while (all.seen < n && from > 0);
    wanted = (struct stretch){.wanted = all.seen > n ? all.seen - n + 1 : 1, .at = high};
    if (!ctl_read(t->bus, t->topic, part, from, count_record, &wanted, NULL, e))
        return false;
    *ret = wanted.at;
    return true;
}

/* "-1h", "-30m", "-10s", "-2d" are times; "-20" is so many records of each partition. */
static bool start_of(struct tail *t, int32_t part, int64_t *ret, struct err *e)
{
    int64_t high;
    if (!retry_high(t->bus, t->topic, part, &high, e))
        return false;
    *ret = strcmp(t->from, "beginning") == 0 ? 0 : high;
    if (t->from[0] != '-')
        return true;
    char *unit;
    long long n = strtoll(t->from + 1, &unit, 10);
    static const char units[] = "smhd";
    static const int64_t ms[] = {1000, 60000, 3600000, 86400000};
    const char *at = *unit ? strchr(units, *unit) : NULL;
    if (!at)
        return n == 0 || last_records(t, part, n, high, ret, e);
    return ctl_offset_at(t->c->conf, t->topic, part, ctl_now_ms() - n * ms[at - units], ret, e);
}

static bool from_ok(const char *from)
{
    if (strcmp(from, "beginning") == 0 || strcmp(from, "end") == 0)
        return true;
    size_t n = from[0] == '-' ? strspn(from + 1, "0123456789") : 0;
    return n > 0 && n < 10 && (from[1 + n] == '\0' || (strchr("smhd", from[1 + n]) && from[2 + n] == '\0'));
}

static bool done(const struct tail *t) { return t->limit && t->shown >= t->limit; }

static bool show_once(struct tail *t, int32_t first, int32_t last, struct err *e)
{
    for (int32_t p = first; p <= last && !done(t); p++) {
        int64_t from;
        if (!start_of(t, p, &from, e) || !ctl_read(t->bus, t->topic, p, from, on_record, t, NULL, e))
            return false;
    }
    return true;
}

/* All partitions in turn, for ever; ended by the limit or a signal. */
static bool follow(struct tail *t, int32_t first, int32_t last, struct err *e)
{
    static struct bus_log *logs[PARTS_MAX];
    struct bus_rec recs[BATCH];
    bool good = last < PARTS_MAX || err_set(e, ERR_FATAL, "CTL-PARTS", "more than %d partitions", PARTS_MAX);
    for (int32_t p = first; p <= last && good; p++) {
        int64_t from;
        good = start_of(t, p, &from, e) && retry_log_open(t->bus, t->topic, p, from, &logs[p], e);
    }
    while (good && !done(t)) {
        for (int32_t p = first; p <= last && good && !done(t); p++) {
            size_t n;
            int64_t next;
            good = t->bus->ops->log_read(t->bus, logs[p], FOLLOW_MS / (last - first + 1) + 1, recs, BATCH, &n, &next, e);
            for (size_t i = 0; good && i < n && !done(t); i++)
                if (!on_record(t, &recs[i]))
                    t->limit = t->shown; /* the reader of our output is gone */
            t->bus->ops->done(t->bus);
        }
        fflush(stdout);
    }
    for (int32_t p = 0; p <= last && p < PARTS_MAX; p++)
        t->bus->ops->log_close(t->bus, logs[p]);
    return good;
}

static int run(struct tail *t)
{
    struct err e = {0};
    if (conf_str(t->c->conf, "keyring.file")[0] && !ctl_keyring(t->c, &t->keys, &e))
        return ctl_fail(&e);
    if (!bus_kafka_open_reader(t->c->conf, "attachctl", &t->bus, &e))
        return ctl_fail(&e);
    t->mem = arena_new(MASK_RESERVE, MASK_KEEP);
    int32_t parts = ctl_partitions(t->bus, t->topic, &e), first = 0, last = parts - 1;
    bool good = parts > 0;
    if (good && t->key && topics[t->topic].cleanup == 'D')
        first = last = wire_partition(bytes_str(t->key), parts);
    if (good)
        good = t->follow ? follow(t, first, last, &e) : show_once(t, first, last, &e);
    t->bus->ops->close(t->bus);
    arena_free(t->mem);
    keyring_free(t->keys);
    return good ? CTL_OK : ctl_fail(&e);
}

/* Full name, or the short one: intake.inbox, application. */
static int find_topic(const char *name)
{
    int topic = topic_by_name(name);
    for (int i = 0; topic < 0 && i < TOPIC_N; i++)
        if (strcmp(show_topic(i), name) == 0)
            topic = i;
    return topic;
}

int cmd_tail(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"from", required_argument, NULL, 'F'}, {"key", required_argument, NULL, 'k'},
                                          {"type", required_argument, NULL, 't'}, {"limit", required_argument, NULL, 'n'},
                                          CTL_OPTIONS, {NULL}};
    struct tail t = {.c = c, .from = NULL};
    int opt, code;
    while ((opt = getopt_long(argc, argv, "fo:hn:", longs, NULL)) >= 0) {
        if (opt == 'f')
            t.follow = true;
        else if (opt == 'F')
            t.from = optarg;
        else if (opt == 'k')
            t.key = optarg;
        else if (opt == 't')
            t.type = optarg;
        else if (opt == 'n' && !ctl_number("--limit", optarg, 1, INT64_MAX, &t.limit))
            return CTL_USAGE;
        else if (opt != 'n' && !ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (!t.from)
        t.from = t.follow ? "end" : "beginning";
    if (optind + 1 != argc || !from_ok(t.from))
        return ctl_usage(argv[0]);
    t.topic = find_topic(argv[optind]);
    if (t.topic < 0) {
        fprintf(stderr, "attachctl: no topic %s in the platform: attachctl topics plan lists them\n", argv[optind]);
        return CTL_USAGE;
    }
    return run(&t);
}
