#include "runtime/options.h"
#include <string.h>
#include <unistd.h>

const struct conf_opt common_options[] = {
    {"kafka.bootstrap.servers", CONF_STR, "127.0.0.1:9092", 0, 0, false, "brokers, host:port separated by commas"},
    {"store.url", CONF_STR, "redis://127.0.0.1:6379/0", 0, 0, true, "Redis: redis://[:password@]host:port[/db] or unix:///path"},
    {"instance", CONF_STR, "0", 0, 0, false, "stable ordinal of this instance; part of its transactional id"},
    {"topics.partitions", CONF_INT, "6", 1, 1000, false, "partitions of every keyed topic, for life"},
    {"keyring.file", CONF_STR, "", 0, 0, false, "keys: sealing, pseudonyms, dead letters"},
    {"rules.dir", CONF_STR, "deploy/rules", 0, 0, false, "folder of the rule sets"},
    {"calendar.dir", CONF_STR, "deploy/calendar", 0, 0, false, "folder of the production calendars"},
    {"batch.max_records", CONF_INT, "3000", 1, 20000, false, "most inputs of one transaction"},
    {"batch.max_bytes", CONF_INT, "4718592", 65536, 1073741824, false, "memory from which a batch is closed early"},
    {"gather.max_ms", CONF_MS, "3", 0, 1000, false, "longest wait for company of the first input, when busy"},
    {"gather.patient_ms", CONF_MS, "20", 0, 1000, false, "wait for company of inputs that nobody waits for: closings, releases, notices"},
    {"transaction.spacing_ms", CONF_MS, "5", 0, 1000, false, "shortest time from the end of a transaction to the next, while its markers are written"},
    {"record.max_bytes", CONF_INT, "65536", 1024, 1000000, false, "larger inputs go to the dead letters"},
    {"tick.ms", CONF_MS, "1000", 1, 3600000, false, "how often due work is looked for, at most"},
    {"time.source", CONF_STR, "record", 0, 0, false, "record: time of an input is its timestamp; event: its ce_time (tests)"},
    {"admin.listen", CONF_STR, "127.0.0.1:0", 0, 0, false, "address of /metrics, /healthz, /readyz; port 0 = any free one"},
    {"admin.port_file", CONF_STR, "", 0, 0, false, "file to write the admin port to; empty = none"},
    {"log.level", CONF_STR, "info", 0, 0, false, "debug, info, warn or error"},
    {"drain.ms", CONF_MS, "10000", 0, 600000, false, "how long the first SIGTERM may take"},
    {"watchdog.ms", CONF_MS, "45000", 1000, 3600000, false, "a loop that stands still so long ends the process"},
    {0},
};

static bool set_one(struct conf *c, const char *arg, struct err *e)
{
    char name[128];
    const char *eq = strchr(arg, '=');
    if (!eq || (size_t)(eq - arg) >= sizeof name)
        return err_set(e, ERR_INPUT, "CLI", "--set wants KEY=VALUE");
    memcpy(name, arg, (size_t)(eq - arg));
    name[eq - arg] = '\0';
    return conf_set(c, name, eq + 1, "--set", e);
}

static bool with_value(struct conf *c, const char *option, const char *value, struct cli *ret, struct err *e)
{
    if (!value)
        return err_set(e, ERR_INPUT, "CLI", "%s wants a value", option);
    if (strcmp(option, "--config") == 0)
        return conf_load_file(c, value, e);
    if (strcmp(option, "--set") == 0)
        return set_one(c, value, e);
    ret->json = strcmp(value, "json") == 0;
    return ret->json || strcmp(value, "text") == 0 || err_set(e, ERR_INPUT, "CLI", "-o wants text or json");
}

static bool flag(const char *option, struct cli *ret, struct err *e)
{
    const struct {
        const char *name;
        bool *to;
    } flags[] = {{"--check-config", &ret->check_config}, {"--print-config", &ret->print_config},
                 {"--describe", &ret->describe},         {"--help", &ret->help},
                 {"-h", &ret->help},                     {"--version", &ret->version}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(option, flags[i].name) == 0)
            return *flags[i].to = true;
    return err_set(e, ERR_INPUT, "CLI", "unknown option %s; --help lists all", option);
}

bool cli_parse(int argc, char **argv, struct conf *c, struct cli *ret, int *rest, struct err *e)
{
    int i = 1;
    *ret = (struct cli){0};
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *a = argv[i];
        bool takes = strcmp(a, "--config") == 0 || strcmp(a, "--set") == 0 || strcmp(a, "-o") == 0;
        if (takes ? !with_value(c, a, argv[i + 1], ret, e) : !flag(a, ret, e))
            return false;
        i += takes;
    }
    if (rest)
        *rest = i;
    else if (i < argc)
        return err_set(e, ERR_INPUT, "CLI", "unexpected argument %s", argv[i]);
    return conf_load_env(c, environ, e);
}

void cli_usage(const char *program, const char *summary, const struct conf *c, FILE *to)
{
    fprintf(to,
            "%s - %s\n\n"
            "  --config FILE     options from an INI file\n"
            "  --set KEY=VALUE   one option; stronger than environment and file\n"
            "  --check-config    read everything, start nothing\n"
            "  --print-config    options in force, secrets hidden\n"
            "  --describe        topics, tables, options, metrics (-o json: for programs)\n"
            "  --version\n\nOptions:\n",
            program, summary);
    conf_help(c, to);
}
