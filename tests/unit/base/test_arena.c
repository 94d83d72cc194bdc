#include "tests/unit/help.h"
#include "base/arena.h"

static void allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20, 4096);
    char *before = NULL;
    for (size_t n = 0; n < 100; n++) {
        char *p = arena_alloc(a, n);
        assert_int_equal((uintptr_t)p % 8, 0);
        assert_true(!before || p >= before + (n - 1));
        memset(p, 0xee, n);
        before = p;
    }
    arena_free(a);
}

static void zalloc_is_zero_after_reset(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20, 4096);
    memset(arena_alloc(a, 20000), 0xff, 20000);
    arena_reset(a);
    assert_int_equal(arena_used(a), 0);
    const char *p = arena_zalloc(a, 20000);
    for (size_t i = 0; i < 20000; i++)
        assert_int_equal(p[i], 0);
    arena_free(a);
}

static void copies_are_copies(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16, 4096);
    char from[] = "text";
    char *dup = arena_strdup(a, from);
    from[0] = 'n';
    assert_string_equal(dup, "text");
    assert_string_equal(arena_printf(a, "%s-%d", dup, 7), "text-7");
    assert_memory_equal(arena_dup(a, "ab\0c", 4), "ab\0c", 4);
    assert_non_null(arena_dup(a, NULL, 0));
    arena_free(a);
    arena_free(NULL);
}

static void a_whole_range_can_be_used(void **state)
{
    (void)state;
    struct arena *a = arena_new(8192, 4096);
    arena_alloc(a, 8192);
    assert_int_equal(arena_used(a), 8192);
    arena_free(a);
}

static void exhaust(void)
{
    struct arena *a = arena_new(8192, 4096);
    arena_alloc(a, 8000);
    arena_alloc(a, 8000);
}

static void overflow(void)
{
    struct arena *a = arena_new(8192, 4096);
    arena_alloc(a, 32);
    arena_alloc(a, SIZE_MAX - 8);
}

static void exhaustion_aborts(void **state)
{
    (void)state;
    assert_true(aborts(exhaust));
    assert_true(aborts(overflow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_and_apart), cmocka_unit_test(zalloc_is_zero_after_reset),
        cmocka_unit_test(copies_are_copies),                 cmocka_unit_test(a_whole_range_can_be_used),
        cmocka_unit_test(exhaustion_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
