/* ruleset_impl.h - how rule sets are kept; for ruleset*.c only.
 * A slot is a rule as seen from one channel and profile: id * (channels * profiles) + channel * profiles + profile, with
 * 0 for "any". Values of a rule set are one array sorted by slot and first day; first[slot] .. first[slot + 1] are those
 * of the slot. Inheritance is merged in at load. */
#ifndef CLINIC_RULESET_IMPL_H
#define CLINIC_RULESET_IMPL_H
#include "base/arena.h"
#include "domain/ruleset.h"

enum {
    RULE_SLOTS_OF_ID = CHANNEL_KIND_N * PB_PROFILE_N,
    RULE_SLOT_N = RULE_N * RULE_SLOTS_OF_ID,
    RULE_FROM_EVER = INT32_MIN,
};

enum rule_scope { SCOPE_PLAIN, SCOPE_CHANNEL, SCOPE_PROFILE };

struct rule_spec {
    const char *key; /* of SCOPE_CHANNEL the attribute; of SCOPE_PROFILE with <profile> in it */
    enum rule_type type;
    enum rule_scope scope;
    const char *allowed, *def, *by, *help;
    int base_online, base_desk; /* rule_id; RULE_N = none */
};
extern const struct rule_spec rule_specs[RULE_N];

struct rule_value {
    int32_t from;              /* first day in force; RULE_FROM_EVER */
    uint16_t slot;
    uint8_t words_n;
    uint8_t words[RULE_WORDS_MAX]; /* enum rule_word, in order */
    int64_t number;            /* INT, BOOL */
    const char *text;          /* as written; arena of the rule sets */
};

struct ruleset {
    const struct rulesets *sets;
    char id[32], parent[32], region[3];
    uint32_t version;
    const char *file;
    int line;                  /* of its first line, for messages */
    int state;                 /* of resolving: 0 not yet, 1 under way, 2 done */
    size_t n, cap;
    struct rule_value *values; /* own ones while loading, resolved ones after */
    uint16_t *first;           /* RULE_SLOT_N + 1 */
};

struct rulesets {
    struct arena *mem;
    size_t n, cap;
    struct ruleset **sets;     /* in order of appearance */
    struct rule_value defaults[RULE_N];
};

static inline uint16_t rule_slot(enum rule_id id, enum channel_kind c, PB(Profile) p)
{
    return (uint16_t)((int)id * RULE_SLOTS_OF_ID + (int)c * PB_PROFILE_N + (int)p);
}

/* Parse a value by the spec's type into *v (type fields and text). ERR_INPUT says what is allowed. */
bool rule_parse_value(enum rule_id id, const char *text, struct arena *mem, struct rule_value *v, struct err *e) MUST_CHECK;
/* Slot that a key names; false = no such key. */
bool rule_parse_key(const char *key, uint16_t *ret_slot);
/* Key of a slot, as written in a file. */
void rule_print_key(uint16_t slot, char *to, size_t size);
/* Sort, merge inheritance, index. */
bool rulesets_resolve(struct rulesets *s, struct err *e) MUST_CHECK;
#endif
