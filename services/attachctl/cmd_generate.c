/* cmd_generate.c - attachctl generate: files of a synthetic region. */
#include <string.h>
#include "base/text.h"
#include "services/attachctl/ctl.h"
#include "services/attachctl/gen.h"

#define REGION_OFFSET_MIN 180 /* the day of today is Moscow's */

struct number_option {
    const char *name;
    int64_t min, max, value;
    bool required;
};
enum { PERSONS, CLINICS, APPLICATIONS, SEED, ATTACHED, REGION, HOT_CLINICS, HOT, HOT_PLACES, TWINS, DUPLICATES, WITHDRAW, NUMBERS };

static void print_sum(const struct ctl *c, const struct gen_sum *s)
{
    const struct {
        const char *what;
        uint64_t n;
    } rows[] = {{"persons", s->persons}, {"policies", s->policies}, {"clinics", s->clinics}, {"doctors", s->doctors},
                {"attachments", s->attachments}, {"applications", s->applications}, {"withdrawals", s->withdrawals}};
    size_t n = sizeof rows / sizeof *rows;
    json_t *all = json_object();
    for (size_t i = 0; i < n; i++)
        if (c->json)
            json_object_set_new(all, rows[i].what, json_integer((json_int_t)rows[i].n));
        else
            printf("%s%llu %s%s", i ? ", " : "", (unsigned long long)rows[i].n, rows[i].what, i + 1 < n ? "" : "\n");
    if (c->json)
        ctl_line(json_incref(all));
    json_decref(all);
}

static int run(struct ctl *c, const struct number_option *n, const char *out, const char *rule_set, int32_t today)
{
    struct gen_conf conf = {.persons = (uint64_t)n[PERSONS].value, .clinics = (uint64_t)n[CLINICS].value,
                            .applications = (uint64_t)n[APPLICATIONS].value, .seed = (uint64_t)n[SEED].value,
                            .attached_percent = (int)n[ATTACHED].value, .region = (int)n[REGION].value, .today = today,
                            .rule_set = rule_set, .hot_clinics = (int)n[HOT_CLINICS].value, .hot_percent = (int)n[HOT].value,
                            .hot_places = (int)n[HOT_PLACES].value, .twin_percent = (int)n[TWINS].value,
                            .duplicate_percent = (int)n[DUPLICATES].value, .withdraw_percent = (int)n[WITHDRAW].value};
    struct gen *g = gen_new(&conf);
    struct gen_sum s;
    struct err e = {0};
    bool good = gen_write(g, out, &s, &e);
    gen_free(g);
    if (!good)
        return ctl_fail(&e);
    print_sum(c, &s);
    return CTL_OK;
}

static bool number(struct number_option *n, int opt)
{
    char name[32];
    snprintf(name, sizeof name, "--%s", n[opt].name);
    n[opt].required = false;
    return ctl_number(name, optarg, n[opt].min, n[opt].max, &n[opt].value);
}

int cmd_generate(struct ctl *c, int argc, char **argv)
{
    struct number_option n[NUMBERS] = {
        [PERSONS] = {"persons", 1, 3000000000, 0, true},       [CLINICS] = {"clinics", 2, 9999, 0, true},
        [APPLICATIONS] = {"applications", 0, 100000000, 0},    [SEED] = {"seed", 0, INT64_MAX, 1},
        [ATTACHED] = {"attached", 0, 100, 70},                 [REGION] = {"region", 1, 99, 77},
        [HOT_CLINICS] = {"hot-clinics", 0, 1000, 0},           [HOT] = {"hot", 0, 100, 0},
        [HOT_PLACES] = {"hot-places", 0, 1000000, 5},          [TWINS] = {"twins", 0, 100, 0},
        [DUPLICATES] = {"duplicates", 0, 100, 0},              [WITHDRAW] = {"withdraw", 0, 100, 0},
    };
    struct option longs[NUMBERS + 8] = {{"out", required_argument, NULL, 'O'}, {"rules", required_argument, NULL, 'R'},
                                        {"today", required_argument, NULL, 'T'}, CTL_OPTIONS};
    for (int i = 0; i < NUMBERS; i++)
        longs[6 + i] = (struct option){n[i].name, required_argument, NULL, 1000 + i};
    const char *out = NULL, *rule_set = "RU-MOW";
    int32_t today = text_day_at(ctl_now_ms(), REGION_OFFSET_MIN);
    int opt, code;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if (opt >= 1000 ? !number(n, opt - 1000) : opt == 'T' && !text_day_parse(optarg, &today))
            return ctl_usage(argv[0]);
        if (opt == 'O')
            out = optarg;
        else if (opt == 'R')
            rule_set = optarg;
        else if (opt < 1000 && opt != 'T' && !ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (!out || optind != argc || n[PERSONS].required || n[CLINICS].required)
        return ctl_usage(argv[0]);
    return run(c, n, out, rule_set, today);
}
