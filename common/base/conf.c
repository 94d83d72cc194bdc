#include "base/conf.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf_impl.h"

enum { SECRET_MAX_BYTES = 65536 };

int conf_find(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->opts[i]->name, name) == 0)
            return (int)i;
    return -1;
}

static void val_free(struct conf_val *v)
{
    if (v->text)
        explicit_bzero(v->text, strlen(v->text));
    free(v->text);
    free(v->where);
}

/* Keep a value unless a source of higher priority gave one already. */
static void val_put(struct conf_val *v, const char *text, int64_t number, const char *where, enum conf_rank rank)
{
    if (v->text && rank < v->rank)
        return;
    val_free(v);
    *v = (struct conf_val){strdup(text), strdup(where), number, rank};
    must(v->text && v->where);
}

static void add_option(struct conf *c, const struct conf_opt *o)
{
    must(c->n < CONF_MAX_OPTIONS && conf_find(c, o->name) < 0);
    c->opts[c->n++] = o;
    struct err e;
    if (o->def)
        must(conf_put(c, o->name, o->def, "default", CONF_DEFAULT, &e));
}

struct conf *conf_new(const struct conf_opt *const *tables)
{
    struct conf *c = calloc(1, sizeof *c);
    must(c);
    for (; *tables; tables++)
        for (const struct conf_opt *o = *tables; o->name; o++)
            add_option(c, o);
    return c;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        val_free(&c->vals[i]);
    for (struct conf_pass *p = c->pass, *next; p; p = next) {
        next = p->next;
        val_free(&p->val);
        free(p->name);
        free(p);
    }
    free(c);
}

static struct conf_pass *pass_of(struct conf *c, const char *name)
{
    struct conf_pass **p = &c->pass;
    while (*p && strcmp((*p)->name, name) != 0)
        p = &(*p)->next;
    if (!*p) {
        *p = calloc(1, sizeof **p);
        must(*p);
        (*p)->name = strdup(name);
        must((*p)->name);
    }
    return *p;
}

static bool put_plain(struct conf *c, const char *name, const char *value, const char *where, enum conf_rank rank,
                      struct err *e)
{
    int64_t number = 0;
    int i = conf_find(c, name);
    if (i < 0) {
        val_put(&pass_of(c, name)->val, value, 0, where, rank);
        return true;
    }
    /* An empty default means "none" for every type. */
    if ((rank != CONF_DEFAULT || *value) && !conf_parse(c->opts[i], value, &number, e))
        return false;
    val_put(&c->vals[i], value, number, where, rank);
    return true;
}

/* First line of a secret's file; editors and secret stores end it with a newline. */
static bool put_from_file(struct conf *c, const char *name, const char *path, const char *where, enum conf_rank rank,
                          struct err *e)
{
    char *text = malloc(SECRET_MAX_BYTES);
    must(text);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, SECRET_MAX_BYTES - 1, f) : 0;
    bool ok = f && !ferror(f);
    if (!ok)
        err_set(e, ERR_FATAL, "CONF-FILE", "option %s: %s: %s", name, path, strerror(errno));
    if (f)
        fclose(f);
    text[n] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    ok = ok && put_plain(c, name, text, where, rank, e);
    explicit_bzero(text, n);
    free(text);
    return ok;
}

static bool is_known(const struct conf *c, const char *name)
{
    size_t n = strlen(CONF_PASS_PREFIX);
    return conf_find(c, name) >= 0 || (strncmp(name, CONF_PASS_PREFIX, n) == 0 && name[n]);
}

/* store.url_file (or kafka.sasl.password.file, as the environment spells it) -> store.url. */
static bool strip_file(const char *name, char *ret, size_t n)
{
    size_t len = strlen(name);
    if (len <= 5 || len - 5 >= n || (strcmp(name + len - 5, "_file") != 0 && strcmp(name + len - 5, ".file") != 0))
        return false;
    memcpy(ret, name, len - 5);
    ret[len - 5] = '\0';
    return true;
}

bool conf_put(struct conf *c, const char *name, const char *value, const char *where, enum conf_rank rank,
              struct err *e)
{
    char base[128];
    if (conf_find(c, name) < 0 && strip_file(name, base, sizeof base) && is_known(c, base))
        return put_from_file(c, base, value, where, rank, e);
    if (!is_known(c, name))
        return err_set(e, ERR_FATAL, "CONF-UNKNOWN", "unknown option %.*s",
                       (int)strcspn(name, " \t"), name); /* behind a blank: a value whose "=" was forgotten */
    return put_plain(c, name, value, where, rank, e);
}

bool conf_set(struct conf *c, const char *name, const char *value, const char *where, struct err *e)
{
    return conf_put(c, name, value, where, CONF_ARG, e) || err_prefix(e, "%s", where);
}

bool conf_check(const struct conf *c, struct err *e)
{
    char env[128];
    for (size_t i = 0; i < c->n; i++) {
        if (c->vals[i].text)
            continue;
        conf_env_name(c->opts[i]->name, env, sizeof env);
        return err_set(e, ERR_FATAL, "CONF-MISSING", "option %s is required (environment: %s)", c->opts[i]->name, env);
    }
    return true;
}

static const struct conf_val *value_of(const struct conf *c, const char *name)
{
    int i = conf_find(c, name);
    must(i >= 0 && c->vals[i].text);
    return &c->vals[i];
}

const char *conf_str(const struct conf *c, const char *name) { return value_of(c, name)->text; }

int64_t conf_int(const struct conf *c, const char *name) { return value_of(c, name)->number; }

void conf_each_kafka(const struct conf *c, void (*fn)(const char *key, const char *value, void *ctx), void *ctx)
{
    size_t n = strlen(CONF_PASS_PREFIX);
    for (size_t i = 0; i < c->n; i++)
        if (strncmp(c->opts[i]->name, CONF_PASS_PREFIX, n) == 0 && c->vals[i].text)
            fn(c->opts[i]->name + n, c->vals[i].text, ctx);
    for (const struct conf_pass *p = c->pass; p; p = p->next)
        fn(p->name + n, p->val.text, ctx);
}
