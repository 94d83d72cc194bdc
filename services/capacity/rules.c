/* rules.c - see rules.h. */
#include "services/capacity/rules.h"

bool cap_rules_init(const struct conf *conf, void **ret, struct err *e)
{
    struct rulesets *sets;
    if (!rulesets_load_dir(conf_str(conf, "rules.dir"), &sets, e))
        return false;
    if (!ruleset_federal(sets)) {
        rulesets_free(sets);
        return err_set(e, ERR_FATAL, "CAP-RULES", "rules.dir: the federal rule set is missing");
    }
    *ret = sets;
    return true;
}

struct rule_ctx cap_rules_at(const struct svc_event *ev, const PB(RuleSetRef) *ref, const PB(ClinicRecord) *clinic)
{
    const struct rulesets *sets = ev->conf;
    const struct ruleset *set = ref ? ruleset_find(sets, ref->id) : NULL;
    if (!set && clinic)
        set = ruleset_of_region(sets, clinic->region);
    if (!set)
        set = ruleset_federal(sets);
    return rules_at(set, ev->now_ms, CHANNEL_NONE, ((const PB(Reserve) *)ev->msg)->profile);
}
