/* check.c - what a service wrote: every record is one of ours, tells its reason, and holds no personal text of the input. */
#include <string.h>
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "platform_fuzz.h"
#include "runtime/runtime_int.h"
#include "slots.h"
#include "wire/facts.h"
#include "wire/msg.h"

#define DETAIL_MAX 400

struct written {
    struct platform *p;
    const struct svc_def *def;
    const struct secrets *secrets;
};

/* --- secrets --- */

/* Own loop: the fuzzer looks into memmem() and would learn the answers. */
static bool holds(struct bytes in, struct bytes what)
{
    if (what.n == 0 || in.n < what.n)
        return false;
    const char *s = in.p, *w = what.p, *end = s + in.n;
    for (; what.n <= (size_t)(end - s) && (s = memchr(s, *w, (size_t)(end - s) - what.n + 1)); s++) {
        size_t k = 1;
        while (k < what.n && s[k] == w[k])
            k++;
        if (k == what.n)
            return true;
    }
    return false;
}

bool secrets_marked(struct bytes text)
{
    static const char *const marks[] = {SECRET_MARK, "\xd1\x8a\xd1\x8a", "\xd0\xaa\xd0\xaa"};
    for (size_t i = 0; i < 3; i++)
        if (holds(text, bytes_str(marks[i])))
            return true;
    return false;
}

/* Texts that cannot stand in a record by chance: addresses, and numbers of persons. */
static bool is_telling(const char *s)
{
    size_t digits = 0;
    for (const char *p = s; *p; p++)
        digits += *p >= '0' && *p <= '9';
    return digits >= 9 || (strchr(s, '@') && strlen(s) >= 6);
}

void secrets_open(struct secrets *s, struct bytes text)
{
    const char *copy = fuzz_text(text);
    if (secrets_marked(bytes_str(copy)) || is_telling(copy)) {
        s->off |= s->open_n == SECRETS_MAX || strlen(copy) < text.n;
        if (s->open_n < SECRETS_MAX)
            s->open[s->open_n++] = copy;
    }
}

static void add_text(void *ctx, const struct slot *slot)
{
    struct secrets *s = ctx;
    if (slot->field->type != PROTOBUF_C_TYPE_STRING)
        return;
    for (size_t i = 0; i < slot_n(slot); i++) {
        const char *text = *(char **)slot_at(slot, i);
        if (!slot->personal)
            secrets_open(s, bytes_str(text));
        else if (is_telling(text) && s->personal_n < SECRETS_MAX)
            s->personal[s->personal_n++] = arena_strdup(fuzz_mem(), text);
    }
}

void secrets_add(struct secrets *s, ProtobufCMessage *msg) { slots_each(msg, add_text, s); }

/* Once all records are known: what is given in clear elsewhere too is no secret, and each is looked for once. */
static struct secrets settle(const struct secrets *s)
{
    struct secrets out = {.off = s->off};
    for (size_t i = 0; i < s->open_n; i++)
        out.mark_is_open |= secrets_marked(bytes_str(s->open[i]));
    for (size_t i = 0; i < s->personal_n; i++) {
        struct bytes text = bytes_str(s->personal[i]);
        bool known = false;
        for (size_t k = 0; k < s->open_n && !known; k++)
            known = holds(bytes_str(s->open[k]), text) || holds(text, bytes_str(s->open[k]));
        for (size_t k = 0; k < out.personal_n && !known; k++)
            known = bytes_eq(bytes_str(out.personal[k]), text);
        if (!known)
            out.personal[out.personal_n++] = s->personal[i];
    }
    return out;
}

static void check_secrets(const struct secrets *s, struct bytes where)
{
    if (s->off)
        return;
    EXPECT(s->mark_is_open || !secrets_marked(where));
    for (size_t i = 0; i < s->personal_n; i++)
        EXPECT(!holds(where, bytes_str(s->personal[i])));
}

/* Texts only: in a sealed box, or a digest, any bytes may come about. */
static void check_texts(void *ctx, const struct slot *slot)
{
    if (slot->field->type == PROTOBUF_C_TYPE_STRING)
        for (size_t i = 0; i < slot_n(slot); i++)
            check_secrets(ctx, bytes_str(*(char **)slot_at(slot, i)));
}

/* --- records --- */
static struct bytes header(const struct bus_rec *r, const char *name)
{
    for (size_t i = 0; i < r->headers_n; i++)
        if (strcmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return (struct bytes){0};
}

static bool is_own(const struct bus_rec *r)
{
    struct bytes source = header(r, "ce_source");
    return source.n > 8 && memcmp(source.p, "/clinic/", 8) == 0;
}

static bool is_output(const struct svc_def *def, int topic)
{
    for (const struct svc_output *o = def->outputs; o->topic != TOPIC_N; o++)
        if ((int)o->topic == topic)
            return true;
    return topic == (int)def->facts || topic == (int)def->dlq;
}

static void check_headers(const struct bus_rec *r)
{
    int64_t ms;
    EXPECT(r->ce_id.n > 0 && r->ce_type.n > 0);
    EXPECT(bytes_eq(r->content_type, bytes_str("application/protobuf")));
    EXPECT(text_time_parse(r->ce_time.p, r->ce_time.n, &ms));
    const struct event_info *info = &events[event_by_type(r->ce_type.p, r->ce_type.n)];
    EXPECT(bytes_eq(header(r, "ce_dataclassification"), bytes_str(info->data_class)));
    EXPECT(header(r, "ce_dataschema").n > 10 && (header(r, "ce_expirytime").n > 0) == (info->days > 0));
    EXPECT(ce_traceparent_ok(fuzz_text(r->traceparent)) && ce_traceparent_ok(fuzz_text(r->ce_traceparent)));
    EXPECT(r->tracestate.n == 0 || ce_tracestate_ok(r->tracestate));
    for (size_t i = 0; i < r->headers_n; i++)
        EXPECT(text_utf8_ok(r->headers[i].value.p, r->headers[i].value.n));
}

static void check_fact(const struct written *w, const struct bus_rec *r, int type)
{
    struct bytes table, key;
    EXPECT(facts_split(r->key, &table, &key));
    for (const struct svc_table *t = w->def->tables; t->name; t++)
        if (bytes_eq(table, bytes_str(t->name))) {
            EXPECT(t->source < 0 && key.n > 0 && (int)t->type == type);
            return;
        }
    EXPECT(!"a fact of no table");
}

static bool is_reject_name(const char *s)
{
    for (int i = 0; i < SVC_REJECT_N; i++)
        if (strcmp(s, svc_reject_name((enum svc_reject)i)) == 0)
            return true;
    return false;
}

static void check_dead_letter(const struct bus_rec *r, const ProtobufCMessage *m)
{
    const Clinic__Attach__V1__DeadLetter *d = (const Clinic__Attach__V1__DeadLetter *)m;
    struct err e = {0};
    struct bytes plain;
    EXPECT(is_reject_name(d->reason) && d->origin[0]);
    EXPECT(d->detail[0] && strlen(d->detail) < DETAIL_MAX);
    EXPECT(deadletter_open(fuzz_keys(), bytes_of(d->box.data, d->box.len), fuzz_mem(), &plain, &e));
    EXPECT(clinic__attach__v1__original_record__unpack(arena_pb(fuzz_mem()), plain.n, plain.p));
    EXPECT(!r->key.p || deadletter_key_is_harmless(r->key));
}

static void check_record(void *ctx, const struct bus_rec *r)
{
    const struct written *w = ctx;
    struct err e = {0};
    if (!is_own(r))
        return;
    int type = event_by_type(r->ce_type.p, r->ce_type.n);
    EXPECT(is_output(w->def, r->topic) && type >= 0);
    check_headers(r);
    EXPECT(r->key.n > 0 || r->topic == (int)w->def->dlq);
    if (r->topic == (int)w->def->facts)
        check_fact(w, r, type);
    EXPECT(r->value.p || r->topic == (int)w->def->facts);
    if (r->value.p) {
        ProtobufCMessage *m = protobuf_c_message_unpack(events[type].msg, arena_pb(fuzz_mem()), r->value.n, r->value.p);
        EXPECT(m && msg_text_ok(m, &e));
        slots_each(m, check_texts, (void *)(uintptr_t)w->secrets);
        if (type == EV_DEAD_LETTER)
            check_dead_letter(r, m);
    }
    check_secrets(w->secrets, r->key);
    for (size_t i = 0; i < r->headers_n; i++)
        check_secrets(w->secrets, r->headers[i].value);
}

void check_written(struct platform *p, const struct svc_def *def, const struct secrets *s)
{
    struct fake_cluster *c = platform_cluster(p);
    struct secrets settled = settle(s);
    struct written w = {p, def, &settled};
    for (int topic = 0; topic < TOPIC_N; topic++)
        for (int32_t part = 0; part < fake_partitions(c); part++)
            fake_each(c, topic, part, check_record, &w);
}
