#include "base/inifile.h"
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096 };

struct walk {
    FILE *f;
    struct ini_line at;
    inifile_fn *fn;
    void *ctx;
    struct err *e;
    bool failed; /* *e is filled; nothing more is called */
};

static bool fail_line(struct walk *w, const char *what)
{
    w->failed = true;
    return err_set(w->e, ERR_INPUT, "INI-LINE", "%s", what);
}

/* fgets for inih. Blanks at the start go, because inih would read an indented line as the continuation of the one
 * before; a line that does not fit is an error, because inih would read its rest as a line of its own. */
static char *read_line(char *to, int size, void *stream)
{
    struct walk *w = stream;
    if (w->failed || !fgets(to, size, w->f))
        return NULL;
    w->at.line++;
    size_t n = strlen(to);
    if (n && to[n - 1] != '\n' && !feof(w->f)) {
        fail_line(w, "line too long");
        return NULL;
    }
    size_t blank = strspn(to, " \t");
    memmove(to, to + blank, n - blank + 1);
    return to;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct walk *w = user;
    w->at.section = section;
    w->at.key = name;
    w->at.value = value;
    if (!w->failed && !w->fn(w->ctx, &w->at, w->e))
        w->failed = true;
    return !w->failed;
}

bool inifile_each_of(FILE *f, const char *name, inifile_fn *fn, void *ctx, struct err *e)
{
    struct walk w = {.f = f, .at.file = name, .fn = fn, .ctx = ctx, .e = e};
    ini_max_line = LINE_MAX_BYTES;
    ini_stop_on_first_error = true;
    int bad = ini_parse_stream(read_line, &w, on_key, &w);
    if (ferror(f) && !w.failed)
        fail_line(&w, "cannot be read");
    if (bad > 0 && !w.failed)
        fail_line(&w, "neither [section] nor key = value");
    return w.failed ? err_prefix(e, "%s:%d", name, w.at.line) : true;
}

bool inifile_each(const char *path, inifile_fn *fn, void *ctx, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, ERR_FATAL, "INI-OPEN", "%s: %s", path, strerror(errno));
    bool ok = inifile_each_of(f, path, fn, ctx, e);
    fclose(f);
    return ok;
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
        return err_set(e, ERR_FATAL, "INI-OPEN", "%s: %s", folder, strerror(errno));
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
