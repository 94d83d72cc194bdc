#include "services/attachctl/show.h"
#include <string.h>
#include "base/text.h"
#include "wire/json.h"

#define RING 8

static char *ring(void)
{
    static char all[RING][96];
    static unsigned at;
    return all[at++ % RING];
}

/* "clinic.attach.intake.inbox.v1" -> "intake.inbox" */
static const char *shortened(const char *name, const char *prefix)
{
    char *to = ring();
    size_t skip = strncmp(name, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    snprintf(to, 96, "%s", name + skip);
    size_t n = strlen(to);
    if (n > 3 && strcmp(to + n - 3, ".v1") == 0)
        to[n - 3] = '\0';
    return to;
}

const char *show_topic(int topic)
{
    const char *name = topics[topic].name;
    return shortened(name, strncmp(name, "clinic.attach.", 14) == 0 ? "clinic.attach." : "clinic.");
}

const char *show_event(int event)
{
    if (event < 0)
        return "?";
    const char *type = events[event].type;
    return shortened(type, strncmp(type, "ru.clinic.attach.", 17) == 0 ? "ru.clinic.attach." : "ru.clinic.");
}

ProtobufCMessage *show_unpack(const struct bus_rec *r, struct arena *mem)
{
    int event = ctl_rec_event(r);
    if (event < 0 || !r->value.p)
        return NULL;
    return protobuf_c_message_unpack(events[event].msg, arena_pb(mem), r->value.n, r->value.p);
}

static json_t *text_of(struct bytes b)
{
    if (!b.p)
        return json_null();
    json_t *j = json_stringn(b.p, b.n);
    return j ? j : json_sprintf("(%zu bytes)", b.n);
}

static json_t *headers_of(const struct bus_header *h, size_t n)
{
    json_t *all = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(all, h[i].name, text_of(h[i].value));
    return all;
}

static const struct bus_header *find_header(const Clinic__Attach__V1__OriginalRecord *o, const char *name, struct bus_header *ret)
{
    for (size_t i = 0; i < o->n_headers; i++)
        if (strcmp(o->headers[i]->name, name) == 0) {
            *ret = (struct bus_header){name, bytes_of(o->headers[i]->value.data, o->headers[i]->value.len)};
            return ret;
        }
    return NULL;
}

/* The record inside a dead letter: decoded and masked like any other; bytes that are no message are only counted,
 * because anything may be in them. */
static json_t *open_letter(const Clinic__Attach__V1__DeadLetter *d, const struct keyring *keys, struct arena *mem)
{
    struct bytes plain;
    struct err e;
    if (!deadletter_open(keys, bytes_of(d->box.data, d->box.len), mem, &plain, &e))
        return json_pack("{s:s}", "closed", e.text);
    Clinic__Attach__V1__OriginalRecord *o =
        clinic__attach__v1__original_record__unpack(arena_pb(mem), plain.n, plain.p);
    if (!o)
        return json_pack("{s:s}", "closed", "the box holds no record");
    struct bus_rec inner = {.key = bytes_of(o->key.data, o->key.len), .value = bytes_of(o->value.data, o->value.len)};
    struct bus_header type;
    if (find_header(o, "ce_type", &type))
        inner.ce_type = type.value;
    ProtobufCMessage *m = show_unpack(&inner, mem);
    json_t *names = json_array();
    for (size_t i = 0; i < o->n_headers; i++)
        json_array_append_new(names, text_of(bytes_str(o->headers[i]->name)));
    char time[TEXT_TIME_BYTES];
    text_time(o->timestamp_ms, time);
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "time", time, "key_bytes", (json_int_t)o->key.len, "value_bytes",
                     (json_int_t)o->value.len, "headers", names, "type", m ? text_of(inner.ce_type) : json_null(), "message",
                     m ? json_of_msg(m, true) : json_null());
}

json_t *show_record(const struct bus_rec *r, const struct keyring *keys, struct arena *mem)
{
    char time[TEXT_TIME_BYTES];
    text_time(ctl_rec_time(r), time);
    ProtobufCMessage *m = show_unpack(r, mem);
    int event = ctl_rec_event(r);
    json_t *j = json_pack("{s:s, s:i, s:I, s:s, s:o, s:o, s:s}", "topic", topics[r->topic].name, "partition", (int)r->partition,
                          "offset", (json_int_t)r->offset, "time", time, "key", text_of(r->key), "headers",
                          headers_of(r->headers, r->headers_n), "type", event < 0 ? "?" : events[event].type);
    json_object_set_new(j, "message", m ? json_of_msg(m, true) : json_null());
    if (!m && r->value.p)
        json_object_set_new(j, "value_bytes", json_integer((json_int_t)r->value.n));
    if (m && event == EV_DEAD_LETTER && keys) {
        json_object_del(json_object_get(j, "message"), "box");
        json_object_set_new(j, "original", open_letter((const Clinic__Attach__V1__DeadLetter *)m, keys, mem));
    }
    return j;
}
