/* conf_source.c - the INI file and the environment as sources of options. */
#include <ctype.h>
#include <string.h>
#include "base/conf_impl.h"
#include "base/inifile.h"

static bool on_key(void *ctx, const struct ini_line *l, struct err *e)
{
    char name[256];
    int n = snprintf(name, sizeof name, "%s%s%s", l->section, *l->section ? "." : "", l->key);
    if (n >= (int)sizeof name)
        return err_set(e, ERR_FATAL, "CONF-UNKNOWN", "option name too long");
    return conf_put(ctx, name, l->value, l->file, CONF_FILE, e);
}

bool conf_load_file(struct conf *c, const char *path, struct err *e)
{
    return inifile_each(path, on_key, c, e);
}

void conf_env_name(const char *name, char *ret, size_t n)
{
    size_t at = (size_t)snprintf(ret, n, "%s", CONF_ENV_PREFIX);
    for (; *name && at + 1 < n; name++)
        ret[at++] = *name == '.' || *name == '-' ? '_' : (char)toupper((unsigned char)*name);
    ret[at] = '\0';
}

/* Option whose environment name is env, or env without _FILE: its name, with "_file" put back. */
static bool option_of_env(const struct conf *c, const char *env, char *ret, size_t n)
{
    char known[128];
    size_t len = strlen(env);
    size_t cut = len > 5 && strcmp(env + len - 5, "_FILE") == 0 ? 5 : 0;
    for (int file = 0; file <= (cut ? 1 : 0); file++)
        for (size_t i = 0; i < c->n; i++) {
            conf_env_name(c->opts[i]->name, known, sizeof known);
            size_t m = strlen(known);
            if (m == len - (file ? cut : 0) && strncmp(known, env, m) == 0)
                return snprintf(ret, n, "%s%s", c->opts[i]->name, file ? "_file" : "") < (int)n;
        }
    return false;
}

/* CLINIC_KAFKA_BOOTSTRAP_SERVERS -> kafka.bootstrap.servers; other names the same way, to be named in the error. */
static void dotted_of_env(const char *env, char *ret, size_t n)
{
    size_t at = 0;
    for (env += strlen(CONF_ENV_PREFIX); *env && at + 1 < n; env++)
        ret[at++] = *env == '_' ? '.' : (char)tolower((unsigned char)*env);
    ret[at] = '\0';
}

static bool put_env(struct conf *c, const char *entry, struct err *e)
{
    const char *eq = strchr(entry, '=');
    char env[128], name[128];
    size_t len = eq ? (size_t)(eq - entry) : 0;
    if (!eq || len >= sizeof env)
        return err_set(e, ERR_FATAL, "CONF-UNKNOWN", "%.60s: environment name too long", entry);
    memcpy(env, entry, len);
    env[len] = '\0';
    if (!option_of_env(c, env, name, sizeof name))
        dotted_of_env(env, name, sizeof name);
    return conf_put(c, name, eq + 1, env, CONF_ENV, e) || err_prefix(e, "environment %s", env);
}

static bool starts(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

bool conf_load_env(struct conf *c, char **environ, struct err *e)
{
    for (; environ && *environ; environ++)
        if (starts(*environ, CONF_ENV_PREFIX) && !starts(*environ, CONF_ENV_TESTS) && !put_env(c, *environ, e))
            return false;
    return true;
}
