/* lang.c - reader of scenarios; see lang.h. The forms and their options are the two tables below. */
#include "lang.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "lang_impl.h"

/* In a form: plain words stand for themselves; + introduces a name, $ uses one; c clinic, p person, a application;
 * # number, M milestone, O outcome, R recipient, C channels, S statuses, V service. */
static const char *const forms[SCN_FORM_N] = {
    [SCN_CLINIC] = "given clinic +c",
    [SCN_DOCTOR] = "given doctor # of $c",
    [SCN_PERSON] = "given person +p",
    [SCN_POLICY] = "given policy of $p",
    [SCN_ATTACHMENT] = "given attachment of $p to $c",
    [SCN_APPLIES] = "when $p applies to $c as +a",
    [SCN_REPEATED] = "when $a is repeated",
    [SCN_REDELIVERED] = "when broker redelivers $a",
    [SCN_WITHDRAWN] = "when $a is withdrawn",
    [SCN_STILL] = "when V stands still",
    [SCN_ON] = "when V goes on",
    [SCN_OUTCOME] = "then $a is O",
    [SCN_WENT] = "then $a went S",
    [SCN_ASKED_BACK] = "then $a is asked back",
    [SCN_TOLD] = "then $a told M to R by C",
    [SCN_NOT_TOLD] = "then $a not told M",
    [SCN_ATTACHED] = "then $p attached to $c",
    [SCN_UNATTACHED] = "then $p attached nowhere",
    [SCN_LEFT] = "then $p left $c by $a",
    [SCN_HOLDS] = "then clinic $c holds #",
};

#define ENUM(name) &clinic__attach__v1__##name##__descriptor
enum value_type { V_FLAG, V_TEXT, V_INT, V_DATE, V_YES, V_ENUM, V_ENUMS };

static const struct option {
    enum scn_form form;
    const char *word;
    enum scn_opt opt;
    enum value_type type;
    const ProtobufCEnumDescriptor *of;
    const char *prefix;
} options[] = {
    {SCN_CLINIC, "kind", OPT_KIND, V_ENUM, ENUM(clinic_kind), "CLINIC_KIND_"},
    {SCN_CLINIC, "ownership", OPT_OWNERSHIP, V_ENUM, ENUM(ownership), "OWNERSHIP_"},
    {SCN_CLINIC, "region", OPT_REGION, V_INT},
    {SCN_CLINIC, "profiles", OPT_PROFILES, V_ENUMS, ENUM(profile), "PROFILE_"},
    {SCN_CLINIC, "districts", OPT_DISTRICTS, V_TEXT},
    {SCN_CLINIC, "insurers", OPT_INSURERS, V_TEXT},
    {SCN_CLINIC, "unlisted", OPT_UNLISTED, V_FLAG},
    {SCN_DOCTOR, "norm", OPT_NORM, V_INT},
    {SCN_DOCTOR, "profile", OPT_PROFILE, V_ENUM, ENUM(profile), "PROFILE_"},
    {SCN_DOCTOR, "district", OPT_DISTRICT, V_TEXT},
    {SCN_DOCTOR, "closed", OPT_CLOSED, V_FLAG},
    {SCN_PERSON, "born", OPT_BORN, V_DATE},
    {SCN_PERSON, "sex", OPT_SEX, V_ENUM, ENUM(sex), "SEX_"},
    {SCN_PERSON, "district", OPT_DISTRICT, V_TEXT},
    {SCN_PERSON, "military", OPT_MILITARY, V_FLAG},
    {SCN_POLICY, "form", OPT_FORM, V_ENUM, ENUM(policy_form), "POLICY_FORM_"},
    {SCN_POLICY, "region", OPT_REGION, V_INT},
    {SCN_POLICY, "insurer", OPT_INSURER, V_TEXT},
    {SCN_POLICY, "status", OPT_STATUS, V_ENUM, ENUM(policy_status), "POLICY_STATUS_"},
    {SCN_POLICY, "until", OPT_UNTIL, V_DATE},
    {SCN_ATTACHMENT, "since", OPT_SINCE, V_DATE},
    {SCN_ATTACHMENT, "profile", OPT_PROFILE, V_ENUM, ENUM(profile), "PROFILE_"},
    {SCN_ATTACHMENT, "doctor", OPT_DOCTOR, V_INT},
    {SCN_ATTACHMENT, "counted", OPT_COUNTED, V_FLAG},
    {SCN_APPLIES, "through", OPT_THROUGH, V_ENUM, ENUM(source), "SOURCE_"},
    {SCN_APPLIES, "kind", OPT_KIND, V_ENUM, ENUM(application_kind), "APPLICATION_KIND_"},
    {SCN_APPLIES, "profile", OPT_PROFILE, V_ENUM, ENUM(profile), "PROFILE_"},
    {SCN_APPLIES, "reason", OPT_REASON, V_ENUM, ENUM(change_reason), "CHANGE_REASON_"},
    {SCN_APPLIES, "evidence", OPT_EVIDENCE, V_ENUMS, ENUM(document_type), "DOCUMENT_TYPE_"},
    {SCN_APPLIES, "account", OPT_ACCOUNT, V_ENUM, ENUM(account_level), "ACCOUNT_LEVEL_"},
    {SCN_APPLIES, "doctor", OPT_DOCTOR, V_INT},
    {SCN_APPLIES, "tinao", OPT_TINAO, V_FLAG},
    {SCN_APPLIES, "unacknowledged", OPT_UNACKNOWLEDGED, V_FLAG},
    {SCN_OUTCOME, "reasons", OPT_REASONS, V_TEXT},
    {SCN_OUTCOME, "detail", OPT_DETAIL, V_TEXT},
    {SCN_OUTCOME, "status", OPT_STATUS, V_ENUM, ENUM(status), "STATUS_"},
    {SCN_OUTCOME, "counted", OPT_COUNTED, V_YES},
    {SCN_OUTCOME, "doctor", OPT_DOCTOR, V_INT},
    {SCN_OUTCOME, "over-capacity", OPT_OVER, V_YES},
    {SCN_OUTCOME, "scope", OPT_SCOPE, V_ENUM, ENUM(programme_scope), "PROGRAMME_SCOPE_"},
    {SCN_ATTACHED, "profile", OPT_PROFILE, V_ENUM, ENUM(profile), "PROFILE_"},
    {SCN_ATTACHED, "doctor", OPT_DOCTOR, V_INT},
    {SCN_UNATTACHED, "profile", OPT_PROFILE, V_ENUM, ENUM(profile), "PROFILE_"},
    {SCN_HOLDS, "doctor", OPT_DOCTOR, V_INT},
};

int scn_enum(const ProtobufCEnumDescriptor *d, const char *prefix, const char *word, size_t len)
{
    char name[96];
    snprintf(name, sizeof name, "%s%.*s", prefix, (int)len, word);
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(d, name);
    return v && v->value ? v->value : -1;
}

bool scn_item(const char **at, const char **ret, size_t *ret_len)
{
    if (!**at)
        return false;
    *ret = *at;
    *ret_len = strcspn(*at, ",");
    *at += *ret_len + ((*at)[*ret_len] == ',');
    return true;
}

static bool value_fits(const struct option *o, const char *v)
{
    const char *item;
    size_t len;
    switch (o->type) {
    case V_INT:
        return v[0] && strspn(v, "0123456789") == strlen(v);
    case V_DATE:
        return scn_date_ok(v);
    case V_YES:
        return strcmp(v, "yes") == 0 || strcmp(v, "no") == 0;
    case V_ENUM:
        return scn_enum(o->of, o->prefix, v, strlen(v)) >= 0;
    case V_ENUMS:
        while (scn_item(&v, &item, &len))
            if (scn_enum(o->of, o->prefix, item, len) < 0)
                return false;
        return true;
    default:
        return true;
    }
}

static const struct option *option_of(enum scn_form form, const char *word)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].form == form && strcmp(options[i].word, word) == 0)
            return &options[i];
    return NULL;
}

/* What follows the form: options in any order, none twice. */
static bool read_options(struct scn_reader *r, struct scn_stmt *s)
{
    const char *word;
    while ((word = scn_next(r))) {
        const struct option *o = option_of(s->form, word);
        if (!o)
            return scn_fail(r, "unknown word \"%s\"", word);
        if (s->opt[o->opt])
            return scn_fail(r, "\"%s\" is said twice", word);
        const char *value = o->type == V_FLAG ? "" : scn_next(r);
        if (!value)
            return scn_fail(r, "\"%s\" needs a value", word);
        if (!value_fits(o, value))
            return scn_fail(r, "\"%s\" cannot be \"%s\"", word, value);
        s->opt[o->opt] = value;
    }
    return true;
}

static bool list_fits(struct scn_stmt *s, const char *got, const ProtobufCEnumDescriptor *d, const char *prefix)
{
    size_t len;
    s->list = got;
    for (const char *at = got, *item; scn_item(&at, &item, &len);)
        if (scn_enum(d, prefix, item, len) < 0)
            return false;
    return true;
}

/* One placeholder or word of a form against one word of the line. */
static bool word_fits(struct scn_reader *r, struct scn_stmt *s, const char *want, size_t len, const char *got)
{
    switch (want[0]) {
    case '+':
    case '$':
        return scn_name(r, s, want, got);
    case '#':
        s->number = atoll(got);
        return got[0] && strspn(got, "0123456789") == strlen(got);
    case 'O':
        s->word = got;
        return scn_enum(ENUM(outcome), "OUTCOME_", got, strlen(got)) >= 0;
    case 'M':
        s->word = got;
        return got[0] == 'N' && got[1] == '-' && strspn(got + 2, "0123456789") == 2 && strlen(got) == 4;
    case 'R':
        s->word2 = got;
        return scn_recipient_ok(got);
    case 'V':
        s->word = got;
        return scn_service(got) >= 0;
    case 'C':
        return list_fits(s, got, ENUM(channel), "CHANNEL_");
    case 'S':
        return list_fits(s, got, ENUM(status), "STATUS_");
    default:
        return strlen(got) == len && memcmp(want, got, len) == 0;
    }
}

/* The form that fits furthest says best what is wrong. */
static void note_misfit(struct scn_reader *r, char want, const char *got)
{
    if (r->at <= r->best_at)
        return;
    r->best_at = r->at;
    if (!got)
        snprintf(r->best, sizeof r->best, "the line ends too early");
    else if (want == '$')
        snprintf(r->best, sizeof r->best, "\"%s\" was not given", got);
    else
        snprintf(r->best, sizeof r->best, "\"%s\" does not fit here", got);
}

static bool form_fits(struct scn_reader *r, struct scn_stmt *s, const char *form)
{
    scn_rewind(r);
    while (*form) {
        size_t len = strcspn(form, " ");
        const char *got = scn_next(r);
        if (!got || !word_fits(r, s, form, len, got)) {
            note_misfit(r, form[0], got);
            return false;
        }
        form += len + (form[len] == ' ');
    }
    return true;
}

bool scn_read_stmt(struct scn_reader *r, struct scn_stmt *s)
{
    r->best_at = 0;
    for (enum scn_form f = 0; f < SCN_FORM_N; f++) {
        *s = (struct scn_stmt){.form = f, .line = r->line, .clinic = -1, .person = -1, .app = -1};
        if (forms[f] && form_fits(r, s, forms[f]))
            return read_options(r, s);
    }
    return scn_fail(r, "%s", r->best);
}
