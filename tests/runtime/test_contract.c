/* svc.h as the runtime keeps it: what a handler may do, what time it is told, what a rejected record leaves behind. */
#include "runtime/harness.h"
#include <sys/wait.h>
#include <unistd.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"

/* --- a service that does what it is asked to --- */
static struct svc_verdict (*act)(const struct svc_event *ev, struct svc_call *c);
static int64_t told_ms;

static void plan(const struct svc_event *ev, struct svc_plan *p) { svc_read(p, 0, ev->key); }

static struct svc_verdict handle(const struct svc_event *ev, struct svc_call *c)
{
    told_ms = ev->now_ms;
    return act ? act(ev, c) : SVC_DONE;
}

static const struct svc_output outputs[] = {{TOPIC_ATTACHMENT_INBOX, EV_CANCEL}, {TOPIC_N}};
static const struct svc_table tables[] = {{"places", EV_STATE_PLACES, -1, NULL, 0},
                                          {"clinic", EV_REGISTRY_CLINIC, TOPIC_REGISTRY_CLINIC, NULL, 0},
                                          {0}};
static const struct svc_handler handlers[] = {{EV_CANCEL, -1, plan, handle}, {0}};
static const struct svc_def obedient = {
    .name = "obedient", .summary = "For tests.", .inbox = TOPIC_CAPACITY_INBOX, .facts = TOPIC_CAPACITY_FACTS,
    .dlq = TOPIC_CAPACITY_DLQ, .outputs = outputs, .tables = tables, .handlers = handlers,
};
static const struct sweep_case the_case = {"contract", &obedient, NULL, 2, 50, NULL};

static void send(struct sweep_run *r, const char *application)
{
    Clinic__Attach__V1__Cancel m = CLINIC__ATTACH__V1__CANCEL__INIT;
    m.application_id = (char *)(uintptr_t)application;
    sweep_event(r, TOPIC_CAPACITY_INBOX, bytes_str("770001"), EV_CANCEL, &m, "id", application);
}

static int setup(void **state)
{
    act = NULL;
    struct sweep_run *r = sweep_run_new(&the_case);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    sweep_run_free(*state);
    return 0;
}

/* The process aborts on it. */
static void expect_bug(struct sweep_run *r, struct svc_verdict (*what)(const struct svc_event *ev, struct svc_call *c))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        act = what;
        sweep_start(r, 0);
        send(r, "application-1");
        sweep_settle(r);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static struct svc_verdict read_unplanned(const struct svc_event *ev, struct svc_call *c)
{
    (void)ev;
    (void)svc_get(c, 0, bytes_str("770002"));
    return SVC_DONE;
}

static struct svc_verdict write_register(const struct svc_event *ev, struct svc_call *c)
{
    svc_del(c, 1, ev->key);
    return SVC_DONE;
}

static struct svc_verdict emit_elsewhere(const struct svc_event *ev, struct svc_call *c)
{
    svc_emit(c, TOPIC_POLICY_INBOX, ev->key, EV_CANCEL, ev->msg, "");
    return SVC_DONE;
}

static struct svc_verdict emit_other_message(const struct svc_event *ev, struct svc_call *c)
{
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, ev->key, EV_RESERVED, ev->msg, "");
    return SVC_DONE;
}

static struct svc_verdict emit_undeclared_message(const struct svc_event *ev, struct svc_call *c)
{
    Clinic__Attach__V1__Release m = CLINIC__ATTACH__V1__RELEASE__INIT;
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, ev->key, EV_RELEASE, &m, "");
    return SVC_DONE;
}

static void test_bugs_end_the_process(void **state)
{
    expect_bug(*state, read_unplanned);
    expect_bug(*state, write_register);
    expect_bug(*state, emit_elsewhere);
    expect_bug(*state, emit_other_message);
    expect_bug(*state, emit_undeclared_message);
}

static struct svc_verdict write_and_reject(const struct svc_event *ev, struct svc_call *c)
{
    const Clinic__Attach__V1__Cancel *m = ev->msg;
    Clinic__Attach__V1__ClinicPlaces p = CLINIC__ATTACH__V1__CLINIC_PLACES__INIT;
    Clinic__Attach__V1__DoctorPlaces d = CLINIC__ATTACH__V1__DOCTOR_PLACES__INIT, *list[] = {&d};
    const Clinic__Attach__V1__ClinicPlaces *old = svc_get(c, 0, ev->key);
    d.used = (old ? old->doctors[0]->used : 0) + 1;
    p.doctors = list;
    p.n_doctors = 1;
    svc_put(c, 0, ev->key, &p);
    svc_put(c, 0, ev->key, &p);
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, ev->key, EV_CANCEL, m, m->application_id);
    return m->application_id[0] == 'x' ? svc_rejected(SVC_REJECT_INVALID, "application_id: not wanted") : SVC_DONE;
}

static void test_rejected_leaves_only_its_dead_letter(void **state)
{
    struct sweep_run *r = *state;
    act = write_and_reject;
    sweep_start(r, 0);
    send(r, "good-1");
    send(r, "x-1");
    send(r, "good-2");
    send(r, "x-2");
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 2);
    assert_int_equal(harness_records(r, TOPIC_ATTACHMENT_INBOX, NULL, 0), 2);
    assert_int_equal(harness_records(r, TOPIC_CAPACITY_DLQ, NULL, 0), 2);
}

/* What is taken is the handler's own: changed without being put, in vain or before a refusal, it leaves the state as it was. */
static struct svc_verdict take_and_change(const struct svc_event *ev, struct svc_call *c)
{
    const Clinic__Attach__V1__Cancel *m = ev->msg;
    Clinic__Attach__V1__ClinicPlaces *p = svc_take(c, 0, ev->key);
    const Clinic__Attach__V1__ClinicPlaces *stored;
    if (!p)
        return write_and_reject(ev, c);
    p->doctors[0]->used++;
    stored = svc_get(c, 0, ev->key);
    must(stored->doctors[0]->used + 1 == p->doctors[0]->used);
    if (m->application_id[0] == 'g')
        svc_put(c, 0, ev->key, p);
    return m->application_id[0] == 'x' ? svc_rejected(SVC_REJECT_INVALID, "application_id: not wanted") : SVC_DONE;
}

static void test_taken_state_is_the_handlers_own(void **state)
{
    struct sweep_run *r = *state;
    act = take_and_change;
    sweep_start(r, 0);
    send(r, "good-1");
    send(r, "x-1");
    send(r, "idle-1");
    send(r, "good-2");
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 2);
    send(r, "x-2");
    send(r, "good-3");
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 3);
}

/* Writing what is there already is no fact. */
static struct svc_verdict write_same(const struct svc_event *ev, struct svc_call *c)
{
    Clinic__Attach__V1__ClinicPlaces p = CLINIC__ATTACH__V1__CLINIC_PLACES__INIT;
    Clinic__Attach__V1__DoctorPlaces d = CLINIC__ATTACH__V1__DOCTOR_PLACES__INIT, *list[] = {&d};
    d.used = 7;
    p.doctors = list;
    p.n_doctors = 1;
    (void)svc_get(c, 0, ev->key);
    svc_put(c, 0, ev->key, &p);
    return SVC_DONE;
}

static void test_unchanged_state_is_no_fact(void **state)
{
    struct sweep_run *r = *state;
    act = write_same;
    sweep_start(r, 0);
    send(r, "a");
    sweep_settle(r);
    send(r, "b");
    sweep_settle(r);
    assert_int_equal(harness_used(r, "770001"), 7);
    assert_int_equal(harness_records(r, TOPIC_CAPACITY_FACTS, NULL, 0), 1);
    assert_int_equal(fake_transactions(r->cluster), 2);
}

static void publish_at(struct sweep_run *r, const char *ce_time)
{
    Clinic__Attach__V1__Cancel m = CLINIC__ATTACH__V1__CANCEL__INIT;
    uint8_t packed[64];
    m.application_id = (char *)(uintptr_t)"a";
    struct bus_header h[] = {{"ce_type", bytes_str(events[EV_CANCEL].type)}, {"ce_time", bytes_str(ce_time)}};
    struct bus_out o = {.topic = TOPIC_CAPACITY_INBOX, .partition = 0, .key = bytes_str("770001"), .headers = h, .headers_n = 2};
    o.value = bytes_of(packed, protobuf_c_message_pack(&m.base, packed));
    sweep_publish(r, &o);
    sweep_settle(r);
}

static void test_time_is_the_record_s(void **state)
{
    struct sweep_run *r = *state;
    sweep_start(r, 0);
    publish_at(r, "2026-03-05T09:30:00.250Z");
    assert_true(told_ms == fake_now_ms(r->cluster));
}

static void test_time_is_the_event_s_when_asked_for(void **state)
{
    struct sweep_run *r = *state;
    r->conf.time_from_event = true;
    sweep_start(r, 0);
    publish_at(r, "2026-03-05T09:30:00.250Z");
    assert_true(told_ms == 1772703000250);
    publish_at(r, "2000-02-29T23:59:59Z");
    assert_true(told_ms == 951868799000);
    publish_at(r, "yesterday");
    assert_true(told_ms == fake_now_ms(r->cluster));
    publish_at(r, "2026-03-05T09:30:00+03:00"); /* not UTC: not how the platform writes it */
    assert_true(told_ms == fake_now_ms(r->cluster));
}

/* The id of the input goes on as the cause, unless it may hold somebody's number. */
static struct svc_verdict emit_one(const struct svc_event *ev, struct svc_call *c)
{
    svc_emit(c, TOPIC_ATTACHMENT_INBOX, ev->key, EV_CANCEL, ev->msg, "application-1");
    return SVC_DONE;
}

static const char *cause_of(struct sweep_run *r, const char *id, const char *source)
{
    struct bus_rec out[16];
    Clinic__Attach__V1__Cancel m = CLINIC__ATTACH__V1__CANCEL__INIT;
    uint8_t packed[64];
    m.application_id = (char *)(uintptr_t)"a";
    struct bus_header h[] = {{"ce_type", bytes_str(events[EV_CANCEL].type)}, {"ce_id", bytes_str(id)},
                             {"ce_source", bytes_str(source)}};
    struct bus_out o = {.topic = TOPIC_CAPACITY_INBOX, .partition = 0, .key = bytes_str("770001"), .headers = h, .headers_n = 3};
    o.value = bytes_of(packed, protobuf_c_message_pack(&m.base, packed));
    sweep_publish(r, &o);
    sweep_settle(r);
    size_t n = harness_records(r, TOPIC_ATTACHMENT_INBOX, out, 16);
    assert_true(n > 0 && n <= 16);
    return harness_header(&out[n - 1], "ce_causationid");
}

static void test_cause_tells_no_numbers(void **state)
{
    struct sweep_run *r = *state;
    act = emit_one;
    sweep_start(r, 0);
    assert_string_equal(cause_of(r, "8e03978e-40d5-43e8-bc93-000000000001", "/portal"), "8e03978e-40d5-43e8-bc93-000000000001");
    assert_string_equal(cause_of(r, "msg-77", "/portal"), "msg-77");
    assert_string_equal(cause_of(r, "intake-3-due-abc-1790000000000/1", "/clinic/intake"), "intake-3-due-abc-1790000000000/1");
    assert_string_equal(cause_of(r, "enp:9912345678901234", "/portal"), "obedient-0-3");
    assert_string_equal(cause_of(r, "Ivan Ivanov", "/portal"), "obedient-0-4");
}

/* What a batch holds when its last record is handled. */
static size_t held_bytes, handled;
static struct svc_verdict look_at_memory(const struct svc_event *ev, struct svc_call *c)
{
    const Clinic__Attach__V1__Cancel *m = ev->msg;
    assert_int_equal(strlen(m->application_id), 4000);
    held_bytes = arena_used(c->rt->b.mem);
    handled++;
    return SVC_DONE;
}

static void test_messages_are_not_kept_for_the_batch(void **state)
{
    struct sweep_run *r = *state;
    char text[4001] = "";
    memset(text, 'a', sizeof text - 1);
    act = look_at_memory;
    sweep_start(r, 0);
    sweep_settle(r);
    for (int i = 0; i < 20; i++)
        send(r, text);
    sweep_settle(r);
    assert_int_equal(handled, 20);
    assert_int_equal(fake_transactions(r->cluster), 1);
    assert_true(held_bytes < 20 * 4000);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(bugs_end_the_process),
        ROW(rejected_leaves_only_its_dead_letter),
        ROW(taken_state_is_the_handlers_own),
        ROW(unchanged_state_is_no_fact),
        ROW(time_is_the_record_s),
        ROW(time_is_the_event_s_when_asked_for),
        ROW(cause_tells_no_numbers),
        ROW(messages_are_not_kept_for_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
