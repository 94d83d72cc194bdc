/* ruleset_load.c - rule files into rule sets. */
#include <stdlib.h>
#include <string.h>
#include "base/inifile.h"
#include "domain/ruleset_impl.h"

enum { ARENA_BYTES = 64 << 20, SETS_MAX = 200 };

static struct rulesets *rulesets_new(void)
{
    struct err e;
    struct arena *mem = arena_new(ARENA_BYTES, ARENA_BYTES);
    struct rulesets *s = ARENA_NEW(mem, struct rulesets);
    s->mem = mem;
    s->cap = SETS_MAX;
    s->sets = ARENA_ARRAY(mem, struct ruleset *, SETS_MAX);
    for (int id = 0; id < RULE_N; id++) /* a default that its own row does not allow is a bug */
        must(rule_parse_value((enum rule_id)id, rule_specs[id].def, mem, &s->defaults[id], &e));
    return s;
}

void rulesets_free(struct rulesets *s)
{
    if (s)
        arena_free(s->mem);
}

/* --- sections --- */

static bool copy_trimmed(const char *from, size_t len, char *to, size_t size)
{
    while (len > 0 && *from == ' ')
        from++, len--;
    while (len > 0 && from[len - 1] == ' ')
        len--;
    if (len == 0 || len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* "RU-MOW : federal" */
static bool split_section(const char *section, struct ruleset *r)
{
    const char *colon = strchr(section, ':');
    if (!colon)
        return copy_trimmed(section, strlen(section), r->id, sizeof r->id);
    return copy_trimmed(section, (size_t)(colon - section), r->id, sizeof r->id) &&
           copy_trimmed(colon + 1, strlen(colon + 1), r->parent, sizeof r->parent);
}

static struct ruleset *find(const struct rulesets *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->sets[i]->id, id) == 0)
            return s->sets[i];
    return NULL;
}

static struct ruleset *add_set(struct rulesets *s, const struct ini_line *l, const struct ruleset *named)
{
    struct ruleset *r = ARENA_NEW(s->mem, struct ruleset);
    *r = *named;
    r->sets = s;
    r->file = arena_strdup(s->mem, l->file);
    r->line = l->line;
    s->sets[s->n++] = r;
    return r;
}

/* Rule set of a section; a section may go on in another place only under the same heading. */
static struct ruleset *set_of(struct rulesets *s, const struct ini_line *l, struct err *e)
{
    struct ruleset named = {0};
    if (!split_section(l->section, &named)) {
        err_set(e, ERR_INPUT, "rules", "a section is [ID] or [ID : PARENT], at most 31 letters each");
        return NULL;
    }
    struct ruleset *r = find(s, named.id);
    if (r && strcmp(r->parent, named.parent) != 0) {
        err_set(e, ERR_INPUT, "rules", "[%s] has another parent than at %s:%d", named.id, r->file, r->line);
        return NULL;
    }
    if (!r && s->n == s->cap) {
        err_set(e, ERR_INPUT, "rules", "more than %d rule sets", SETS_MAX);
        return NULL;
    }
    return r ? r : add_set(s, l, &named);
}

/* --- lines --- */

static bool take_version(struct ruleset *r, const char *text, struct err *e)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (*text < '1' || *text > '9' || *end || v > UINT32_MAX)
        return err_set(e, ERR_INPUT, "rules", "version is a number from 1");
    if (r->version)
        return err_set(e, ERR_INPUT, "rules", "version of [%s] stands twice", r->id);
    r->version = (uint32_t)v;
    return true;
}

static bool take_region(struct rulesets *s, struct ruleset *r, const char *text, struct err *e)
{
    if (strlen(text) != 2 || strspn(text, "0123456789") != 2)
        return err_set(e, ERR_INPUT, "rules", "region is two digits");
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->sets[i]->region, text) == 0)
            return err_set(e, ERR_INPUT, "rules", "region %s is that of [%s] already", text, s->sets[i]->id);
    memcpy(r->region, text, 3);
    return true;
}

/* "key@2016-01-01" into key and day. */
static bool split_key(const char *text, char key[96], int32_t *ret_from, struct err *e)
{
    const char *at = strchr(text, '@');
    size_t n = at ? (size_t)(at - text) : strlen(text);
    struct date d;
    if (n >= 96)
        return err_set(e, ERR_INPUT, "rules", "key is too long");
    memcpy(key, text, n);
    key[n] = '\0';
    *ret_from = RULE_FROM_EVER;
    if (at && !date_parse(at + 1, &d))
        return err_set(e, ERR_INPUT, "rules", "after @ stands a date YYYY-MM-DD");
    if (at)
        *ret_from = date_days(d);
    return true;
}

static void push(struct ruleset *r, const struct rule_value *v)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        struct rule_value *more = ARENA_ARRAY(r->sets->mem, struct rule_value, cap);
        if (r->n)
            memcpy(more, r->values, r->n * sizeof *more);
        r->values = more;
        r->cap = cap;
    }
    r->values[r->n++] = *v;
}

static bool take_rule(struct rulesets *s, struct ruleset *r, const struct ini_line *l, struct err *e)
{
    char key[96];
    struct rule_value v = {0};
    if (!split_key(l->key, key, &v.from, e))
        return false;
    if (!rule_parse_key(key, &v.slot))
        return err_set(e, ERR_INPUT, "rules", "unknown key '%.60s'", key);
    if (!rule_parse_value((enum rule_id)(v.slot / RULE_SLOTS_OF_ID), l->value, s->mem, &v, e))
        return err_prefix(e, "%s", key);
    for (size_t i = 0; i < r->n; i++)
        if (r->values[i].slot == v.slot && r->values[i].from == v.from)
            return err_set(e, ERR_INPUT, "rules", "'%s' stands twice in [%s]", l->key, r->id);
    push(r, &v);
    return true;
}

static bool on_line(void *ctx, const struct ini_line *l, struct err *e)
{
    struct rulesets *s = ctx;
    struct ruleset *r = set_of(s, l, e);
    if (!r)
        return false;
    if (strcmp(l->key, "version") == 0)
        return take_version(r, l->value, e);
    if (strcmp(l->key, "region") == 0)
        return take_region(s, r, l->value, e);
    return take_rule(s, r, l, e);
}

static bool read_path(void *ctx, const char *path, struct err *e) { return inifile_each(path, on_line, ctx, e); }

static bool finish(struct rulesets *s, bool ok, struct rulesets **ret, struct err *e)
{
    ok = ok && rulesets_resolve(s, e);
    if (ok)
        *ret = s;
    else
        rulesets_free(s);
    return ok;
}

bool rulesets_load_dir(const char *path, struct rulesets **ret, struct err *e)
{
    size_t n = 0;
    struct rulesets *s = rulesets_new();
    bool ok = inifile_each_path(path, read_path, s, &n, e) && (n > 0 || err_set(e, ERR_FATAL, "rules", "%s: no *.ini", path));
    return finish(s, ok, ret, e);
}

bool rulesets_load_file(const char *path, struct rulesets **ret, struct err *e)
{
    struct rulesets *s = rulesets_new();
    return finish(s, read_path(s, path, e), ret, e);
}

bool rulesets_load_stream(FILE *f, const char *name, struct rulesets **ret, struct err *e)
{
    struct rulesets *s = rulesets_new();
    return finish(s, inifile_each_of(f, name, on_line, s, e), ret, e);
}
