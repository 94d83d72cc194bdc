/* The overlay against a list searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "runtime/runtime_int.h"

struct plain {
    int32_t part;
    int table;
    char key[24];
};

static uint32_t next_random(uint32_t *s) { return *s = *s * 1664525U + 1013904223U, *s >> 8; }

static void test_same_key_same_entry(void **state)
{
    static struct plain known[4000];
    struct arena *mem = arena_new(64 << 20, 4096);
    struct overlay o;
    uint32_t n = 0, seed = 7;
    (void)state;
    overlay_reset(&o, mem);
    for (int i = 0; i < 20000; i++) {
        struct plain p = {.part = (int32_t)(next_random(&seed) % 3), .table = (int)(next_random(&seed) % 2)};
        snprintf(p.key, sizeof p.key, "key-%u", next_random(&seed) % 600);
        uint32_t want = 0, got = overlay_entry(&o, p.part, p.table, bytes_str(p.key));
        while (want < n && !(known[want].part == p.part && known[want].table == p.table && !strcmp(known[want].key, p.key)))
            want++;
        if (want == n)
            known[n++] = p;
        assert_int_equal(got, want);
    }
    assert_int_equal(o.entries.n, n);
    assert_true(n > 3000);
    arena_free(mem);
}

static void test_lists_grow(void **state)
{
    struct arena *mem = arena_new(1 << 20, 4096);
    LIST(uint32_t) list = {0};
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        *LIST_ADD(&list, mem) = i;
    assert_int_equal(list.n, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(*LIST_AT(&list, i), i);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_key_same_entry), cmocka_unit_test(test_lists_grow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
