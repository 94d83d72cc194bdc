/* The suite of store.h. */
#include <string.h>
#include "ports.h"
#include "wire/wire.h"

const struct store_table ports_tables[PORTS_TABLES] = {
    [PORTS_PERSON] = {"person", PORTS_FACTS, 0},
    [PORTS_CASE] = {"case", PORTS_FACTS, 4},
    [PORTS_POLICY] = {"policy", PORTS_REGISTRY, 0},
};
static const struct store_env *env;
static struct arena *mem;

static int setup(void **state)
{
    env->fresh();
    mem = arena_new(1 << 26, 1 << 20);
    *state = env->open();
    return 0;
}

static int teardown(void **state)
{
    struct store *s = *state;
    s->ops->close(s);
    arena_free(mem);
    env->tidy();
    return 0;
}

static struct store_put put(int table, const char *key, const char *value, int64_t due_ms)
{
    return (struct store_put){table, bytes_str(key), bytes_str(value), due_ms};
}

static int apply(struct store *s, int32_t part, int topic, int64_t prev, int64_t next, struct store_put *puts, size_t n)
{
    struct err e;
    struct store_batch b = {.part = part, .topic = topic, .prev = prev, .next = next, .puts = puts, .n = n};
    OK(s->ops->apply(s, &b, 1, &e));
    return (int)b.ret;
}

/* Value of one key without a mark check; NULL when absent. */
static const char *value_of(struct store *s, int32_t part, int table, const char *key)
{
    struct store_get g = {.part = part, .table = table, .key = bytes_str(key)};
    struct err e;
    size_t stale;
    OK(s->ops->read(s, NULL, 0, &g, 1, mem, &stale, &e));
    return g.val.p ? arena_printf(mem, "%.*s", (int)g.val.n, (const char *)g.val.p) : NULL;
}

static int64_t mark_of(struct store *s, int32_t part, int topic)
{
    struct err e;
    int64_t mark = -2;
    OK(s->ops->mark(s, part, topic, &mark, &e));
    return mark;
}

static void a_new_store_is_empty(void **state)
{
    struct store *s = *state;
    struct err e;
    size_t stale;
    struct store_expect exp[] = {{0, PORTS_FACTS, 0}, {3, PORTS_REGISTRY, 0}};
    OK(s->ops->ping(s, &e));
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), -1);
    OK(s->ops->read(s, exp, 2, NULL, 0, mem, &stale, &e)); /* never applied is 0 */
    assert_null(value_of(s, 0, PORTS_PERSON, "p"));
    s->ops->close(NULL);
}

static void applies_chain_by_marks(void **state)
{
    struct store *s = *state;
    struct store_put one = put(PORTS_PERSON, "p", "1", 0), two = put(PORTS_PERSON, "p", "2", 0);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 5, 8, &one, 1), STORE_GAP);
    assert_null(value_of(s, 0, PORTS_PERSON, "p"));
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 5, &one, 1), STORE_APPLIED);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 5, &two, 1), STORE_DUP);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 7, &two, 1), STORE_GAP);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 6, 9, &two, 1), STORE_GAP);
    assert_string_equal(value_of(s, 0, PORTS_PERSON, "p"), "1");
    assert_int_equal(apply(s, 0, PORTS_FACTS, 5, 9, &two, 1), STORE_APPLIED);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 5, &one, 1), STORE_DUP); /* the late apply of a zombie */
    assert_string_equal(value_of(s, 0, PORTS_PERSON, "p"), "2");
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), 9);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 9, 12, NULL, 0), STORE_APPLIED); /* markers only */
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), 12);
}

static void partitions_and_sources_have_marks_of_their_own(void **state)
{
    struct store *s = *state;
    struct store_put p = put(PORTS_PERSON, "k", "person", 0), q = put(PORTS_POLICY, "k", "policy", 0);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 5, &p, 1), STORE_APPLIED);
    assert_int_equal(apply(s, 0, PORTS_REGISTRY, 0, 7, &q, 1), STORE_APPLIED);
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), 5);
    assert_int_equal(mark_of(s, 0, PORTS_REGISTRY), 7);
    assert_int_equal(mark_of(s, 1, PORTS_FACTS), -1);
    assert_string_equal(value_of(s, 0, PORTS_POLICY, "k"), "policy");
    assert_null(value_of(s, 0, PORTS_CASE, "k"));
    assert_null(value_of(s, 1, PORTS_PERSON, "k"));
}

static void a_read_states_the_marks_it_relies_on(void **state)
{
    struct store *s = *state;
    struct store_put p = put(PORTS_PERSON, "k", "v", 0);
    struct store_get g[2] = {{.part = 0, .table = PORTS_PERSON, .key = {"k", 1}},
                             {.part = 1, .table = PORTS_PERSON, .key = {"k", 1}}};
    struct store_expect exp[] = {{1, PORTS_FACTS, 0}, {0, PORTS_REGISTRY, 0}, {0, PORTS_FACTS, 5}};
    struct err e = {0};
    size_t stale = 9;
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 5, &p, 1), STORE_APPLIED);
    OK(s->ops->read(s, exp, 3, g, 2, mem, &stale, &e));
    assert_int_equal(g[0].val.n, 1);
    assert_null(g[1].val.p);
    exp[2].mark = 4;
    assert_false(s->ops->read(s, exp, 3, g, 2, mem, &stale, &e));
    assert_int_equal(e.cls, ERR_STALE);
    assert_int_equal(stale, 2);
    exp[2].mark = 5;
    exp[0].mark = 1;
    assert_false(s->ops->read(s, exp, 3, g, 2, mem, &stale, &e));
    assert_int_equal(e.cls, ERR_STALE);
    assert_int_equal(stale, 0);
    exp[0].mark = 0;
    env->flush();
    assert_false(s->ops->read(s, exp, 3, g, 2, mem, &stale, &e));
    assert_int_equal(stale, 2);
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), -1);
}

static void values_are_bytes_and_empty_is_not_absent(void **state)
{
    static const char key[] = "k\0\xff\r\n", value[] = "\0v\r\n$1\0";
    struct store *s = *state;
    struct store_put puts[] = {
        {PORTS_PERSON, {key, sizeof key}, {value, sizeof value}, 0},
        {PORTS_PERSON, {"e", 1}, {"", 0}, 0},
        {PORTS_PERSON, {"d", 1}, {"x", 1}, 0},
        {PORTS_PERSON, {"d", 1}, {NULL, 0}, 0},
    };
    struct store_get g[] = {{.table = PORTS_PERSON, .key = {key, sizeof key}},
                            {.table = PORTS_PERSON, .key = {"e", 1}},
                            {.table = PORTS_PERSON, .key = {"d", 1}}};
    struct err e;
    size_t stale;
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 4, puts, 4), STORE_APPLIED);
    OK(s->ops->read(s, NULL, 0, g, 3, mem, &stale, &e));
    assert_true(bytes_eq(g[0].val, bytes_of(value, sizeof value)));
    assert_true(g[1].val.p && g[1].val.n == 0);
    assert_null(g[2].val.p);
}

static void several_batches_report_each_for_itself(void **state)
{
    struct store *s = *state;
    struct err e;
    struct store_put p = put(PORTS_CASE, "c", "v", 0);
    struct store_batch b[] = {
        {.part = 0, .topic = PORTS_FACTS, .prev = 0, .next = 3, .puts = &p, .n = 1},
        {.part = 1, .topic = PORTS_FACTS, .prev = 2, .next = 3, .puts = &p, .n = 1},
        {.part = 0, .topic = PORTS_FACTS, .prev = 0, .next = 3, .puts = &p, .n = 1},
        {.part = 0, .topic = PORTS_FACTS, .prev = 3, .next = 4, .puts = &p, .n = 1},
    };
    OK(s->ops->apply(s, b, 4, &e));
    assert_int_equal(b[0].ret, STORE_APPLIED);
    assert_int_equal(b[1].ret, STORE_GAP);
    assert_int_equal(b[2].ret, STORE_DUP);
    assert_int_equal(b[3].ret, STORE_APPLIED);
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), 4);
}

/* The memory of the batches is gone by the time of the answer. */
static void begin_and_forget(struct store *s, int64_t prev, int64_t next, const char *value)
{
    char text[8];
    snprintf(text, sizeof text, "%s", value);
    struct store_put p = put(PORTS_CASE, "c", text, 0);
    struct store_batch b[] = {
        {.part = 0, .topic = PORTS_FACTS, .prev = prev, .next = next, .puts = &p, .n = 1},
        {.part = 1, .topic = PORTS_FACTS, .prev = prev + 7, .next = next + 7, .puts = &p, .n = 1},
    };
    struct err e;
    OK(s->ops->apply_begin(s, b, 2, &e));
    memset(text, 'x', sizeof text);
    memset(b, 0, sizeof b);
}

static void an_apply_in_two_halves_is_an_apply(void **state)
{
    struct store *s = *state;
    struct err e;
    int ret[2];
    begin_and_forget(s, 0, 3, "one");
    OK(s->ops->apply_end(s, ret, 2, &e));
    assert_int_equal(ret[0], STORE_APPLIED);
    assert_int_equal(ret[1], STORE_GAP);
    assert_string_equal(value_of(s, 0, PORTS_CASE, "c"), "one");
    begin_and_forget(s, 0, 3, "two");
    OK(s->ops->apply_end(s, ret, 2, &e));
    assert_int_equal(ret[0], STORE_DUP);
    assert_string_equal(value_of(s, 0, PORTS_CASE, "c"), "one");
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), 3);
    assert_int_equal(mark_of(s, 1, PORTS_FACTS), -1);
}

static size_t due(struct store *s, int64_t now, size_t limit, struct store_due *out, int64_t *next)
{
    struct err e;
    size_t n = 99;
    OK(s->ops->due(s, 0, now, limit, mem, out, &n, next, &e));
    return n;
}

static bool is_due(const struct store_due *d, int table, const char *key, int64_t at)
{
    return d->table == table && bytes_eq(d->key, bytes_str(key)) && d->due_ms == at;
}

static void due_records_come_earliest_first(void **state)
{
    struct store *s = *state;
    struct store_due d[4];
    int64_t next, base = 1800000000000;
    struct store_put puts[] = {put(PORTS_PERSON, "late", "v", base + 300), put(PORTS_CASE, "early", "v", base + 100),
                               put(PORTS_PERSON, "mid", "v", base + 200), put(PORTS_PERSON, "never", "v", 0)};
    assert_int_equal(due(s, base, 4, d, &next), 0);
    assert_int_equal(next, 0);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 4, puts, 4), STORE_APPLIED);
    assert_int_equal(due(s, base + 99, 4, d, &next), 0);
    assert_int_equal(next, base + 100);
    assert_int_equal(due(s, base + 200, 4, d, &next), 2);
    assert_true(is_due(&d[0], PORTS_CASE, "early", base + 100));
    assert_true(is_due(&d[1], PORTS_PERSON, "mid", base + 200));
    assert_int_equal(next, base + 300);
    assert_int_equal(due(s, base + 1000, 2, d, &next), 2); /* what is left beyond the limit counts as next */
    assert_int_equal(next, base + 300);
    assert_int_equal(due(s, base + 1000, 4, d, &next), 3);
    assert_int_equal(next, 0);
}

static void a_put_moves_or_clears_the_due_time(void **state)
{
    struct store *s = *state;
    struct store_due d[4];
    int64_t next;
    struct store_put first[] = {put(PORTS_PERSON, "a", "1", 100), put(PORTS_PERSON, "b", "1", 100),
                                put(PORTS_PERSON, "c", "1", 100), put(PORTS_CASE, "a", "1", 150)};
    struct store_put then[] = {put(PORTS_PERSON, "a", "2", 200), put(PORTS_PERSON, "b", "2", 0),
                               put(PORTS_PERSON, "c", NULL, 0)};
    struct store_put twice[] = {put(PORTS_PERSON, "a", "3", 0), put(PORTS_PERSON, "a", "4", 400),
                                put(PORTS_PERSON, "b", "3", 500), put(PORTS_PERSON, "b", "4", 0)};
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 4, first, 4), STORE_APPLIED);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 4, 7, then, 3), STORE_APPLIED);
    assert_int_equal(due(s, 1000, 4, d, &next), 2);
    assert_true(is_due(&d[0], PORTS_CASE, "a", 150));
    assert_true(is_due(&d[1], PORTS_PERSON, "a", 200));
    assert_int_equal(apply(s, 0, PORTS_FACTS, 7, 11, twice, 4), STORE_APPLIED); /* the last one counts */
    assert_int_equal(due(s, 1000, 4, d, &next), 2);
    assert_true(is_due(&d[1], PORTS_PERSON, "a", 400));
}

/* As a rebuild applies them: put, deleted, and due by turns within one batch. A key is one of its table. */
static void of_several_puts_of_a_key_the_last_counts(void **state)
{
    struct store *s = *state;
    struct store_due d[4];
    int64_t next;
    struct store_put puts[] = {
        put(PORTS_PERSON, "gone", "1", 100), put(PORTS_CASE, "gone", "stays", 0),   put(PORTS_PERSON, "back", NULL, 0),
        put(PORTS_PERSON, "calm", "1", 100), put(PORTS_PERSON, "gone", NULL, 0),    put(PORTS_PERSON, "timed", "1", 300),
        put(PORTS_PERSON, "back", "2", 0),   put(PORTS_PERSON, "calm", "2", 0),     put(PORTS_PERSON, "timed", "2", 0),
        put(PORTS_CASE, "calm", "other", 250), put(PORTS_PERSON, "timed", "3", 200),
    };
    size_t n = sizeof puts / sizeof *puts;
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, (int64_t)n, puts, n), STORE_APPLIED);
    assert_null(value_of(s, 0, PORTS_PERSON, "gone"));
    assert_string_equal(value_of(s, 0, PORTS_CASE, "gone"), "stays");
    assert_string_equal(value_of(s, 0, PORTS_PERSON, "back"), "2");
    assert_string_equal(value_of(s, 0, PORTS_PERSON, "calm"), "2");
    assert_string_equal(value_of(s, 0, PORTS_PERSON, "timed"), "3");
    assert_int_equal(due(s, 1000, 4, d, &next), 2);
    assert_true(is_due(&d[0], PORTS_PERSON, "timed", 200));
    assert_true(is_due(&d[1], PORTS_CASE, "calm", 250));
    assert_int_equal(next, 0);
}

/* The earliest of all tables, whichever they are of; what is left beyond the limit too. */
static void due_records_of_all_tables_are_one_queue(void **state)
{
    struct store *s = *state;
    struct store_due d[8];
    int64_t next;
    struct store_put puts[] = {put(PORTS_PERSON, "a", "v", 100), put(PORTS_CASE, "b", "v", 200),
                               put(PORTS_PERSON, "c", "v", 300), put(PORTS_CASE, "d", "v", 400),
                               put(PORTS_CASE, "e", "v", 500),   put(PORTS_PERSON, "f", "v", 600)};
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 6, puts, 6), STORE_APPLIED);
    assert_int_equal(due(s, 1000, 8, d, &next), 6);
    for (int i = 0; i < 6; i++)
        assert_true(is_due(&d[i], puts[i].table, puts[i].key.p, 100 * (i + 1)));
    for (size_t limit = 1; limit < 6; limit++) {
        assert_int_equal(due(s, 1000, limit, d, &next), limit);
        assert_int_equal(next, 100 * (int64_t)(limit + 1));
        assert_int_equal(due(s, 100 * (int64_t)limit, 8, d, &next), limit);
        assert_int_equal(next, 100 * (int64_t)(limit + 1));
    }
}

static void a_wipe_forgets_one_source_of_one_partition(void **state)
{
    struct store *s = *state;
    struct store_due d[4];
    struct err e;
    int64_t next;
    struct store_put facts[] = {put(PORTS_PERSON, "a", "1", 100), put(PORTS_CASE, "a", "1", 0)};
    struct store_put reg = put(PORTS_POLICY, "a", "1", 0);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 2, facts, 2), STORE_APPLIED);
    assert_int_equal(apply(s, 1, PORTS_FACTS, 0, 2, facts, 2), STORE_APPLIED);
    assert_int_equal(apply(s, 0, PORTS_REGISTRY, 0, 3, &reg, 1), STORE_APPLIED);
    OK(s->ops->wipe(s, 0, PORTS_FACTS, &e));
    assert_int_equal(mark_of(s, 0, PORTS_FACTS), -1);
    assert_null(value_of(s, 0, PORTS_PERSON, "a"));
    assert_null(value_of(s, 0, PORTS_CASE, "a"));
    assert_int_equal(due(s, 1000, 4, d, &next), 0);
    assert_int_equal(mark_of(s, 0, PORTS_REGISTRY), 3);
    assert_string_equal(value_of(s, 0, PORTS_POLICY, "a"), "1");
    assert_int_equal(mark_of(s, 1, PORTS_FACTS), 2);
    assert_string_equal(value_of(s, 1, PORTS_PERSON, "a"), "1");
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, 2, facts, 1), STORE_APPLIED); /* and the rebuild begins */
}

enum { MANY = 3000 };

static void fill_many(struct store *s)
{
    struct store_put *puts = ARENA_ARRAY(mem, struct store_put, MANY);
    for (int i = 0; i < MANY; i++)
        puts[i] = put(PORTS_CASE, arena_printf(mem, "key-%d", i), arena_printf(mem, "value-%d", i), i % 3 ? i + 1 : 0);
    assert_int_equal(apply(s, 0, PORTS_FACTS, 0, MANY, puts, MANY), STORE_APPLIED);
}

static void a_scan_gives_every_record_once(void **state)
{
    struct store *s = *state;
    static int seen[MANY];
    struct store_get out[7];
    struct err e;
    uint64_t cursor = 0;
    size_t n, total = 0;
    fill_many(s);
    memset(seen, 0, sizeof seen);
    do {
        OK(s->ops->scan(s, 0, PORTS_CASE, &cursor, mem, out, 7, &n, &e));
        assert_true(n <= 7);
        for (size_t i = 0; i < n; i++) {
            int k = atoi(arena_printf(mem, "%.*s", (int)out[i].key.n, (const char *)out[i].key.p) + 4);
            assert_true(k >= 0 && k < MANY);
            seen[k]++;
            assert_true(bytes_eq(out[i].val, bytes_str(arena_printf(mem, "value-%d", k))));
        }
        total += n;
    } while (cursor);
    assert_int_equal(total, MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(seen[i], 1);
    OK(s->ops->scan(s, 2, PORTS_PERSON, &cursor, mem, out, 7, &n, &e)); /* nothing there */
    assert_int_equal(n, 0);
    assert_int_equal(cursor, 0);
}

static void large_batches_and_reads_work(void **state)
{
    struct store *s = *state;
    struct store_get *g = ARENA_ARRAY(mem, struct store_get, 2 * MANY);
    struct store_expect exp = {0, PORTS_FACTS, MANY};
    struct store_due *d = ARENA_ARRAY(mem, struct store_due, MANY);
    struct err e;
    size_t stale;
    int64_t next;
    fill_many(s);
    for (int i = 0; i < 2 * MANY; i++)
        g[i] = (struct store_get){.table = PORTS_CASE, .key = bytes_str(arena_printf(mem, "key-%d", i))};
    OK(s->ops->read(s, &exp, 1, g, 2 * MANY, mem, &stale, &e));
    for (int i = 0; i < 2 * MANY; i++)
        assert_true(i < MANY ? bytes_eq(g[i].val, bytes_str(arena_printf(mem, "value-%d", i))) : g[i].val.p == NULL);
    assert_int_equal(due(s, MANY + 1, MANY, d, &next), MANY - MANY / 3);
    for (size_t i = 1; i < MANY - MANY / 3; i++)
        assert_true(d[i].due_ms > d[i - 1].due_ms);
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int ports_store_run(const struct store_env *e)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_new_store_is_empty),
        STORE_TEST(applies_chain_by_marks),
        STORE_TEST(partitions_and_sources_have_marks_of_their_own),
        STORE_TEST(a_read_states_the_marks_it_relies_on),
        STORE_TEST(values_are_bytes_and_empty_is_not_absent),
        STORE_TEST(several_batches_report_each_for_itself),
        STORE_TEST(an_apply_in_two_halves_is_an_apply),
        STORE_TEST(due_records_come_earliest_first),
        STORE_TEST(a_put_moves_or_clears_the_due_time),
        STORE_TEST(of_several_puts_of_a_key_the_last_counts),
        STORE_TEST(due_records_of_all_tables_are_one_queue),
        STORE_TEST(a_wipe_forgets_one_source_of_one_partition),
        STORE_TEST(a_scan_gives_every_record_once),
        STORE_TEST(large_batches_and_reads_work),
    };
    env = e;
    return cmocka_run_group_tests_name(e->name, tests, NULL, NULL);
}
