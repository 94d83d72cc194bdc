#include "ports_member.h"
#include <string.h>
#include <time.h>

int64_t ports_mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void ports_ok(bool ok, const struct err *e, const char *file, int line)
{
    if (!ok)
        print_error("%s: %s: %s\n", err_class_name(e->cls), e->code, e->text);
    _assert_true(ok, "call", file, line);
}

static void on_assigned(void *ctx, const int32_t *parts, size_t n)
{
    struct member *m = ctx;
    assert_true(m->in_poll);
    for (size_t i = 0; i < n; i++) {
        assert_true(parts[i] < MEMBER_PARTS && !m->owned[parts[i]]);
        m->owned[parts[i]] = true;
    }
    m->owned_n += (int)n;
    m->assigned_n++;
}

static void on_revoked(void *ctx, const int32_t *parts, size_t n, bool lost)
{
    struct member *m = ctx;
    assert_true(m->in_poll);
    for (size_t i = 0; i < n; i++) {
        assert_true(m->owned[parts[i]]);
        m->owned[parts[i]] = false;
    }
    m->owned_n -= (int)n;
    m->revoked_n++;
    m->lost_n += lost;
}

void member_open(struct member *m, const char *service, const char *instance, int inbox, int facts, int out)
{
    *m = (struct member){.inbox = inbox, .facts = facts, .out = out};
    m->outputs[0] = (enum topic_id)facts;
    m->outputs[1] = (enum topic_id)out;
    m->outputs[2] = TOPIC_N;
    struct bus_conf bc = {service, instance, inbox, facts, m->outputs, {on_assigned, on_revoked, m}};
    m->bus = bus_env->open(&bc);
    struct err e;
    OK(m->bus->ops->recreate(m->bus, &e));
}

void member_close(struct member *m)
{
    if (m->bus)
        m->bus->ops->close(m->bus);
    m->bus = NULL;
}

static void copy_text(char to[TEXT_MAX], struct bytes b)
{
    snprintf(to, TEXT_MAX, "%.*s", (int)b.n, b.p ? (const char *)b.p : "");
}

/* Every header that has a field of its own is in that field, and in no other. */
static void check_fields(const struct bus_rec *r)
{
    const struct {
        const char *name;
        struct bytes field;
    } fields[] = {
        {"content-type", r->content_type},   {"ce_type", r->ce_type},
        {"ce_id", r->ce_id},                 {"ce_source", r->ce_source},
        {"ce_subject", r->ce_subject},       {"ce_time", r->ce_time},
        {"ce_expirytime", r->ce_expirytime}, {"traceparent", r->traceparent},
        {"tracestate", r->tracestate},       {"ce_traceparent", r->ce_traceparent},
        {"ce_tracestate", r->ce_tracestate},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct bytes told = {0};
        for (size_t k = 0; k < r->headers_n; k++)
            if (strcmp(r->headers[k].name, fields[i].name) == 0)
                told = r->headers[k].value;
        if (!bytes_eq(fields[i].field, told))
            fail_msg("%s", fields[i].name);
    }
}

static void copy(struct seen *to, const struct bus_rec *r)
{
    check_fields(r);
    *to = (struct seen){.part = r->partition, .offset = r->offset, .time_ms = r->time_ms, .has_value = r->value.p,
                        .headers_n = r->headers_n};
    copy_text(to->key, r->key);
    copy_text(to->value, r->value);
    copy_text(to->type, r->ce_type);
}

size_t member_poll(struct member *m, int timeout_ms, struct seen *out, size_t max)
{
    struct bus_rec recs[64];
    struct err e = {0};
    size_t n = 0;
    assert_true(max <= 64);
    m->in_poll = true;
    bool ok = m->bus->ops->poll(m->bus, timeout_ms, recs, max, &n, &e);
    m->in_poll = false;
    if (!ok && e.cls == ERR_RETRY)
        return 0;
    ports_ok(ok, &e, __FILE__, __LINE__);
    assert_true(n <= max);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(recs[i].topic, m->inbox);
        assert_true(m->owned[recs[i].partition]);
        copy(&out[i], &recs[i]);
    }
    m->bus->ops->done(m->bus);
    return n;
}

void member_await(struct member *m, int parts, struct member *other)
{
    struct seen s;
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS;
    while (m->owned_n != parts) {
        assert_true(ports_mono_ms() < deadline);
        assert_int_equal(member_poll(m, 50, &s, 1), 0); /* new partitions are paused */
        if (other)
            member_poll(other, 50, &s, 1);
    }
}

void member_run(struct member *m, int32_t part, int64_t from)
{
    struct err e;
    OK(m->bus->ops->seek(m->bus, part, from, &e));
    OK(m->bus->ops->pause(m->bus, part, false, &e));
}

void member_take(struct member *m, struct seen *out, size_t n)
{
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS;
    for (size_t at = 0; at < n;) {
        assert_true(ports_mono_ms() < deadline);
        at += member_poll(m, 100, out + at, n - at);
    }
}

struct bus_out member_out(int topic, int32_t part, const char *key, const char *value)
{
    static const struct bus_header headers[] = {
        {"content-type", {"application/protobuf", 20}},
        {"ce_type", {"test.happened", 13}},
        {"empty", {"", 0}},
        {"ce_id", {"an id", 5}},
        {"ce_source", {"/test", 5}},
        {"ce_subject", {"a subject", 9}},
        {"ce_time", {"a time", 6}},
        {"ce_expirytime", {"an end", 6}},
        {"traceparent", {"a hop", 5}},
        {"tracestate", {"a state", 7}},
        {"ce_traceparent", {"an origin", 9}},
        {"ce_tracestate", {"a state of the origin", 21}},
        {"ce_notknown", {"another", 7}}, /* of the length of others */
    };
    return (struct bus_out){
        .topic = topic,
        .partition = part,
        .key = bytes_str(key),
        .value = bytes_str(value),
        .headers = headers,
        .headers_n = sizeof headers / sizeof *headers,
    };
}

void member_produce(struct member *m, int topic, int32_t part, const char *key, const char *value)
{
    struct err e;
    struct bus_out o = member_out(topic, part, key, value);
    OK(m->bus->ops->produce(m->bus, &o, &e));
}

void member_begin(struct member *m)
{
    struct err e;
    OK(m->bus->ops->begin(m->bus, &e));
}

void member_offsets(struct member *m, int32_t part, int64_t next)
{
    struct err e;
    struct bus_pos pos = {part, next};
    OK(m->bus->ops->send_offsets(m->bus, &pos, 1, &e));
}

void member_commit(struct member *m)
{
    struct err e;
    OK(m->bus->ops->commit(m->bus, &e));
}

int64_t member_high(struct member *m, int topic, int32_t part)
{
    struct err e = {0};
    int64_t high = -1, deadline = ports_mono_ms() + PORTS_WAIT_MS;
    bool ok;
    while (!(ok = m->bus->ops->high(m->bus, topic, part, &high, &e)) && e.cls == ERR_RETRY)
        assert_true(ports_mono_ms() < deadline);
    OK(ok);
    return high;
}

int64_t member_high_from(struct member *m, int topic, int32_t part, int64_t at_least)
{
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS, high;
    while ((high = member_high(m, topic, part)) < at_least)
        assert_true(ports_mono_ms() < deadline);
    return high;
}

int64_t member_committed(struct member *m, int32_t part)
{
    struct err e = {0};
    int64_t offset = -2, deadline = ports_mono_ms() + PORTS_WAIT_MS;
    bool ok;
    while (!(ok = m->bus->ops->committed(m->bus, part, &offset, &e)) && e.cls == ERR_RETRY)
        assert_true(ports_mono_ms() < deadline);
    OK(ok);
    return offset;
}

size_t log_all(struct bus *b, int topic, int32_t part, int64_t from, int64_t until, struct seen *out, size_t max,
               int64_t *ret_next)
{
    struct bus_rec recs[32];
    struct bus_log *l;
    struct err e;
    size_t n = 0, got;
    int64_t deadline = ports_mono_ms() + PORTS_WAIT_MS, next = from;
    OK(b->ops->log_open(b, topic, part, from, &l, &e));
    while (next < until) {
        assert_true(ports_mono_ms() < deadline);
        OK(b->ops->log_read(b, l, 200, recs, 32, &got, &next, &e));
        for (size_t i = 0; i < got; i++) {
            assert_true(n < max && recs[i].partition == part && recs[i].topic == topic && recs[i].offset < next);
            copy(&out[n++], &recs[i]);
        }
        b->ops->done(b);
    }
    b->ops->log_close(b, l);
    *ret_next = next;
    return n;
}

void publish(int topic, int32_t part, const char *key, const char *value)
{
    struct bus_out o = member_out(topic, part, key, value);
    bus_env->publish(&o);
}
