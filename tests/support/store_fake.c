#include "support/store_fake.h"
#include <stdlib.h>

#define BUCKETS 4096
#define MARKS 256

struct cell {
    int32_t part;
    int table;
    struct bytes key, val; /* owned */
    int64_t due_ms;
    struct cell *next;
};
struct mark {
    int32_t part;
    int topic;
    int64_t next;          /* -1 = absent */
};
struct fake_db {
    const struct store_table *tables;
    size_t tables_n;
    struct cell *buckets[BUCKETS];
    struct mark marks[MARKS];
    size_t marks_n;
    bool is_away;
    long half_in;
};
struct fake_store {
    struct store store;
    struct fake_db *db;
    struct fake_fault *fault;
    struct err applied;     /* what apply_end will tell */
    size_t applied_n;
    int applied_ret[1000];
};

static struct fake_store *of(struct store *s) { return (struct fake_store *)s; }

/* --- database --- */
static struct bytes own(struct bytes b)
{
    void *p = malloc(b.n + 1);
    must(p);
    if (b.n)
        memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

static void cell_free(struct cell *c)
{
    free((void *)(uintptr_t)c->key.p);
    free((void *)(uintptr_t)c->val.p);
    free(c);
}

static struct cell **slot_of(struct fake_db *db, int32_t part, int table, struct bytes key)
{
    uint64_t h = 1469598103934665603U ^ (uint64_t)part ^ (uint64_t)table << 20;
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ ((const uint8_t *)key.p)[i]) * 1099511628211U;
    struct cell **at = &db->buckets[h % BUCKETS];
    while (*at && !((*at)->part == part && (*at)->table == table && bytes_eq((*at)->key, key)))
        at = &(*at)->next;
    return at;
}

static void cell_put(struct fake_db *db, int32_t part, const struct store_put *p)
{
    struct cell **at = slot_of(db, part, p->table, p->key), *c = *at;
    if (c) {
        *at = c->next;
        cell_free(c);
    }
    if (!p->val.p)
        return;
    c = malloc(sizeof *c);
    must(c);
    *c = (struct cell){part, p->table, own(p->key), own(p->val), p->due_ms, *at};
    *at = c;
}

static struct mark *mark_of(struct fake_db *db, int32_t part, int topic)
{
    for (size_t i = 0; i < db->marks_n; i++)
        if (db->marks[i].part == part && db->marks[i].topic == topic)
            return &db->marks[i];
    must(db->marks_n < MARKS);
    db->marks[db->marks_n] = (struct mark){part, topic, -1};
    return &db->marks[db->marks_n++];
}

static int64_t mark_at(struct fake_db *db, int32_t part, int topic)
{
    int64_t m = mark_of(db, part, topic)->next;
    return m > 0 ? m : 0;
}

/* Remove the cells of one source of one partition; topic -1 = all. */
static void drop(struct fake_db *db, int32_t part, int topic)
{
    for (size_t b = 0; b < BUCKETS; b++)
        for (struct cell **at = &db->buckets[b]; *at;) {
            struct cell *c = *at;
            if (topic >= 0 && (c->part != part || db->tables[c->table].source != topic)) {
                at = &c->next;
                continue;
            }
            *at = c->next;
            cell_free(c);
        }
}

struct fake_db *fake_db_new(const struct store_table *tables, size_t tables_n)
{
    struct fake_db *db = calloc(1, sizeof *db);
    must(db);
    db->tables = tables;
    db->tables_n = tables_n;
    return db;
}

void fake_db_flush(struct fake_db *db)
{
    drop(db, 0, -1);
    db->marks_n = 0;
}

void fake_db_free(struct fake_db *db)
{
    if (!db)
        return;
    fake_db_flush(db);
    free(db);
}

void fake_db_restore(struct fake_db *db, const struct fake_db *from)
{
    fake_db_flush(db);
    memcpy(db->marks, from->marks, sizeof db->marks);
    db->marks_n = from->marks_n;
    for (size_t b = 0; b < BUCKETS; b++)
        for (const struct cell *c = from->buckets[b]; c; c = c->next)
            cell_put(db, c->part, &(struct store_put){c->table, c->key, c->val, c->due_ms});
}

struct fake_db *fake_db_snapshot(const struct fake_db *db)
{
    struct fake_db *copy = fake_db_new(db->tables, db->tables_n);
    fake_db_restore(copy, db);
    return copy;
}

void fake_db_set_away(struct fake_db *db, bool away) { db->is_away = away; }
void fake_db_half_apply(struct fake_db *db, long n) { db->half_in = n; }

static int by_key(const void *a, const void *b)
{
    const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int d = memcmp(x->key.p, y->key.p, n);
    return d ? d : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

static size_t collect(const struct fake_db *db, int table, const struct cell ***ret)
{
    size_t n = 0, cap = 64;
    const struct cell **v = malloc(cap * sizeof(void *));
    must(v);
    for (size_t b = 0; b < BUCKETS; b++)
        for (const struct cell *c = db->buckets[b]; c; c = c->next) {
            if (c->table != table)
                continue;
            if (n == cap) {
                v = realloc(v, (cap *= 2) * sizeof(void *));
                must(v);
            }
            v[n++] = c;
        }
    qsort(v, n, sizeof(void *), by_key);
    *ret = v;
    return n;
}

void fake_db_each(const struct fake_db *db, int table,
                  void (*fn)(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms), void *ctx)
{
    const struct cell **v;
    size_t n = collect(db, table, &v);
    for (size_t i = 0; i < n; i++)
        fn(ctx, v[i]->part, v[i]->key, v[i]->val, v[i]->due_ms);
    free(v);
}

/* --- operations --- */
static enum fake_verdict enter(struct fake_store *s, const char *call, struct err *e)
{
    must(s->applied_n == 0); /* after apply_begin comes apply_end, before anything else */
    enum fake_verdict fv = fake_fault_enter(s->fault, call, e);
    if (fv == FAKE_GO_ON && s->db->is_away) {
        err_set(e, ERR_RETRY, "FAKE-AWAY", "%s: the store is away", call);
        return FAKE_BEFORE;
    }
    return fv;
}

static struct bytes copy(struct arena *mem, struct bytes b)
{
    return b.p ? bytes_of(arena_dup(mem, b.p, b.n), b.n) : b;
}

static bool op_read(struct store *st, const struct store_expect *exp, size_t exp_n, struct store_get *gets,
                    size_t gets_n, struct arena *mem, size_t *ret_stale, struct err *e)
{
    struct fake_store *s = of(st);
    if (enter(s, "store_read", e) != FAKE_GO_ON)
        return false;
    for (size_t i = 0; i < exp_n; i++)
        if (mark_at(s->db, exp[i].part, exp[i].topic) != exp[i].mark) {
            *ret_stale = i;
            return err_set(e, ERR_STALE, "STORE-STALE", "marks differ");
        }
    for (size_t i = 0; i < gets_n; i++) {
        const struct cell *c = *slot_of(s->db, gets[i].part, gets[i].table, gets[i].key);
        gets[i].val = c ? copy(mem, c->val) : (struct bytes){0};
    }
    return true;
}

static void apply_one(struct fake_db *db, struct store_batch *b)
{
    int64_t mark = mark_at(db, b->part, b->topic);
    b->ret = b->next <= mark ? STORE_DUP : mark != b->prev ? STORE_GAP : STORE_APPLIED;
    if (b->ret != STORE_APPLIED)
        return;
    for (size_t i = 0; i < b->n; i++)
        cell_put(db, b->part, &b->puts[i]);
    mark_of(db, b->part, b->topic)->next = b->next;
}

static bool apply_half(struct fake_db *db, const struct store_batch *b, struct err *e)
{
    for (size_t i = 0; mark_at(db, b->part, b->topic) == b->prev && i < (b->n + 1) / 2; i++)
        cell_put(db, b->part, &b->puts[i]);
    return err_set(e, ERR_RETRY, "FAKE-HALF", "apply: the connection broke half-way");
}

static bool op_apply(struct store *st, struct store_batch *batches, size_t n, struct err *e)
{
    struct fake_store *s = of(st);
    struct err why = {0};
    enum fake_verdict fv = enter(s, "store_apply", &why);
    if (fv == FAKE_BEFORE) {
        *e = why;
        return false;
    }
    if (s->db->half_in > 0 && --s->db->half_in == 0 && n > 0)
        return apply_half(s->db, &batches[0], e);
    for (size_t i = 0; i < n; i++)
        apply_one(s->db, &batches[i]);
    if (fv == FAKE_AFTER)
        *e = why;
    return fv == FAKE_GO_ON;
}

/* Done at once; a fault "after" the call is one that the answer tells. */
static bool op_apply_begin(struct store *st, struct store_batch *batches, size_t n, struct err *e)
{
    struct fake_store *s = of(st);
    struct err why = {0};
    if (!op_apply(st, batches, n, &why) && why.cls != ERR_RETRY) {
        *e = why;
        return false;
    }
    s->applied = why;
    s->applied_n = n;
    for (size_t i = 0; i < n; i++)
        s->applied_ret[i] = batches[i].ret;
    return true;
}

static bool op_apply_end(struct store *st, int *ret, size_t n, struct err *e)
{
    struct fake_store *s = of(st);
    must(s->applied_n == n);
    s->applied_n = 0;
    if (s->applied.cls != ERR_NONE) {
        *e = s->applied;
        return false;
    }
    if (enter(s, "store_apply_end", e) != FAKE_GO_ON)
        return false;
    for (size_t i = 0; i < n; i++)
        ret[i] = s->applied_ret[i];
    return true;
}

static bool op_mark(struct store *st, int32_t part, int topic, int64_t *ret, struct err *e)
{
    struct fake_store *s = of(st);
    if (enter(s, "store_mark", e) != FAKE_GO_ON)
        return false;
    *ret = mark_of(s->db, part, topic)->next;
    return true;
}

static bool op_wipe(struct store *st, int32_t part, int topic, struct err *e)
{
    struct fake_store *s = of(st);
    struct err why = {0};
    enum fake_verdict fv = enter(s, "store_wipe", &why);
    if (fv != FAKE_BEFORE) {
        drop(s->db, part, topic);
        mark_of(s->db, part, topic)->next = -1;
    }
    if (fv != FAKE_GO_ON)
        *e = why;
    return fv == FAKE_GO_ON;
}

static int by_due(const void *a, const void *b)
{
    const struct store_due *x = a, *y = b;
    return (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
}

static size_t due_all(struct fake_db *db, int32_t part, struct store_due *all, size_t max)
{
    size_t n = 0;
    for (size_t t = 0; t < db->tables_n; t++) {
        const struct cell **v;
        size_t k = collect(db, (int)t, &v);
        for (size_t i = 0; i < k; i++)
            if (v[i]->part == part && v[i]->due_ms && n < max)
                all[n++] = (struct store_due){v[i]->table, v[i]->key, v[i]->due_ms};
        free(v);
    }
    qsort(all, n, sizeof *all, by_due);
    return n;
}

static bool op_due(struct store *st, int32_t part, int64_t now_ms, size_t limit, struct arena *mem,
                   struct store_due *out, size_t *ret_n, int64_t *ret_next, struct err *e)
{
    static struct store_due all[65536];
    struct fake_store *s = of(st);
    if (enter(s, "store_due", e) != FAKE_GO_ON)
        return false;
    size_t n = due_all(s->db, part, all, sizeof all / sizeof *all), k = 0;
    for (; k < n && k < limit && all[k].due_ms <= now_ms; k++)
        out[k] = (struct store_due){all[k].table, copy(mem, all[k].key), all[k].due_ms};
    *ret_n = k;
    *ret_next = k < n ? all[k].due_ms : 0;
    return true;
}

static bool op_scan(struct store *st, int32_t part, int table, uint64_t *cursor, struct arena *mem,
                    struct store_get *out, size_t max, size_t *ret_n, struct err *e)
{
    struct fake_store *s = of(st);
    const struct cell **v;
    if (enter(s, "store_scan", e) != FAKE_GO_ON)
        return false;
    size_t n = collect(s->db, table, &v), got = 0, i = *cursor;
    for (; i < n && got < max; i++)
        if (v[i]->part == part)
            out[got++] = (struct store_get){part, table, copy(mem, v[i]->key), copy(mem, v[i]->val)};
    *cursor = i < n ? i : 0;
    *ret_n = got;
    free(v);
    return true;
}

static bool op_ping(struct store *st, struct err *e) { return enter(of(st), "store_ping", e) == FAKE_GO_ON; }
static void op_close(struct store *st) { free(st ? of(st) : NULL); }

static const struct store_ops ops = {
    .read = op_read, .apply = op_apply, .apply_begin = op_apply_begin, .apply_end = op_apply_end,
    .mark = op_mark, .wipe = op_wipe, .due = op_due,
    .scan = op_scan, .ping = op_ping, .close = op_close,
};

struct store *fake_store_open(struct fake_db *db, struct fake_fault *fault)
{
    struct fake_store *s = calloc(1, sizeof *s);
    must(s);
    *s = (struct fake_store){.store = {&ops}, .db = db, .fault = fault};
    return &s->store;
}
