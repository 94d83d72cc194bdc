/* metric_text.c - Prometheus text exposition format 0.0.4, and the process_* metrics. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/err.h"
#include "base/metric_impl.h"

static void put_escaped(FILE *to, const char *s, const char *special)
{
    for (; *s; s++)
        if (*s == '\n')
            fputs("\\n", to);
        else
            fprintf(to, "%s%c", strchr(special, *s) ? "\\" : "", *s);
}

static void put_number(FILE *to, double v)
{
    if (isnan(v))
        fputs("NaN", to);
    else if (isinf(v))
        fputs(v > 0 ? "+Inf" : "-Inf", to);
    else if (v > -1e15 && v < 1e15 && v == (double)(int64_t)v)
        fprintf(to, "%.0f", v);
    else
        fprintf(to, "%.15g", v);
}

static void put_head(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP %s ", name);
    put_escaped(to, help, "\\");
    fprintf(to, "\n# TYPE %s %s\n", name, type);
}

/* name_suffix{label="value",le="bound"} - either part may be missing. */
static void put_name(FILE *to, const struct metric *m, const struct series *s, const char *suffix, const char *le)
{
    fprintf(to, "%s%s", m->name, suffix);
    if (m->label || le)
        fputc('{', to);
    if (m->label) {
        fprintf(to, "%s=\"", m->label);
        put_escaped(to, s->label_value, "\\\"");
        fputc('"', to);
    }
    if (le)
        fprintf(to, "%sle=\"%s\"", m->label ? "," : "", le);
    fputs(m->label || le ? "} " : " ", to);
}

static void put_histogram(FILE *to, const struct metric *m, struct series *s)
{
    uint64_t n = 0;
    char le[32];
    for (size_t i = 0; i <= METRIC_BOUNDS; i++) {
        n += atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
        if (i < METRIC_BOUNDS)
            snprintf(le, sizeof le, "%g", metric_bounds[i]);
        put_name(to, m, s, "_bucket", i < METRIC_BOUNDS ? le : "+Inf");
        fprintf(to, "%" PRIu64 "\n", n);
    }
    put_name(to, m, s, "_sum", NULL);
    put_number(to, atomic_load_explicit(&s->value, memory_order_relaxed));
    /* Counted from the same reads as the buckets: +Inf and count never differ. */
    put_name((fputc('\n', to), to), m, s, "_count", NULL);
    fprintf(to, "%" PRIu64 "\n", n);
}

static void put_metric(FILE *to, struct metric *m)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    put_head(to, m->name, types[m->kind], m->help);
    for (size_t i = 0; i < METRIC_SERIES; i++) {
        struct series *s = atomic_load_explicit(&m->series[i], memory_order_acquire);
        if (!s)
            return;
        if (m->kind == METRIC_HISTOGRAM) {
            put_histogram(to, m, s);
            continue;
        }
        put_name(to, m, s, "", NULL);
        put_number(to, atomic_load_explicit(&s->value, memory_order_relaxed));
        fputc('\n', to);
    }
}

/* --- process --- */
static void put_process(FILE *to, const char *name, const char *type, const char *help, double v)
{
    put_head(to, name, type, help);
    fprintf(to, "%s ", name);
    put_number(to, v);
    fputc('\n', to);
}

static size_t read_file(const char *path, char *to, size_t n)
{
    FILE *f = fopen(path, "re");
    size_t got = f ? fread(to, 1, n - 1, f) : 0;
    if (f)
        fclose(f);
    to[got] = '\0';
    return got;
}

static double resident_bytes(void)
{
    char text[128];
    long pages = 0;
    read_file("/proc/self/statm", text, sizeof text);
    return sscanf(text, "%*s %ld", &pages) == 1 ? (double)pages * (double)sysconf(_SC_PAGESIZE) : 0;
}

static double cpu_seconds(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0)
        return 0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double boot_seconds(void)
{
    FILE *f = fopen("/proc/stat", "re");
    char line[4096];
    unsigned long long boot = 0;
    while (f && fgets(line, sizeof line, f) && sscanf(line, "btime %llu", &boot) != 1)
        ;
    if (f)
        fclose(f);
    return (double)boot;
}

/* Boot time plus the 22nd field of stat; the second field may hold spaces, so counting starts behind its bracket. */
static double start_seconds(void)
{
    char self[1024];
    unsigned long long ticks = 0;
    read_file("/proc/self/stat", self, sizeof self);
    const char *at = strrchr(self, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (!at || sscanf(at, "%llu", &ticks) != 1)
        return 0;
    return boot_seconds() + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

char *metric_render(size_t *ret_n)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, ret_n);
    must(to);
    for (size_t i = 0; i < metric_count(); i++)
        put_metric(to, metric_at(i));
    put_process(to, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", resident_bytes());
    put_process(to, "process_cpu_seconds_total", "counter", "User and system CPU time spent in seconds.",
                cpu_seconds());
    put_process(to, "process_start_time_seconds", "gauge", "Start time of the process since the epoch in seconds.",
                start_seconds());
    must(fclose(to) == 0);
    return text;
}
