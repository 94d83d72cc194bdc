/* ruleset_print.c - the table of keys and a resolved rule set, for people. */
#include "domain/ruleset_impl.h"

static const char *const type_names[] = {
    [RULE_TYPE_INT] = "int", [RULE_TYPE_BOOL] = "bool", [RULE_TYPE_WORD] = "word",
    [RULE_TYPE_LIST] = "list", [RULE_TYPE_TEXT] = "text",
};

void rules_help(FILE *to)
{
    for (int id = 0; id < RULE_N; id++) {
        const struct rule_spec *s = &rule_specs[id];
        const char *head = s->scope == SCOPE_CHANNEL ? "channel.<channel>[.<profile>]." : "";
        fprintf(to, "%s%s\n    %s %s%sdefault %s; read by %s\n    %s\n", head, s->key, type_names[s->type], s->allowed,
                *s->allowed ? "; " : "", *s->def ? s->def : "(empty)", s->by, s->help);
    }
}

void rules_print(const struct ruleset *r, int32_t day, FILE *to)
{
    char key[96];
    fprintf(to, "[%s%s%s]\nversion = %u\n", r->id, r->parent[0] ? " : " : "", r->parent, r->version);
    if (r->region[0])
        fprintf(to, "region = %s\n", r->region);
    for (int slot = 0; slot < RULE_SLOT_N; slot++)
        for (size_t i = r->first[slot + 1]; i-- > r->first[slot];)
            if (r->values[i].from <= day) {
                rule_print_key((uint16_t)slot, key, sizeof key);
                fprintf(to, "%s = %s\n", key, r->values[i].text);
                break;
            }
}
