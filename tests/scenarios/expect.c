/* expect.c - the then statements against what was seen; see seen.h. */
#include <stdlib.h>
#include <string.h>
#include "seen_impl.h"

struct check {
    const struct seen *s;
    const struct scn_stmt *st;
    char *why;
    size_t cap;
};

static bool miss(const struct check *c, const char *what, const char *wanted, const char *got)
{
    snprintf(c->why, c->cap, "%s: wanted %s, seen %s", what, wanted, got);
    return false;
}

static bool same_text(const struct check *c, const char *what, const char *wanted, const char *got)
{
    return !wanted || strcmp(wanted, got) == 0 || miss(c, what, wanted, got);
}

static bool same_number(const struct check *c, const char *what, const char *wanted, uint32_t got)
{
    char text[16];
    snprintf(text, sizeof text, "%u", got);
    return same_text(c, what, wanted, text);
}

static bool same_enum(const struct check *c, const char *what, const ProtobufCEnumDescriptor *d, const char *prefix,
                      const char *wanted, int got)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, got);
    const char *name = v ? v->name : "?";
    return same_text(c, what, wanted, strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : name);
}

static bool same_reasons(const struct check *c, const PB(ApplicationStatusChanged) *m)
{
    char codes[400] = "", details[400] = "";
    for (size_t i = 0; i < m->n_reasons; i++) {
        size_t n = strlen(codes), k = strlen(details);
        snprintf(codes + n, sizeof codes - n, "%s%s", i ? "," : "", m->reasons[i]->code);
        snprintf(details + k, sizeof details - k, "%s", m->reasons[i]->detail);
    }
    return same_text(c, "reasons", c->st->opt[OPT_REASONS], codes) &&
           same_text(c, "detail", c->st->opt[OPT_DETAIL], details);
}

static bool outcome(const struct check *c)
{
    const char *id = c->s->w->apps[c->st->app].id, *const *opt = c->st->opt;
    const PB(ApplicationStatusChanged) *m = NULL;
    for (size_t i = 0; i < c->s->statuses.n && !m; i++) {
        const PB(ApplicationStatusChanged) *x = c->s->statuses.msgs[i];
        if (x->outcome && !x->sla_breached && strcmp(x->application_id, id) == 0)
            m = x;
    }
    if (!m)
        return miss(c, "outcome", c->st->word, "none");
    return same_enum(c, "outcome", &clinic__attach__v1__outcome__descriptor, "OUTCOME_", c->st->word, m->outcome) &&
           same_reasons(c, m) &&
           same_enum(c, "status", &clinic__attach__v1__status__descriptor, "STATUS_", opt[OPT_STATUS], m->status) &&
           same_enum(c, "scope", &clinic__attach__v1__programme_scope__descriptor, "PROGRAMME_SCOPE_", opt[OPT_SCOPE],
                     m->scope) &&
           same_number(c, "doctor", opt[OPT_DOCTOR], m->doctor_id) &&
           same_text(c, "counted", opt[OPT_COUNTED], m->counted ? "yes" : "no") &&
           same_text(c, "over-capacity", opt[OPT_OVER], m->over_capacity ? "yes" : "no") &&
           (m->rule_set && m->rule_set->version ? true : miss(c, "rule set", "id and version", "none"));
}

static void add_status(char *to, size_t cap, PB(Status) status)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&clinic__attach__v1__status__descriptor, (int)status);
    size_t n = strlen(to);
    snprintf(to + n, cap - n, "%s%s", n ? "," : "", v ? v->name + strlen("STATUS_") : "?");
}

static bool went(const struct check *c)
{
    const char *id = c->s->w->apps[c->st->app].id;
    char path[300] = "";
    for (size_t i = 0; i < c->s->statuses.n; i++) {
        const PB(ApplicationStatusChanged) *m = c->s->statuses.msgs[i];
        if (strcmp(m->application_id, id) != 0 || m->sla_breached)
            continue;
        for (size_t k = 0; k < m->n_passed; k++)
            add_status(path, sizeof path, m->passed[k]);
        add_status(path, sizeof path, m->status);
    }
    return same_text(c, "statuses", c->st->list, path);
}

static bool asked_back(const struct check *c)
{
    for (size_t i = 0; i < c->s->asked_back.n; i++)
        if (strcmp(((const PB(WithdrawalRequested) *)c->s->asked_back.msgs[i])->application_id,
                   c->s->w->apps[c->st->app].id) == 0)
            return true;
    return miss(c, "withdrawal", "before the decider", "not yet");
}

/* Channels on which the recipient is told, as bits. */
static unsigned told_by(const struct check *c, const char *recipient)
{
    const char *id = c->s->w->apps[c->st->app].id;
    unsigned bits = 0;
    for (size_t i = 0; i < c->s->notices.n; i++) {
        const struct seen_notice *n = c->s->notices.msgs[i];
        const PB(Notice) *m = n->notice;
        if (strcmp(n->application_id, id) == 0 && strcmp(m->milestone, c->st->word) == 0 &&
            (!recipient || strcmp(m->recipient, recipient) == 0))
            bits |= 1u << m->channel;
    }
    return bits;
}

static void channel_names(unsigned bits, char *ret, size_t cap)
{
    ret[0] = '\0';
    for (int i = 0; i < 16; i++) {
        const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&clinic__attach__v1__channel__descriptor, i);
        size_t n = strlen(ret);
        if (v && bits & 1u << i)
            snprintf(ret + n, cap - n, "%s%s", n ? "," : "", v->name + strlen("CHANNEL_"));
    }
    if (!ret[0])
        snprintf(ret, cap, "nothing");
}

static bool told(const struct check *c)
{
    unsigned wanted = 0, got = told_by(c, c->st->word2);
    const char *at = c->st->list, *item;
    char names[120];
    for (size_t len; scn_item(&at, &item, &len);)
        wanted |= 1u << scn_enum(&clinic__attach__v1__channel__descriptor, "CHANNEL_", item, len);
    channel_names(got, names, sizeof names);
    return wanted == got || miss(c, c->st->word, c->st->list, names);
}

static bool not_told(const struct check *c)
{
    unsigned got = told_by(c, NULL);
    char names[120];
    channel_names(got, names, sizeof names);
    return !got || miss(c, c->st->word, "nothing", names);
}

static const PB(Attachment) *attachment_of(const struct seen *s, const struct scn_stmt *st)
{
    const PB(PersonState) *p = seen_fact(s, "person", s->w->persons[st->person].ref);
    const char *name = st->opt[OPT_PROFILE] ? st->opt[OPT_PROFILE] : "ADULT_THERAPEUTIC";
    int profile = scn_enum(&clinic__attach__v1__profile__descriptor, "PROFILE_", name, strlen(name));
    for (size_t i = 0; p && i < p->n_attachments; i++)
        if ((int)p->attachments[i]->profile == profile)
            return p->attachments[i];
    return NULL;
}

static bool attached(const struct check *c)
{
    const PB(Attachment) *a = attachment_of(c->s, c->st);
    const char *clinic = c->s->w->clinic_ids[c->st->clinic];
    if (!a)
        return miss(c, "attached to", clinic, "nowhere");
    return same_text(c, "attached to", clinic, a->clinic_id) &&
           same_number(c, "doctor", c->st->opt[OPT_DOCTOR], a->doctor_id);
}

static bool unattached(const struct check *c)
{
    const PB(Attachment) *a = attachment_of(c->s, c->st);
    return !a || miss(c, "attached to", "nowhere", a->clinic_id);
}

static bool left(const struct check *c)
{
    const char *clinic = c->s->w->clinic_ids[c->st->clinic];
    for (size_t i = 0; i < c->s->changes.n; i++) {
        const PB(AttachmentChanged) *m = c->s->changes.msgs[i];
        if (strcmp(m->application_id, c->s->w->apps[c->st->app].id) == 0 && strcmp(m->old_clinic_id, clinic) == 0)
            return true;
    }
    return miss(c, "attachment ended at", clinic, "no such event");
}

static bool holds(const struct check *c)
{
    const PB(ClinicPlaces) *p = seen_fact(c->s, "places", c->s->w->clinic_ids[c->st->clinic]);
    uint32_t used = 0, only = c->st->opt[OPT_DOCTOR] ? (uint32_t)atoi(c->st->opt[OPT_DOCTOR]) : 0;
    for (size_t i = 0; p && i < p->n_doctors; i++)
        if (!only || p->doctors[i]->doctor_id == only)
            used += p->doctors[i]->used;
    char wanted[16];
    snprintf(wanted, sizeof wanted, "%lld", c->st->number);
    return same_number(c, "places taken", wanted, used);
}

bool seen_holds(const struct seen *s, const struct scn_stmt *st, char *why, size_t cap)
{
    static bool (*const checks[SCN_FORM_N])(const struct check *) = {
        [SCN_WENT] = went,         [SCN_ASKED_BACK] = asked_back,
        [SCN_OUTCOME] = outcome,   [SCN_TOLD] = told,         [SCN_NOT_TOLD] = not_told, [SCN_ATTACHED] = attached,
        [SCN_UNATTACHED] = unattached, [SCN_LEFT] = left, [SCN_HOLDS] = holds,
    };
    struct check c = {s, st, why, cap};
    return !checks[st->form] || checks[st->form](&c);
}

bool seen_given(const struct seen *s, const struct scn_stmt *st, char *why, size_t cap)
{
    struct check c = {s, st, why, cap};
    const PB(Attachment) *a = attachment_of(s, st);
    if (!a || strcmp(a->clinic_id, s->w->clinic_ids[st->clinic]) != 0)
        return miss(&c, "given attachment", "in force", "not yet");
    char id[37];
    uuid_to_text(a->basis.data, id);
    return seen_fact(s, "reservation", arena_printf(s->mem, "%s/%s", a->clinic_id, id)) != NULL ||
           miss(&c, "given attachment", "its place held", "not yet");
}
