/* A notice that nobody asked for in time is not sent: not after a replay, not by a retry, not on another channel. */
#include "flow.h"

#define SMS     PB_CHANNEL(SMS)
#define EMAIL   PB_CHANNEL(EMAIL)
#define ACCOUNT PB_CHANNEL(ACCOUNT)
#define SYSTEM  PB_CHANNEL(SYSTEM)
#define DAY     86400000LL

/* The request as its producer wrote it at told_ms, headers and all, in the inbox now. */
static void ask_as_of(struct flow *f, const PB(NotificationRequested) * r, int64_t told_ms)
{
    struct ce ce = {.event = EV_NOTIFICATION_REQUESTED, .id = arena_printf(f->mem, "old-%d", ++f->input_n),
                    .source = "/clinic/attachment", .subject = FLOW_APP, .time_ms = told_ms};
    size_t n = protobuf_c_message_get_packed_size(&r->base);
    uint8_t *packed = arena_alloc(f->mem, n);
    protobuf_c_message_pack(&r->base, packed);
    struct bus_out o = {.topic = TOPIC_NOTIFICATION_INBOX, .partition = -1, .key = bytes_str("AAAAAAAAAAAAAAAA"),
                        .value = bytes_of(packed, n)};
    o.headers = ce_headers(&ce, f->mem, &o.headers_n);
    fake_publish(platform_cluster(f->p), &o);
}

static void assert_skipped(const struct flow *f, const char *milestone, PB(Channel) channel)
{
    const struct flow_issue *i = flow_issue(f, milestone, channel);
    assert_string_equal(i->state, "SKIPPED");
    assert_string_equal(i->cause, "expired");
    assert_string_equal(i->text, "");
}

static void assert_settled(struct flow *f, const char *milestone)
{
    const PB(NoticeState) *s = flow_state(f, milestone);
    assert_non_null(s);
    assert_null(s->request); /* and the contacts with it */
    assert_true(s->n_channels > 0 && s->expires_at_ms == 0);
    for (size_t i = 0; i < s->n_channels; i++) {
        assert_int_equal(s->channels[i]->result, PB_SEND(REJECTED));
        assert_int_equal(s->channels[i]->next_at_ms, 0);
    }
}

static void a_replay_after_its_term_is_told_to_nobody(void **state)
{
    struct flow *f = *state;
    ask_as_of(f, flow_request(f, "N-06", FLOW_BOTH), FLOW_NOW - 30 * DAY);
    flow_run(f);
    assert_int_equal(f->orders_n, 0);
    assert_skipped(f, "N-06", SMS);
    assert_skipped(f, "N-06", EMAIL);
    assert_skipped(f, "N-06", ACCOUNT);
    assert_skipped(f, "N-12", SYSTEM);
    for (size_t i = 0; i < f->issues_n; i++)
        assert_string_equal(f->issues[i].state, "SKIPPED");
    assert_settled(f, "N-06");
    size_t said = f->issues_n;
    ask_as_of(f, flow_request(f, "N-06", FLOW_BOTH), FLOW_NOW - 30 * DAY); /* and again */
    flow_advance(f, 3600000);
    assert_int_equal(f->orders_n, 0);
    assert_int_equal(f->issues_n, said);
}

static void a_replay_before_its_term_is_told(void **state)
{
    struct flow *f = *state;
    ask_as_of(f, flow_request(f, "N-06", FLOW_BOTH), FLOW_NOW - 30 * DAY + 1000);
    flow_run(f);
    assert_int_equal(f->orders_n, 2);
    assert_int_equal(flow_said(f, "N-06", ACCOUNT, "SENT"), 1);
}

/* The record is as old as it was, by its timestamp too; it is read now. */
static void a_topic_read_again_after_months_is_told_to_nobody(void **state)
{
    struct flow *f = *state;
    platform_hold(f->p, f->service, true);
    flow_ask(f, flow_request(f, "N-06", FLOW_BOTH));
    flow_advance(f, 90 * DAY);
    assert_int_equal(f->issues_n, 0);
    platform_hold(f->p, f->service, false);
    flow_run(f);
    assert_int_equal(f->orders_n, 0);
    assert_skipped(f, "N-06", SMS);
    assert_settled(f, "N-06");
}

/* Keys go; what will not be sent needs none. */
static void what_is_not_sent_is_not_opened(void **state)
{
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-06", FLOW_BOTH);
    r->case_->application->sealed = ARENA_NEW(f->mem, PB(Sealed));
    clinic__attach__v1__sealed__init(r->case_->application->sealed);
    ask_as_of(f, r, FLOW_NOW - 31 * DAY);
    flow_run(f);
    assert_skipped(f, "N-06", SMS);
    for (int32_t part = 0; part < 2; part++)
        assert_int_equal(fake_end(platform_cluster(f->p), TOPIC_NOTIFICATION_DLQ, part), 0);
}

static void a_retry_comes_too_late(void **state)
{
    struct flow *f = *state;
    ask_as_of(f, flow_request(f, "N-08", FLOW_BOTH), FLOW_NOW - 30 * DAY + 20000);
    flow_run(f);
    assert_int_equal(flow_ordered(f, EMAIL), 1);
    flow_report(f, "N-08", EMAIL, 1, PB_SEND(RETRY)); /* after 30 seconds: 10 too late */
    flow_advance(f, 31000);
    assert_int_equal(flow_ordered(f, EMAIL), 1);
    assert_int_equal(flow_said(f, "N-08", EMAIL, "FAILED"), 1);
    assert_int_equal(flow_ordered(f, SMS), 0); /* nor is the refusal told by SMS instead */
    assert_skipped(f, "N-08", SMS);
    assert_settled(f, "N-08");
}

/* Of an attempt under way nobody here knows whether it was sent: the sender is asked, who sends it no more. */
static void an_attempt_under_way_is_asked_after(void **state)
{
    struct flow *f = *state;
    ask_as_of(f, flow_request(f, "N-01", FLOW_BOTH), FLOW_NOW - 30 * DAY + 20000);
    flow_run(f);
    assert_int_equal(f->orders[0].expires_in_ms, 20000);
    flow_advance(f, 61000);
    assert_int_equal(f->orders_n, 2);
    assert_true(f->orders[1].again);
    assert_int_equal(f->orders[1].expires_in_ms, 1);
    flow_report(f, "N-01", EMAIL, 1, PB_SEND(ACCEPTED));
    assert_int_equal(flow_said(f, "N-01", EMAIL, "SENT"), 1);
}

static void without_a_term_there_is_no_end(void **state)
{
    struct flow *f = *state;
    PB(NotificationRequested) *r = flow_request(f, "N-01", FLOW_BOTH);
    uint8_t *packed = arena_alloc(f->mem, protobuf_c_message_get_packed_size(&r->base));
    const struct bus_header h[] = {{"ce_type", bytes_str(events[EV_NOTIFICATION_REQUESTED].type)},
                                   {"ce_expirytime", bytes_str("tomorrow")}};
    struct bus_out o = {.topic = TOPIC_NOTIFICATION_INBOX, .partition = -1, .key = bytes_str("AAAAAAAAAAAAAAAA"),
                        .headers = h, .headers_n = 2};
    o.value = bytes_of(packed, protobuf_c_message_pack(&r->base, packed));
    fake_publish(platform_cluster(f->p), &o);
    flow_run(f);
    assert_int_equal(f->orders_n, 1);
    assert_int_equal(f->orders[0].expires_in_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(a_replay_after_its_term_is_told_to_nobody),
        FLOW_TEST(a_replay_before_its_term_is_told),
        FLOW_TEST(a_topic_read_again_after_months_is_told_to_nobody),
        FLOW_TEST(what_is_not_sent_is_not_opened),
        FLOW_TEST(a_retry_comes_too_late),
        FLOW_TEST(an_attempt_under_way_is_asked_after),
        FLOW_TEST(without_a_term_there_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
