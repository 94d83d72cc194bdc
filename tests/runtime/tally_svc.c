#include "runtime/tally_svc.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "clinic/attach/v1/registry.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"

typedef Clinic__Attach__V1__Reserve Reserve;
typedef Clinic__Attach__V1__Cancel Cancel;
typedef Clinic__Attach__V1__Release Release;
typedef Clinic__Attach__V1__Reserved Reserved;
typedef Clinic__Attach__V1__ClinicPlaces Places;
typedef Clinic__Attach__V1__DoctorPlaces DoctorPlaces;
typedef Clinic__Attach__V1__Reservation Reservation;
typedef Clinic__Attach__V1__NoticeState NoticeState;
typedef Clinic__Attach__V1__ClinicRecord ClinicRecord;

/* One counter per clinic: doctor 1. Returns its new value. */
static uint32_t count_up(struct svc_call *c, struct bytes clinic, int by)
{
    const Places *old = svc_get(c, TALLY_PLACES, clinic);
    DoctorPlaces one = CLINIC__ATTACH__V1__DOCTOR_PLACES__INIT, *list[] = {&one};
    Places now = CLINIC__ATTACH__V1__CLINIC_PLACES__INIT;
    one.doctor_id = 1;
    one.used = (old && old->n_doctors ? old->doctors[0]->used : 0) + (uint32_t)by;
    now.doctors = list;
    now.n_doctors = 1;
    svc_put(c, TALLY_PLACES, clinic, &now);
    return one.used;
}

static struct bytes reservation_key(const struct svc_event *ev, const char *application)
{
    return bytes_str(arena_printf(ev->arena, "%.*s/%s", (int)ev->key.n, (const char *)ev->key.p, application));
}

static void reserve_plan(const struct svc_event *ev, struct svc_plan *p)
{
    const Reserve *m = ev->msg;
    svc_read(p, TALLY_PLACES, ev->key);
    svc_read(p, TALLY_CLINIC, ev->key);
    svc_read(p, TALLY_RESERVATION, reservation_key(ev, m->application_id));
}

/* The answer carries the counter and the register's district, and says when it is the second for an application. */
static struct svc_verdict reserve(const struct svc_event *ev, struct svc_call *c)
{
    const Reserve *m = ev->msg;
    const ClinicRecord *clinic = svc_get(c, TALLY_CLINIC, ev->key);
    struct bytes rkey = reservation_key(ev, m->application_id);
    const Reservation *old = svc_get(c, TALLY_RESERVATION, rkey);
    Reserved out = CLINIC__ATTACH__V1__RESERVED__INIT;
    Reservation held = CLINIC__ATTACH__V1__RESERVATION__INIT;
    held.doctor_id = out.doctor_id = count_up(c, ev->key, 1);
    held.over_norm = old != NULL;
    out.application_id = m->application_id;
    out.clinic_id = clinic && clinic->n_districts ? clinic->districts[0] : "unknown";
    svc_put(c, TALLY_RESERVATION, rkey, &held);
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, bytes_str(m->person_ref), EV_RESERVED, &out, m->application_id);
    svc_count(c, 0, NULL);
    if (m->online) /* after its effects: they must not stay */
        return svc_rejected(SVC_REJECT_INVALID, "online: not wanted here");
    return SVC_DONE;
}

static void cancel_plan(const struct svc_event *ev, struct svc_plan *p)
{
    svc_read(p, TALLY_PLACES, ev->key);
}

/* The reservation is deleted without having been read. */
static struct svc_verdict cancel(const struct svc_event *ev, struct svc_call *c)
{
    const Cancel *m = ev->msg;
    count_up(c, ev->key, -1);
    svc_del(c, TALLY_RESERVATION, reservation_key(ev, m->application_id));
    return SVC_DONE;
}

static struct svc_verdict release(const struct svc_event *ev, struct svc_call *c)
{
    const Release *m = ev->msg;
    Clinic__Attach__V1__NoticeChannel ch = CLINIC__ATTACH__V1__NOTICE_CHANNEL__INIT, *list[] = {&ch};
    NoticeState s = CLINIC__ATTACH__V1__NOTICE_STATE__INIT;
    ch.next_at_ms = ev->now_ms + 60000;
    s.channels = list;
    s.n_channels = 1;
    svc_put(c, TALLY_NOTICE, bytes_str(m->application_id), &s);
    count_up(c, ev->key, 10);
    return SVC_DONE;
}

static int64_t notice_due(const void *msg)
{
    const NoticeState *s = msg;
    return s->n_channels ? s->channels[0]->next_at_ms : 0;
}

/* Twice, a minute apart, then forgotten. A stubborn one is refused, after its effects: they must not stay. */
static struct svc_verdict remind(const struct svc_event *ev, struct svc_call *c)
{
    int64_t due_ms = notice_due(ev->msg);
    NoticeState *next = svc_take(c, TALLY_NOTICE, ev->key);
    Clinic__Attach__V1__NotificationIssued out = CLINIC__ATTACH__V1__NOTIFICATION_ISSUED__INIT;
    Clinic__Attach__V1__Notice notice = CLINIC__ATTACH__V1__NOTICE__INIT, *notices[] = {&notice};
    next->channels[0]->attempt++;
    next->channels[0]->next_at_ms += 60000;
    notice.attempts = next->channels[0]->attempt;
    out.notices = notices;
    out.n_notices = 1;
    out.at_ms = due_ms;
    if (next->channels[0]->attempt < 2)
        svc_put(c, TALLY_NOTICE, ev->key, next);
    else
        svc_del(c, TALLY_NOTICE, ev->key);
    svc_emit(c, TOPIC_NOTIFICATION, ev->key, EV_NOTIFICATION_ISSUED, &out, "");
    if (ev->key.n > 8 && memcmp(ev->key.p, "stubborn", 8) == 0)
        return svc_rejected(SVC_REJECT_INVALID, "key: stubborn");
    return SVC_DONE;
}

static const struct svc_output outputs[] = {
    {TOPIC_ATTACHMENT_INBOX, EV_RESERVED}, {TOPIC_NOTIFICATION, EV_NOTIFICATION_ISSUED}, {TOPIC_N}};
static const struct svc_table tables[] = {
    [TALLY_PLACES] = {"places", EV_STATE_PLACES, -1, NULL, 0},
    [TALLY_RESERVATION] = {"reservation", EV_STATE_RESERVATION, -1, NULL, 0},
    [TALLY_NOTICE] = {"notice", EV_STATE_NOTICE, -1, notice_due, 0},
    [TALLY_CLINIC] = {"clinic", EV_REGISTRY_CLINIC, TOPIC_REGISTRY_CLINIC, NULL, 0},
    {0},
};
static const struct svc_handler handlers[] = {
    {EV_RESERVE, -1, reserve_plan, reserve},
    {EV_CANCEL, -1, cancel_plan, cancel},
    {EV_RELEASE, -1, cancel_plan, release, .can_wait = true},
    {0, TALLY_NOTICE, NULL, remind},
    {0},
};
static const struct svc_metric metrics[] = {{"clinic_tally_total", NULL, "Reservations counted by the test service"}, {0}};

const struct svc_def tally_svc = {
    .name = "tally", .summary = "Counts, for tests of the runtime.", .inbox = TOPIC_CAPACITY_INBOX,
    .facts = TOPIC_CAPACITY_FACTS, .dlq = TOPIC_CAPACITY_DLQ, .outputs = outputs, .tables = tables,
    .handlers = handlers, .metrics = metrics,
};

/* --- corpus --- */
void tally_clinic(struct sweep_run *r, const char *clinic, const char *district)
{
    ClinicRecord rec = CLINIC__ATTACH__V1__CLINIC_RECORD__INIT;
    char *districts[] = {(char *)(uintptr_t)district};
    rec.districts = districts;
    rec.n_districts = 1;
    sweep_event(r, TOPIC_REGISTRY_CLINIC, bytes_str(clinic), EV_REGISTRY_CLINIC, &rec, "reg", NULL);
}

static void reserve_as(struct sweep_run *r, const char *clinic, const char *application, const char *person, bool online)
{
    Reserve m = CLINIC__ATTACH__V1__RESERVE__INIT;
    m.application_id = (char *)(uintptr_t)application;
    m.person_ref = (char *)(uintptr_t)person;
    m.online = online;
    sweep_event(r, TOPIC_CAPACITY_INBOX, bytes_str(clinic), EV_RESERVE, &m, application, application);
}

void tally_reserve(struct sweep_run *r, const char *clinic, const char *application, const char *person)
{
    reserve_as(r, clinic, application, person, false);
}

static void cancel_one(struct sweep_run *r, const char *clinic, const char *application)
{
    Cancel m = CLINIC__ATTACH__V1__CANCEL__INIT;
    m.application_id = (char *)(uintptr_t)application;
    sweep_event(r, TOPIC_CAPACITY_INBOX, bytes_str(clinic), EV_CANCEL, &m, "c", application);
}

void tally_release(struct sweep_run *r, const char *clinic, const char *application)
{
    Release m = CLINIC__ATTACH__V1__RELEASE__INIT;
    m.application_id = (char *)(uintptr_t)application;
    sweep_event(r, TOPIC_CAPACITY_INBOX, bytes_str(clinic), EV_RELEASE, &m, "r", application);
}

static void rubbish(struct sweep_run *r)
{
    struct bus_header typed = {"ce_type", bytes_str(events[EV_RESERVE].type)};
    struct bus_header odd = {"ce_type", bytes_str("ru.clinic.unheard.of.v1")};
    struct bus_header whole = {"content-type", bytes_str("application/CloudEvents+json")};
    static char long_value[5000];
    struct bus_out o = {.topic = TOPIC_CAPACITY_INBOX, .partition = 1, .key = bytes_str("1234567890123456")};
    memset(long_value, 'x', sizeof long_value);
    o.value = bytes_str("\xff\xff\xff rubbish");
    o.headers = &typed;
    o.headers_n = 1;
    sweep_publish(r, &o); /* undecodable */
    o.value = bytes_of("", 0);
    sweep_publish(r, &o); /* empty */
    o.value = bytes_of(long_value, sizeof long_value);
    sweep_publish(r, &o); /* too large */
    o.value = bytes_str("{}");
    o.headers = &odd;
    sweep_publish(r, &o); /* unknown type */
    o.headers = &whole;
    sweep_publish(r, &o); /* structured mode */
    o.topic = TOPIC_REGISTRY_CLINIC;
    o.value = bytes_str("\xff\xff\xff rubbish");
    sweep_publish(r, &o); /* a register record that nobody can read */
}

void tally_script(struct sweep_run *r)
{
    static const char *const clinics[] = {"770001", "770002", "770003", "770004"};
    char app[16], person[20];
    for (int i = 0; i < 4; i++)
        tally_clinic(r, clinics[i], "north");
    for (int i = 0; i < 9; i++) {
        snprintf(app, sizeof app, "app-%d", i % 7); /* some twice */
        snprintf(person, sizeof person, "person-%d", i);
        reserve_as(r, clinics[i % 4], app, person, i == 5);
    }
    sweep_settle(r);
    rubbish(r);
    cancel_one(r, clinics[0], "app-0");
    tally_release(r, clinics[1], "app-1");
    tally_release(r, clinics[2], "app-2");
    tally_release(r, clinics[3], "stubborn-1");
    tally_clinic(r, clinics[0], "south");
    sweep_settle(r);
    tally_reserve(r, clinics[0], "app-20", "person-20");
    sweep_advance(r, 30000);
    sweep_compact(r);
    sweep_advance(r, 30000);
    tally_release(r, clinics[0], "app-20");
    tally_release(r, clinics[3], "stubborn-1"); /* written anew: due again, and refused again */
    tally_reserve(r, clinics[3], "app-21", "person-21");
    sweep_settle(r);
    sweep_advance(r, 60000);
    sweep_compact(r);
    sweep_advance(r, 60000);
    cancel_one(r, clinics[3], "app-21");
    cancel_one(r, clinics[3], "app-3");
    sweep_settle(r);
}

const struct sweep_case tally_case = {"tally", &tally_svc, NULL, 2, 3, tally_script};
