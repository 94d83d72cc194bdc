#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"

bool err_set(struct err *e, enum err_class cls, const char *code, const char *fmt, ...)
{
    va_list ap;
    e->cls = cls;
    snprintf(e->code, sizeof e->code, "%s", code);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

bool err_prefix(struct err *e, const char *fmt, ...)
{
    char head[sizeof e->text], tail[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(head, sizeof head, fmt, ap);
    va_end(ap);
    memcpy(tail, e->text, sizeof tail);
    size_t used = (size_t)snprintf(e->text, sizeof e->text, "%s: ", head);
    if (used < sizeof e->text)
        snprintf(e->text + used, sizeof e->text - used, "%.*s", (int)(sizeof tail - 1), tail);
    return false;
}

const char *err_class_name(enum err_class cls)
{
    static const char *const names[] = {
        [ERR_NONE] = "none",       [ERR_RETRY] = "retry",   [ERR_ABORT] = "abort", [ERR_STALE] = "stale",
        [ERR_UNKNOWN] = "unknown", [ERR_FENCED] = "fenced", [ERR_INPUT] = "input", [ERR_FATAL] = "fatal",
    };
    return names[cls];
}

void must_failed(const char *what, const char *file, int line)
{
    char at[256];
    snprintf(at, sizeof at, "%s:%d", file, line);
    log_line(LOG_ERROR, "BUG", "broken invariant", "what", what, "at", at, NULL);
    abort();
}
