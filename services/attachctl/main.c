/* attachctl - the operator's tool. Global options, then a command; see ctl.h. */
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "services/attachctl/ctl.h"
#include "services/attachctl/retry.h"

const struct ctl_command ctl_commands[] = {
    {"apply", "FILE|- [--http URL] [--seal] [--withdraw] [--parallel N] [--rate N] [--retry SECONDS]",
     "submit applications: JSON objects, an array, or JSON lines", cmd_apply},
    {"registry", "load FILE... [--form NAME] [--skip-bad] [--check] | forms", "load registers (CSV, attachment files of funds, FERZL requests, F003), or show the known forms",
     cmd_registry},
    {"generate", "--persons N --clinics M --out DIR [--applications K] [--seed S] ...", "make a synthetic region", cmd_generate},
    {"timeline", "APPLICATION_ID", "one application across all topics, in order, with the waits", cmd_timeline},
    {"tail", "TOPIC [-f] [--from beginning|end|-N|-1h] [--key K] [--type T] [--limit N]", "records decoded and masked", cmd_tail},
    {"topics", "plan|apply [--partitions N] [--replication R]", "topics as they are and as they should be", cmd_topics},
    {"acls", "[--principal User:*] [--portal NAME]... [--commands]", "what every program may do on Kafka, from its descriptor",
     cmd_acls},
    {"describe", "", "all programs, topics and messages as JSON: the source of the generated documents", cmd_describe},
    {"audit", "[--settle SECONDS]", "the invariants of the platform, from its topics alone", cmd_audit},
    {"scan", "FILE [--all]", "look for clear texts (one a line) in every topic", cmd_scan},
    {"rules", "help | list | print ID [--day YYYY-MM-DD]", "rule keys, rule sets, the values of one on a day", cmd_rules},
    {"keys", "new --out DIR", "make keyrings for the roles", cmd_keys},
    {NULL},
};

const struct conf_opt ctl_options[] = {
    {"topics.partitions", CONF_INT, "6", 1, 10000, false, "partitions of every topic"},
    {"topics.replication", CONF_INT, "1", 1, 15, false, "replicas of every topic"},
    {"keyring.file", CONF_STR, "", 0, 0, false, "keyring (registry load: pseudonym; tail: deadletter secret; apply --seal: seal)"},
    {"rules.dir", CONF_STR, "", 0, 0, false, "rule sets, for the limit windows of audit"},
    {"calendar.dir", CONF_STR, "", 0, 0, false, "production calendars (unused here; one file of options serves all)"},
    {"store.url", CONF_STR, "", 0, 0, false, "Redis (unused here: topics are the truth)"},
    {"load.longest", CONF_MS, "15m", 60000, 86400000, false,
     "longest transaction of registry load; not beyond transaction.max.timeout.ms of the brokers (15 minutes, if they do not say)"},
    {"retry.deadline", CONF_MS, "30s", 0, 86400000, false, "a broker in trouble is asked again for so long"},
    {"log.level", CONF_STR, "info", 0, 0, false, "debug, info, warn, error"},
    {NULL},
};

static int usage(FILE *to)
{
    fputs("usage: attachctl [--config FILE] [--set OPTION=VALUE] [-o table|json] COMMAND ...\n\ncommands:\n", to);
    for (const struct ctl_command *c = ctl_commands; c->name; c++)
        fprintf(to, "  %-9s %s\n            %s\n", c->name, c->args, c->help);
    fputs("\n-o json: one JSON document on standard output, or one a line where results come one by one (apply, registry load, scan,\n"
          "tail; the last line of all but tail has \"total\": true); acls --commands is for a shell and takes no -o json\n"
          "exit codes: 0 good, 1 bad news (bad rows, findings, not found), 2 usage or configuration, 3 something failed\n"
          "options (--set, CLINIC_* in the environment, --config):\n", to);
    const struct conf_opt *tables[] = {ctl_options, NULL};
    struct conf *c = conf_new(tables);
    conf_help(c, to);
    conf_free(c);
    return to == stdout ? CTL_OK : CTL_USAGE;
}

static bool set_option(struct conf *conf, char *arg, struct err *e)
{
    char *eq = strchr(arg, '=');
    if (!eq)
        return err_set(e, ERR_INPUT, "--set", "wants OPTION=VALUE");
    *eq = '\0';
    bool good = conf_set(conf, arg, eq + 1, "--set", e);
    *eq = '=';
    return good;
}

/* Options before the command; leaves optind at it. */
static bool global_options(struct ctl *c, int argc, char **argv, bool *ret_help, struct err *e)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
                                          CTL_OPTIONS, {NULL}};
    int opt;
    bool good = true;
    while (good && (opt = getopt_long(argc, argv, "+c:s:o:h", longs, NULL)) >= 0) {
        if (opt == 'c')
            good = conf_load_file(c->conf, optarg, e);
        else if (opt == 's')
            good = set_option(c->conf, optarg, e);
        else if (opt == 'o' && strcmp(optarg, "json") != 0 && strcmp(optarg, "table") != 0)
            good = err_set(e, ERR_INPUT, "-o", "wants table or json");
        else if (opt == 'o' || opt == 'J')
            c->json = opt == 'J' || strcmp(optarg, "json") == 0;
        else if (opt == 'h')
            *ret_help = true;
        else
            good = err_set(e, ERR_INPUT, "options", "see attachctl --help");
    }
    return good && conf_load_env(c->conf, environ, e) && conf_check(c->conf, e);
}

static enum log_level level_of(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

int main(int argc, char **argv)
{
    const struct conf_opt *tables[] = {ctl_options, NULL};
    struct ctl c = {.conf = conf_new(tables)};
    struct err e = {0};
    bool help = false;
    int exit_code = CTL_USAGE;
    if (!global_options(&c, argc, argv, &help, &e)) {
        fprintf(stderr, "attachctl: %s: %s\n", e.code, e.text);
    } else if (help || optind >= argc) {
        exit_code = usage(help ? stdout : stderr);
    } else {
        enum log_level level = level_of(conf_str(c.conf, "log.level"));
        /* What the library warns of on the way is noise beside the one line of a command that failed. */
        log_open("attachctl", level > LOG_DEBUG && level < LOG_ERROR ? LOG_ERROR : level);
        retry_patience((double)conf_int(c.conf, "retry.deadline") / 1000);
        const struct ctl_command *cmd = ctl_commands;
        while (cmd->name && strcmp(cmd->name, argv[optind]) != 0)
            cmd++;
        int first = optind;
        optind = 0; /* starts getopt anew: the first pass stopped at the command */
        exit_code = cmd->name ? cmd->run(&c, argc - first, argv + first) : usage(stderr);
    }
    conf_free(c.conf);
    return fflush(stdout) == 0 ? exit_code : CTL_FAILED;
}
