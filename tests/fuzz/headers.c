/* headers.c - any key and any headers of a record: the attributes that are read, the trace that goes on, and through the
 * runtime: whatever they say, the record is handled or becomes a dead letter that says why. First byte: the ce_type of
 * a command of capacity, or one of the input's own. Then lines "name:value"; the first line is the key. */
#include <stdlib.h>
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "platform_fuzz.h"
#include "runtime/runtime_int.h"
#include "services/capacity/capacity.h"
#include "wire/facts.h"

#define HEADERS_MAX 24

static struct bytes command(void)
{
    static uint8_t packed[128];
    Clinic__Attach__V1__Reserve m = CLINIC__ATTACH__V1__RESERVE__INIT;
    m.application_id = "11111111-2222-5333-8444-555555555555";
    m.person_ref = "AAAAAAAAAAAAAAAA";
    m.clinic_id = "770001";
    return bytes_of(packed, clinic__attach__v1__reserve__pack(&m, packed));
}

static size_t take_headers(struct fuzz_in *in, struct bus_header *h)
{
    size_t n = 0;
    while (in->n && n < HEADERS_MAX) {
        struct bytes line = bytes_str(fuzz_line(in));
        const char *name = line.p, *colon = memchr(name, ':', line.n);
        if (!colon)
            colon = name + line.n;
        struct bytes value = bytes_of(colon + (*colon == ':'), line.n - (size_t)(colon - name) - (*colon == ':'));
        h[n++] = (struct bus_header){fuzz_text(bytes_of(name, (size_t)(colon - name))), bytes_of(fuzz_copy(value), value.n)};
    }
    return n;
}

static void check_pieces(struct bytes key, const struct bus_header *h, size_t n)
{
    char child[CE_TRACEPARENT_BYTES], again[CE_TRACEPARENT_BYTES];
    struct bytes table, rest;
    int64_t ms;
    deadletter_key_is_harmless(key);
    if (facts_split(key, &table, &rest))
        EXPECT(bytes_eq(facts_key(fuzz_text(table), rest, fuzz_mem()), key) || memchr(table.p, 0, table.n));
    for (size_t i = 0; i < n; i++) {
        const char *text = fuzz_text(h[i].value);
        ce_child_traceparent(text, "seed", child);
        ce_child_traceparent(child, "seed", again);
        EXPECT(ce_traceparent_ok(child) && strlen(child) == CE_TRACEPARENT_BYTES - 1);
        EXPECT(!ce_traceparent_ok(text) || memcmp(child + 3, text + 3, 32) == 0);
        EXPECT(memcmp(child, again, CE_TRACEPARENT_BYTES) == 0);
        event_by_type(h[i].value.p, h[i].value.n);
        if (text_time_parse(h[i].value.p, h[i].value.n, &ms)) {
            char printed[TEXT_TIME_BYTES];
            int64_t back;
            text_time(ms, printed);
            EXPECT(text_time_parse(printed, strlen(printed), &back) && back == ms);
        }
    }
}

static void count(void *ctx, const struct bus_rec *r)
{
    (void)r;
    ++*(size_t *)ctx;
}

/* One record in, and exactly one of: something written, a dead letter. */
static void check_handled(struct platform *p)
{
    struct fake_cluster *c = platform_cluster(p);
    size_t answers = 0, dead = 0;
    for (int32_t part = 0; part < fake_partitions(c); part++) {
        fake_each(c, TOPIC_ATTACHMENT_INBOX, part, count, &answers);
        fake_each(c, TOPIC_CAPACITY_DLQ, part, count, &dead);
    }
    EXPECT(answers + dead == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void *conf;
    struct fuzz_in in = fuzz_begin(data, n);
    struct bus_header h[HEADERS_MAX + 1];
    struct secrets none = {.off = true};
    uint8_t typed = fuzz_u8(&in);
    struct bytes key = bytes_str(fuzz_line(&in));
    size_t headers_n = take_headers(&in, h);
    check_pieces(key, h, headers_n);
    if (typed % 2)
        h[headers_n++] = (struct bus_header){"ce_type", bytes_str(events[EV_RESERVE].type)};
    if (!conf)
        conf = fuzz_svc_conf(&capacity_svc);
    struct platform *p = platform_new(2, FUZZ_NOW_MS);
    platform_set_keys(p, fuzz_keys());
    platform_add(p, &capacity_svc, conf);
    platform_run(p);
    struct bus_out o = {.topic = TOPIC_CAPACITY_INBOX, .partition = -1, .key = key, .value = command(), .headers = h,
                        .headers_n = headers_n};
    fake_publish(platform_cluster(p), &o);
    platform_run(p);
    check_handled(p);
    check_written(p, &capacity_svc, &none);
    platform_free(p);
    return 0;
}
