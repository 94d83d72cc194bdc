/* headers.c - any key, any headers and any content mode of a record: the attributes that are read, the trace that goes on,
 * and through the runtime: whatever they say, the record is handled or becomes a dead letter that says why. First byte,
 * bit 0: with the ce_type of the service's command, or as the input says; bit 1: to intake, which takes the structured mode
 * in JSON, else to capacity. Then the key and lines "name:value"; what follows an empty line is the value, else the service's
 * command is. */
#include <stdlib.h>
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "platform_fuzz.h"
#include "runtime/runtime_int.h"
#include "services/capacity/capacity.h"
#include "services/intake/intake.h"
#include "wire/ce_json.h"
#include "wire/facts.h"

#define HEADERS_MAX 24

struct subject {
    const struct svc_def *def;
    enum event_id type;
    void *conf;
};
static struct subject subjects[] = {{&capacity_svc, EV_RESERVE, NULL}, {&intake_svc, EV_APPLICATION_WITHDRAWAL, NULL}};

static struct bytes packed(const ProtobufCMessage *m)
{
    uint8_t *to = arena_alloc(fuzz_mem(), protobuf_c_message_get_packed_size(m) + 1);
    return bytes_of(to, protobuf_c_message_pack(m, to));
}

static struct bytes command(enum event_id type)
{
    Clinic__Attach__V1__Reserve m = CLINIC__ATTACH__V1__RESERVE__INIT;
    Clinic__Attach__V1__Withdrawal w = CLINIC__ATTACH__V1__WITHDRAWAL__INIT;
    m.application_id = "11111111-2222-5333-8444-555555555555";
    m.person_ref = "AAAAAAAAAAAAAAAA";
    m.clinic_id = "770001";
    w.external_ref = "12-345";
    return packed(type == EV_RESERVE ? &m.base : &w.base);
}

static size_t take_headers(struct fuzz_in *in, struct bus_header *h)
{
    size_t n = 0;
    while (in->n && n < HEADERS_MAX) {
        struct bytes line = bytes_str(fuzz_line(in));
        if (line.n == 0)
            break;
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

/* One record in: something written or a dead letter, not both. Capacity has an answer to everything; intake may have none. */
static void check_handled(struct platform *p, const struct svc_def *def)
{
    struct fake_cluster *c = platform_cluster(p);
    size_t answers = 0, dead = 0;
    for (int32_t part = 0; part < fake_partitions(c); part++) {
        for (const struct svc_output *o = def->outputs; o->topic != TOPIC_N; o++)
            if (o->topic != def->inbox && (o == def->outputs || o->topic != o[-1].topic))
                fake_each(c, (int)o->topic, part, count, &answers);
        fake_each(c, (int)def->dlq, part, count, &dead);
    }
    EXPECT(dead <= 1 && (dead == 0 || answers == 0));
    EXPECT(def == &intake_svc || dead + answers == 1);
}

/* A broken envelope names its part and tells nothing of what is in it; a whole one has what the binary mode must have. */
static void check_envelope(struct bytes text)
{
    struct ce_event ev;
    struct err e = {0};
    if (ce_json_read(text, fuzz_mem(), &ev, &e)) {
        EXPECT(ev.id.n && ev.source.n && ev.type.n);
        EXPECT(ev.value.p || event_by_type(ev.type.p, ev.type.n) < 0);
    } else {
        EXPECT(e.cls == ERR_INPUT && e.text[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    struct bus_header h[HEADERS_MAX + 1];
    struct secrets none = {.off = true};
    uint8_t flags = fuzz_u8(&in);
    struct subject *s = &subjects[flags >> 1 & 1];
    struct bytes key = bytes_str(fuzz_line(&in));
    size_t headers_n = take_headers(&in, h);
    struct bytes value = fuzz_rest(&in);
    check_pieces(key, h, headers_n);
    check_envelope(bytes_of(fuzz_copy(value), value.n));
    if (flags & 1)
        h[headers_n++] = (struct bus_header){"ce_type", bytes_str(events[s->type].type)};
    if (!s->conf)
        s->conf = fuzz_svc_conf(s->def);
    struct platform *p = platform_new(2, FUZZ_NOW_MS);
    platform_set_keys(p, fuzz_keys());
    platform_add(p, s->def, s->conf);
    platform_run(p);
    struct bus_out o = {.topic = (int)s->def->inbox, .partition = -1, .key = key, .value = value.n ? value : command(s->type),
                        .headers = h, .headers_n = headers_n};
    fake_publish(platform_cluster(p), &o);
    platform_run(p);
    check_handled(p, s->def);
    check_written(p, s->def, &none);
    platform_free(p);
    return 0;
}
