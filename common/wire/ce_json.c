#include "wire/ce_json.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "wire/json.h"
#include "wire/json_impl.h"
#include "wire/wire.h"

static bool begins(struct bytes b, const char *with)
{
    size_t n = strlen(with);
    return b.n >= n && strncasecmp(b.p, with, n) == 0;
}

/* A media type, whatever its parameters. */
static bool is_type(struct bytes b, const char *type)
{
    size_t n = strlen(type);
    return begins(b, type) && (b.n == n || strchr("; \t", ((const char *)b.p)[n]));
}

enum ce_mode ce_mode_of(struct bytes content_type)
{
    if (!begins(content_type, "application/cloudevents"))
        return CE_BINARY;
    return is_type(content_type, "application/cloudevents+json") ? CE_JSON : CE_OTHER;
}

static bool refuse(struct err *e, const char *name, const char *rule)
{
    char at[sizeof e->code];
    snprintf(at, sizeof at, "/%s", name);
    return err_set(e, ERR_INPUT, at, "%s", rule);
}

/* --- attributes --- */
enum need { OPTIONAL, REQUIRED, TIME };

#define ATTRIBUTE(name, need) {#name, offsetof(struct ce_event, name), need}
static const struct {
    const char *name;
    size_t at;
    enum need need;
} attributes[] = {
    ATTRIBUTE(id, REQUIRED),     ATTRIBUTE(source, REQUIRED),      ATTRIBUTE(type, REQUIRED),
    ATTRIBUTE(subject, OPTIONAL), ATTRIBUTE(time, TIME),            ATTRIBUTE(expirytime, TIME),
    ATTRIBUTE(traceparent, OPTIONAL), ATTRIBUTE(tracestate, OPTIONAL),
};

/* Any offset is read; UTC goes on, as everything here writes it. */
static bool in_utc(struct bytes *value, struct arena *mem)
{
    int64_t ms;
    char *utc = arena_alloc(mem, TEXT_TIME_BYTES);
    if (!text_time_parse(value->p, value->n, &ms))
        return false;
    text_time(ms, utc);
    *value = bytes_of(utc, TEXT_TIME_BYTES - 1);
    return true;
}

/* A null is an attribute left out. */
static bool read_attribute(const json_t *j, const char *name, enum need need, struct arena *mem, struct bytes *ret, struct err *e)
{
    if (json_is_null(j))
        j = NULL;
    if (!j)
        return need != REQUIRED || refuse(e, name, "required");
    size_t n = json_string_length(j);
    if (!json_is_string(j) || n == 0)
        return refuse(e, name, "must be a string that is not empty");
    *ret = bytes_of(arena_dup(mem, json_string_value(j), n), n);
    return need != TIME || in_utc(ret, mem) || refuse(e, name, "must be a time of RFC 3339");
}

static bool read_attributes(const json_t *j, struct arena *mem, struct ce_event *ret, struct err *e)
{
    const char *version = json_string_value(json_object_get(j, "specversion"));
    if (!version || strcmp(version, "1.0") != 0)
        return refuse(e, "specversion", "must be 1.0");
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        const char *name = attributes[i].name;
        struct bytes *to = (struct bytes *)((char *)ret + attributes[i].at);
        if (!read_attribute(json_object_get(j, name), name, attributes[i].need, mem, to, e))
            return false;
    }
    return true;
}

/* --- data --- */
static bool is_json(struct bytes type)
{
    size_t n = 0;
    while (n < type.n && !strchr("; \t", ((const char *)type.p)[n]))
        n++;
    bool by_suffix = n > 5 && strncasecmp((const char *)type.p + n - 5, "+json", 5) == 0;
    return type.n == 0 || by_suffix || is_type(type, "application/json");
}

static bool is_protobuf(struct bytes type)
{
    static const char *const names[] = {"application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_type(type, names[i]))
            return true;
    return type.n == 0;
}

static bool read_message(const json_t *data, const ProtobufCMessageDescriptor *d, struct arena *mem, struct bytes *ret, struct err *e)
{
    ProtobufCMessage *m;
    char below[sizeof e->code];
    if (!json_to_msg(data, d, mem, &m, e)) {
        memcpy(below, e->code, sizeof below);
        snprintf(e->code, sizeof e->code, "/data%s", below);
        return false;
    }
    uint8_t *to = arena_alloc(mem, protobuf_c_message_get_packed_size(m) + 1);
    *ret = bytes_of(to, protobuf_c_message_pack(m, to));
    return true;
}

static bool read_data(const json_t *j, struct arena *mem, struct ce_event *ret, struct err *e)
{
    const json_t *data = json_object_get(j, "data"), *base64 = json_object_get(j, "data_base64");
    int event = event_by_type(ret->type.p, ret->type.n);
    struct bytes type = {"", 0};
    if (!read_attribute(json_object_get(j, "datacontenttype"), "datacontenttype", OPTIONAL, mem, &type, e))
        return false;
    if (data && base64)
        return refuse(e, "data_base64", "only one of data and data_base64 may be given");
    if (!data && !base64)
        return refuse(e, "data", "required");
    if (data ? !is_json(type) : !is_protobuf(type))
        return refuse(e, "datacontenttype", "must be application/json with data, application/protobuf with data_base64");
    if (base64 && !json_base64(base64, mem, &ret->value))
        return refuse(e, "data_base64", "must be a string in base64");
    return base64 || event < 0 || read_message(data, events[event].msg, mem, &ret->value, e);
}

bool ce_json_read(struct bytes text, struct arena *mem, struct ce_event *ret, struct err *e)
{
    json_error_t where; /* its text quotes the document, so only the place is told */
    json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &where);
    *ret = (struct ce_event){0};
    if (!j)
        return err_set(e, ERR_INPUT, "", "not JSON: line %d, column %d", where.line, where.column);
    bool good = (json_is_object(j) || err_set(e, ERR_INPUT, "", "must be an object")) && read_attributes(j, mem, ret, e) &&
                read_data(j, mem, ret, e);
    json_decref(j);
    return good;
}
