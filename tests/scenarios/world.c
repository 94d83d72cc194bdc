/* world.c - see world.h. Every person is synthetic: policy numbers of region 99, names of a small list. */
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "domain/channel.h"
#include "domain/digest.h"
#include "domain/enp.h"
#include "domain/policy.h"

#define SYNTHETIC_REGION 99

static const char *opt_or(const struct scn_stmt *s, enum scn_opt o, const char *otherwise)
{
    return s->opt[o] ? s->opt[o] : otherwise;
}

static char *dup(const struct world *w, const char *text) { return arena_strdup(w->mem, text); }

static int enum_or(const struct scn_stmt *s, enum scn_opt o, const ProtobufCEnumDescriptor *d, const char *prefix,
                   int otherwise)
{
    return s->opt[o] ? scn_enum(d, prefix, s->opt[o], strlen(s->opt[o])) : otherwise;
}
#define ENUM_OR(s, o, stem, prefix, otherwise) enum_or(s, o, &clinic__attach__v1__##stem##__descriptor, prefix, otherwise)

struct world *world_new(const struct scn *scn, const struct keyring *keys, unsigned run, struct arena *mem)
{
    struct world *w = ARENA_NEW(mem, struct world);
    *w = (struct world){.scn = scn, .keys = keys, .mem = mem, .run = run};
    w->clinic_ids = ARENA_ARRAY(mem, const char *, scn->clinics_n);
    w->clinics = ARENA_ARRAY(mem, PB(ClinicRecord) *, scn->clinics_n);
    w->persons = ARENA_ARRAY(mem, struct scn_person, scn->persons_n);
    w->apps = ARENA_ARRAY(mem, struct scn_app, scn->apps_n);
    for (size_t i = 0; i < scn->clinics_n; i++)
        w->clinic_ids[i] = arena_printf(mem, "S%u-%s-%zu", run, scn->name, i + 1);
    return w;
}

static struct scn_record record(struct world *w, enum topic_id topic, enum event_id type, const char *key,
                                const void *msg)
{
    const char *id = arena_printf(w->mem, "scenario-%s-%u-%u", w->scn->name, w->run, ++w->published);
    return (struct scn_record){topic, type, key, "", id, msg, w->now_ms};
}

/* --- registers --- */

static char **texts_of(const struct world *w, const char *list, size_t *ret_n)
{
    char **out = ARENA_ARRAY(w->mem, char *, strlen(list) + 1);
    const char *item;
    size_t len, n = 0;
    while (scn_item(&list, &item, &len))
        out[n++] = arena_printf(w->mem, "%.*s", (int)len, item);
    *ret_n = n;
    return out;
}

static void give_clinic(struct world *w, const struct scn_stmt *s)
{
    PB(ClinicRecord) *c = arena_alloc(w->mem, sizeof *c);
    clinic__attach__v1__clinic_record__init(c);
    c->name = arena_printf(w->mem, "Поликлиника «%s»", w->scn->clinics[s->clinic]);
    c->address = dup(w, "Москва, ул. Образцовая, 1");
    c->phone = dup(w, "+74950000000");
    c->region = dup(w, opt_or(s, OPT_REGION, "77"));
    c->kind = (PB(ClinicKind))ENUM_OR(s, OPT_KIND, clinic_kind, "CLINIC_KIND_", PB_CLINIC_KIND(OUTPATIENT));
    c->ownership = (PB(Ownership))ENUM_OR(s, OPT_OWNERSHIP, ownership, "OWNERSHIP_", PB_OWNERSHIP(STATE_DOH));
    c->in_chi_register = !s->opt[OPT_UNLISTED];
    const char *at = opt_or(s, OPT_PROFILES, "ADULT_THERAPEUTIC"), *item;
    size_t len;
    c->profiles = ARENA_ARRAY(w->mem, PB(Profile), strlen(at) + 1);
    while (scn_item(&at, &item, &len))
        c->profiles[c->n_profiles++] =
            (PB(Profile))scn_enum(&clinic__attach__v1__profile__descriptor, "PROFILE_", item, len);
    c->districts = texts_of(w, opt_or(s, OPT_DISTRICTS, ""), &c->n_districts);
    c->insurers = texts_of(w, opt_or(s, OPT_INSURERS, ""), &c->n_insurers);
    if (w->clinics[s->clinic]) { /* the register changed: doctors stay */
        c->doctors = w->clinics[s->clinic]->doctors;
        c->n_doctors = w->clinics[s->clinic]->n_doctors;
    }
    w->clinics[s->clinic] = c;
}

static void give_doctor(struct world *w, const struct scn_stmt *s)
{
    PB(ClinicRecord) *c = w->clinics[s->clinic];
    PB(Doctor) *d = arena_alloc(w->mem, sizeof *d);
    clinic__attach__v1__doctor__init(d);
    d->doctor_id = (uint32_t)s->number;
    d->profile = (PB(Profile))ENUM_OR(s, OPT_PROFILE, profile, "PROFILE_", PB_PROFILE(ADULT_THERAPEUTIC));
    d->norm = (uint32_t)atoi(opt_or(s, OPT_NORM, "100"));
    d->accepts_new = !s->opt[OPT_CLOSED];
    d->district_id = dup(w, opt_or(s, OPT_DISTRICT, ""));
    PB(Doctor) **all = ARENA_ARRAY(w->mem, PB(Doctor) *, c->n_doctors + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->n_doctors; i++)
        if (c->doctors[i]->doctor_id != d->doctor_id)
            all[n++] = c->doctors[i];
    all[n++] = d;
    c->doctors = all;
    c->n_doctors = n;
}

/* --- persons --- */

static void fill_snils(char ret[12], unsigned seed)
{
    unsigned number = 10000000 + seed % 900000000, sum = 0; /* above the numbers without a control */
    snprintf(ret, 12, "%09u", number);
    for (unsigned i = 0; i < 9; i++)
        sum += (unsigned)(ret[i] - '0') * (9 - i);
    sum %= 101;
    snprintf(ret + 9, 3, "%02u", sum % 100);
}

static PB(Document) *passport(const struct world *w, unsigned seed)
{
    PB(Document) *d = arena_alloc(w->mem, sizeof *d);
    clinic__attach__v1__document__init(d);
    d->type = PB_DOC(RF_PASSPORT);
    d->series = dup(w, "4500");
    d->number = arena_printf(w->mem, "%06u", seed % 1000000);
    d->issue_date = dup(w, "2015-06-01");
    return d;
}

/* A number that differs between runs, scenarios and persons. */
static unsigned seed_of(const struct world *w, int person)
{
    unsigned h = 2166136261u;
    for (const char *p = w->scn->name; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h + w->run * 7919u + (unsigned)person * 101u;
}

static void give_person(struct world *w, const struct scn_stmt *s)
{
    static const char *const surnames[] = {"Образцова", "Примерова", "Пробная", "Тестова"};
    PB(Personal) *p = arena_alloc(w->mem, sizeof *p);
    unsigned seed = seed_of(w, s->person);
    clinic__attach__v1__personal__init(p);
    p->surname = dup(w, surnames[s->person % 4]);
    p->name = dup(w, "Анна");
    p->patronymic = dup(w, "Синтетовна");
    p->birth_date = dup(w, opt_or(s, OPT_BORN, "1985-03-05"));
    p->sex = (PB(Sex))ENUM_OR(s, OPT_SEX, sex, "SEX_", PB_SEX(FEMALE));
    p->snils = ARENA_ARRAY(w->mem, char, 12);
    fill_snils(p->snils, seed);
    p->document = passport(w, seed);
    p->phone = arena_printf(w->mem, "+7999%07u", seed % 10000000);
    p->email = arena_printf(w->mem, "s%u.p%d@portal.example", w->run, s->person);
    p->registration_address = dup(w, "Москва, ул. Образцовая, 2");
    p->actual_address = p->registration_address;
    w->persons[s->person].given = s;
    w->persons[s->person].personal = p;
}

static void number_policy(struct world *w, const struct scn_stmt *s)
{
    struct scn_person *x = &w->persons[s->person];
    PB(Personal) *p = x->personal;
    unsigned seed = seed_of(w, s->person);
    struct date born;
    must(date_parse(p->birth_date, &born));
    p->policy_form = (PB(PolicyForm))ENUM_OR(s, OPT_FORM, policy_form, "POLICY_FORM_", PB_FORM(UNIFIED_PLASTIC));
    if (p->policy_form == PB_FORM(TEMP_CERT)) {
        p->policy_number = arena_printf(w->mem, "%09u", seed % 1000000000);
    } else if (p->policy_form == PB_FORM(OLD)) {
        p->policy_series = dup(w, "99");
        p->policy_number = arena_printf(w->mem, "%08u", seed % 100000000);
    } else {
        p->policy_number = ARENA_ARRAY(w->mem, char, 17);
        enp_make(SYNTHETIC_REGION, born, p->sex, seed % 100000, p->policy_number);
    }
    char normal[POLICY_NORMAL_MAX];
    must(policy_normal(p->policy_form, p->policy_series, p->policy_number, normal, NULL, NULL));
    person_ref_of(w->keys, normal, x->ref);
}

static ProtobufCBinaryData digest(const struct world *w, const uint8_t d[DIGEST_BYTES])
{
    return (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(w->mem, d, DIGEST_BYTES)};
}

static PB(PersonRecord) *person_record(const struct world *w, const struct scn_person *x)
{
    struct person_digest d;
    struct err e;
    must(person_digests(w->keys, x->personal, w->mem, &d, &e));
    PB(PersonRecord) *m = arena_alloc(w->mem, sizeof *m);
    clinic__attach__v1__person_record__init(m);
    m->surname = digest(w, d.surname);
    m->name = digest(w, d.name);
    m->patronymic = digest(w, d.patronymic);
    m->birth_date = digest(w, d.birth_date);
    m->snils = digest(w, d.snils);
    m->residence_district = dup(w, opt_or(x->given, OPT_DISTRICT, ""));
    m->military = x->given->opt[OPT_MILITARY] != NULL;
    return m;
}

static PB(PolicyRecord) *policy_record(const struct world *w, const struct scn_stmt *s, const struct scn_person *x)
{
    struct policy_digest d;
    struct err e;
    must(policy_digests(w->keys, x->personal, w->mem, &d, &e));
    PB(PolicyRecord) *m = arena_alloc(w->mem, sizeof *m);
    clinic__attach__v1__policy_record__init(m);
    m->form = x->personal->policy_form;
    m->status = (PB(PolicyStatus))ENUM_OR(s, OPT_STATUS, policy_status, "POLICY_STATUS_",
                                          CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ACTIVE);
    m->region = dup(w, opt_or(s, OPT_REGION, "77"));
    m->insurer_id = dup(w, opt_or(s, OPT_INSURER, "77001"));
    struct date until;
    if (s->opt[OPT_UNTIL] && date_parse(s->opt[OPT_UNTIL], &until))
        m->valid_until_day = (uint32_t)date_days(until);
    m->holder_name = digest(w, d.holder_name);
    m->holder_birth = digest(w, d.holder_birth);
    return m;
}

static PB(AttachmentImported) *import(struct world *w, const struct scn_stmt *s)
{
    PB(AttachmentImported) *m = arena_alloc(w->mem, sizeof *m);
    clinic__attach__v1__attachment_imported__init(m);
    struct date since = {2020, 1, 1};
    if (s->opt[OPT_SINCE])
        must(date_parse(s->opt[OPT_SINCE], &since));
    m->person_ref = w->persons[s->person].ref;
    m->profile = (PB(Profile))ENUM_OR(s, OPT_PROFILE, profile, "PROFILE_", PB_PROFILE(ADULT_THERAPEUTIC));
    m->clinic_id = dup(w, w->clinic_ids[s->clinic]);
    m->doctor_id = (uint32_t)atoi(opt_or(s, OPT_DOCTOR, "0"));
    m->effective_from_ms = date_start_ms(date_days(since), 180);
    m->counted_change = s->opt[OPT_COUNTED] != NULL;
    w->persons[s->person].attached = true;
    return m;
}

/* --- applications --- */

static void add_evidence(const struct world *w, PB(Application) *a, int type, PB(EvidenceKind) kind)
{
    PB(Evidence) *x = arena_alloc(w->mem, sizeof *x);
    clinic__attach__v1__evidence__init(x);
    x->type = (PB(DocumentType))type;
    x->kind = kind;
    a->evidence[a->n_evidence++] = x;
}

/* The desk takes the usual papers in hand; a portal takes their data. */
static void fill_evidence(const struct world *w, const struct scn_stmt *s, PB(Application) *a, const PB(Personal) *p)
{
    bool desk = channel_of(a->source) == CHANNEL_IN_PERSON;
    PB(EvidenceKind) kind = desk ? PB_EVIDENCE(ORIGINAL_SEEN) : PB_EVIDENCE(DATA_ONLY);
    const char *at = opt_or(s, OPT_EVIDENCE, ""), *item;
    size_t len;
    a->evidence = ARENA_ARRAY(w->mem, PB(Evidence) *, strlen(at) + 4);
    if (desk) {
        add_evidence(w, a, PB_DOC(APPLICATION), kind);
        add_evidence(w, a, p->document->type, kind);
        add_evidence(w, a, p->policy_form == PB_FORM(TEMP_CERT) ? PB_DOC(CHI_TEMP_CERT) : PB_DOC(CHI_POLICY), kind);
    }
    while (scn_item(&at, &item, &len))
        add_evidence(w, a, scn_enum(&clinic__attach__v1__document_type__descriptor, "DOCUMENT_TYPE_", item, len), kind);
}

static PB(Application) *application(const struct world *w, const struct scn_stmt *s)
{
    const struct scn_person *x = &w->persons[s->person];
    PB(Application) *a = arena_alloc(w->mem, sizeof *a);
    clinic__attach__v1__application__init(a);
    a->source = (PB(Source))ENUM_OR(s, OPT_THROUGH, source, "SOURCE_", PB_SOURCE(MOSRU));
    a->external_ref = arena_printf(w->mem, "%s-%u-%s", w->scn->name, w->run, w->scn->apps[s->app]);
    a->kind = (PB(ApplicationKind))ENUM_OR(s, OPT_KIND, application_kind, "APPLICATION_KIND_",
                                           x->attached ? PB_KIND(CHANGE) : PB_KIND(ATTACH_FIRST));
    a->profile = (PB(Profile))ENUM_OR(s, OPT_PROFILE, profile, "PROFILE_", PB_PROFILE(ADULT_THERAPEUTIC));
    a->region = dup(w, w->scn->rules);
    a->clinic_id = dup(w, w->clinic_ids[s->clinic]);
    a->doctor_id = (uint32_t)atoi(opt_or(s, OPT_DOCTOR, "0"));
    a->reason = (PB(ChangeReason))ENUM_OR(s, OPT_REASON, change_reason, "CHANGE_REASON_", PB_CHANGE(WISH));
    bool desk = channel_of(a->source) == CHANNEL_IN_PERSON;
    a->account_level = (PB(AccountLevel))ENUM_OR(s, OPT_ACCOUNT, account_level, "ACCOUNT_LEVEL_",
                                                 desk ? PB_ACCOUNT(UNSPECIFIED) : PB_ACCOUNT(VERIFIED));
    a->acknowledged_data = !s->opt[OPT_UNACKNOWLEDGED];
    a->residence_tinao = s->opt[OPT_TINAO] != NULL;
    a->residence_district = dup(w, opt_or(x->given, OPT_DISTRICT, ""));
    a->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    a->personal = x->personal;
    fill_evidence(w, s, a, x->personal);
    return a;
}

static struct scn_record submit(struct world *w, const struct scn_stmt *s)
{
    struct scn_app *a = &w->apps[s->app];
    a->person = s->person;
    a->msg = application(w, s);
    application_id_of(a->msg->source, a->msg->external_ref, a->id);
    a->record = record(w, TOPIC_INTAKE_INBOX, EV_APPLICATION_SUBMITTED, a->id, a->msg);
    a->record.subject = a->id;
    return a->record;
}

static struct scn_record withdraw(struct world *w, const struct scn_stmt *s)
{
    const struct scn_app *a = &w->apps[s->app];
    PB(Withdrawal) *m = arena_alloc(w->mem, sizeof *m);
    clinic__attach__v1__withdrawal__init(m);
    m->source = a->msg->source;
    m->external_ref = a->msg->external_ref;
    struct scn_record r = record(w, TOPIC_INTAKE_INBOX, EV_APPLICATION_WITHDRAWAL, a->id, m);
    r.subject = a->id;
    return r;
}

size_t world_step(struct world *w, const struct scn_stmt *s, struct scn_record ret[2])
{
    struct scn_person *x = s->person >= 0 ? &w->persons[s->person] : NULL;
    switch (s->form) {
    case SCN_CLOCK:
        w->now_ms = s->number;
        return 0;
    case SCN_CLINIC:
    case SCN_DOCTOR:
        (s->form == SCN_CLINIC ? give_clinic : give_doctor)(w, s);
        ret[0] = record(w, TOPIC_REGISTRY_CLINIC, EV_REGISTRY_CLINIC, w->clinic_ids[s->clinic], w->clinics[s->clinic]);
        return 1;
    case SCN_PERSON:
        give_person(w, s);
        return 0;
    case SCN_POLICY:
        number_policy(w, s);
        ret[0] = record(w, TOPIC_REGISTRY_PERSON, EV_REGISTRY_PERSON, x->ref, person_record(w, x));
        ret[1] = record(w, TOPIC_REGISTRY_POLICY, EV_REGISTRY_POLICY, x->ref, policy_record(w, s, x));
        return 2;
    case SCN_ATTACHMENT:
        ret[0] = record(w, TOPIC_ATTACHMENT_INBOX, EV_ATTACHMENT_IMPORTED, x->ref, import(w, s));
        return 1;
    case SCN_APPLIES:
        ret[0] = submit(w, s);
        return 1;
    case SCN_REPEATED:
        ret[0] = w->apps[s->app].record;
        ret[0].id = arena_printf(w->mem, "%s-again-%u", ret[0].id, ++w->published);
        ret[0].time_ms = w->now_ms;
        return 1;
    case SCN_REDELIVERED:
        ret[0] = w->apps[s->app].record;
        return 1;
    case SCN_WITHDRAWN:
        ret[0] = withdraw(w, s);
        return 1;
    default:
        return 0;
    }
}

bool world_knows_key(const struct world *w, struct bytes key)
{
    for (size_t i = 0; i < w->scn->persons_n; i++)
        if (bytes_eq(key, bytes_str(w->persons[i].ref)))
            return true;
    for (size_t i = 0; i < w->scn->clinics_n; i++)
        if (bytes_eq(key, bytes_str(w->clinic_ids[i])))
            return true;
    return false;
}
