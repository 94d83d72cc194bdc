/* cmd_scan.c - attachctl scan FILE: are any of these clear texts in a key, a header or a value of any topic? The texts
 * are never printed, only their line in the file and where they were found. Found in intake's inbox they are what a
 * portal itself wrote there in clear; everywhere else they must not be. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "services/attachctl/ctl.h"

#define TEXT_MIN 5 /* shorter ones are found by chance */
#define GRAM 5     /* texts are looked up by their first bytes */
#define BUCKETS 65536

struct text {
    char *p;
    size_t n;
    unsigned long line;
    struct text *next;
};
struct scan {
    struct ctl *c;
    struct text *buckets[BUCKETS];
    uint8_t maybe[BUCKETS / 8];
    unsigned long texts, records, found, in_inbox;
    bool all;
};

static unsigned gram(const uint8_t *p)
{
    uint32_t h = 2166136261u;
    for (int i = 0; i < GRAM; i++)
        h = (h ^ p[i]) * 16777619u;
    return (h ^ h >> 16) % BUCKETS;
}

static bool load(struct scan *s, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    if (!f)
        return err_set(e, ERR_FATAL, "SCAN-FILE", "%s: %s", path, strerror(errno));
    for (unsigned long at = 1; (n = getline(&line, &room, f)) > 0; at++) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            n--;
        if (n < TEXT_MIN)
            continue;
        struct text *t = malloc(sizeof *t);
        must(t);
        unsigned b = gram((uint8_t *)line);
        *t = (struct text){strndup(line, (size_t)n), (size_t)n, at, s->buckets[b]};
        s->buckets[b] = t;
        s->maybe[b / 8] |= (uint8_t)(1u << b % 8);
        s->texts++;
    }
    free(line);
    fclose(f);
    return s->texts > 0 || err_set(e, ERR_INPUT, "SCAN-FILE", "%s: no text of %d bytes or more", path, TEXT_MIN);
}

static void report(struct scan *s, const struct bus_rec *r, const char *part, unsigned long line)
{
    if (r->topic == TOPIC_INTAKE_INBOX && !s->all) {
        s->in_inbox++;
        return;
    }
    s->found++;
    if (s->c->json)
        ctl_line(json_pack("{s:s, s:i, s:I, s:s, s:I}", "topic", topics[r->topic].name, "partition", (int)r->partition, "offset",
                           (json_int_t)r->offset, "in", part, "line", (json_int_t)line));
    else
        printf("%s %d/%lld: text of line %lu in the %s\n", topics[r->topic].name, (int)r->partition, (long long)r->offset,
               line, part);
}

static void search(struct scan *s, const struct bus_rec *r, const char *part, struct bytes b)
{
    const uint8_t *p = b.p;
    for (size_t i = 0; b.p && i + GRAM <= b.n; i++) {
        unsigned at = gram(p + i);
        if (!(s->maybe[at / 8] & 1u << at % 8))
            continue;
        for (const struct text *t = s->buckets[at]; t; t = t->next)
            if (t->n <= b.n - i && memcmp(p + i, t->p, t->n) == 0)
                report(s, r, part, t->line);
    }
}

static bool on_record(void *ctx, const struct bus_rec *r)
{
    struct scan *s = ctx;
    s->records++;
    search(s, r, "key", r->key);
    search(s, r, "value", r->value);
    for (size_t i = 0; i < r->headers_n; i++)
        search(s, r, "headers", r->headers[i].value);
    return true;
}

static void print_sum(const struct scan *s)
{
    if (s->c->json)
        ctl_line(json_pack("{s:b, s:I, s:I, s:I, s:I}", "total", true, "texts", (json_int_t)s->texts, "records",
                           (json_int_t)s->records, "found", (json_int_t)s->found, "in_inbox", (json_int_t)s->in_inbox));
    else
        fprintf(stderr, "%lu texts looked for in %lu records: %lu found, %lu in what portals wrote to intake in clear\n",
                s->texts, s->records, s->found, s->in_inbox);
}

static int run(struct scan *s, const char *path)
{
    struct err e = {0};
    struct bus *bus;
    if (!load(s, path, &e) || !bus_kafka_open_reader(s->c->conf, "attachctl", &bus, &e))
        return ctl_fail(&e);
    const struct ctl_reader reader = {on_record, NULL, s};
    bool good = true;
    for (int t = 0; t < TOPIC_N && good; t++)
        good = ctl_read_topic(bus, t, &reader, NULL, &e);
    bus->ops->close(bus);
    if (!good)
        return ctl_fail(&e);
    print_sum(s);
    return s->found ? CTL_FOUND : CTL_OK;
}

int cmd_scan(struct ctl *c, int argc, char **argv)
{
    static const struct option longs[] = {{"all", no_argument, NULL, 'a'}, CTL_OPTIONS, {NULL}};
    static struct scan s;
    int opt, code;
    s.c = c;
    while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) >= 0) {
        if (opt == 'a')
            s.all = true;
        else if (!ctl_option(c, argv[0], opt, &code))
            return code;
    }
    if (optind + 1 != argc)
        return ctl_usage(argv[0]);
    return run(&s, argv[optind]);
}
