/* slots.h - every field of a message and of the messages in it, by descriptor: for mutating, sealing, looking for
 * personal data. Memory: the message's; what is added comes from the arena given. */
#ifndef CLINIC_FUZZ_SLOTS_H
#define CLINIC_FUZZ_SLOTS_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct slot {
    ProtobufCMessage *msg;
    const ProtobufCFieldDescriptor *field;
    bool personal; /* inside a Personal */
};
/* Calls fn for every field, set or not, of m and of every message that is set in it; fn may change the field. */
void slots_each(ProtobufCMessage *m, void (*fn)(void *ctx, const struct slot *s), void *ctx);

bool slot_is_set(const struct slot *s);
size_t slot_n(const struct slot *s);               /* values: 0 or 1, or those of a repeated field */
void *slot_at(const struct slot *s, size_t i);     /* where value i is kept */
size_t slot_size(const struct slot *s);            /* of one value */
void slot_choose(const struct slot *s);            /* of a oneof: this member is the one that is set */
void slot_unset(const struct slot *s);             /* of a message field or a oneof */
void slot_resize(const struct slot *s, size_t n, struct arena *mem); /* of a repeated field; new values are zero */
#endif
