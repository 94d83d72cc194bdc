/* conf_print.c - options for people: the values in force, and the help of every option. */
#include <string.h>
#include "base/conf_impl.h"

/* Of the keys passed to librdkafka only these parts tell that a value is a secret. */
static bool looks_secret(const char *name)
{
    static const char *const parts[] = {"password", "secret", "token", "key.pem", "credential", "oauthbearer.config"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(name, parts[i]))
            return true;
    return false;
}

/* redis://user:word@host -> redis://user:***@host; the last @ counts, since a password may hold one. */
static void print_url(const char *text, FILE *to)
{
    const char *user = strstr(text, "://");
    const char *at = user ? strrchr(user + 3, '@') : NULL;
    const char *colon = at ? memchr(user + 3, ':', (size_t)(at - user - 3)) : NULL;
    if (colon)
        fprintf(to, "%.*s:***%s", (int)(colon - text), text, at);
    else
        fputs(text, to);
}

static void print_one(const char *name, const struct conf_val *v, bool secret, FILE *to)
{
    fprintf(to, "%s = ", name);
    if (v->text && *v->text && (secret || looks_secret(name)))
        fputs("***", to);
    else
        print_url(v->text ? v->text : "", to);
    fprintf(to, " ; %s\n", v->text ? v->where : "required, missing");
}

void conf_print(const struct conf *c, FILE *to)
{
    for (size_t i = 0; i < c->n; i++)
        print_one(c->opts[i]->name, &c->vals[i], c->opts[i]->secret, to);
    for (const struct conf_pass *p = c->pass; p; p = p->next)
        print_one(p->name, &p->val, false, to);
}

static void help_one(const struct conf_opt *o, FILE *to)
{
    static const char *const types[] = {
        [CONF_STR] = "text", [CONF_INT] = "number", [CONF_BOOL] = "true|false", [CONF_MS] = "duration"};
    char env[128];
    conf_env_name(o->name, env, sizeof env);
    fprintf(to, "  %s (%s", o->name, types[o->type]);
    if (o->min || o->max)
        fprintf(to, ", %lld to %lld%s", (long long)o->min, (long long)o->max, o->type == CONF_MS ? " ms" : "");
    if (!o->def)
        fputs(", required", to);
    else if (*o->def)
        fprintf(to, ", default %s", o->def);
    fprintf(to, ")\n      %s\n      environment: %s%s\n", o->help, env, o->secret ? " or the same with _FILE" : "");
}

void conf_help(const struct conf *c, FILE *to)
{
    for (size_t i = 0; i < c->n; i++)
        help_one(c->opts[i], to);
    fprintf(to, "  kafka.* (text)\n      any property of librdkafka, in the file under [kafka]\n"
                "      environment: CLINIC_KAFKA_ and the property with _ for every dot\n");
}
