/* show_facts.c - the few fields that tell what a message is about, by the names they have in every message. */
#include <string.h>
#include "base/text.h"
#include "services/attachctl/show.h"
#include "clinic/attach/v1/case.pb-c.h"

struct line {
    struct arena *mem;
    const char *text;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *l, const char *fmt, ...)
{
    char part[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(part, sizeof part, fmt, ap);
    va_end(ap);
    l->text = arena_printf(l->mem, "%s%s%s", l->text, l->text[0] ? " " : "", part);
}

/* Value of an enum without its prefix: OUTCOME_APPROVED -> APPROVED. */
static const char *enum_text(const ProtobufCEnumDescriptor *d, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(d, 0);
    if (!v)
        return "?";
    size_t n = zero && strlen(zero->name) > 11 ? strlen(zero->name) - 11 : 0; /* PREFIX_UNSPECIFIED */
    return v->name + n;
}

static const char *const shown[] = {"status", "outcome", "clinic_id", "doctor_id", "new_clinic_id", "new_doctor_id",
                                    "old_clinic_id", "milestone", "channel", "recipient", "state", "attempt", "attempts",
                                    "result", "cause", "over_norm", "over_capacity", "counted", "sla_breached",
                                    "online", "delivered", "reason", "detail", "origin"};

static void say_field(struct line *l, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    const void *at = (const char *)m + f->offset;
    switch (f->type) {
    case PROTOBUF_C_TYPE_ENUM:
        if (*(const int *)at)
            say(l, "%s=%s", f->name, enum_text(f->descriptor, *(const int *)at));
        break;
    case PROTOBUF_C_TYPE_STRING:
        if ((*(char *const *)at)[0])
            say(l, "%s=%.80s", f->name, *(char *const *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        if (*(const uint32_t *)at)
            say(l, "%s=%u", f->name, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        if (*(const protobuf_c_boolean *)at)
            say(l, "%s", f->name);
        break;
    default:
        break;
    }
}

static void say_reasons(struct line *l, const ProtobufCMessage *m)
{
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, "reasons");
    if (!f)
        return;
    size_t n = *(const size_t *)((const char *)m + f->quantifier_offset);
    Clinic__Attach__V1__Reason *const *all = *(Clinic__Attach__V1__Reason *const *const *)((const char *)m + f->offset);
    for (size_t i = 0; i < n; i++)
        say(l, "%s%s%s%s", all[i]->code, all[i]->detail[0] ? "(" : "", all[i]->detail, all[i]->detail[0] ? ")" : "");
}

/* Statuses entered and left before the one that is shown. */
static void say_passed(struct line *l, const ProtobufCMessage *m)
{
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, "passed");
    if (!f)
        return;
    size_t n = *(const size_t *)((const char *)m + f->quantifier_offset);
    const Clinic__Attach__V1__Status *all = *(const Clinic__Attach__V1__Status *const *)((const char *)m + f->offset);
    for (size_t i = 0; i < n; i++)
        say(l, "%s%s", i ? "" : "passed=", enum_text(f->descriptor, (int)all[i]));
}

const char *show_facts(int event, const ProtobufCMessage *m, struct arena *mem)
{
    struct line l = {mem, ""};
    if (!m || event < 0)
        return "";
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, shown[i]);
        if (f && f->label != PROTOBUF_C_LABEL_REPEATED)
            say_field(&l, m, f);
    }
    say_passed(&l, m);
    say_reasons(&l, m);
    const ProtobufCFieldDescriptor *due = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, "due_at_ms");
    if (due && *(const int64_t *)((const char *)m + due->offset)) {
        char time[TEXT_TIME_BYTES];
        text_time(*(const int64_t *)((const char *)m + due->offset), time);
        say(&l, "due=%.16s", time);
    }
    return l.text;
}
