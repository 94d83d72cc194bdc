#include "tests/bench/bench_conf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_die(const struct err *e)
{
    fprintf(stderr, "bench: %s: %s\n", e->code, e->text);
    exit(1);
}

struct conf *bench_conf(const struct conf_opt *options, int argc, char **argv)
{
    const struct conf_opt *const tables[] = {options, NULL};
    struct conf *c = conf_new(tables);
    struct err e = {0};
    for (int i = 1; i < argc; i++) {
        char name[64], *eq = strchr(argv[i], '=');
        if (!eq || (size_t)(eq - argv[i]) >= sizeof name) {
            fprintf(stderr, "bench: %s: want name=value\n", argv[i]);
            exit(2);
        }
        snprintf(name, sizeof name, "%.*s", (int)(eq - argv[i]), argv[i]);
        if (!conf_set(c, name, eq + 1, "command line", &e))
            bench_die(&e);
    }
    if (!conf_check(c, &e))
        bench_die(&e);
    return c;
}

int bench_topic(const struct conf *c, const char *option)
{
    int topic = topic_by_name(conf_str(c, option));
    if (topic < 0) {
        fprintf(stderr, "bench: %s: no such topic\n", conf_str(c, option));
        exit(2);
    }
    return topic;
}

int64_t bench_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
