/* sender - threads that carry orders to providers: a few for SMTP (a session each), one for SMS. */
#include "sender.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "lane.h"
#include "line.h"
#include "smpp_session.h"

#define WORKERS_MAX    17
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 30000
#define TAKE_MS        1000
#define ARENA_BYTES    (4 << 20)

struct worker {
    pthread_t thread;
    struct lane *lane;
    const struct line_ops *ops;  /* one message at a time, or */
    struct line *line;
    struct smpp_session *smpp;   /* a window of them */
};
struct sender {
    struct claims *claims;
    struct lane *mail, *sms;     /* NULL = the channel is off */
    struct worker workers[WORKERS_MAX];
    size_t n;
    struct arena *mem;           /* decodes orders on the runtime's thread */
};

static void send_one(struct worker *w, struct job *j, struct arena *mem)
{
    struct outgoing out;
    arena_reset(mem);
    if (!lane_claim(w->lane, j) || !lane_render(w->lane, j, mem, &out))
        return;
    struct outcome o = w->ops->send(w->line, &out, mem);
    lane_settle(w->lane, j, &o);
}

/* The provider is down: the order keeps its turn, and the thread its peace. */
static void wait_out(struct worker *w, struct job *j, int *backoff_ms, const struct err *e)
{
    lane_put_back(w->lane, j, 0);
    log_line(LOG_WARN, "NOTIFY-PROVIDER-DOWN", e->text, "code", e->code, "wait_ms", log_i64(*backoff_ms), NULL);
    lane_pause(w->lane, *backoff_ms);
    *backoff_ms = *backoff_ms * 2 < BACKOFF_MAX_MS ? *backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void *run_line(void *arg)
{
    struct worker *w = arg;
    struct arena *mem = arena_new(ARENA_BYTES, ARENA_BYTES / 4);
    int backoff_ms = BACKOFF_MIN_MS;
    lane_begin(w->lane);
    while (!lane_stopping(w->lane)) {
        struct err e;
        lane_look(w->lane);
        struct job *j = lane_take(w->lane, TAKE_MS);
        if (!j)
            continue;
        if (!w->ops->ready(w->line, &e)) {
            wait_out(w, j, &backoff_ms, &e);
            continue;
        }
        backoff_ms = BACKOFF_MIN_MS;
        send_one(w, j, mem);
    }
    arena_free(mem);
    return NULL;
}

static void *run_smpp(void *arg)
{
    struct worker *w = arg;
    smpp_session_run(w->smpp);
    return NULL;
}

static void start_worker(struct sender *s, struct worker w)
{
    must(s->n < WORKERS_MAX);
    struct worker *at = &s->workers[s->n++];
    *at = w;
    must(pthread_create(&at->thread, NULL, w.smpp ? run_smpp : run_line, at) == 0);
}

static bool start_line(struct sender *s, const struct conf *c, struct lane *lane, const struct line_ops *ops,
                       struct err *e)
{
    struct worker w = {.lane = lane, .ops = ops};
    if (!ops->open(c, &w.line, e))
        return false;
    start_worker(s, w);
    return true;
}

static bool start_mail(struct sender *s, const struct conf *c, struct err *e)
{
    for (int64_t i = 0; s->mail && i < conf_int(c, "smtp.connections"); i++)
        if (!start_line(s, c, s->mail, &smtp_line, e))
            return false;
    return true;
}

static bool start_sms(struct sender *s, const struct conf *c, struct err *e)
{
    if (!s->sms)
        return true;
    if (strcmp(conf_str(c, "sms.provider"), "http") == 0)
        return start_line(s, c, s->sms, &sms_http_line, e);
    start_worker(s, (struct worker){.lane = s->sms, .smpp = smpp_session_new(c, s->sms)});
    return true;
}

static void sender_stop(void *outbound)
{
    struct sender *s = outbound;
    if (!s)
        return;
    if (s->mail)
        lane_stop(s->mail);
    if (s->sms)
        lane_stop(s->sms);
    for (size_t i = 0; i < s->n; i++) {
        pthread_join(s->workers[i].thread, NULL);
        if (s->workers[i].ops)
            s->workers[i].ops->close(s->workers[i].line);
        smpp_session_free(s->workers[i].smpp);
    }
    lane_free(s->mail);
    lane_free(s->sms);
    claims_close(s->claims);
    arena_free(s->mem);
    free(s);
}

static void *sender_start(const struct conf *conf, const void *svc_conf, lane_report *report, void *report_ctx,
                          struct err *e)
{
    const struct settings *set = svc_conf;
    struct sender *s = calloc(1, sizeof *s);
    must(s);
    s->mem = arena_new(ARENA_BYTES, ARENA_BYTES / 4);
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct lane_conf lane = {.max = (size_t)conf_int(conf, "notice.queue"), .set = set,
                             .answer_ms = conf_int(conf, "notice.answer.ms"), .report = report, .report_ctx = report_ctx};
    if (!claims_open(conf_str(conf, "store.url"), "notification", &s->claims, e)) {
        sender_stop(s);
        return NULL;
    }
    lane.claims = s->claims;
    lane.channel = PB_CHANNEL(EMAIL);
    s->mail = set->on[PB_CHANNEL(EMAIL)] ? lane_new(&lane) : NULL;
    lane.channel = PB_CHANNEL(SMS);
    s->sms = set->on[PB_CHANNEL(SMS)] ? lane_new(&lane) : NULL;
    if (start_mail(s, conf, e) && start_sms(s, conf, e))
        return s;
    sender_stop(s);
    return NULL;
}

static void sender_submit(void *outbound, enum event_id type, struct bytes packed, const char *trace,
                          int64_t begun_ms)
{
    struct sender *s = outbound;
    must(type == EV_NOTIFICATION_ORDER);
    arena_reset(s->mem);
    PB(NotificationOrder) *o = clinic__attach__v1__notification_order__unpack(arena_pb(s->mem), packed.n, packed.p);
    must(o); /* packed by the handler of this process */
    struct lane *lane = o->channel == PB_CHANNEL(SMS) ? s->sms : s->mail;
    if (lane)
        lane_put(lane, o, packed, trace, begun_ms);
}

const struct svc_outbound_ops sender_ops = {
    .start = sender_start, .submit = sender_submit, .stop = sender_stop, .metrics = lane_metrics};
