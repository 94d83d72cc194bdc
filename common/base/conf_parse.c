/* conf_parse.c - text of a value into its number, by the type of the option. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/conf_impl.h"

static bool parse_bool(const char *text, int64_t *ret)
{
    static const struct {
        const char *text;
        int64_t value;
    } words[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0}, {"on", 1}, {"off", 0}, {"1", 1}, {"0", 0}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i].text, text) == 0) {
            *ret = words[i].value;
            return true;
        }
    return false;
}

/* A whole number; *ret_rest points behind it. */
static bool parse_whole(const char *text, int64_t *ret, const char **ret_rest)
{
    char *end;
    if (*text != '-' && (*text < '0' || *text > '9'))
        return false;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    *ret_rest = end;
    return errno == 0 && end != text;
}

static bool parse_ms(const char *text, int64_t *ret)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t n;
    const char *rest;
    if (!parse_whole(text, &n, &rest))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].suffix, rest) == 0)
            return !__builtin_mul_overflow(n, units[i].ms, ret);
    return false;
}

static bool in_range(const struct conf_opt *o, int64_t n)
{
    return (o->min == 0 && o->max == 0) || (n >= o->min && n <= o->max);
}

static bool bad_value(const struct conf_opt *o, const char *text, const char *rule, struct err *e)
{
    return err_set(e, ERR_FATAL, "CONF-VALUE", "option %s: '%.40s' is not %s", o->name, o->secret ? "***" : text, rule);
}

bool conf_parse(const struct conf_opt *o, const char *text, int64_t *ret, struct err *e)
{
    const char *rest = "";
    switch (o->type) {
    case CONF_STR:
        return true;
    case CONF_BOOL:
        return parse_bool(text, ret) || bad_value(o, text, "true or false", e);
    case CONF_INT:
        if (!parse_whole(text, ret, &rest) || *rest)
            return bad_value(o, text, "a whole number", e);
        break;
    case CONF_MS:
        if (!parse_ms(text, ret))
            return bad_value(o, text, "a duration such as 200, 200ms, 5s, 10m, 2h or 14d", e);
        break;
    }
    if (!in_range(o, *ret))
        return err_set(e, ERR_FATAL, "CONF-RANGE", "option %s: %.40s is outside %lld to %lld%s", o->name, text,
                       (long long)o->min, (long long)o->max, o->type == CONF_MS ? " ms" : "");
    return true;
}
