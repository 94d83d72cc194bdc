/* cmd_acls.c - attachctl acls: the rights of every program, as a table, as JSON, or as commands of Kafka's own tool
 * for a shell (librdkafka of Debian 12 cannot set those of transactional ids). Asks no broker. */
#include <string.h>
#include "services/attachctl/ctl.h"
#include "services/attachctl/ctl_access.h"

#define PORTALS_MAX 32

struct acls {
    struct ctl *c;
    const char *principal; /* "*" stands for the program */
    const char *portals[PORTALS_MAX + 1];
    size_t portals_n;
    bool commands;
    struct access list[ACCESS_MAX];
    size_t n;
};

static const char *const operations[] = {
    [ACCESS_READ] = "Read", [ACCESS_WRITE] = "Write", [ACCESS_DESCRIBE] = "Describe", [ACCESS_CREATE] = "Create",
    [ACCESS_SETTINGS] = "DescribeConfigs"};
static const char *const resources[] = {
    [ACCESS_TOPIC] = "topic", [ACCESS_GROUP] = "group", [ACCESS_TXN] = "transactional-id"};

static const char *principal_of(const struct acls *a, const struct access *r, char *ret, size_t n)
{
    size_t at = strcspn(a->principal, "*");
    snprintf(ret, n, "%.*s%s%s", (int)at, a->principal, r->program, a->principal[at] ? a->principal + at + 1 : "");
    return ret;
}

static bool same_command(const struct access *a, const struct access *b)
{
    return a->operation == b->operation && a->prefixed == b->prefixed && strcmp(a->program, b->program) == 0;
}

static void print_command(const struct acls *a, size_t first)
{
    const struct access *r = &a->list[first];
    char who[256];
    printf("kafka-acls.sh --bootstrap-server \"$BOOTSTRAP\" --command-config \"$ADMIN\" --add --allow-principal '%s' --operation %s%s",
           principal_of(a, r, who, sizeof who), operations[r->operation],
           r->prefixed ? " --resource-pattern-type prefixed" : "");
    for (size_t i = first; i < a->n; i++)
        if (same_command(r, &a->list[i]))
            printf(" --%s %s", resources[a->list[i].resource], a->list[i].name);
    putchar('\n');
}

/* One command for all that differs in the resource only. */
static void print_commands(const struct acls *a)
{
    for (size_t i = 0; i < a->n; i++) {
        bool printed = false;
        for (size_t j = 0; j < i; j++)
            printed = printed || same_command(&a->list[j], &a->list[i]);
        if (!printed)
            print_command(a, i);
    }
}

static void print_json(const struct acls *a)
{
    json_t *all = json_array();
    char who[256];
    for (size_t i = 0; i < a->n; i++) {
        const struct access *r = &a->list[i];
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "program", r->program, "principal",
                                             principal_of(a, r, who, sizeof who), "operation", operations[r->operation],
                                             "resource", resources[r->resource], "pattern",
                                             r->prefixed ? "prefixed" : "literal", "name", r->name));
    }
    ctl_print(all);
}

static void print_table(const struct acls *a)
{
    char who[256];
    printf("%-22s %-9s %-17s %-9s %s\n", "PRINCIPAL", "OPERATION", "RESOURCE", "PATTERN", "NAME");
    for (size_t i = 0; i < a->n; i++) {
        const struct access *r = &a->list[i];
        printf("%-22s %-9s %-17s %-9s %s\n", principal_of(a, r, who, sizeof who), operations[r->operation],
               resources[r->resource], r->prefixed ? "prefixed" : "literal", r->name);
    }
}

/* They end up in commands: nothing that a shell would take for its own, but the "*" that is replaced. */
static bool is_plain(const char *option, const char *text)
{
    if (text[0] && !strpbrk(text, "'\"\\$`;&|<>\n\r"))
        return true;
    fprintf(stderr, "attachctl: %s: empty, or with characters of the shell\n", option);
    return false;
}

int cmd_acls(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"principal", required_argument, NULL, 'p'}, {"portal", required_argument, NULL, 'P'},
                                          {"commands", no_argument, NULL, 'c'}, CTL_OPTIONS, {NULL}};
    static struct acls a;
    int opt, code;
    a.c = c;
    a.principal = "User:*";
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if ((opt == 'p' && !is_plain("--principal", optarg)) || (opt == 'P' && !is_plain("--portal", optarg)))
            return CTL_USAGE;
        if (opt == 'p')
            a.principal = optarg;
        else if (opt == 'P' && a.portals_n < PORTALS_MAX)
            a.portals[a.portals_n++] = optarg;
        else if (opt == 'c')
            a.commands = true;
        else if (!ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (optind != argc || !strchr(a.principal, '*') || (a.commands && c->json)) /* commands are for a shell */
        return ctl_usage(argv[0]);
    a.n = access_list(a.portals, a.list);
    if (a.commands)
        print_commands(&a);
    else if (c->json)
        print_json(&a);
    else
        print_table(&a);
    return CTL_OK;
}
