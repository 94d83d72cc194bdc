/* attachctl asks a broker in trouble again, until a deadline, and only when asking may help. */
#include "services/attachctl/retry.h"
#include "tests/unit/help.h"

static struct {
    struct bus bus;
    int failures; /* calls still to fail; -1 = all */
    enum err_class cls;
    int calls;
} broker;

static bool answer(struct err *e)
{
    broker.calls++;
    if (broker.failures == 0)
        return true;
    broker.failures -= broker.failures > 0;
    return err_set(e, broker.cls, "BUS-RETRY", "NOT_LEADER_FOR_PARTITION");
}

static bool high(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e)
{
    (void)b, (void)topic, (void)part;
    *ret = 42;
    return answer(e);
}

static bool log_open(struct bus *b, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e)
{
    (void)b, (void)topic, (void)part, (void)from;
    *ret = NULL;
    return answer(e);
}

static const struct bus_ops ops = {.high = high, .log_open = log_open};

static void set_up(int failures, enum err_class cls, double patience)
{
    broker.bus.ops = &ops;
    broker.failures = failures;
    broker.cls = cls;
    broker.calls = 0;
    retry_patience(patience);
}

static void a_passing_error_is_asked_again(void **state)
{
    struct err e = {0};
    struct bus_log *log;
    int64_t at = 0;
    (void)state;
    set_up(3, ERR_RETRY, 60);
    assert_true(retry_high(&broker.bus, 0, 0, &at, &e));
    assert_int_equal(at, 42);
    assert_int_equal(broker.calls, 4);
    set_up(2, ERR_RETRY, 60);
    assert_true(retry_log_open(&broker.bus, 0, 0, 7, &log, &e));
    assert_int_equal(broker.calls, 3);
}

static void other_errors_are_not(void **state)
{
    struct err e = {0};
    int64_t at;
    (void)state;
    set_up(-1, ERR_FATAL, 60);
    assert_false(retry_high(&broker.bus, 0, 0, &at, &e));
    assert_int_equal(broker.calls, 1);
    assert_int_equal(e.cls, ERR_FATAL);
}

static void the_deadline_ends_it_with_the_error(void **state)
{
    struct err e = {0};
    int64_t at;
    (void)state;
    set_up(-1, ERR_RETRY, 0.25);
    assert_false(retry_high(&broker.bus, 0, 0, &at, &e));
    assert_true(broker.calls > 1);
    assert_int_equal(e.cls, ERR_RETRY);
    assert_non_null(strstr(e.text, "NOT_LEADER"));
    set_up(-1, ERR_RETRY, 0);
    assert_false(retry_high(&broker.bus, 0, 0, &at, &e));
    assert_int_equal(broker.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passing_error_is_asked_again),
        cmocka_unit_test(other_errors_are_not),
        cmocka_unit_test(the_deadline_ends_it_with_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
