#include "base/inifile.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096 };

struct walk {
    FILE *f;
    int line;
    inifile_fn *fn;
    void *ctx;
    struct err *e;
    bool failed; /* *e is filled; nothing more is called */
};

static bool fail_line(struct walk *w, const char *what)
{
    w->failed = true;
    return err_set(w->e, ERR_FATAL, "INI-LINE", "%s", what);
}

/* fgets for inih. Blanks at the start go, because inih would read an indented line as the continuation of the one
 * before; a line that does not fit is an error, because inih would read its rest as a line of its own. */
static char *read_line(char *to, int size, void *stream)
{
    struct walk *w = stream;
    if (w->failed || !fgets(to, size, w->f))
        return NULL;
    w->line++;
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
    if (!w->failed && !w->fn(w->ctx, section, name, value, w->e))
        w->failed = true;
    return !w->failed;
}

bool inifile_each(const char *path, inifile_fn *fn, void *ctx, struct err *e)
{
    struct walk w = {.f = fopen(path, "re"), .fn = fn, .ctx = ctx, .e = e};
    if (!w.f)
        return err_set(e, ERR_FATAL, "INI-OPEN", "%s: %s", path, strerror(errno));
    ini_max_line = LINE_MAX_BYTES;
    ini_stop_on_first_error = true;
    int bad = ini_parse_stream(read_line, &w, on_key, &w);
    if (ferror(w.f) && !w.failed)
        fail_line(&w, "cannot be read");
    fclose(w.f);
    if (bad > 0 && !w.failed)
        fail_line(&w, "neither [section] nor key = value");
    return w.failed ? err_prefix(e, "%s:%d", path, w.line) : true;
}
