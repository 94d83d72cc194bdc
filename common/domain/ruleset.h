/* ruleset.h - regional rules as data (domain.md 2.12, all C-nn keys). One list of known keys: rules.def.
 *
 * File: deploy/rules/<any>.ini
 *   [RU-MOW : federal]                    section = rule set, after the colon the one it inherits from
 *   version = 3                           required; goes into every decision
 *   region = 77                           two digits of the region; none for federal
 *   limit.window@2016-01-01 = CALENDAR_MONTH    in force from that day on
 *   channel.mosru.adult_dental.min_age = 18     most specific wins: channel and profile, channel, base key, default
 * Inheritance: the rule set's own value in force on the day, else the parent's. Everything is resolved at load: a
 * getter is one look into a short list. Unknown key, value that is not allowed, a missing parent: ERR_INPUT with file
 * and line, the process does not start.
 * Pure after loading; threads: read-only. */
#ifndef CLINIC_RULESET_H
#define CLINIC_RULESET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"
#include "domain/channel.h"
#include "domain/date.h"

#define RULE_WORD(w) W_##w,
enum rule_word {
    W_NONE_SET, /* no word */
#include "domain/words.def"
    RULE_WORD_N
};
#undef RULE_WORD

#define RULE(id, key, type, words, def, by, help) RULE_##id,
#define CHANNEL_RULE(id, key, type, words, base_online, base_desk, def, by, help) RULE_##id,
#define PROFILE_RULE(id, key, type, words, def, by, help) RULE_##id,
enum rule_id {
#include "domain/rules.def"
    RULE_N
};
#undef RULE
#undef CHANNEL_RULE
#undef PROFILE_RULE

enum rule_type { RULE_TYPE_INT, RULE_TYPE_BOOL, RULE_TYPE_WORD, RULE_TYPE_LIST, RULE_TYPE_TEXT };

struct rulesets; /* all rule sets of a folder */
struct ruleset;  /* one, resolved */

/* gives. Every *.ini of the folder is one text; a rule set may stand in any of them. ERR_INPUT, ERR_FATAL as above. */
bool rulesets_load_dir(const char *path, struct rulesets **ret, struct err *e) MUST_CHECK;
bool rulesets_load_file(const char *path, struct rulesets **ret, struct err *e) MUST_CHECK; /* gives */
bool rulesets_load_stream(FILE *f, const char *name, struct rulesets **ret, struct err *e) MUST_CHECK; /* gives; borrows f */
void rulesets_free(struct rulesets *s);

const struct ruleset *ruleset_find(const struct rulesets *s, const char *id);            /* NULL = unknown */
const struct ruleset *ruleset_of_region(const struct rulesets *s, const char *region);   /* "77"; NULL = unknown */
const struct ruleset *ruleset_federal(const struct rulesets *s);                         /* NULL = not in the folder */
size_t rulesets_n(const struct rulesets *s);
const struct ruleset *ruleset_at(const struct rulesets *s, size_t i);
const char *ruleset_id(const struct ruleset *r);      /* "RU-MOW" */
uint32_t ruleset_version(const struct ruleset *r);
const char *ruleset_parent(const struct ruleset *r);  /* whom it inherits from; "" for nobody */
const char *ruleset_region(const struct ruleset *r);  /* "77"; "" for federal */

/* Where rules are asked: the rule set, the local day, and for channel and profile keys the channel and the profile.
 * A value on the caller's stack; borrows the rule set. */
struct rule_ctx {
    const struct ruleset *set;
    int32_t day;               /* day number in the region's time */
    int utc_offset_min;        /* of the region on that day */
    enum channel_kind channel; /* CHANNEL_NONE: base keys only */
    PB(Profile) profile;       /* UNSPECIFIED: no profile keys */
};
/* Rules at an instant. */
struct rule_ctx rules_at(const struct ruleset *r, int64_t now_ms, enum channel_kind channel, PB(Profile) profile);
/* Rules for an application received at an instant. */
struct rule_ctx rules_for(const struct ruleset *r, int64_t received_ms, const PB(Application) * app);

/* Getters. Asking for a rule with the getter of another type is a bug (must). */
int64_t rule_int(const struct rule_ctx *at, enum rule_id id);
bool rule_on(const struct rule_ctx *at, enum rule_id id);                      /* BOOL */
enum rule_word rule_word(const struct rule_ctx *at, enum rule_id id);          /* WORD */
bool rule_is(const struct rule_ctx *at, enum rule_id id, enum rule_word w);    /* WORD */
bool rule_has(const struct rule_ctx *at, enum rule_id id, enum rule_word w);   /* LIST: member */
#define RULE_WORDS_MAX 8
size_t rule_list(const struct rule_ctx *at, enum rule_id id, enum rule_word ret[RULE_WORDS_MAX]); /* LIST: in order */
const char *rule_text(const struct rule_ctx *at, enum rule_id id);             /* TEXT */

const char *rule_word_name(enum rule_word w);         /* "CALENDAR_MONTH"; static */
/* Decision record of a rule set; arena. */
struct arena;
PB(RuleSetRef) * ruleset_ref(struct arena *mem, const struct ruleset *r);
void rules_help(FILE *to);                            /* every key with type, allowed values, default, reader, help */
/* Every resolved value of a rule set on a day, one key per line, as it would be written in a file. */
void rules_print(const struct ruleset *r, int32_t day, FILE *to);
/* The same for programs: a key, and a value, at a time. */
struct rule_about {
    const char *key;
    bool per_channel;        /* written channel.<channel>[.<profile>].KEY */
    const char *type;        /* "int", "bool", "word", "list", "text" */
    const char *allowed;     /* "" = anything of the type */
    const char *def, *by, *help;
};
struct rule_about rule_about(enum rule_id id); /* static texts */
typedef void rule_value_fn(void *ctx, const char *key, const char *value);
void rules_values(const struct ruleset *r, int32_t day, rule_value_fn *fn, void *ctx);
#endif
