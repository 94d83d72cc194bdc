#include "slots.h"
#include <string.h>
#include "domain/pb.h"
#include "wire/json_impl.h"

static void *at(const struct slot *s, size_t offset) { return (char *)s->msg + offset; }
static bool is_oneof(const struct slot *s) { return s->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF; }
static bool is_repeated(const struct slot *s) { return s->field->label == PROTOBUF_C_LABEL_REPEATED; }
static size_t *count_of(const struct slot *s) { return at(s, s->field->quantifier_offset); }
static void **array_of(const struct slot *s) { return at(s, s->field->offset); }

size_t slot_size(const struct slot *s) { return json_value_size(s->field->type); }

bool slot_is_set(const struct slot *s)
{
    if (is_repeated(s))
        return *count_of(s) > 0;
    if (is_oneof(s) && *(uint32_t *)at(s, s->field->quantifier_offset) != s->field->id)
        return false;
    return s->field->type != PROTOBUF_C_TYPE_MESSAGE || *array_of(s) != NULL;
}

size_t slot_n(const struct slot *s) { return is_repeated(s) ? *count_of(s) : slot_is_set(s); }

void *slot_at(const struct slot *s, size_t i)
{
    return is_repeated(s) ? (char *)*array_of(s) + i * slot_size(s) : at(s, s->field->offset);
}

void slot_choose(const struct slot *s)
{
    if (is_oneof(s))
        *(uint32_t *)at(s, s->field->quantifier_offset) = s->field->id;
}

void slot_unset(const struct slot *s)
{
    if (is_oneof(s))
        *(uint32_t *)at(s, s->field->quantifier_offset) = 0;
    if (s->field->type == PROTOBUF_C_TYPE_MESSAGE)
        *array_of(s) = NULL;
}

void slot_resize(const struct slot *s, size_t n, struct arena *mem)
{
    size_t was = *count_of(s), size = slot_size(s);
    char *to = arena_zalloc(mem, n * size + 1);
    if (was && n)
        memcpy(to, *array_of(s), (was < n ? was : n) * size);
    *array_of(s) = to;
    *count_of(s) = n;
}

static void each(ProtobufCMessage *m, bool personal, void (*fn)(void *ctx, const struct slot *s), void *ctx)
{
    const ProtobufCMessageDescriptor *d = m->descriptor;
    personal = personal || d == &clinic__attach__v1__personal__descriptor;
    for (unsigned i = 0; i < d->n_fields; i++) {
        struct slot s = {m, &d->fields[i], personal};
        fn(ctx, &s);
        if (s.field->type == PROTOBUF_C_TYPE_MESSAGE)
            for (size_t k = 0; k < slot_n(&s); k++)
                each(*(ProtobufCMessage **)slot_at(&s, k), personal, fn, ctx);
    }
}

void slots_each(ProtobufCMessage *m, void (*fn)(void *ctx, const struct slot *s), void *ctx) { each(m, false, fn, ctx); }
