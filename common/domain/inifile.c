#include "domain/inifile.h"
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

struct pass {
    FILE *f;
    struct ini_line l;
    ini_line_fn *fn;
    void *ctx;
    bool failed;
    struct err *e;
};

/* inih asks for one line at a time, so the line being handled is the last one given. A line that does not fit its
 * buffer would be cut in two silently: it is an error instead. */
static char *next_line(char *to, int size, void *stream)
{
    struct pass *p = stream;
    if (p->failed || !fgets(to, size, p->f))
        return NULL;
    p->l.line++;
    size_t n = strlen(to);
    if (n + 1 < (size_t)size || to[n - 1] == '\n')
        return to;
    p->failed = true;
    err_set(p->e, ERR_INPUT, "ini", "%s:%d: line is longer than %d bytes", p->l.file, p->l.line, size - 2);
    return NULL;
}

static int on_pair(void *user, const char *section, const char *key, const char *value)
{
    struct pass *p = user;
    if (p->failed)
        return 1;
    p->l.section = section;
    p->l.key = key;
    p->l.value = value;
    if (!p->fn(p->ctx, &p->l, p->e)) {
        p->failed = true;
        err_prefix(p->e, "%s:%d", p->l.file, p->l.line);
    }
    return 1;
}

bool inifile_each_line(FILE *f, const char *name, ini_line_fn *fn, void *ctx, struct err *e)
{
    struct pass p = {.f = f, .l.file = name, .fn = fn, .ctx = ctx, .e = e};
    int bad = ini_parse_stream(next_line, &p, on_pair, &p);
    if (p.failed)
        return false;
    if (bad > 0)
        return err_set(e, ERR_INPUT, "ini", "%s:%d: neither [section] nor key = value", name, bad);
    return bad == 0 || err_set(e, ERR_FATAL, "ini", "%s: cannot be read", name);
}

static int is_ini(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".ini") == 0;
}

bool inifile_each_path(const char *folder, bool (*fn)(void *ctx, const char *path, struct err *e), void *ctx, size_t *ret_n,
                       struct err *e)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_ini, alphasort);
    if (n < 0)
        return err_set(e, ERR_FATAL, "ini", "%s: %s", folder, strerror(errno));
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        ok = ok && fn(ctx, path, e);
        free(names[i]);
    }
    free(names);
    *ret_n = (size_t)n;
    return ok;
}
