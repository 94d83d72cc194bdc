#include "values.h"
#include <string.h>
#include "base/text.h"
#include "domain/reason.h"

static const char *date_text(int64_t ms, int offset_min, struct arena *mem)
{
    char iso[TEXT_DAY_BYTES]; /* YYYY-MM-DD */
    if (ms == 0)
        return "";
    text_day(text_day_at(ms, offset_min), iso);
    char *s = arena_alloc(mem, TEXT_DAY_BYTES);
    memcpy(s, iso + 8, 2);
    memcpy(s + 3, iso + 5, 2);
    memcpy(s + 6, iso, 4);
    s[2] = s[5] = '.';
    s[10] = '\0';
    return s;
}

/* A detail that is a date is written as people write it. */
static const char *detail_text(const char *detail, struct arena *mem)
{
    int32_t day;
    return text_day_parse(detail, &day) ? date_text(text_day_start(day, 0), 0, mem) : detail;
}

static const char *reason_line(const PB(Reason) * r, struct arena *mem)
{
    const struct reason_info *info = reason_find(r->code);
    if (!info)
        return r->code;
    return reason_text(mem, finding_of((enum reason_id)(info - reasons), detail_text(r->detail, mem)));
}

static const char *join(const char *text, const char *part, const char *between, struct arena *mem)
{
    if (!*part)
        return text;
    return *text ? ARENA_CAT(mem, text, between, part) : part;
}

/* Two reasons may rest on one act: it is named once. */
static const char *join_new(const char *text, const char *part, const char *between, struct arena *mem)
{
    return strstr(text, part) ? text : join(text, part, between, mem);
}

static void reason_values(const PB(NotificationRequested) * r, struct arena *mem, const char **ret)
{
    const char *lines = "", *codes = "", *laws = "";
    for (size_t i = 0; i < r->n_reasons; i++) {
        const struct reason_info *info = reason_find(r->reasons[i]->code);
        lines = join(lines, reason_line(r->reasons[i], mem), "\n", mem);
        codes = join(codes, r->reasons[i]->code, ", ", mem);
        laws = join_new(laws, info ? info->law : "", "; ", mem);
    }
    ret[VALUE_reasons] = lines;
    ret[VALUE_reason_codes] = codes;
    ret[VALUE_laws] = laws;
}

static const char *enum_word(const struct texts *t, const ProtobufCEnumDescriptor *d, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
    return v ? texts_word(t, v->name) : "";
}

/* A representative is written to by his own name: the letter is for the one who filed. */
static const char *salutation(const PB(Personal) * p, struct arena *mem)
{
    if (!p)
        return "";
    const PB(Representative) *rep = p->representative;
    const char *name = rep && *rep->name ? rep->name : p->name;
    const char *patronymic = rep && *rep->name ? rep->patronymic : p->patronymic;
    return *patronymic ? arena_printf(mem, "%s %s", name, patronymic) : name;
}

static void application_values(const struct value_ctx *v, const PB(Application) * a, const char **ret)
{
    ret[VALUE_application] = a->external_ref;
    ret[VALUE_portal] = enum_word(v->set->texts, &clinic__attach__v1__source__descriptor, (int)a->source);
    ret[VALUE_profile] = enum_word(v->set->texts, &clinic__attach__v1__profile__descriptor, (int)a->profile);
    ret[VALUE_clinic] = a->clinic_id;
}

/* "1. name of the body" and so on; the words are those of complaint.route. Only refusals and alarms name them. */
static const char *complaint(const struct value_ctx *v, struct arena *mem)
{
    enum rule_word route[RULE_WORDS_MAX];
    size_t n = settings_complaint(v->set, v->request->case_, v->now_ms, route);
    const char *lines = "";
    for (size_t i = 0; i < n; i++) {
        const char *word = texts_word(v->set->texts, ARENA_CAT(mem, "COMPLAINT_", rule_word_name(route[i])));
        lines = join(lines, ARENA_CAT(mem, arena_i64(mem, (int64_t)i + 1), ". ", word), "\n", mem);
    }
    return lines;
}

static void case_values(const struct value_ctx *v, const PB(Case) * k, struct arena *mem, const char **ret)
{
    int offset_min = settings_offset_min(v->set, k, v->now_ms);
    ret[VALUE_application_id] = k->application_id;
    ret[VALUE_person] = k->person_ref;
    ret[VALUE_insurer] = k->insurer_id;
    ret[VALUE_received_date] = date_text(k->received_at_ms, offset_min, mem);
    ret[VALUE_due_date] = date_text(k->due_at_ms, offset_min, mem);
    ret[VALUE_effective_from] = date_text(v->request->effective_from_ms, offset_min, mem);
    ret[VALUE_date] = date_text(v->now_ms, offset_min, mem);
    ret[VALUE_basic_only] = k->scope == CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_BASIC ? "1" : "";
    if (k->rule_set)
        ret[VALUE_rule_set] = ARENA_CAT(mem, k->rule_set->id, "/", arena_i64(mem, k->rule_set->version));
    if (k->application)
        application_values(v, k->application, ret);
}

static void status_values(const struct value_ctx *v, const PB(Case) * k, const char **ret)
{
    const ProtobufCEnumDescriptor *d = &clinic__attach__v1__status__descriptor;
    if (k->n_trail > 0)
        ret[VALUE_status] = enum_word(v->set->texts, d, (int)k->trail[k->n_trail - 1]->status);
    if (k->n_trail > 1)
        ret[VALUE_status_before] = enum_word(v->set->texts, d, (int)k->trail[k->n_trail - 2]->status);
}

/* By name where the register told it, else by code. */
static void clinic_values(const PB(NotificationRequested) * r, const char **ret)
{
    const PB(ClinicCard) *card = r->clinic;
    ret[VALUE_clinic_name] = card && *card->name ? card->name : ret[VALUE_clinic];
    if (!card)
        return;
    ret[VALUE_clinic_short] = card->name;
    ret[VALUE_clinic_address] = card->address;
    ret[VALUE_clinic_phone] = card->phone;
}

static const char *alternatives(const PB(NotificationRequested) * r, struct arena *mem)
{
    const char *lines = "";
    for (size_t i = 0; i < r->n_alternatives; i++) {
        const PB(ClinicCard) *card = i < r->n_alternative_cards ? r->alternative_cards[i] : NULL;
        const char *line = card && *card->name ? join(card->name, card->address, ", ", mem) : r->alternatives[i];
        lines = join(lines, line, "\n", mem);
    }
    return lines;
}

void notice_values(const struct value_ctx *v, struct arena *mem, const char *ret[NOTICE_VALUE_N])
{
    const PB(NotificationRequested) *r = v->request;
    for (size_t i = 0; i < NOTICE_VALUE_N; i++)
        ret[i] = "";
    case_values(v, r->case_, mem, ret);
    status_values(v, r->case_, ret);
    clinic_values(r, ret);
    reason_values(r, mem, ret);
    ret[VALUE_doctor] = r->doctor_id ? arena_printf(mem, "%u", r->doctor_id) : "";
    if (v->names_complaint)
        ret[VALUE_complaint] = complaint(v, mem);
    ret[VALUE_old_clinic] = r->old_clinic_id;
    ret[VALUE_salutation] = salutation(v->personal, mem);
    ret[VALUE_alternatives] = alternatives(r, mem);
}
