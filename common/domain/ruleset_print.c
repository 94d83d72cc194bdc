/* ruleset_print.c - the table of keys and a resolved rule set, for people. */
#include "domain/ruleset_impl.h"

static const char *const type_names[] = {
    [RULE_TYPE_INT] = "int", [RULE_TYPE_BOOL] = "bool", [RULE_TYPE_WORD] = "word",
    [RULE_TYPE_LIST] = "list", [RULE_TYPE_TEXT] = "text",
};

struct rule_about rule_about(enum rule_id id)
{
    const struct rule_spec *s = &rule_specs[id];
    return (struct rule_about){.key = s->key, .per_channel = s->scope == SCOPE_CHANNEL, .type = type_names[s->type],
                               .allowed = s->allowed, .def = s->def, .by = s->by, .help = s->help};
}

void rules_help(FILE *to)
{
    for (int id = 0; id < RULE_N; id++) {
        struct rule_about a = rule_about((enum rule_id)id);
        fprintf(to, "%s%s\n    %s %s%sdefault %s; read by %s\n    %s\n", a.per_channel ? "channel.<channel>[.<profile>]." : "",
                a.key, a.type, a.allowed, *a.allowed ? "; " : "", *a.def ? a.def : "(empty)", a.by, a.help);
    }
}

void rules_values(const struct ruleset *r, int32_t day, rule_value_fn *fn, void *ctx)
{
    char key[96];
    for (int slot = 0; slot < RULE_SLOT_N; slot++)
        for (size_t i = r->first[slot + 1]; i-- > r->first[slot];)
            if (r->values[i].from <= day) {
                rule_print_key((uint16_t)slot, key, sizeof key);
                fn(ctx, key, r->values[i].text);
                break;
            }
}

static void print_value(void *ctx, const char *key, const char *value) { fprintf(ctx, "%s = %s\n", key, value); }

void rules_print(const struct ruleset *r, int32_t day, FILE *to)
{
    fprintf(to, "[%s%s%s]\nversion = %u\n", r->id, r->parent[0] ? " : " : "", r->parent, r->version);
    if (r->region[0])
        fprintf(to, "region = %s\n", r->region);
    rules_values(r, day, print_value, to);
}
