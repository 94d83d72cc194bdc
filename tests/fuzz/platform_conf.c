#include <sanitizer/lsan_interface.h>
#include <stdlib.h>
#include "platform_fuzz.h"

static const struct conf_opt common[] = {
    {"rules.dir", CONF_STR, SOURCE_DIR "/deploy/rules", 0, 0, false, "rule sets"},
    {"calendar.dir", CONF_STR, SOURCE_DIR "/deploy/calendar", 0, 0, false, "production calendars"},
    {"keyring.file", CONF_STR, NULL, 0, 0, false, "keys"},
    {0},
};

/* Set where a service has them: every channel is on. */
static const char *const special[][2] = {{"templates.dir", SOURCE_DIR "/deploy/templates"},
                                         {"smtp.url", "smtp://127.0.0.1:25"},
                                         {"sms.provider", "smpp"}};

static bool has_option(const struct svc_def *def, const char *name)
{
    for (const struct conf_opt *o = def->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return true;
    return false;
}

static bool configure(const struct svc_def *def, struct conf *c, void **ret, struct err *e)
{
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (has_option(def, special[i][0]) && !conf_set(c, special[i][0], special[i][1], "fuzz", e))
            return false;
    return conf_set(c, "keyring.file", fuzz_keyring_path(), "fuzz", e) && def->init(c, ret, e);
}

void *fuzz_svc_conf(const struct svc_def *def)
{
    const struct conf_opt *tables[] = {common, def->options, NULL};
    struct err e = {0};
    void *ret = NULL;
    __lsan_disable(); /* kept for the process, partly in arenas, which the leak checker cannot see */
    bool ok = configure(def, conf_new(tables), &ret, &e);
    __lsan_enable();
    if (ok)
        return ret;
    fprintf(stderr, "%s: %s %s\n", def->name, e.code, e.text);
    exit(1);
}
