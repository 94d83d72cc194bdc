/* seed.c - makes the seed corpora of the service targets: a few applications of synthetic persons go through all six
 * services on the fakes, and what every service read on the way becomes an input of its target.
 * Usage: fuzz_seed CORPUS_DIR      (writes CORPUS_DIR/<service>/<case> and CORPUS_DIR/json/<case>) */
#include <stdlib.h>
#include <sys/stat.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/digest.h"
#include "domain/enp.h"
#include "domain/pb.h"
#include "domain/policy.h"
#include "platform_fuzz.h"
#include "records.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/identity/identity.h"
#include "services/intake/intake.h"
#include "services/notification/notification.h"
#include "services/policy/policy.h"
#include "slots.h"
#include "wire/json.h"

#define PARTITIONS 1
#define FILE_MAX   65536
#define CLINIC     "770001"
#define OLD_CLINIC "770002"
#define MARK(before, after) before SECRET_MARK after
#define PB_SEND_RESULT(x) CLINIC__ATTACH__V1__SEND_RESULT__SEND_RESULT_##x

static const struct svc_def *const defs[] = {&intake_svc,     &identity_svc, &policy_svc,
                                             &attachment_svc, &capacity_svc, &notification_svc};
#define SERVICES (sizeof defs / sizeof *defs)
static void *confs[SERVICES];

/* What makes one case different from the usual approval. */
struct sample {
    const char *name;
    PB(Source) source;
    const char *birth_date;
    unsigned norm;          /* of the one doctor; 0 = full */
    bool known, unticked, repeated, withdrawn, attached, military, has_representative, moved, lost_sms;
    PB(PolicyForm) form;
    PB(Profile) profile;
};
static const struct sample samples[] = {
    {.name = "approved", .known = true, .norm = 5},
    {.name = "changed", .known = true, .norm = 5, .attached = true, .lost_sms = true},
    {.name = "unticked", .known = true, .norm = 5, .unticked = true},
    {.name = "full", .known = true},
    {.name = "unknown", .norm = 5},
    {.name = "repeated", .known = true, .norm = 5, .repeated = true, .moved = true},
    {.name = "withdrawn", .known = true, .norm = 5, .withdrawn = true},
    {.name = "military", .known = true, .norm = 5, .military = true},
    {.name = "desk", .source = PB_SOURCE(CLINIC_DESK), .known = true, .norm = 5, .attached = true},
    {.name = "child", .source = PB_SOURCE(CLINIC_DESK), .birth_date = "2019-04-01", .known = true, .norm = 5,
     .has_representative = true, .profile = PB_PROFILE(CHILD)},
    {.name = "certificate", .source = PB_SOURCE(CLINIC_DESK), .known = true, .norm = 5, .form = PB_FORM(TEMP_CERT)},
};

struct seed {
    const struct sample *s;
    struct platform *p;
    PB(Application) *app;
    PB(Personal) *personal;
    char ref[PERSON_REF_LEN + 1], id[37];
    int number;
};

static void *new_message(const ProtobufCMessageDescriptor *d)
{
    ProtobufCMessage *m = arena_zalloc(fuzz_mem(), d->sizeof_message);
    protobuf_c_message_init(d, m);
    return m;
}
#define MESSAGE(stem) new_message(&clinic__attach__v1__##stem##__descriptor)

static char *text(const char *s) { return arena_strdup(fuzz_mem(), s); }

/* --- a person --- */
static PB(Document) *document(PB(DocumentType) type, const char *series, const char *number)
{
    PB(Document) *d = MESSAGE(document);
    d->type = type;
    d->series = text(series);
    d->number = text(number);
    d->issue_date = text("2021-03-01");
    return d;
}

static PB(Representative) *representative(void)
{
    PB(Representative) *r = MESSAGE(representative);
    r->role = text("PARENT");
    r->surname = text(MARK("Образцо", "ва"));
    r->name = text(MARK("Ма", "рия"));
    r->birth_date = text("1990-07-09");
    r->document = document(PB_DOC(RF_PASSPORT), "45 11", "000002");
    return r;
}

static void number_policy(const struct seed *x, PB(Personal) *p)
{
    struct date born;
    EXPECT(date_parse(p->birth_date, &born));
    p->policy_form = x->s->form ? x->s->form : PB_FORM(UNIFIED_ELECTRONIC);
    p->policy_number = arena_zalloc(fuzz_mem(), 17);
    if (p->policy_form == PB_FORM(TEMP_CERT))
        strcpy(p->policy_number, "990000001");
    else
        enp_make(99, born, p->sex, 7, p->policy_number);
}

static PB(Personal) *personal(const struct seed *x)
{
    PB(Personal) *p = MESSAGE(personal);
    p->surname = text(MARK("Образцо", "ва"));
    p->name = text(MARK("А", "нна"));
    p->patronymic = text(MARK("Синтето", "вна"));
    p->birth_date = text(x->s->birth_date ? x->s->birth_date : "1985-03-05");
    p->sex = PB_SEX(FEMALE);
    p->snils = text("112-233-445 95");
    p->document = x->s->birth_date ? document(PB_DOC(BIRTH_CERT_RF), "IV-АБ", "000001")
                                   : document(PB_DOC(RF_PASSPORT), "45 00", "000001");
    p->phone = text("+79990000001");
    p->email = text("anna.obraztsova@portal.example");
    p->registration_address = text(MARK("Москва, ул. Образцовая, 2", ""));
    p->actual_address = p->registration_address;
    if (x->s->has_representative)
        p->representative = representative();
    number_policy(x, p);
    return p;
}

static void add_paper(PB(Application) *a, PB(DocumentType) type)
{
    PB(Evidence) *e = MESSAGE(evidence);
    e->type = type;
    e->kind = a->source == PB_SOURCE(CLINIC_DESK) ? PB_EVIDENCE(ORIGINAL_SEEN) : PB_EVIDENCE(DATA_ONLY);
    a->evidence[a->n_evidence++] = e;
}

static PB(Application) *application(const struct seed *x)
{
    PB(Application) *a = MESSAGE(application);
    a->source = x->s->source ? x->s->source : PB_SOURCE(MOSRU);
    a->external_ref = text(x->s->name);
    a->kind = x->s->attached ? PB_KIND(CHANGE) : PB_KIND(ATTACH_FIRST);
    a->profile = x->s->profile ? x->s->profile : PB_PROFILE(ADULT_THERAPEUTIC);
    a->region = text("RU-MOW");
    a->clinic_id = text(CLINIC);
    a->reason = x->s->moved ? PB_CHANGE(MOVED) : PB_CHANGE(WISH);
    a->account_level = PB_ACCOUNT(VERIFIED);
    a->acknowledged_data = !x->s->unticked;
    a->submitted_at = text("2026-05-12T12:00:00+03:00");
    a->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
    a->personal = x->personal;
    a->evidence = ARENA_ARRAY(fuzz_mem(), PB(Evidence) *, 8);
    add_paper(a, PB_DOC(APPLICATION));
    add_paper(a, x->personal->document->type);
    add_paper(a, x->s->form == PB_FORM(TEMP_CERT) ? PB_DOC(CHI_TEMP_CERT) : PB_DOC(CHI_POLICY));
    if (x->s->has_representative) {
        add_paper(a, PB_DOC(REP_ID));
        add_paper(a, PB_DOC(REP_AUTHORITY));
    }
    return a;
}

/* --- registers --- */
static void publish(struct seed *x, enum topic_id topic, const char *key, enum event_id type, const void *msg)
{
    fake_publish_event(platform_cluster(x->p), (int)topic, bytes_str(key), type, msg,
                       arena_printf(fuzz_mem(), "seed-%d", ++x->number), "");
}

static ProtobufCBinaryData digest(const uint8_t d[DIGEST_BYTES])
{
    return (ProtobufCBinaryData){DIGEST_BYTES, arena_dup(fuzz_mem(), d, DIGEST_BYTES)};
}

static void register_person(struct seed *x)
{
    struct person_digest d;
    struct policy_digest h;
    struct err e;
    EXPECT(person_digests(fuzz_keys(), x->personal, fuzz_mem(), &d, &e));
    EXPECT(policy_digests(fuzz_keys(), x->personal, fuzz_mem(), &h, &e));
    PB(PersonRecord) *m = MESSAGE(person_record);
    m->surname = digest(d.surname);
    m->name = digest(d.name);
    m->patronymic = digest(d.patronymic);
    m->birth_date = digest(d.birth_date);
    m->snils = digest(d.snils);
    m->residence_district = text("D-7");
    m->military = x->s->military;
    publish(x, TOPIC_REGISTRY_PERSON, x->ref, EV_REGISTRY_PERSON, m);
    PB(PolicyRecord) *p = MESSAGE(policy_record);
    p->form = x->personal->policy_form;
    p->status = CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ACTIVE;
    p->region = text("77");
    p->insurer_id = text("77001");
    p->valid_until_day = p->form == PB_FORM(TEMP_CERT) ? 20600 : 0;
    p->holder_name = digest(h.holder_name);
    p->holder_birth = digest(h.holder_birth);
    publish(x, TOPIC_REGISTRY_POLICY, x->ref, EV_REGISTRY_POLICY, p);
}

static void register_clinic(struct seed *x, const char *id, unsigned norm)
{
    PB(ClinicRecord) *c = MESSAGE(clinic_record);
    PB(Doctor) *d = MESSAGE(doctor);
    d->doctor_id = 1;
    d->profile = x->app->profile;
    d->norm = norm;
    d->accepts_new = true;
    c->name = text("Поликлиника");
    c->address = text("Москва, ул. Новая, 1");
    c->region = text("77");
    c->kind = PB_CLINIC_KIND(OUTPATIENT);
    c->ownership = PB_OWNERSHIP(STATE_DOH);
    c->in_chi_register = true;
    c->profiles = arena_dup(fuzz_mem(), &d->profile, sizeof d->profile);
    c->n_profiles = 1;
    c->doctors = arena_dup(fuzz_mem(), &d, sizeof d);
    c->n_doctors = 1;
    publish(x, TOPIC_REGISTRY_CLINIC, id, EV_REGISTRY_CLINIC, c);
}

static void import(struct seed *x)
{
    PB(AttachmentImported) *m = MESSAGE(attachment_imported);
    m->person_ref = x->ref;
    m->profile = x->app->profile;
    m->clinic_id = text(OLD_CLINIC);
    m->effective_from_ms = FUZZ_NOW_MS - 400LL * 86400000;
    publish(x, TOPIC_ATTACHMENT_INBOX, x->ref, EV_ATTACHMENT_IMPORTED, m);
}

/* --- the provider --- */
static void on_outbound(void *ctx, const void *msg, const char *trace)
{
    struct seed *x = ctx;
    const PB(NotificationOrder) *o = msg;
    (void)trace;
    PB(SendReported) *r = MESSAGE(send_reported);
    r->application_id = text(o->application_id);
    r->milestone = text(o->milestone);
    r->channel = o->channel;
    r->attempt = o->attempt;
    r->person_ref = text(o->person_ref);
    r->result = x->s->lost_sms && o->attempt == 1 ? PB_SEND_RESULT(RETRY) : PB_SEND_RESULT(ACCEPTED);
    r->provider_id = text("1a2b");
    publish(x, TOPIC_NOTIFICATION_INBOX, x->ref, EV_SEND_REPORTED, r);
    PB(ReceiptArrived) *a = MESSAGE(receipt_arrived);
    a->application_id = r->application_id;
    a->milestone = r->milestone;
    a->channel = r->channel;
    a->person_ref = r->person_ref;
    a->delivered = true;
    a->cause = text("DELIVRD");
    publish(x, TOPIC_NOTIFICATION_INBOX, x->ref, EV_RECEIPT_ARRIVED, a);
}

/* --- what was read becomes an input --- */
struct dump {
    struct record r[RECORDS_MAX];
    size_t n;
};

static void open_case(void *ctx, const struct slot *s)
{
    PB(Case) *k = (PB(Case) *)s->msg;
    struct err e;
    (void)ctx;
    if (s->msg->descriptor != &clinic__attach__v1__case__descriptor || !k->application ||
        k->application->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED)
        return;
    EXPECT(seal_open(fuzz_keys(), k->application->sealed, k->application_id, fuzz_mem(), &k->application->personal, &e));
    k->application->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL;
}

static void add_record(void *ctx, const struct bus_rec *r)
{
    struct dump *d = ctx;
    int type = event_by_type(r->ce_type.p, r->ce_type.n);
    EXPECT(type >= 0 && d->n < RECORDS_MAX);
    ProtobufCMessage *m = protobuf_c_message_unpack(events[type].msg, arena_pb(fuzz_mem()), r->value.n, r->value.p);
    EXPECT(m);
    slots_each(m, open_case, NULL);
    uint8_t *to = arena_alloc(fuzz_mem(), protobuf_c_message_get_packed_size(m) + 1);
    bool is_register = type == EV_REGISTRY_PERSON || type == EV_REGISTRY_POLICY || type == EV_REGISTRY_CLINIC;
    d->r[d->n++] = (struct record){(uint8_t)type, is_register ? RECORD_STORED_KEY : 0,
                                   is_register ? r->key : (struct bytes){0},
                                   bytes_of(to, protobuf_c_message_pack(m, to))};
}

static void write_file(const char *dir, const char *group, const char *name, const void *p, size_t n)
{
    mkdir(arena_printf(fuzz_mem(), "%s/%s", dir, group), 0755);
    FILE *f = fopen(arena_printf(fuzz_mem(), "%s/%s/%s", dir, group, name), "wbe");
    EXPECT(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void dump_service(const struct seed *x, const struct svc_def *def, const char *dir)
{
    struct dump *d = ARENA_NEW(fuzz_mem(), struct dump);
    struct fake_cluster *c = platform_cluster(x->p);
    static const struct record later = {.kind = RECORD_ADVANCE};
    for (const struct svc_table *t = def->tables; t->name; t++)
        if (t->source >= 0)
            fake_each(c, t->source, 0, add_record, d);
    fake_each(c, (int)def->inbox, 0, add_record, d);
    if (d->n == 0 || fake_end(c, (int)def->inbox, 0) == 0)
        return;
    if (d->n < RECORDS_MAX)
        d->r[d->n++] = later;
    uint8_t *to = arena_alloc(fuzz_mem(), FILE_MAX);
    write_file(dir, def->name, x->s->name, to, records_write(d->r, d->n, to, FILE_MAX));
}

static void dump_json(const struct seed *x, const char *dir)
{
    json_t *j = json_of_msg(&x->app->base, false);
    char *s = json_dumps(j, JSON_INDENT(1));
    EXPECT(s);
    write_file(dir, "json", x->s->name, arena_printf(fuzz_mem(), "%c%s", EV_APPLICATION_SUBMITTED, s), strlen(s) + 1);
    free(s);
    json_decref(j);
}

/* --- one case --- */
static void withdraw(struct seed *x)
{
    PB(Withdrawal) *w = MESSAGE(withdrawal);
    w->source = x->app->source;
    w->external_ref = x->app->external_ref;
    publish(x, TOPIC_INTAKE_INBOX, x->id, EV_APPLICATION_WITHDRAWAL, w);
}

static void live(struct seed *x)
{
    char normal[POLICY_NORMAL_MAX];
    x->personal = personal(x);
    x->app = application(x);
    application_id_of(x->app->source, x->app->external_ref, x->id);
    EXPECT(policy_normal(x->personal->policy_form, "", x->personal->policy_number, normal, NULL, NULL));
    person_ref_of(fuzz_keys(), normal, x->ref);
    if (x->s->known)
        register_person(x);
    register_clinic(x, CLINIC, x->s->norm);
    register_clinic(x, OLD_CLINIC, 10);
    platform_run(x->p);
    if (x->s->attached)
        import(x);
    platform_run(x->p);
    publish(x, TOPIC_INTAKE_INBOX, x->id, EV_APPLICATION_SUBMITTED, x->app);
    if (x->s->repeated)
        publish(x, TOPIC_INTAKE_INBOX, x->id, EV_APPLICATION_SUBMITTED, x->app);
    if (x->s->withdrawn)
        withdraw(x);
    platform_run(x->p);
    for (int i = 0; x->s->lost_sms && i < 4; i++)
        platform_advance(x->p, 60000);
}

static void play(const struct sample *s, const char *dir)
{
    fuzz_begin(NULL, 0);
    struct seed x = {.s = s, .p = platform_new(PARTITIONS, FUZZ_NOW_MS)};
    platform_set_keys(x.p, fuzz_keys());
    for (size_t i = 0; i < SERVICES; i++)
        platform_on_outbound(x.p, platform_add(x.p, defs[i], confs[i]), on_outbound, &x);
    platform_run(x.p);
    live(&x);
    for (size_t i = 0; i < SERVICES; i++)
        dump_service(&x, defs[i], dir);
    dump_json(&x, dir);
    platform_free(x.p);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seed CORPUS_DIR\n");
        return 2;
    }
    LLVMFuzzerInitialize(&argc, &argv);
    for (size_t i = 0; i < SERVICES; i++)
        confs[i] = fuzz_svc_conf(defs[i]);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        play(&samples[i], argv[1]);
    return 0;
}
