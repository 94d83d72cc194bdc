/* The platform on the fakes: two services that talk to one another, restarts in between, time that passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"
#include "runtime/tally_svc.h"
#include "support/platform_fake.h"

/* Answers of the tally come to this service, which counts them per person. */
static void answer_plan(const struct svc_event *ev, struct svc_plan *p) { svc_read(p, 0, ev->key); }

static struct svc_verdict answer(const struct svc_event *ev, struct svc_call *c)
{
    const Clinic__Attach__V1__ClinicPlaces *old = svc_get(c, 0, ev->key);
    Clinic__Attach__V1__ClinicPlaces now = CLINIC__ATTACH__V1__CLINIC_PLACES__INIT;
    Clinic__Attach__V1__DoctorPlaces one = CLINIC__ATTACH__V1__DOCTOR_PLACES__INIT, *list[] = {&one};
    one.used = (old ? old->doctors[0]->used : 0) + 1;
    now.doctors = list;
    now.n_doctors = 1;
    svc_put(c, 0, ev->key, &now);
    svc_outbound(c, ev->msg);
    return SVC_DONE;
}

static const struct svc_output no_outputs[] = {{TOPIC_N}};
static const struct svc_table tables[] = {{"answers", EV_STATE_PLACES, -1, NULL, 0}, {0}};
static const struct svc_handler handlers[] = {{EV_RESERVED, -1, answer_plan, answer}, {0}};
static const struct svc_def listener = {
    .name = "listener", .summary = "Counts answers.", .inbox = TOPIC_ATTACHMENT_INBOX, .facts = TOPIC_ATTACHMENT_FACTS,
    .dlq = TOPIC_ATTACHMENT_DLQ, .outputs = no_outputs, .tables = tables, .handlers = handlers,
    .outbound_type = EV_RESERVED,
};

static void on_outbound(void *ctx, const void *msg, const char *trace)
{
    const Clinic__Attach__V1__Reserved *m = msg;
    struct ce_trace t = ce_trace_read(trace);
    assert_true(t.parent.n == CE_TRACEPARENT_BYTES - 1 && ce_traceparent_ok(trace) == false);
    assert_true(bytes_eq(t.origin, t.parent) == false && t.origin.n == CE_TRACEPARENT_BYTES - 1);
    assert_true(m->application_id[0] != '\0');
    ++*(int *)ctx;
}

static void ask(struct platform *p, const char *application)
{
    Clinic__Attach__V1__Reserve m = CLINIC__ATTACH__V1__RESERVE__INIT;
    m.application_id = (char *)(uintptr_t)application;
    m.person_ref = (char *)(uintptr_t)"person-aaaaaaaaa";
    fake_publish_event(platform_cluster(p), TOPIC_CAPACITY_INBOX, bytes_str("770001"), EV_RESERVE, &m, application,
                       application);
}

static void count_rows(void *ctx, int32_t part, struct bytes key, const void *msg)
{
    (void)part, (void)key;
    *(uint32_t *)ctx += ((const Clinic__Attach__V1__ClinicPlaces *)msg)->doctors[0]->used;
}

static void test_two_services(void **state)
{
    struct platform *p = platform_new(3, 1790000000000);
    int orders = 0;
    uint32_t used = 0;
    (void)state;
    int tally = platform_add(p, &tally_svc, NULL), ear = platform_add(p, &listener, NULL);
    platform_on_outbound(p, ear, on_outbound, &orders);
    ask(p, "application-1");
    platform_run(p);
    platform_restart(p, tally);
    ask(p, "application-2");
    fake_db_flush(platform_db(p, ear));
    platform_run(p);
    platform_restart(p, ear);
    ask(p, "application-3");
    platform_run(p);
    platform_each(p, ear, 0, count_rows, &used);
    assert_int_equal(used, 3);
    assert_int_equal(orders, 3);
    struct arena *mem = arena_new(1 << 20, 4096);
    const Clinic__Attach__V1__ClinicPlaces *row = platform_get(p, tally, TALLY_PLACES, bytes_str("770001"), mem);
    assert_non_null(row);
    assert_int_equal(row->doctors[0]->used, 3);
    arena_free(mem);
    platform_free(p);
}

static void test_time_passes_from_event_to_event(void **state)
{
    struct platform *p = platform_new(3, 1790000000000);
    Clinic__Attach__V1__Release m = CLINIC__ATTACH__V1__RELEASE__INIT;
    int steps = 0;
    (void)state;
    platform_add(p, &tally_svc, NULL);
    m.application_id = (char *)(uintptr_t)"application-1";
    fake_publish_event(platform_cluster(p), TOPIC_CAPACITY_INBOX, bytes_str("770001"), EV_RELEASE, &m, "r", "");
    platform_run(p);
    for (int64_t due; (due = platform_next_due(p)) != 0 && steps < 10; steps++)
        platform_advance(p, due - platform_now(p));
    assert_int_equal(steps, 2);
    assert_int_equal(platform_now(p), 1790000120000);
    platform_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_services),
        cmocka_unit_test(test_time_passes_from_event_to_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
