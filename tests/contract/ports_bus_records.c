/* The part of the suite of bus.h about what a record is. */
#include <string.h>
#include "ports_member.h"

void tombstones_are_absent_values_and_empty_values_are_not(void **state)
{
    struct member m;
    struct seen s[8];
    int64_t next;
    (void)state;
    ports_open_one(&m, "0");
    int64_t facts = member_high(&m, m.facts, 1);
    member_begin(&m);
    member_produce(&m, m.facts, 1, "person/1", "a");
    member_produce(&m, m.facts, 1, "person/1", NULL);
    member_produce(&m, m.facts, 1, "person/2", "");
    member_offsets(&m, 1, 1);
    member_commit(&m);
    assert_int_equal(log_all(m.bus, m.facts, 1, facts, member_high(&m, m.facts, 1), s, 8, &next), 3);
    assert_true(s[0].has_value && !s[1].has_value && s[2].has_value);
    assert_string_equal(s[1].key, "person/1");
    member_close(&m);
}

static void publish_with(const struct member *m, const struct bus_header *h, size_t n)
{
    struct bus_out o = {.topic = m->inbox, .partition = 0, .key = bytes_str("k"), .value = bytes_str("v"), .headers = h, .headers_n = n};
    bus_env->publish(&o);
}

static void has_headers(const struct bus_rec *r, const struct bus_header *h, size_t n)
{
    assert_int_equal(r->headers_n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(r->headers[i].name, h[i].name);
        assert_true(bytes_eq(r->headers[i].value, h[i].value));
    }
}

/* An adapter may keep once what records have in common. */
void records_have_their_own_headers(void **state)
{
    static const struct bus_header one[] = {{"ce_type", {"a", 1}}, {"x", {"1", 1}}, {"ce_subject", {"s", 1}},
                                            {"ce_correlationid", {"s", 1}}, {"empty", {"", 0}}};
    static const struct bus_header two[] = {{"ce_type", {"a", 1}}, {"y", {"1", 1}}, {"ce_subject", {"t", 1}},
                                            {"ce_correlationid", {"s", 1}}, {"empty", {"e", 1}}, {"more", {"m", 1}}};
    struct member m;
    struct bus_rec recs[4];
    struct err e = {0};
    (void)state;
    ports_open_one(&m, "0");
    int64_t from = member_high(&m, m.inbox, 0), deadline = ports_mono_ms() + PORTS_WAIT_MS;
    for (int i = 0; i < 2; i++) {
        publish_with(&m, one, 5);
        publish_with(&m, two, 6);
    }
    member_run(&m, 0, from);
    for (size_t at = 0, n = 0; at < 4; at += n) { /* borrowed, all of them, until the end */
        assert_true(ports_mono_ms() < deadline);
        m.in_poll = true;
        assert_true(m.bus->ops->poll(m.bus, 100, recs + at, 4 - at, &n, &e));
        m.in_poll = false;
    }
    for (size_t i = 0; i < 4; i++)
        has_headers(&recs[i], i % 2 ? two : one, i % 2 ? 6 : 5);
    assert_true(bytes_eq(recs[3].ce_type, bytes_str("a")) && bytes_eq(recs[3].ce_subject, bytes_str("t")));
    m.bus->ops->done(m.bus);
    member_close(&m);
}
