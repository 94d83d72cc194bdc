/* cmd_audit.c - attachctl audit: read every topic that says something, feed the audit, report. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "domain/ruleset.h"
#include "services/attachctl/audit.h"
#include "services/attachctl/ctl.h"
#include "services/attachctl/retry.h"

#define PARTS_MAX 1024
#define PAUSE_MS 300

struct finding_line {
    enum audit_kind kind;
    char *who, *detail;
};

struct run {
    struct ctl *c;
    struct bus *bus;
    struct arena *mem;       /* of the record in hand */
    struct rulesets *rules;  /* NULL: without rules.dir */
    struct audit *audit;
    int64_t ends[TOPIC_N][PARTS_MAX];
    int64_t committed[PARTS_MAX]; /* of the inbox being read */
    bool group_lives;             /* its group has committed something */
    bool is_inbox, moved;
    uint64_t lag;
    struct finding_line *lines;
    size_t lines_n, lines_cap;
    struct audit_sum sum;
    double seconds;
};

static const struct {
    enum topic_id topic;
    const char *service; /* of an inbox */
} read_list[] = {
    {TOPIC_NOTIFICATION, NULL},           {TOPIC_NOTIFICATION_FACTS, NULL},  {TOPIC_NOTIFICATION_INBOX, "notification"},
    {TOPIC_APPLICATION, NULL},            {TOPIC_ATTACHMENT, NULL},          {TOPIC_CAPACITY_FACTS, NULL},
    {TOPIC_CAPACITY_INBOX, "capacity"},   {TOPIC_ATTACHMENT_FACTS, NULL},    {TOPIC_ATTACHMENT_INBOX, "attachment"},
    {TOPIC_POLICY_INBOX, "policy"},       {TOPIC_IDENTITY_INBOX, "identity"}, {TOPIC_INTAKE_FACTS, NULL},
    {TOPIC_INTAKE_INBOX, "intake"},       {TOPIC_INTAKE_DLQ, NULL},          {TOPIC_IDENTITY_DLQ, NULL},
    {TOPIC_POLICY_DLQ, NULL},             {TOPIC_ATTACHMENT_DLQ, NULL},      {TOPIC_CAPACITY_DLQ, NULL},
    {TOPIC_NOTIFICATION_DLQ, NULL},
};
#define READ_N (sizeof read_list / sizeof *read_list)

/* --- what the audit asks and says --- */

static struct audit_limit on_limit(void *ctx, const char *rule_set, int profile, int32_t day)
{
    const struct run *r = ctx;
    const struct ruleset *set = r->rules ? ruleset_find(r->rules, rule_set) : NULL;
    if (!set) /* as the decisions record it: Moscow monthly, elsewhere the federal year (C-01) */
        return (struct audit_limit){strcmp(rule_set, "RU-MOW") == 0 ? AUDIT_MONTH : AUDIT_YEAR, 1};
    struct rule_ctx at = {.set = set, .day = day, .profile = profile};
    if (rule_on(&at, RULE_LIMIT_PROFILE_EXEMPT))
        return (struct audit_limit){AUDIT_YEAR, 0};
    unsigned count = (unsigned)rule_int(&at, RULE_LIMIT_COUNT);
    switch (rule_word(&at, RULE_LIMIT_WINDOW)) {
    case W_CALENDAR_MONTH:
        return (struct audit_limit){AUDIT_MONTH, count};
    case W_ROLLING_30D:
        return (struct audit_limit){AUDIT_ROLLING_30D, count};
    case W_ROLLING_12M:
        return (struct audit_limit){AUDIT_ROLLING_12M, count};
    default:
        return (struct audit_limit){AUDIT_YEAR, count};
    }
}

static void on_finding(void *ctx, enum audit_kind kind, const char *who, const char *detail)
{
    struct run *r = ctx;
    if (r->lines_n == r->lines_cap) {
        r->lines_cap = r->lines_cap ? 2 * r->lines_cap : 64;
        r->lines = realloc(r->lines, r->lines_cap * sizeof *r->lines);
        must(r->lines);
    }
    r->lines[r->lines_n++] = (struct finding_line){kind, strdup(who), strdup(detail)};
}

static void forget_lines(struct run *r)
{
    for (size_t i = 0; i < r->lines_n; i++) {
        free(r->lines[i].who);
        free(r->lines[i].detail);
    }
    r->lines_n = 0;
}

/* --- one pass --- */

static bool on_record(void *ctx, const struct bus_rec *r)
{
    struct run *run = ctx;
    r = ctl_rec_open(r, run->mem);
    bool unread = run->is_inbox && r->offset >= run->committed[r->partition];
    run->lag += unread;
    struct audit_rec rec = {.topic = r->topic, .partition = r->partition, .offset = r->offset, .key = r->key,
                            .value = r->value, .event = ctl_rec_event(r), .time_ms = ctl_rec_time(r),
                            .waiting = unread && run->group_lives};
    audit_feed(run->audit, &rec);
    arena_reset(run->mem);
    return true;
}

static void on_partition_end(void *ctx, int topic) { audit_partition_end(((struct run *)ctx)->audit, topic); }

/* An inbox whose group has never committed is read by nobody: what lies in it waits for no one. */
static bool read_topic(struct run *r, size_t i, struct err *e)
{
    int topic = read_list[i].topic;
    int32_t parts = ctl_partitions(r->bus, topic, e);
    if (parts < 0 || parts > PARTS_MAX)
        return parts >= 0 ? err_set(e, ERR_FATAL, "CTL-PARTS", "more than %d partitions", PARTS_MAX) : false;
    r->is_inbox = read_list[i].service != NULL;
    r->group_lives = false;
    if (r->is_inbox && !ctl_committed(r->c->conf, read_list[i].service, topic, parts, r->committed, e))
        return false;
    for (int32_t p = 0; r->is_inbox && p < parts; p++)
        r->group_lives = r->group_lives || r->committed[p] >= 0;
    const struct ctl_reader reader = {on_record, on_partition_end, r};
    return ctl_read_topic(r->bus, topic, &reader, r->ends[topic], e);
}

/* True in *ret_moved when a topic has grown since it was read. */
static bool has_moved(struct run *r, bool *ret_moved, struct err *e)
{
    *ret_moved = false;
    for (size_t i = 0; i < READ_N; i++) {
        int topic = read_list[i].topic;
        int32_t parts = ctl_partitions(r->bus, topic, e);
        for (int32_t p = 0; p < parts; p++) {
            int64_t high;
            if (!retry_high(r->bus, topic, p, &high, e))
                return false;
            *ret_moved = *ret_moved || high != r->ends[topic][p];
        }
        if (parts < 0)
            return false;
    }
    return true;
}

static bool pass(struct run *r, struct err *e)
{
    struct audit_conf conf = {.utc_offset_min = 180, .limit = on_limit, .finding = on_finding, .ctx = r};
    double began = ctl_seconds();
    forget_lines(r);
    r->lag = 0;
    r->audit = audit_new(&conf);
    bool good = true;
    for (size_t i = 0; i < READ_N && good; i++)
        good = read_topic(r, i, e);
    if (good)
        r->sum = audit_finish(r->audit);
    audit_free(r->audit);
    r->seconds = ctl_seconds() - began;
    return good && has_moved(r, &r->moved, e);
}

static bool settled(const struct run *r) { return r->lag == 0 && !r->moved; }

/* Until two snapshots are the same and nothing is unread, or the time is over. */
static bool passes(struct run *r, int64_t settle_s, struct err *e)
{
    double until = ctl_seconds() + (double)settle_s;
    for (;;) {
        if (!pass(r, e))
            return false;
        if (settled(r) || ctl_seconds() >= until)
            return true;
        struct timespec pause = {0, PAUSE_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
}

/* --- report --- */

static const struct {
    const char *name;
    size_t at;
} counts[] = {
#define COUNT(f) {#f, offsetof(struct audit_sum, f)}
    COUNT(submitted), COUNT(open), COUNT(waiting), COUNT(rejected), COUNT(persons), COUNT(attachments),
    COUNT(reservations), COUNT(open_reservations), COUNT(over_norm_allowed), COUNT(notices), COUNT(open_messages), COUNT(messages_sent),
    COUNT(unknown_outcomes), COUNT(breached), COUNT(dead_letters), COUNT(records),
#undef COUNT
};
#define COUNTS_N (sizeof counts / sizeof *counts)
static const char *const outcomes[8] = {NULL, "approved", "refused", "returned", "withdrawn", "gated", "expired", NULL};

static uint64_t count_of(const struct run *r, size_t i)
{
    uint64_t n;
    memcpy(&n, (const char *)&r->sum + counts[i].at, sizeof n);
    return n;
}

static void print_json(const struct run *r)
{
    json_t *j = json_object(), *list = json_array();
    json_object_set_new(j, "ok", json_boolean(r->sum.findings_n == 0));
    json_object_set_new(j, "settled", json_boolean(settled(r)));
    json_object_set_new(j, "lag", json_integer((json_int_t)r->lag));
    for (size_t i = 0; i < COUNTS_N; i++)
        json_object_set_new(j, counts[i].name, json_integer((json_int_t)count_of(r, i)));
    for (size_t i = 0; i < 8; i++)
        if (outcomes[i])
            json_object_set_new(j, outcomes[i], json_integer((json_int_t)r->sum.outcomes[i]));
    for (size_t i = 0; i < AUDIT_KIND_N; i++)
        json_object_set_new(j, audit_kind_name[i], json_integer((json_int_t)r->sum.findings[i]));
    for (size_t i = 0; i < r->lines_n; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "kind", audit_kind_name[r->lines[i].kind], "who",
                                              r->lines[i].who, "detail", r->lines[i].detail));
    json_object_set_new(j, "findings", list);
    json_object_set_new(j, "seconds", json_real(r->seconds));
    ctl_print(j);
}

static void print_table(const struct run *r)
{
    for (size_t i = 0; i < r->lines_n; i++)
        printf("%-26s %-38s %s\n", audit_kind_name[r->lines[i].kind], r->lines[i].who, r->lines[i].detail);
    printf("applications  %llu submitted:", (unsigned long long)r->sum.submitted);
    for (size_t i = 0; i < 8; i++)
        if (outcomes[i] && r->sum.outcomes[i])
            printf(" %llu %s,", (unsigned long long)r->sum.outcomes[i], outcomes[i]);
    printf(" %llu open, %llu rejected as invalid\n", (unsigned long long)r->sum.open, (unsigned long long)r->sum.rejected);
    printf("attachments   %llu of %llu persons; places held %llu, %llu of them by open applications, %llu over the norm by right\n",
           (unsigned long long)r->sum.attachments, (unsigned long long)r->sum.persons, (unsigned long long)r->sum.reservations,
           (unsigned long long)r->sum.open_reservations, (unsigned long long)r->sum.over_norm_allowed);
    printf("notices       %llu, %llu messages sent, %llu open, %llu with an unknown outcome\n",
           (unsigned long long)r->sum.notices, (unsigned long long)r->sum.messages_sent,
           (unsigned long long)r->sum.open_messages, (unsigned long long)r->sum.unknown_outcomes);
    printf("read          %llu records in %.1f s, %llu dead letters\n", (unsigned long long)r->sum.records, r->seconds,
           (unsigned long long)r->sum.dead_letters);
    if (!settled(r))
        printf("not settled   %llu records are unread%s: findings may be work in progress (--settle SECONDS)\n",
               (unsigned long long)r->lag, r->moved ? ", topics grow" : "");
    for (size_t i = 0; i < AUDIT_KIND_N; i++)
        if (r->sum.findings[i])
            printf("VIOLATED      %llu: %s\n", (unsigned long long)r->sum.findings[i], audit_kind_text[i]);
    if (r->sum.findings_n == 0)
        puts("every invariant holds");
}

static int run(struct run *r, int64_t settle_s)
{
    struct err e = {0};
    const char *rules = conf_str(r->c->conf, "rules.dir");
    if ((rules[0] && !rulesets_load_dir(rules, &r->rules, &e)) ||
        !bus_kafka_open_reader(r->c->conf, "attachctl", &r->bus, &e))
        return ctl_fail(&e);
    r->mem = arena_new(64u << 20, 1u << 20);
    bool good = passes(r, settle_s, &e);
    r->bus->ops->close(r->bus);
    arena_free(r->mem);
    if (good && r->c->json)
        print_json(r);
    else if (good)
        print_table(r);
    forget_lines(r);
    free(r->lines);
    rulesets_free(r->rules);
    if (!good)
        return ctl_fail(&e);
    return r->sum.findings_n || (settle_s && !settled(r)) ? CTL_FOUND : CTL_OK;
}

int cmd_audit(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"settle", required_argument, NULL, 's'}, CTL_OPTIONS, {NULL}};
    int64_t settle_s = 0;
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if (opt == 's' && !ctl_number("--settle", optarg, 0, 86400, &settle_s))
            return CTL_USAGE;
        if (opt != 's' && !ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (optind != argc)
        return ctl_usage(argv[0]);
    static struct run r; /* large: ends of every partition */
    r = (struct run){.c = c};
    return run(&r, settle_s);
}
