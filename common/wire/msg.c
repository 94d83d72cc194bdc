#include "wire/msg.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"

/* Put a step before the path collected so far; cut at the end to fit. */
static bool step_up(struct err *e, const char *name)
{
    char below[sizeof e->code];
    memcpy(below, e->code, sizeof below);
    snprintf(e->code, sizeof e->code, "/%s%s", name, below);
    return false;
}

static bool value_ok(const ProtobufCFieldDescriptor *f, const void *p, struct err *e)
{
    const char *s = *(const char *const *)p;
    if (!s)
        return true;
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return msg_text_ok((const ProtobufCMessage *)s, e);
    return text_utf8_ok(s, strlen(s)) || err_set(e, ERR_INPUT, "", "must be UTF-8 text");
}

static bool field_ok(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m, struct err *e)
{
    const uint8_t *p = (const uint8_t *)m + f->offset, *count = (const uint8_t *)m + f->quantifier_offset;
    char index[24];
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(const uint32_t *)count != f->id)
        return true;
    if (f->label != PROTOBUF_C_LABEL_REPEATED)
        return value_ok(f, p, e);
    const void *const *items = *(const void *const *const *)p;
    for (size_t i = 0; i < *(const size_t *)count; i++)
        if (!value_ok(f, &items[i], e)) {
            snprintf(index, sizeof index, "%zu", i);
            return step_up(e, index);
        }
    return true;
}

bool msg_text_ok(const ProtobufCMessage *m, struct err *e)
{
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        bool has_text = f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE;
        if (has_text && !field_ok(f, m, e))
            return step_up(e, f->name);
    }
    return true;
}
