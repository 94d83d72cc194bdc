/* cmd_rules.c - attachctl rules help|list|print: what rule keys there are and what the rule sets say. Loading them all
 * is also the check of rules.dir: an unknown key is named with its file and line. */
#include <string.h>
#include "base/text.h"
#include "domain/ruleset.h"
#include "services/attachctl/ctl.h"

static json_t *head_json(const struct ruleset *r)
{
    return json_pack("{s:s, s:s, s:I, s:s}", "id", ruleset_id(r), "parent", ruleset_parent(r), "version",
                     (json_int_t)ruleset_version(r), "region", ruleset_region(r));
}

static void list_json(const struct rulesets *sets)
{
    json_t *all = json_array();
    for (size_t i = 0; i < rulesets_n(sets); i++)
        json_array_append_new(all, head_json(ruleset_at(sets, i)));
    ctl_print(all);
}

static void list(const struct rulesets *sets)
{
    for (size_t i = 0; i < rulesets_n(sets); i++) {
        const struct ruleset *r = ruleset_at(sets, i);
        printf("%-12s version %-4u region %s\n", ruleset_id(r), (unsigned)ruleset_version(r),
               ruleset_region(r)[0] ? ruleset_region(r) : "-");
    }
}

static void add_value(void *ctx, const char *key, const char *value) { json_object_set_new(ctx, key, ctl_text(value)); }

static void print_json(const struct ruleset *r, int32_t day)
{
    char on[TEXT_DAY_BYTES];
    json_t *j = head_json(r), *values = json_object();
    text_day(day, on);
    rules_values(r, day, add_value, values);
    json_object_set_new(j, "day", json_string(on));
    json_object_set_new(j, "values", values);
    ctl_print(j);
}

static int print(const struct ctl *c, const struct rulesets *sets, const char *id, int32_t day)
{
    const struct ruleset *r = ruleset_find(sets, id);
    if (!r) {
        fprintf(stderr, "attachctl: no rule set %s\n", id);
        return CTL_FOUND;
    }
    if (c->json)
        print_json(r, day);
    else
        rules_print(r, day, stdout);
    return CTL_OK;
}

static void help_json(void)
{
    json_t *all = json_array();
    for (int id = 0; id < RULE_N; id++) {
        struct rule_about a = rule_about((enum rule_id)id);
        json_array_append_new(all, json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s}", "key", a.key, "per_channel", a.per_channel,
                                             "type", a.type, "allowed", a.allowed, "default", a.def, "read_by", a.by, "help",
                                             a.help));
    }
    ctl_print(all);
}

static int run(struct ctl *c, int n, char **args, int32_t day)
{
    struct rulesets *sets;
    struct err e = {0};
    const char *dir = conf_str(c->conf, "rules.dir");
    if (!dir[0])
        err_set(&e, ERR_INPUT, "rules.dir", "this command needs the folder of the rule sets: --set rules.dir=DIR");
    if (!dir[0] || !rulesets_load_dir(dir, &sets, &e))
        return ctl_fail(&e);
    int code = CTL_OK;
    if (n == 2)
        code = print(c, sets, args[1], day);
    else
        (c->json ? list_json : list)(sets);
    rulesets_free(sets);
    return code;
}

int cmd_rules(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"day", required_argument, NULL, 'd'}, CTL_OPTIONS, {NULL}};
    int32_t day = text_day_at(ctl_now_ms(), 180);
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if (opt == 'd' && !text_day_parse(optarg, &day))
            return ctl_usage(argv[0]);
        if (opt != 'd' && !ctl_option(c, argv[0], opt, &code))
            return code;
    }
    int n = argc - optind;
    if (n == 1 && strcmp(argv[optind], "help") == 0) {
        if (c->json)
            help_json();
        else
            rules_help(stdout);
        return CTL_OK;
    }
    if ((n == 1 && strcmp(argv[optind], "list") == 0) || (n == 2 && strcmp(argv[optind], "print") == 0))
        return run(c, n, argv + optind, day);
    return ctl_usage(argv[0]);
}
