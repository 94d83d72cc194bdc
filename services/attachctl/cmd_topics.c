/* cmd_topics.c - attachctl topics plan|apply: topics.def against the cluster. plan changes nothing, apply only creates. */
#include <string.h>
#include "services/attachctl/ctl.h"

static const char *state_of(const struct topic_plan *p, int32_t wanted)
{
    if (!p->exists)
        return "create";
    if (p->partitions != wanted)
        return "partitions differ";
    return p->differ_n ? "settings differ" : "ok";
}

static json_t *differences(const struct topic_plan *p)
{
    json_t *all = json_array();
    for (size_t i = 0; i < p->differ_n; i++)
        json_array_append_new(all, json_pack("{s:s, s:o, s:s}", "setting", p->differ[i].wanted.name, "is", ctl_text(p->differ[i].is),
                                             "wanted", p->differ[i].wanted.value));
    return all;
}

static void print_json(const struct topic_plan *plan, int32_t wanted)
{
    json_t *all = json_array();
    for (int i = 0; i < TOPIC_N; i++) {
        const struct topic_info *t = &topics[plan[i].topic];
        json_array_append_new(all, json_pack("{s:s, s:s, s:b, s:i, s:s, s:i, s:s, s:s, s:o}", "topic", t->name, "state",
                                             state_of(&plan[i], wanted), "exists", plan[i].exists, "partitions",
                                             (int)plan[i].partitions, "cleanup", t->cleanup == 'C' ? "compact" : "delete",
                                             "retention_days", t->retention_days, "time",
                                             t->time == 'A' ? "LogAppendTime" : "CreateTime", "key", t->key, "differences",
                                             differences(&plan[i])));
    }
    ctl_print(all);
}

static void print_table(const struct topic_plan *plan, int32_t wanted)
{
    printf("%-38s %-18s %10s  %-8s %9s  %-13s %s\n", "TOPIC", "STATE", "PARTITIONS", "CLEANUP", "RETENTION", "TIME", "KEY");
    for (int i = 0; i < TOPIC_N; i++) {
        const struct topic_info *t = &topics[plan[i].topic];
        char days[16] = "for ever";
        if (t->retention_days)
            snprintf(days, sizeof days, "%d days", t->retention_days);
        printf("%-38s %-18s %10d  %-8s %9s  %-13s %s\n", t->name, state_of(&plan[i], wanted),
               plan[i].exists ? (int)plan[i].partitions : (int)wanted, t->cleanup == 'C' ? "compact" : "delete", days,
               t->time == 'A' ? "LogAppendTime" : "CreateTime", t->key);
        for (size_t j = 0; j < plan[i].differ_n; j++)
            printf("    %s is %s, wanted: %s\n", plan[i].differ[j].wanted.name, plan[i].differ[j].is, plan[i].differ[j].wanted.value);
    }
}

/* Partitions of a topic that exists are never changed: keys would move, and partition p of an inbox owns partition p of
 * its facts; services do not run with another number. Its settings are the operator's: another retention may be meant, so
 * to apply is not to fail. */
static bool as_planned(const struct topic_plan *plan, bool apply, int32_t wanted)
{
    int n = 0, settings = 0;
    for (int i = 0; i < TOPIC_N; i++) {
        n += plan[i].exists && plan[i].partitions != wanted;
        settings += plan[i].differ_n > 0;
    }
    if (n)
        fprintf(stderr, "attachctl: %d topics have another number of partitions; they are left as they are\n", n);
    if (settings)
        fprintf(stderr, "attachctl: %d topics have other settings than topics.def gives, see topics plan; they are left as they are\n",
                settings);
    return n == 0 && (apply || settings == 0);
}

static int run(struct ctl *c, bool apply, int32_t partitions, int replication)
{
    struct topic_plan plan[TOPIC_N];
    struct err e = {0};
    if (!ctl_topics_plan(c->conf, apply ? 0 : replication, plan, &e))
        return ctl_fail(&e);
    if (apply && (!kafka_topics_create(c->conf, plan, partitions, replication, &e) ||
                  !ctl_topics_plan(c->conf, replication, plan, &e)))
        return ctl_fail(&e);
    if (c->json)
        print_json(plan, partitions);
    else
        print_table(plan, partitions);
    return as_planned(plan, apply, partitions) ? CTL_OK : CTL_FOUND;
}

int cmd_topics(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"partitions", required_argument, NULL, 'p'},
                                          {"replication", required_argument, NULL, 'r'}, CTL_OPTIONS, {NULL}};
    int64_t partitions = conf_int(c->conf, "topics.partitions"), replication = conf_int(c->conf, "topics.replication");
    int opt, code;
    while ((opt = getopt_long(argc, argv, "p:r:o:h", longs, NULL)) >= 0) {
        if (opt == 'p' ? !ctl_number("--partitions", optarg, 1, 10000, &partitions)
                       : opt == 'r' && !ctl_number("--replication", optarg, 1, 15, &replication))
            return CTL_USAGE;
        if (opt != 'p' && opt != 'r' && !ctl_option(c, argv[0], opt, &code))
            return code;
    }
    bool apply = optind < argc && strcmp(argv[optind], "apply") == 0;
    if (optind + 1 != argc || (!apply && strcmp(argv[optind], "plan") != 0))
        return ctl_usage(argv[0]);
    return run(c, apply, (int32_t)partitions, (int)replication);
}
