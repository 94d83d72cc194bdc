#include "smpp_session.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "smpp_flight.h"
#include "smpp_link.h"
#include "smpp_receipts.h"

#define CONNECT_MS     5000
#define SEND_MS        5000
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 30000
#define THROTTLE_MS    1000
#define LOOK_MS        200  /* longest sleep while something waits that no descriptor announces */
#define ARENA_BYTES    (1 << 20)

struct smpp_session {
    const struct conf *conf;
    struct lane *lane;
    struct receipts *receipts;
    struct arena *mem;
    struct smpp_link link;
    uint32_t seq;
    uint8_t ref;               /* of long messages */
    struct flight *flights;
    size_t sent_n;             /* parts on their way */
    size_t window;
    int64_t answer_ms, enquire_ms;
    int64_t heard_ms;          /* steady clock: last PDU received */
    int64_t enquired_ms;       /* 0 = no link test on its way */
    int64_t throttled_until_ms;
    int64_t early_ms;          /* when early receipts are looked for again; 0 = there are none */
    bool unbound;              /* the SMSC ended the session */
};

struct smpp_session *smpp_session_new(const struct conf *c, struct lane *l)
{
    struct smpp_session *s = calloc(1, sizeof *s);
    must(s);
    s->conf = c;
    s->lane = l;
    s->link.fd = -1;
    s->mem = arena_new(ARENA_BYTES, ARENA_BYTES);
    s->window = (size_t)conf_int(c, "smpp.window");
    s->answer_ms = conf_int(c, "smpp.answer.ms");
    s->enquire_ms = conf_int(c, "smpp.enquire.ms");
    s->receipts = receipts_new(l, conf_int(c, "smpp.receipt.term.ms"));
    return s;
}

void smpp_session_free(struct smpp_session *s)
{
    if (!s)
        return;
    receipts_free(s->receipts);
    arena_free(s->mem);
    free(s);
}

static uint32_t next_seq(struct smpp_session *s)
{
    s->seq = s->seq >= 0x7fffffff ? 1 : s->seq + 1;
    return s->seq;
}

static bool send_simple(struct smpp_session *s, enum smpp_command command, uint32_t seq, uint32_t status, struct err *e)
{
    uint8_t out[16];
    return link_send(&s->link, out, smpp_encode_simple(out, command, seq, status), SEND_MS, e);
}

/* --- flights --- */

static void flight_end(struct smpp_session *s, struct flight **at, const struct outcome *o)
{
    struct flight *f = *at;
    *at = f->next;
    lane_settle(s->lane, f->job, o);
    free(f);
}

/* Settle those that nothing more can happen to. */
static void settle_done(struct smpp_session *s)
{
    struct outcome o;
    for (struct flight **at = &s->flights; *at;) {
        if (flight_done(*at, &o))
            flight_end(s, at, &o);
        else
            at = &(*at)->next;
    }
}

static void cut_all(struct smpp_session *s)
{
    while (s->flights) {
        struct outcome o = flight_cut(s->flights);
        flight_end(s, &s->flights, &o);
    }
    s->sent_n = 0;
}

static struct flight *flight_new(struct smpp_session *s, struct job *j, const struct outgoing *out)
{
    struct flight *f = calloc(1, sizeof *f);
    must(f);
    const char *from = conf_str(s->conf, "smpp.source");
    f->job = j;
    snprintf(f->to, sizeof f->to, "%s", out->to);
    snprintf(f->from, sizeof f->from, "%s", *from ? from : out->from);
    if (sms_split(out->text, s->ref++, &f->sms))
        return f;
    free(f);
    return NULL;
}

/* Take an order and make it a flight. False: there is none ready. */
static bool take_job(struct smpp_session *s)
{
    struct outgoing out;
    struct job *j = lane_take(s->lane, 0);
    if (!j)
        return false;
    arena_reset(s->mem);
    if (!lane_claim(s->lane, j) || !lane_render(s->lane, j, s->mem, &out))
        return true;
    struct flight *f = flight_new(s, j, &out);
    if (!f) {
        struct outcome too_long = outcome_of(PB_SEND(REJECTED), "sms_too_long");
        lane_settle(s->lane, j, &too_long);
        return true;
    }
    struct flight **end = &s->flights;
    while (*end)
        end = &(*end)->next;
    *end = f;
    return true;
}

static bool send_part(struct smpp_session *s, struct flight *f, struct flight_part *p, struct err *e)
{
    uint8_t out[SMPP_PDU_MAX];
    const struct sms_part *part = &f->sms.parts[p - f->parts];
    struct smpp_submit submit = {.from = f->from, .to = f->to, .ucs2 = f->sms.ucs2, .udh = f->sms.udh,
                                 .octets = part->octets, .n = part->n};
    p->seq = next_seq(s);
    size_t n = smpp_encode_submit(out, p->seq, &submit);
    if (n == 0) { /* a sender's name that no SMSC could take */
        flight_answered(f, p, SMPP_INVALID_COMMAND, "");
        return true;
    }
    p->state = PART_SENT;
    p->sent_ms = clock_steady_ms();
    s->sent_n++;
    return link_send(&s->link, out, n, SEND_MS, e);
}

/* Fill the window: parts of notices begun before, then new notices. */
static bool fill_window(struct smpp_session *s, struct err *e)
{
    if (clock_steady_ms() < s->throttled_until_ms)
        return true;
    for (;;) {
        for (struct flight *f = s->flights; f; f = f->next)
            for (struct flight_part *p; s->sent_n < s->window && (p = flight_waiting(f));)
                if (!send_part(s, f, p, e))
                    return false;
        settle_done(s);
        if (s->sent_n >= s->window || lane_stopping(s->lane) || !take_job(s))
            return true;
    }
}

/* --- what arrives --- */

static void submit_answered(struct smpp_session *s, const struct smpp_pdu *pdu)
{
    for (struct flight *f = s->flights; f; f = f->next) {
        struct flight_part *p = flight_sent(f, pdu->seq);
        if (!p)
            continue;
        struct job_ids ids = job_ids(f->job);
        uint32_t status = pdu->command == SMPP_NACK && pdu->status == SMPP_OK ? SMPP_INVALID_COMMAND : pdu->status;
        s->sent_n--;
        flight_answered(f, p, status, pdu->message_id);
        if (status == SMPP_OK)
            receipts_expect(s->receipts, pdu->message_id, &ids, (size_t)(p - f->parts), f->sms.parts_n);
        if (smpp_status_is_temporary(status))
            s->throttled_until_ms = clock_steady_ms() + THROTTLE_MS;
        return;
    }
}

static bool delivered(struct smpp_session *s, const struct smpp_pdu *pdu, struct err *e)
{
    uint8_t out[SMPP_PDU_MAX];
    struct smpp_receipt receipt;
    bool kept = !smpp_receipt(pdu, &receipt) || receipts_arrived(s->receipts, &receipt);
    if (s->early_ms == 0)
        s->early_ms = clock_steady_ms() + LOOK_MS;
    return link_send(&s->link, out, smpp_encode_deliver_resp(out, pdu->seq, kept ? SMPP_OK : SMPP_TRY_LATER), SEND_MS, e);
}

static bool handle(struct smpp_session *s, const struct smpp_pdu *pdu, struct err *e)
{
    s->heard_ms = clock_steady_ms();
    switch (pdu->command) {
    case SMPP_SUBMIT_RESP:
    case SMPP_NACK:
        submit_answered(s, pdu);
        return true;
    case SMPP_DELIVER:
        return delivered(s, pdu, e);
    case SMPP_ENQUIRE:
        return send_simple(s, SMPP_ENQUIRE_RESP, pdu->seq, SMPP_OK, e);
    case SMPP_ENQUIRE_RESP:
        s->enquired_ms = 0;
        return true;
    case SMPP_UNBIND:
        s->unbound = true;
        return send_simple(s, SMPP_UNBIND_RESP, pdu->seq, SMPP_OK, e);
    case SMPP_UNBIND_RESP:
        s->unbound = true;
        return true;
    default: /* a request we do not serve; an answer that we do not wait for is let pass */
        return (pdu->command & 0x80000000U) || send_simple(s, SMPP_NACK, pdu->seq, SMPP_INVALID_COMMAND, e);
    }
}

static bool handle_all(struct smpp_session *s, struct err *e)
{
    struct smpp_pdu pdu;
    int got;
    if (!link_receive(&s->link, e))
        return false;
    while ((got = link_next(&s->link, &pdu)) == 1)
        if (!handle(s, &pdu, e))
            return false;
    settle_done(s);
    return got == 0 || err_set(e, ERR_RETRY, "SMPP-BROKEN", "the SMSC sent what is not SMPP");
}

/* --- time --- */

/* Answers that are overdue are lost; a silent link is tested. */
static bool look_at_clock(struct smpp_session *s, struct err *e)
{
    int64_t now = clock_steady_ms();
    for (struct flight *f = s->flights; f; f = f->next)
        for (size_t i = 0; i < f->sms.parts_n; i++)
            if (f->parts[i].state == PART_SENT && now - f->parts[i].sent_ms >= s->answer_ms) {
                flight_lost(f, &f->parts[i]);
                s->sent_n--;
            }
    settle_done(s);
    if (s->early_ms && now >= s->early_ms)
        s->early_ms = receipts_retry(s->receipts) ? now + LOOK_MS * 5 : 0;
    if (s->enquired_ms && now - s->enquired_ms >= s->answer_ms)
        return err_set(e, ERR_RETRY, "SMPP-SILENT", "the SMSC does not answer");
    if (s->enquired_ms || now - s->heard_ms < s->enquire_ms)
        return true;
    s->enquired_ms = now;
    return send_simple(s, SMPP_ENQUIRE, next_seq(s), SMPP_OK, e);
}

static int sleep_ms(const struct smpp_session *s)
{
    int64_t until = s->heard_ms + s->enquire_ms - clock_steady_ms();
    bool looking = s->flights || s->early_ms || s->enquired_ms || lane_waiting(s->lane);
    int64_t most = looking ? LOOK_MS : 2000;
    return (int)(until < 0 ? LOOK_MS : until < most ? until : most);
}

static bool wait_and_handle(struct smpp_session *s, struct err *e)
{
    uint64_t drained;
    struct pollfd fds[] = {{.fd = s->link.fd, .events = POLLIN}, {.fd = lane_wake_fd(s->lane), .events = POLLIN}};
    if (poll(fds, 2, sleep_ms(s)) <= 0)
        return true;
    if (fds[1].revents) {
        ssize_t n = read(fds[1].fd, &drained, sizeof drained);
        (void)n;
    }
    return !fds[0].revents || handle_all(s, e);
}

/* --- life of a connection --- */

static bool bind(struct smpp_session *s, struct err *e)
{
    uint8_t out[SMPP_PDU_MAX];
    struct smpp_pdu pdu = {0};
    struct smpp_bind b = {conf_str(s->conf, "smpp.system_id"), conf_str(s->conf, "smpp.password"),
                          conf_str(s->conf, "smpp.system_type")};
    size_t n = smpp_encode_bind(out, next_seq(s), &b);
    if (n == 0)
        return err_set(e, ERR_FATAL, "SMPP-BIND", "system_id, password or system_type is too long");
    if (!link_send(&s->link, out, n, SEND_MS, e))
        return false;
    for (int64_t end = clock_steady_ms() + CONNECT_MS; pdu.command != SMPP_BIND_RESP;) {
        struct pollfd p = {.fd = s->link.fd, .events = POLLIN};
        int left = (int)(end - clock_steady_ms());
        if (left <= 0 || poll(&p, 1, left) != 1 || !link_receive(&s->link, e) || link_next(&s->link, &pdu) < 0)
            return err_set(e, ERR_RETRY, "SMPP-BIND", "the SMSC did not answer the bind");
    }
    return pdu.status == SMPP_OK || err_set(e, ERR_RETRY, "SMPP-BIND", "the SMSC refused the bind: 0x%02x", pdu.status);
}

static bool serve(struct smpp_session *s, struct err *e)
{
    while (!s->unbound && !(lane_stopping(s->lane) && !s->flights)) {
        lane_look(s->lane);
        if (!fill_window(s, e) || !wait_and_handle(s, e) || !look_at_clock(s, e))
            return false;
    }
    return true;
}

static bool session(struct smpp_session *s, struct err *e)
{
    if (!link_open(&s->link, conf_str(s->conf, "smpp.host"), (int)conf_int(s->conf, "smpp.port"), CONNECT_MS, e))
        return false;
    s->unbound = false;
    s->enquired_ms = 0;
    bool ok = bind(s, e);
    s->heard_ms = clock_steady_ms();
    if (ok) {
        log_line(LOG_INFO, "SMPP-BOUND", "bound to the SMSC", NULL);
        ok = serve(s, e);
    }
    if (ok && !s->unbound && send_simple(s, SMPP_UNBIND, next_seq(s), SMPP_OK, e))
        (void)poll(&(struct pollfd){.fd = s->link.fd, .events = POLLIN}, 1, 1000); /* its answer, or not */
    cut_all(s);
    link_close(&s->link);
    return ok;
}

void smpp_session_run(struct smpp_session *s)
{
    int backoff_ms = BACKOFF_MIN_MS;
    lane_begin(s->lane);
    while (!lane_stopping(s->lane)) {
        struct err e = {0};
        int64_t began = clock_steady_ms();
        if (!session(s, &e))
            log_line(LOG_WARN, "SMPP-DOWN", e.text, "code", e.code, NULL);
        if (clock_steady_ms() - began > BACKOFF_MAX_MS)
            backoff_ms = BACKOFF_MIN_MS;
        lane_pause(s->lane, backoff_ms);
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
}
