/* ruleset_key.c - keys and values of rule files as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "domain/ruleset_impl.h"

enum { N = RULE_N };
#define RULE(id, key, type, words, def, by, help)                                                                    \
    [RULE_##id] = {key, RULE_TYPE_##type, SCOPE_PLAIN, words, def, by, help, N, N},
#define CHANNEL_RULE(id, key, type, words, online, desk, def, by, help)                                              \
    [RULE_##id] = {key, RULE_TYPE_##type, SCOPE_CHANNEL, words, def, by, help, RULE_##online, RULE_##desk},
#define PROFILE_RULE(id, key, type, words, def, by, help)                                                            \
    [RULE_##id] = {key, RULE_TYPE_##type, SCOPE_PROFILE, words, def, by, help, N, N},
const struct rule_spec rule_specs[RULE_N] = {
#include "domain/rules.def"
};
#undef RULE
#undef CHANNEL_RULE
#undef PROFILE_RULE

#define RULE_WORD(w) [W_##w] = #w,
static const char *const word_names[RULE_WORD_N] = {
    [W_NONE_SET] = "",
#include "domain/words.def"
};
#undef RULE_WORD

const char *rule_word_name(enum rule_word w) { return word_names[w]; }

/* --- keys --- */

static const char profile_hole[] = "<profile>";

/* "limit.profile.<profile>.exempt" against a key. */
static PB(Profile) match_hole(const char *pattern, const char *key)
{
    const char *hole = strstr(pattern, profile_hole), *tail = hole + strlen(profile_hole);
    size_t head = (size_t)(hole - pattern), len = strlen(key), tail_len = strlen(tail);
    if (len <= head + tail_len || memcmp(key, pattern, head) != 0 || strcmp(key + len - tail_len, tail) != 0)
        return PB_PROFILE(UNSPECIFIED);
    return profile_by_name(key + head, len - head - tail_len);
}

/* "channel.<channel>.<attribute>" or "channel.<channel>.<profile>.<attribute>". */
static bool match_channel(const char *attribute, const char *key, enum channel_kind *ret_c, PB(Profile) * ret_p)
{
    static const char head[] = "channel.";
    if (strncmp(key, head, sizeof head - 1) != 0)
        return false;
    const char *name = key + sizeof head - 1, *rest = strchr(name, '.');
    if (!rest || (*ret_c = channel_by_name(name, (size_t)(rest - name))) == CHANNEL_NONE)
        return false;
    *ret_p = PB_PROFILE(UNSPECIFIED);
    if (strcmp(++rest, attribute) == 0)
        return true;
    const char *dot = strchr(rest, '.');
    return dot && strcmp(dot + 1, attribute) == 0 &&
           (*ret_p = profile_by_name(rest, (size_t)(dot - rest))) != PB_PROFILE(UNSPECIFIED);
}

static bool match(enum rule_id id, const char *key, uint16_t *ret_slot)
{
    const struct rule_spec *s = &rule_specs[id];
    enum channel_kind c = CHANNEL_NONE;
    PB(Profile) p = PB_PROFILE(UNSPECIFIED);
    bool found = s->scope == SCOPE_PLAIN     ? strcmp(s->key, key) == 0
                 : s->scope == SCOPE_CHANNEL ? match_channel(s->key, key, &c, &p)
                                             : (p = match_hole(s->key, key)) != PB_PROFILE(UNSPECIFIED);
    if (found)
        *ret_slot = rule_slot(id, c, p);
    return found;
}

bool rule_parse_key(const char *key, uint16_t *ret_slot)
{
    for (int id = 0; id < RULE_N; id++)
        if (match((enum rule_id)id, key, ret_slot))
            return true;
    return false;
}

void rule_print_key(uint16_t slot, char *to, size_t size)
{
    const struct rule_spec *s = &rule_specs[slot / RULE_SLOTS_OF_ID];
    int rest = slot % RULE_SLOTS_OF_ID;
    const char *channel = channel_name((enum channel_kind)(rest / PB_PROFILE_N));
    const char *profile = profile_name((PB(Profile))(rest % PB_PROFILE_N));
    if (s->scope == SCOPE_CHANNEL)
        snprintf(to, size, "channel.%s.%s%s%s", channel, profile, *profile ? "." : "", s->key);
    else if (s->scope == SCOPE_PROFILE)
        snprintf(to, size, "%.*s%s%s", (int)(strstr(s->key, profile_hole) - s->key), s->key, profile,
                 strstr(s->key, profile_hole) + strlen(profile_hole));
    else
        snprintf(to, size, "%s", s->key);
}

/* --- values --- */

static bool is_allowed(const char *allowed, const char *word, size_t len)
{
    for (const char *p = allowed; *p;) {
        size_t n = strcspn(p, ",");
        if (n == len && memcmp(p, word, n) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static enum rule_word word_of(const char *text, size_t len)
{
    for (int w = W_NONE_SET + 1; w < RULE_WORD_N; w++)
        if (strlen(word_names[w]) == len && memcmp(word_names[w], text, len) == 0)
            return (enum rule_word)w;
    return W_NONE_SET;
}

/* One word into the list; false: not allowed, twice, or no room. */
static bool take_word(const struct rule_spec *s, const char *text, size_t len, struct rule_value *v)
{
    enum rule_word w = is_allowed(s->allowed, text, len) ? word_of(text, len) : W_NONE_SET;
    if (w == W_NONE_SET || v->words_n == RULE_WORDS_MAX || memchr(v->words, w, v->words_n))
        return false;
    v->words[v->words_n++] = (uint8_t)w;
    return true;
}

static bool take_list(const struct rule_spec *s, const char *text, struct rule_value *v)
{
    for (const char *p = text; *p;) {
        p += strspn(p, " ");
        size_t n = strcspn(p, ","), len = n;
        while (len > 0 && p[len - 1] == ' ')
            len--;
        if (!take_word(s, p, len, v) || (p[n] == ',' && p[n + 1] == '\0'))
            return false;
        p += n + (p[n] == ',');
    }
    return true;
}

static bool take_int(const char *allowed, const char *text, struct rule_value *v)
{
    long long min, max;
    char *end;
    must(sscanf(allowed, "%lld..%lld", &min, &max) == 2);
    long long n = strtoll(text, &end, 10);
    v->number = n;
    return end != text && *end == '\0' && n >= min && n <= max;
}

/* MM-DD..MM-DD of days that exist in every year. */
static bool window_ok(const char *text)
{
    char day[16];
    struct date d;
    if (strlen(text) != 12 || memcmp(text + 5, "..", 2) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        snprintf(day, sizeof day, "2001-%.5s", i ? text + 7 : text);
        if (!date_parse(day, &d))
            return false;
    }
    return true;
}

static bool sender_ok(const char *text)
{
    size_t n = strlen(text);
    return n >= 3 && n <= 11 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static bool take_text(enum rule_id id, const char *text)
{
    return id == RULE_INSURER_CHANGE_WINDOW ? window_ok(text) : id == RULE_NOTIFY_SMS_SENDER ? sender_ok(text) : true;
}

bool rule_parse_value(enum rule_id id, const char *text, struct arena *mem, struct rule_value *v, struct err *e)
{
    const struct rule_spec *s = &rule_specs[id];
    bool ok = false;
    v->words_n = 0;
    v->number = 0;
    switch (s->type) {
    case RULE_TYPE_INT: ok = take_int(s->allowed, text, v); break;
    case RULE_TYPE_BOOL: ok = take_int("0..1", text, v); break;
    case RULE_TYPE_WORD: ok = take_word(s, text, strlen(text), v); break;
    case RULE_TYPE_LIST: ok = take_list(s, text, v); break;
    case RULE_TYPE_TEXT: ok = take_text(id, text); break;
    }
    if (!ok)
        return err_set(e, ERR_INPUT, "rules", "'%.40s' is not allowed, expected %s%s", text,
                       s->type == RULE_TYPE_BOOL   ? "0 or 1"
                       : s->type == RULE_TYPE_WORD ? "one of "
                       : s->type == RULE_TYPE_LIST ? "a list of "
                                                   : "",
                       s->allowed);
    v->text = arena_strdup(mem, text);
    return true;
}
