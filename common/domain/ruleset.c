/* ruleset.c - inheritance and getters. */
#include "domain/ruleset.h"
#include <stdlib.h>
#include <string.h>
#include "domain/ruleset_impl.h"

/* --- inheritance --- */

static int by_slot_and_day(const void *a, const void *b)
{
    const struct rule_value *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

static void take_while_before(struct ruleset *to, const struct ruleset *from, size_t *i, uint16_t slot, int32_t day)
{
    for (; *i < from->n && from->values[*i].slot == slot; ++*i)
        if (from->values[*i].from < day)
            to->values[to->n++] = from->values[*i];
}

/* Of one slot: the parent's values until the day the set's own first one comes into force, then its own. */
static void merge(struct ruleset *r, const struct ruleset *parent)
{
    struct ruleset own = *r;
    size_t i = 0, j = 0;
    r->values = ARENA_ARRAY(r->sets->mem, struct rule_value, own.n + parent->n + 1);
    r->n = 0;
    while (i < own.n || j < parent->n) {
        bool own_first = i < own.n && (j == parent->n || own.values[i].slot <= parent->values[j].slot);
        uint16_t slot = own_first ? own.values[i].slot : parent->values[j].slot;
        take_while_before(r, parent, &j, slot, own_first ? own.values[i].from : INT32_MAX);
        take_while_before(r, &own, &i, slot, INT32_MAX);
    }
}

static void index_slots(struct ruleset *r)
{
    size_t i = 0;
    r->first = ARENA_ARRAY(r->sets->mem, uint16_t, RULE_SLOT_N + 1);
    for (int slot = 0; slot <= RULE_SLOT_N; slot++) {
        while (i < r->n && r->values[i].slot < slot)
            i++;
        r->first[slot] = (uint16_t)i;
    }
}

static bool resolve(struct rulesets *s, struct ruleset *r, struct err *e)
{
    if (r->state == 2)
        return true;
    if (r->state == 1)
        return err_set(e, ERR_INPUT, "rules", "%s:%d: [%s] inherits from itself", r->file, r->line, r->id);
    if (r->version == 0)
        return err_set(e, ERR_INPUT, "rules", "%s:%d: [%s] has no version", r->file, r->line, r->id);
    r->state = 1;
    if (r->n)
        qsort(r->values, r->n, sizeof *r->values, by_slot_and_day);
    if (r->parent[0]) {
        const struct ruleset *parent = ruleset_find(s, r->parent);
        if (!parent)
            return err_set(e, ERR_INPUT, "rules", "%s:%d: [%s] inherits from [%s], which is not there", r->file, r->line, r->id,
                           r->parent);
        if (!resolve(s, (struct ruleset *)parent, e))
            return false;
        merge(r, parent);
    }
    index_slots(r);
    r->state = 2;
    return true;
}

bool rulesets_resolve(struct rulesets *s, struct err *e)
{
    for (size_t i = 0; i < s->n; i++)
        if (!resolve(s, s->sets[i], e))
            return false;
    return true;
}

/* --- sets --- */

const struct ruleset *ruleset_find(const struct rulesets *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->sets[i]->id, id) == 0)
            return s->sets[i];
    return NULL;
}

const struct ruleset *ruleset_of_region(const struct rulesets *s, const char *region)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->sets[i]->region[0] && strcmp(s->sets[i]->region, region) == 0)
            return s->sets[i];
    return NULL;
}

const struct ruleset *ruleset_federal(const struct rulesets *s) { return ruleset_find(s, "federal"); }
size_t rulesets_n(const struct rulesets *s) { return s->n; }

const struct ruleset *ruleset_at(const struct rulesets *s, size_t i)
{
    must(i < s->n);
    return s->sets[i];
}

const char *ruleset_id(const struct ruleset *r) { return r->id; }
uint32_t ruleset_version(const struct ruleset *r) { return r->version; }
const char *ruleset_parent(const struct ruleset *r) { return r->parent; }
const char *ruleset_region(const struct ruleset *r) { return r->region; }

PB(RuleSetRef) * ruleset_ref(struct arena *mem, const struct ruleset *r)
{
    PB(RuleSetRef) *m = arena_alloc(mem, sizeof *m);
    clinic__attach__v1__rule_set_ref__init(m);
    m->id = arena_strdup(mem, r->id);
    m->version = r->version;
    return m;
}

/* --- getters --- */

static const struct rule_value *in_slot(const struct rule_ctx *at, uint16_t slot)
{
    const struct ruleset *r = at->set;
    for (size_t i = r->first[slot + 1]; i-- > r->first[slot];)
        if (r->values[i].from <= at->day)
            return &r->values[i];
    return NULL;
}

static const struct rule_value *of_channel(const struct rule_ctx *at, enum rule_id id)
{
    const struct rule_value *v = NULL;
    if (at->channel != CHANNEL_NONE && at->profile != PB_PROFILE(UNSPECIFIED))
        v = in_slot(at, rule_slot(id, at->channel, at->profile));
    if (!v && at->channel != CHANNEL_NONE)
        v = in_slot(at, rule_slot(id, at->channel, PB_PROFILE(UNSPECIFIED)));
    return v;
}

static const struct rule_value *value_of(const struct rule_ctx *at, enum rule_id id)
{
    const struct rule_spec *s = &rule_specs[id];
    const struct rule_value *v = s->scope == SCOPE_CHANNEL ? of_channel(at, id)
                                 : in_slot(at, rule_slot(id, CHANNEL_NONE, s->scope == SCOPE_PROFILE ? at->profile : 0));
    int base = at->channel == CHANNEL_IN_PERSON ? s->base_desk : s->base_online;
    if (!v && base != RULE_N)
        return value_of(at, (enum rule_id)base);
    return v ? v : &at->set->sets->defaults[id];
}

static const struct rule_value *typed(const struct rule_ctx *at, enum rule_id id, enum rule_type type)
{
    must(rule_specs[id].type == type);
    return value_of(at, id);
}

int64_t rule_int(const struct rule_ctx *at, enum rule_id id) { return typed(at, id, RULE_TYPE_INT)->number; }
bool rule_on(const struct rule_ctx *at, enum rule_id id) { return typed(at, id, RULE_TYPE_BOOL)->number != 0; }
enum rule_word rule_word(const struct rule_ctx *at, enum rule_id id) { return typed(at, id, RULE_TYPE_WORD)->words[0]; }
bool rule_is(const struct rule_ctx *at, enum rule_id id, enum rule_word w) { return rule_word(at, id) == w; }

bool rule_has(const struct rule_ctx *at, enum rule_id id, enum rule_word w)
{
    const struct rule_value *v = typed(at, id, RULE_TYPE_LIST);
    return memchr(v->words, w, v->words_n) != NULL;
}

size_t rule_list(const struct rule_ctx *at, enum rule_id id, enum rule_word ret[RULE_WORDS_MAX])
{
    const struct rule_value *v = typed(at, id, RULE_TYPE_LIST);
    for (size_t i = 0; i < v->words_n; i++)
        ret[i] = v->words[i];
    return v->words_n;
}

const char *rule_text(const struct rule_ctx *at, enum rule_id id) { return typed(at, id, RULE_TYPE_TEXT)->text; }

/* The offset is a rule itself: it is read on the day the instant has in UTC. */
struct rule_ctx rules_at(const struct ruleset *r, int64_t now_ms, enum channel_kind channel, PB(Profile) profile)
{
    struct rule_ctx at = {r, date_day_of_ms(now_ms, 0), 0, channel, (size_t)profile < PB_PROFILE_N ? profile : 0};
    at.utc_offset_min = (int)rule_int(&at, RULE_UTC_OFFSET_MIN);
    at.day = date_day_of_ms(now_ms, at.utc_offset_min);
    return at;
}

struct rule_ctx rules_for(const struct ruleset *r, int64_t received_ms, const PB(Application) * app)
{
    return rules_at(r, received_ms, channel_of(app->source), app->profile);
}
