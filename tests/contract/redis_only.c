/* What only a real server does to us: it forgets scripts, closes connections, restarts, is configured wrongly. */
#include <pthread.h>
#include <string.h>
#include "ports.h"
#include "redis_server.h"
#include "runtime/store_redis.h"
#include "wire/wire.h"

static struct store *open_at(const char *url)
{
    struct store *s = NULL;
    struct err e;
    OK(store_redis_open(url, "contract", ports_tables, PORTS_TABLES, &s, &e));
    return s;
}

static void apply_one(struct store *s, int64_t prev, int64_t next)
{
    struct err e;
    struct store_put p = {PORTS_PERSON, {"k", 1}, {"v", 1}, 0};
    struct store_batch b = {.part = 0, .topic = PORTS_FACTS, .prev = prev, .next = next, .puts = &p, .n = 1};
    OK(s->ops->apply(s, &b, 1, &e));
    assert_int_equal(b.ret, STORE_APPLIED);
}

static void lost_scripts_are_loaded_again(void **state)
{
    struct err e;
    struct store_get g = {.table = PORTS_PERSON, .key = {"k", 1}};
    size_t stale;
    (void)state;
    struct arena *mem = arena_new(1 << 20, 4096);
    struct store *s = open_at(redis_server_unix_url());
    apply_one(s, 0, 1);
    redis_server_do("SCRIPT FLUSH");
    apply_one(s, 1, 2);
    redis_server_do("SCRIPT FLUSH");
    OK(s->ops->read(s, NULL, 0, &g, 1, mem, &stale, &e)); /* needs none */
    assert_int_equal(g.val.n, 1);
    s->ops->close(s);
    arena_free(mem);
}

static void a_broken_connection_is_made_anew(void **state)
{
    struct err e = {0};
    (void)state;
    struct store *s = open_at(redis_server_url());
    apply_one(s, 0, 1);
    redis_server_do("CLIENT KILL TYPE normal");
    assert_false(s->ops->ping(s, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    OK(s->ops->ping(s, &e));
    apply_one(s, 1, 2);
    s->ops->close(s);
}

static void a_restarted_server_is_found_again(void **state)
{
    struct err e = {0};
    int64_t mark;
    (void)state;
    struct store *s = open_at(redis_server_url());
    apply_one(s, 0, 1);
    redis_server_kill();
    assert_false(s->ops->ping(s, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    assert_false(s->ops->mark(s, 0, PORTS_FACTS, &mark, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    assert_true(redis_server_start(NULL));
    OK(s->ops->mark(s, 0, PORTS_FACTS, &mark, &e));
    assert_int_equal(mark, -1); /* no persistence here: everything is gone, and it shows */
    s->ops->close(s);
}

static void a_server_that_evicts_is_refused(void **state)
{
    struct err e = {0};
    (void)state;
    struct store *s = open_at(redis_server_url());
    redis_server_do("CONFIG SET maxmemory 100mb maxmemory-policy allkeys-lru");
    assert_false(s->ops->ping(s, &e)); /* checked at every connect */
    assert_int_equal(e.cls, ERR_FATAL);
    assert_string_equal(e.code, "STORE-EVICTS");
    redis_server_do("CONFIG SET maxmemory-policy noeviction");
    OK(s->ops->ping(s, &e));
    redis_server_do("CONFIG SET maxmemory 0");
    s->ops->close(s);
}

static void a_full_server_may_be_tried_again(void **state)
{
    struct err e = {0};
    struct store_put p = {PORTS_PERSON, {"k", 1}, {"v", 1}, 0};
    struct store_batch b = {.part = 0, .topic = PORTS_FACTS, .prev = 1, .next = 2, .puts = &p, .n = 1};
    (void)state;
    struct store *s = open_at(redis_server_url());
    apply_one(s, 0, 1);
    redis_server_do("CONFIG SET maxmemory 1");
    assert_false(s->ops->apply(s, &b, 1, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    redis_server_do("CONFIG SET maxmemory 0");
    apply_one(s, 1, 2);
    s->ops->close(s);
}

/* The server forgot its scripts, or the connection ended, after the first half: the second says so, and the next call works. */
static void a_lost_answer_may_be_tried_again(void **state)
{
    static const char *const mishaps[] = {"SCRIPT FLUSH", "CLIENT KILL TYPE normal SKIPME yes"};
    struct store_put p = {PORTS_PERSON, {"k", 1}, {"v", 1}, 0};
    (void)state;
    struct store *s = open_at(redis_server_url());
    apply_one(s, 0, 1);
    for (int i = 0; i < 2; i++) {
        struct err e = {0};
        struct store_batch b = {.part = 0, .topic = PORTS_FACTS, .prev = i + 1, .next = i + 2, .puts = &p, .n = 1};
        int ret;
        int64_t mark;
        if (i == 0) /* before the half is sent, so that the script is missing */
            redis_server_do(mishaps[i]);
        OK(s->ops->apply_begin(s, &b, 1, &e));
        if (i == 1)
            redis_server_do(mishaps[i]);
        bool heard = s->ops->apply_end(s, &ret, 1, &e);
        assert_true(i == 1 || !heard); /* a connection may end after its answer was received */
        if (!heard)
            assert_int_equal(e.cls, ERR_RETRY);
        if (!s->ops->mark(s, 0, PORTS_FACTS, &mark, &e)) /* the end of a connection shows at the first use */
            OK(s->ops->mark(s, 0, PORTS_FACTS, &mark, &e));
        if (mark < b.next)
            apply_one(s, b.prev, b.next);
    }
    s->ops->close(s);
}

static void passwords_are_checked(void **state)
{
    char url[96];
    struct err e = {0};
    (void)state;
    redis_server_do("ACL SETUSER clinic on >se@cret ~* &* +@all -config");
    snprintf(url, sizeof url, "redis://clinic:wrong@127.0.0.1:%d", redis_server_port());
    struct store *s = open_at(url);
    assert_false(s->ops->ping(s, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    s->ops->close(s);
    snprintf(url, sizeof url, "redis://clinic:se@cret@127.0.0.1:%d/2", redis_server_port());
    s = open_at(url); /* without the right to CONFIG: the policy is not checked */
    OK(s->ops->ping(s, &e));
    apply_one(s, 0, 1);
    s->ops->close(s);
}

static void wrong_addresses_are_named(void **state)
{
    static const char *const bad[] = {"",  "rediss://127.0.0.1:6379", "127.0.0.1:6379", "redis://", "redis://h:port", "redis://h:1/x", "unix://rel",
                                      "http://h:1"};
    struct store *s;
    struct err e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(store_redis_open(bad[i], "contract", ports_tables, PORTS_TABLES, &s, &e));
        assert_int_equal(e.cls, ERR_FATAL);
    }
    s = open_at("redis://127.0.0.1:1"); /* connects lazily */
    assert_false(s->ops->ping(s, &e));
    assert_int_equal(e.cls, ERR_RETRY);
    s->ops->close(s);
}

/* A version with other tables cannot trust what an older one has built. */
static void another_layout_is_as_good_as_absent(void **state)
{
    struct store_table other[PORTS_TABLES];
    struct store *s;
    struct err e;
    int64_t mark;
    (void)state;
    memcpy(other, ports_tables, sizeof other);
    other[PORTS_CASE].bucket_bits++;
    struct store *old = open_at(redis_server_url());
    apply_one(old, 0, 5);
    OK(store_redis_open(redis_server_url(), "contract", other, PORTS_TABLES, &s, &e));
    OK(s->ops->mark(s, 0, PORTS_FACTS, &mark, &e));
    assert_int_equal(mark, -1);
    OK(s->ops->wipe(s, 0, PORTS_FACTS, &e));
    apply_one(s, 0, 5);
    OK(s->ops->mark(s, 0, PORTS_FACTS, &mark, &e));
    assert_int_equal(mark, 5);
    s->ops->close(s);
    old->ops->close(old);
}

static void what_is_no_bucket_is_not_an_absent_record(void **state)
{
    struct err e = {0};
    struct store_get g = {.table = PORTS_CASE, .key = {"k", 1}};
    struct store_expect exp = {0, PORTS_FACTS, 0};
    size_t stale;
    char text[64];
    (void)state;
    struct arena *mem = arena_new(1 << 20, 4096);
    struct store *s = open_at(redis_server_unix_url());
    for (int i = 0; i < 16; i++) { /* all that the table has */
        snprintf(text, sizeof text, "SET {contract/0}:case:%04x x", (unsigned)i);
        redis_server_do(text);
    }
    assert_false(s->ops->read(s, &exp, 1, &g, 1, mem, &stale, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    s->ops->close(s);
    arena_free(mem);
}

enum { ROUNDS = 400, AT_ONCE = 700 };

/* All records of a round have its number, which is the mark too. */
static void *write_rounds(void *ctx)
{
    struct store_put *puts = calloc(AT_ONCE, sizeof *puts);
    char (*keys)[8] = calloc(AT_ONCE, sizeof *keys), value[8];
    struct store_batch b = {.topic = PORTS_FACTS, .puts = puts, .n = AT_ONCE};
    struct err e;
    for (int round = 1; round <= ROUNDS; round++) {
        snprintf(value, sizeof value, "%d", round);
        for (int i = 0; i < AT_ONCE; i++) {
            snprintf(keys[i], sizeof keys[i], "%d", i);
            puts[i] = (struct store_put){PORTS_PERSON, bytes_str(keys[i]), bytes_str(value), 0};
        }
        b.prev = round - 1;
        b.next = round;
        OK(((struct store *)ctx)->ops->apply(ctx, &b, 1, &e));
    }
    free(puts);
    free(keys);
    return NULL;
}

/* True: the store was found where it had been a moment before, and all that was read is of that round. */
static bool read_round(struct store *s, struct arena *mem, int64_t *ret_mark)
{
    struct store_get *g = ARENA_ARRAY(mem, struct store_get, AT_ONCE);
    struct store_expect exp = {0, PORTS_FACTS, 0};
    struct err e;
    size_t stale;
    OK(s->ops->mark(s, 0, PORTS_FACTS, ret_mark, &e));
    exp.mark = *ret_mark < 0 ? 0 : *ret_mark;
    for (int i = 0; i < AT_ONCE; i++)
        g[i] = (struct store_get){.table = PORTS_PERSON, .key = bytes_str(arena_printf(mem, "%d", i))};
    if (!s->ops->read(s, &exp, 1, g, AT_ONCE, mem, &stale, &e)) {
        assert_int_equal(e.cls, ERR_STALE);
        return false;
    }
    for (int i = 0; i < AT_ONCE && *ret_mark > 0; i++)
        assert_true(bytes_eq(g[i].val, bytes_str(arena_printf(mem, "%lld", (long long)*ret_mark))));
    return true;
}

/* More than the server takes from a connection at once, so that it does serve others in between. */
static void a_read_is_of_one_moment(void **state)
{
    pthread_t writer;
    int64_t mark = 0;
    (void)state;
    struct arena *mem = arena_new(1 << 24, 1 << 20);
    struct store *s = open_at(redis_server_unix_url()), *other = open_at(redis_server_unix_url());
    assert_int_equal(pthread_create(&writer, NULL, write_rounds, other), 0);
    while (mark < ROUNDS) {
        read_round(s, mem, &mark);
        arena_reset(mem);
    }
    pthread_join(writer, NULL);
    assert_true(read_round(s, mem, &mark));
    s->ops->close(s);
    other->ops->close(other);
    arena_free(mem);
}

static int flush(void **state)
{
    (void)state;
    redis_server_do("FLUSHALL");
    return 0;
}

int redis_only_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lost_scripts_are_loaded_again, flush),
        cmocka_unit_test_setup(a_broken_connection_is_made_anew, flush),
        cmocka_unit_test_setup(a_restarted_server_is_found_again, flush),
        cmocka_unit_test_setup(a_server_that_evicts_is_refused, flush),
        cmocka_unit_test_setup(a_full_server_may_be_tried_again, flush),
        cmocka_unit_test_setup(a_lost_answer_may_be_tried_again, flush),
        cmocka_unit_test_setup(passwords_are_checked, flush),
        cmocka_unit_test_setup(wrong_addresses_are_named, flush),
        cmocka_unit_test_setup(another_layout_is_as_good_as_absent, flush),
        cmocka_unit_test_setup(what_is_no_bucket_is_not_an_absent_record, flush),
        cmocka_unit_test_setup(a_read_is_of_one_moment, flush),
    };
    return cmocka_run_group_tests_name("store, only Redis", tests, NULL, NULL);
}
