/* sweep_outcome.c - everything that can be seen of a run, as sorted lines. */
#include <ctype.h>
#include <stdlib.h>
#include "support/sweep_impl.h"

static uint64_t digest(struct bytes b)
{
    uint64_t h = 1469598103934665603U;
    for (size_t i = 0; i < b.n; i++)
        h = (h ^ ((const uint8_t *)b.p)[i]) * 1099511628211U;
    return b.p ? h : 0;
}

static void text(FILE *to, struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        fputc(isgraph(((const uint8_t *)b.p)[i]) ? ((const uint8_t *)b.p)[i] : '?', to);
}

/* Topic, partition, key, value and every header. */
void sweep_line(FILE *to, const struct bus_rec *r)
{
    fprintf(to, "out %s/%d ", topics[r->topic].name, (int)r->partition);
    text(to, r->key);
    fprintf(to, " value %016llx", (unsigned long long)digest(r->value));
    for (size_t i = 0; i < r->headers_n; i++) {
        fprintf(to, " %s=", r->headers[i].name);
        text(to, r->headers[i].value);
    }
    fprintf(to, "\n");
}

struct seen {
    struct sweep_run *run;
    FILE *to;
    int table;
};

static void on_out(void *ctx, const struct bus_rec *r) { sweep_line(((struct seen *)ctx)->to, r); }

static void outputs(struct seen *s)
{
    const struct svc_def *def = s->run->c->def;
    enum topic_id to[TOPIC_N + 1];
    svc_output_topics(def->outputs, to);
    for (int32_t p = 0; p < s->run->c->partitions; p++) {
        for (const enum topic_id *t = to; *t != TOPIC_N; t++)
            if (*t != def->inbox)
                fake_each(s->run->cluster, (int)*t, p, on_out, s);
        fake_each(s->run->cluster, (int)def->dlq, p, on_out, s);
    }
}

static void state_line(struct seen *s, const char *what, int32_t part, struct bytes key, struct bytes val)
{
    fprintf(s->to, "%s %s/%d ", what, s->run->c->def->tables[s->table].name, (int)part);
    text(s->to, key);
    fprintf(s->to, " %016llx\n", (unsigned long long)digest(val));
}

static void on_cell(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    struct seen *s = ctx;
    state_line(s, "store", part, key, val);
    if (due_ms)
        fprintf(s->to, "due %s/%d %lld %016llx\n", s->run->c->def->tables[s->table].name, (int)part, (long long)due_ms,
                (unsigned long long)digest(key));
    if (s->run->fold && s->run->c->def->tables[s->table].source < 0)
        state_line(s, "facts", part, key, val);
}

/* Facts folded by key, through a store of their own. */
struct folding {
    struct runtime *rt;
    struct fake_db *db;
    struct store *store;
    int64_t n;
};

static void on_fact(void *ctx, const struct bus_rec *r)
{
    struct folding *f = ctx;
    struct err e;
    struct store_batch b = {.part = r->partition, .topic = r->topic, .prev = f->n, .next = f->n + 1};
    b.puts = catchup_puts(f->rt, 0, r, 1, &b.n);
    must(f->store->ops->apply(f->store, &b, 1, &e));
    f->n++;
    arena_reset(f->rt->b.mem);
}

static void on_folded(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    (void)due_ms;
    state_line(ctx, "facts", part, key, val);
}

static void facts(struct seen *s)
{
    struct sweep_run *r = s->run;
    struct runtime_deps d = sweep_deps(r);
    struct folding f = {.rt = runtime_new(&d), .db = fake_db_new(r->tables, r->tables_n)};
    f.store = fake_store_open(f.db, NULL);
    for (int32_t p = 0; p < r->c->partitions; p++) {
        f.n = 0;
        fake_each(r->cluster, (int)r->c->def->facts, p, on_fact, &f);
    }
    for (s->table = 0; s->table < (int)r->tables_n; s->table++)
        fake_db_each(f.db, s->table, on_folded, s);
    f.store->ops->close(f.store);
    fake_db_free(f.db);
    runtime_free(f.rt);
}

static void offsets(struct seen *s)
{
    struct sweep_run *r = s->run;
    for (int32_t p = 0; p < r->c->partitions; p++) {
        int64_t end = fake_end(r->cluster, (int)r->c->def->inbox, p);
        int64_t at = r->fold ? end : fake_committed(r->cluster, (int)r->c->def->inbox, p);
        fprintf(s->to, "committed %d %lld\n", (int)p, end == 0 ? 0 : (long long)at);
    }
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *sorted(char *lines)
{
    size_t n = 0, cap = 256, size = strlen(lines) + 2;
    char **v = malloc(cap * sizeof *v), *out = malloc(size), *at = out;
    must(v && out);
    for (char *save = NULL, *l = strtok_r(lines, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
        if (n == cap)
            v = realloc(v, (cap *= 2) * sizeof *v);
        must(v);
        v[n++] = l;
    }
    qsort(v, n, sizeof *v, by_text);
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%s\n", v[i]);
    *at = '\0';
    free(v);
    return out;
}

char *sweep_outcome(struct sweep_run *r)
{
    char *lines = NULL, *ret;
    size_t n = 0;
    struct seen s = {r, open_memstream(&lines, &n), 0};
    must(s.to);
    for (s.table = 0; s.table < (int)r->tables_n; s.table++)
        fake_db_each(r->db, s.table, on_cell, &s);
    if (r->fold) {
        fflush(r->fold->out);
        fprintf(s.to, "%s", r->fold->text ? r->fold->text : "");
    } else {
        outputs(&s);
        facts(&s);
    }
    offsets(&s);
    if (r->stuck)
        fprintf(s.to, "never quiet\n");
    fclose(s.to);
    ret = sorted(lines);
    free(lines);
    return ret;
}

/* Outputs of one input partition keep their order within an output partition: the base of ce_id is
 * <service>-<partition>-<offset>. Due work has no such place. */
struct order_check {
    const char *service;
    long long last[16];
    bool ok;
};

static void on_order(void *ctx, const struct bus_rec *r)
{
    struct order_check *o = ctx;
    char id[128];
    int part;
    long long offset;
    snprintf(id, sizeof id, "%.*s", (int)r->ce_id.n, (const char *)r->ce_id.p);
    size_t n = strlen(o->service);
    if (strncmp(id, o->service, n) != 0 || sscanf(id + n, "-%d-%lld/", &part, &offset) != 2 || part < 0 || part > 15)
        return;
    o->ok = o->ok && offset >= o->last[part];
    o->last[part] = offset;
}

bool sweep_in_order(struct sweep_run *r)
{
    bool ok = true;
    enum topic_id to[TOPIC_N + 1];
    svc_output_topics(r->c->def->outputs, to);
    for (const enum topic_id *t = to; *t != TOPIC_N; t++)
        for (int32_t p = 0; p < r->c->partitions; p++) {
            struct order_check o = {.service = r->c->def->name, .ok = true};
            fake_each(r->cluster, (int)*t, p, on_order, &o);
            ok = ok && o.ok;
        }
    return ok;
}
