#include "base/log.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/text.h"

enum {
    LINE_BYTES = 4096,   /* PIPE_BUF: a line this long is written to a pipe in one piece */
    TAIL_BYTES = 32,     /* kept free for the mark of a cut line and its end */
    RING_N = 16,
};

static char service_name[64] = "clinic";
static atomic_int min_level = LOG_INFO;

/* A line being built. A field that does not fit is taken back whole, so that the line stays an object. */
struct line {
    char text[LINE_BYTES];
    size_t n;
    bool cut;
};

void log_open(const char *service, enum log_level min)
{
    snprintf(service_name, sizeof service_name, "%s", service);
    atomic_store(&min_level, min);
}

const char *log_i64(int64_t v)
{
    static _Thread_local char ring[RING_N][24];
    static _Thread_local unsigned next;
    char *to = ring[next++ % RING_N];
    snprintf(to, sizeof ring[0], "%" PRId64, v);
    return to;
}

static bool put_raw(struct line *l, const char *s, size_t n)
{
    if (n > LINE_BYTES - TAIL_BYTES - l->n)
        return false;
    memcpy(l->text + l->n, s, n);
    l->n += n;
    return true;
}

static bool put_control(struct line *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;
    if (at)
        return put_raw(l, (char[]){'\\', to[at - from]}, 2);
    return put_raw(l, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

/* Bytes that are not UTF-8 become U+FFFD, for a log line is valid JSON whatever a broker's message holds. */
static bool put_string(struct line *l, const char *s)
{
    size_t left = strlen(s);
    bool ok = put_raw(l, "\"", 1);
    while (ok && left > 0) {
        size_t n = text_utf8_next(s, left);
        if (n == 0)
            ok = put_raw(l, "\xef\xbf\xbd", 3);
        else if (n == 1 && ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f))
            ok = put_control(l, (unsigned char)*s);
        else
            ok = put_raw(l, s, n);
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    return ok && put_raw(l, "\"", 1);
}

static void put_field(struct line *l, const char *name, const char *value)
{
    size_t before = l->n;
    bool ok = put_raw(l, before ? "," : "{", 1) && put_string(l, name) && put_raw(l, ":", 1) &&
              put_string(l, value ? value : "");
    if (!ok) {
        l->n = before;
        l->cut = true;
    }
}

static void put_head(struct line *l, enum log_level level, const char *id, const char *msg)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct timespec ts;
    char now[TEXT_TIME_BYTES];
    clock_gettime(CLOCK_REALTIME, &ts);
    text_time(ts.tv_sec * 1000LL + ts.tv_nsec / 1000000, now);
    put_field(l, "ts", now);
    put_field(l, "level", names[level]);
    put_field(l, "service", service_name);
    put_field(l, "id", id);
    put_field(l, "msg", msg);
}

static void end_line(struct line *l)
{
    static const char cut[] = ",\"cut\":\"true\"", end[] = "}\n";
    if (l->cut) {
        memcpy(l->text + l->n, cut, sizeof cut - 1);
        l->n += sizeof cut - 1;
    }
    memcpy(l->text + l->n, end, sizeof end - 1);
    l->n += sizeof end - 1;
}

void log_line(enum log_level level, const char *id, const char *msg, ...)
{
    if ((int)level < atomic_load_explicit(&min_level, memory_order_relaxed))
        return;
    struct line l;
    l.n = 0;
    l.cut = false;
    put_head(&l, level, id, msg);
    va_list ap;
    va_start(ap, msg);
    for (const char *name; (name = va_arg(ap, const char *));)
        put_field(&l, name, va_arg(ap, const char *));
    va_end(ap);
    end_line(&l);
    /* One write, so that lines of several threads do not mix; a lost log line must not stop the service. */
    ssize_t written = write(STDERR_FILENO, l.text, l.n);
    (void)written;
}
