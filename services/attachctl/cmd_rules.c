/* cmd_rules.c - attachctl rules help|list|print: what rule keys there are and what the rule sets say. Loading them all
 * is also the check of rules.dir: an unknown key is named with its file and line. */
#include <string.h>
#include "base/text.h"
#include "domain/ruleset.h"
#include "services/attachctl/ctl.h"

static void list(const struct rulesets *sets)
{
    for (size_t i = 0; i < rulesets_n(sets); i++) {
        const struct ruleset *r = ruleset_at(sets, i);
        printf("%-12s version %-4u region %s\n", ruleset_id(r), (unsigned)ruleset_version(r),
               ruleset_region(r)[0] ? ruleset_region(r) : "-");
    }
}

static int print(const struct rulesets *sets, const char *id, int32_t day)
{
    const struct ruleset *r = ruleset_find(sets, id);
    if (!r) {
        fprintf(stderr, "attachctl: no rule set %s\n", id);
        return CTL_FOUND;
    }
    rules_print(r, day, stdout);
    return CTL_OK;
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
        code = print(sets, args[1], day);
    else
        list(sets);
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
        rules_help(stdout);
        return CTL_OK;
    }
    if ((n == 1 && strcmp(argv[optind], "list") == 0) || (n == 2 && strcmp(argv[optind], "print") == 0))
        return run(c, n, argv + optind, day);
    return ctl_usage(argv[0]);
}
