#include "rig.h"
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "notification.h"
#include "settings.h"
#include "support/keyring_test.h"

#define REPORTS_MAX 256

struct rig {
    char dir[64], sink[8], sink_port[16], store[128], keyring[64];
    pid_t redis, sink_pid;
    struct conf *conf;
    struct settings *set;
    void *sender;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct rig_report reports[REPORTS_MAX];
    size_t reports_n;
    struct arena *mem;
};

static const struct conf_opt common[] = {
    {"store.url", CONF_STR, NULL, 0, 0, false, "claims"},
    {"keyring.file", CONF_STR, NULL, 0, 0, false, "keys"},
    {"rules.dir", CONF_STR, SOURCE_DIR "/deploy/rules", 0, 0, false, "rules"},
    {NULL},
};

static int64_t now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A turn of a wait; nothing is measured by it. */
static void pause_turn(void) { poll(NULL, 0, 20); }

static char *path_of(struct rig *r, const char *name)
{
    return arena_printf(r->mem, "%s/%s/%s", r->dir, r->sink, name);
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    char *text = NULL;
    size_t max = 0;
    if (getdelim(&text, &max, '\0', f) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(f);
    return text;
}

static char *wait_for_file(const char *path)
{
    for (int64_t end = now_ms(CLOCK_MONOTONIC) + WAIT_MS; now_ms(CLOCK_MONOTONIC) < end; pause_turn()) {
        char *text = read_all(path);
        if (text && *text)
            return text;
        free(text);
    }
    fail_msg("%s did not appear", path);
    return NULL;
}

static pid_t spawn(struct rig *r, const char *const *argv)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nothing running */
    int log = open(arena_printf(r->mem, "%s/%s.log", r->dir, strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0]),
                   O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    dup2(log, 1);
    dup2(log, 2);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static void end(pid_t *pid, int number)
{
    if (*pid <= 0)
        return;
    kill(-*pid, number);
    kill(*pid, number);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

static void start_redis(struct rig *r)
{
    char *socket = arena_printf(r->mem, "%s/redis.sock", r->dir);
    const char *argv[] = {"redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no",
                          "--dir", r->dir, NULL};
    r->redis = spawn(r, argv);
    for (int64_t until = now_ms(CLOCK_MONOTONIC) + WAIT_MS; access(socket, R_OK) != 0; pause_turn())
        assert_true(now_ms(CLOCK_MONOTONIC) < until);
    snprintf(r->store, sizeof r->store, "unix://%s", socket);
}

void rig_redis_flush(struct rig *r)
{
    char *command = arena_printf(r->mem, "redis-cli -s %s/redis.sock flushall >/dev/null", r->dir);
    assert_int_equal(system(command), 0);
}

void rig_redis_save(struct rig *r)
{
    char *command = arena_printf(r->mem, "redis-cli -s %s/redis.sock save >/dev/null", r->dir);
    must(system(command) == 0);
}

void rig_redis_go_back(struct rig *r)
{
    end(&r->redis, SIGKILL);
    unlink(arena_printf(r->mem, "%s/redis.sock", r->dir)); /* its coming back tells that the server is there */
    start_redis(r);
}

static void wait_for_shell(const char *command)
{
    for (int64_t until = now_ms(CLOCK_MONOTONIC) + WAIT_MS; system(command) != 0; pause_turn())
        assert_true(now_ms(CLOCK_MONOTONIC) < until);
}

void rig_claim_elsewhere(struct rig *r, const struct rig_order *o)
{
    char *command = arena_printf(r->mem, "redis-cli -s %s/redis.sock set '{notification}:claim:%s/%s/%s/%u' other >/dev/null",
                                 r->dir, o->application, o->milestone, channel_code(o->channel), o->attempt);
    assert_int_equal(system(command), 0);
}

int rig_claims(struct rig *r)
{
    char *command = arena_printf(r->mem, "redis-cli -s %s/redis.sock info commandstats", r->dir), line[200];
    FILE *from = popen(command, "r");
    int n = 0;
    assert_non_null(from);
    while (fgets(line, sizeof line, from))
        (void)sscanf(line, "cmdstat_set:calls=%d", &n);
    pclose(from);
    return n;
}

void rig_claims_wait(struct rig *r, int n)
{
    for (int64_t until = now_ms(CLOCK_MONOTONIC) + WAIT_MS; rig_claims(r) < n; pause_turn())
        assert_true(now_ms(CLOCK_MONOTONIC) < until);
}

void rig_redis_wait(struct rig *r, const char *text)
{
    wait_for_shell(arena_printf(r->mem, "redis-cli -s %s/redis.sock keys '*%s*' | grep -q .", r->dir, text));
}

void rig_sink_start(struct rig *r)
{
    static const char *const programs[][2] = {{"smtp", "smtp_sink.py"}, {"smsc", "smsc"}, {"http", "sms_http_sink.py"}};
    const char *program = NULL;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(r->sink, programs[i][0]) == 0)
            program = programs[i][1];
    assert_non_null(program);
    unlink(path_of(r, "port"));
    const char *argv[] = {arena_printf(r->mem, SOURCE_DIR "/deploy/local/%s", program), "--dir",
                          arena_printf(r->mem, "%s/%s", r->dir, r->sink), "--port", r->sink_port, NULL};
    r->sink_pid = spawn(r, argv);
    char *port = wait_for_file(path_of(r, "port"));
    snprintf(r->sink_port, sizeof r->sink_port, "%d", atoi(port));
    free(port);
}

void rig_wait_for(struct rig *r, const char *file) { free(wait_for_file(path_of(r, file))); }
const struct conf *rig_conf(struct rig *r) { return r->conf; }

void rig_sink_kill(struct rig *r) { end(&r->sink_pid, SIGKILL); }

void rig_mode(struct rig *r, const char *mode)
{
    char *fresh = path_of(r, "mode.new");
    FILE *f = fopen(fresh, "we");
    assert_non_null(f);
    fputs(mode, f);
    fclose(f);
    assert_int_equal(rename(fresh, path_of(r, "mode")), 0);
}

/* --- configuration --- */

static void set(struct rig *r, const char *name, const char *value)
{
    struct err e = {0};
    if (!conf_set(r->conf, name, value, "test", &e))
        fail_msg("%s: %s", name, e.text);
}

static char *password(struct rig *r)
{
    char *text = wait_for_file(path_of(r, "password")), *copy = arena_strdup(r->mem, text);
    copy[strcspn(copy, "\n")] = '\0';
    free(text);
    return copy;
}

static void set_sink(struct rig *r)
{
    if (strcmp(r->sink, "smtp") == 0) {
        set(r, "smtp.url", arena_printf(r->mem, "smtp://localhost:%s", r->sink_port));
        set(r, "smtp.user", "platform");
        set(r, "smtp.password", password(r));
        set(r, "smtp.ca_file", path_of(r, "cert.pem"));
        set(r, "smtp.from", "noreply@clinic.example");
    } else if (strcmp(r->sink, "smsc") == 0) {
        set(r, "sms.provider", "smpp");
        set(r, "smpp.port", r->sink_port);
        set(r, "smpp.system_id", "platform");
        set(r, "smpp.password", password(r));
        set(r, "smpp.answer.ms", "1500");
    } else {
        set(r, "sms.provider", "http");
        set(r, "sms.http.url", arena_printf(r->mem, "http://127.0.0.1:%s/send", r->sink_port));
    }
}

static void configure(struct rig *r, const char *const *options)
{
    static const struct conf_opt *const tables[] = {common, notification_options, NULL};
    struct err e = {0};
    r->conf = conf_new(tables);
    assert_true(keyring_test_temp(r->keyring, &e));
    set(r, "store.url", r->store);
    set(r, "keyring.file", r->keyring);
    set(r, "templates.dir", SOURCE_DIR "/deploy/templates");
    set(r, "notice.answer.ms", "1500");
    set_sink(r);
    for (size_t i = 0; options && options[i]; i += 2)
        set(r, options[i], options[i + 1]);
    if (!settings_init(r->conf, (void **)&r->set, &e))
        fail_msg("%s", e.text);
}

/* --- the sender --- */

static void keep_sent(struct rig_report *to, const PB(SendReported) * r)
{
    to->attempt = r->attempt;
    to->result = r->result;
    snprintf(to->application, sizeof to->application, "%s", r->application_id);
    snprintf(to->cause, sizeof to->cause, "%s", r->cause);
    snprintf(to->provider_id, sizeof to->provider_id, "%s", r->provider_id);
}

static void keep_receipt(struct rig_report *to, const PB(ReceiptArrived) * r)
{
    to->delivered = r->delivered;
    snprintf(to->application, sizeof to->application, "%s", r->application_id);
    snprintf(to->cause, sizeof to->cause, "%s", r->cause);
}

static void on_report(void *ctx, struct bytes key, enum event_id type, const void *msg, const char *subject,
                      const char *trace)
{
    struct rig *r = ctx;
    (void)key, (void)subject;
    pthread_mutex_lock(&r->lock);
    if (r->reports_n < REPORTS_MAX) {
        struct rig_report *to = &r->reports[r->reports_n++];
        to->type = type;
        snprintf(to->trace, sizeof to->trace, "%s", trace);
        if (type == EV_SEND_REPORTED)
            keep_sent(to, msg);
        else
            keep_receipt(to, msg);
    }
    pthread_cond_broadcast(&r->arrived);
    pthread_mutex_unlock(&r->lock);
}

static void start_sender(struct rig *r)
{
    struct err e = {0};
    r->sender = notification_svc.outbound->start(r->conf, r->set, on_report, r, &e);
    if (!r->sender)
        fail_msg("%s", e.text);
}

void rig_restart_sender(struct rig *r)
{
    notification_svc.outbound->stop(r->sender);
    start_sender(r);
}

struct rig *rig_new(const char *sink, const char *const *options)
{
    struct rig *r = calloc(1, sizeof *r);
    log_open("test", LOG_ERROR);
    signal(SIGPIPE, SIG_IGN); /* as a service does: Redis and providers go away */
    snprintf(r->dir, sizeof r->dir, "/tmp/clinic-senders-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->sink, sizeof r->sink, "%s", sink);
    snprintf(r->sink_port, sizeof r->sink_port, "0");
    r->mem = arena_new(64 << 20, 1 << 20);
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&r->arrived, &steady);
    start_redis(r);
    rig_sink_start(r);
    configure(r, options);
    start_sender(r);
    rig_redis_wait(r, "since"); /* what is ordered from now on is of a memory of claims that the sender knows */
    return r;
}

void rig_free(struct rig *r)
{
    notification_svc.outbound->stop(r->sender);
    end(&r->sink_pid, SIGTERM);
    end(&r->redis, SIGTERM);
    settings_free(r->set);
    conf_free(r->conf);
    unlink(r->keyring);
    assert_int_equal(system(arena_printf(r->mem, "rm -rf %s", r->dir)), 0);
    arena_free(r->mem);
    free(r);
}

/* --- orders and reports --- */

static PB(NotificationRequested) * request(struct rig *r, const struct rig_order *o)
{
    PB(NotificationRequested) *m = ARENA_NEW(r->mem, PB(NotificationRequested));
    PB(Case) *k = ARENA_NEW(r->mem, PB(Case));
    PB(Application) *a = ARENA_NEW(r->mem, PB(Application));
    PB(Personal) p = CLINIC__ATTACH__V1__PERSONAL__INIT;
    clinic__attach__v1__notification_requested__init(m);
    clinic__attach__v1__case__init(k);
    clinic__attach__v1__application__init(a);
    p.name = "Мария";
    p.patronymic = "Ивановна";
    p.phone = (char *)(o->channel == PB_CHANNEL(SMS) ? o->to : "");
    p.email = (char *)(o->channel == PB_CHANNEL(EMAIL) ? o->to : "");
    a->source = PB_SOURCE(MOSRU);
    a->profile = PB_PROFILE(ADULT_THERAPEUTIC);
    a->external_ref = (char *)o->reference;
    a->clinic_id = "770001";
    a->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
    a->sealed = seal_personal(r->set->keys, &p, o->application, r->mem);
    k->application_id = (char *)o->application;
    k->person_ref = "AAAAAAAAAAAAAAAA";
    k->application = a;
    m->case_ = k;
    m->milestone = (char *)o->milestone;
    return m;
}

void rig_order(struct rig *r, const struct rig_order *o)
{
    PB(NotificationOrder) m = CLINIC__ATTACH__V1__NOTIFICATION_ORDER__INIT;
    m.application_id = (char *)o->application;
    m.milestone = (char *)o->milestone;
    m.channel = o->channel;
    m.attempt = o->attempt;
    m.person_ref = "AAAAAAAAAAAAAAAA";
    m.request = request(r, o);
    m.again = o->again;
    m.ordered_at_ms = now_ms(CLOCK_REALTIME) - o->ordered_ms_ago;
    m.expires_in_ms = o->expires_in_ms;
    size_t n = protobuf_c_message_get_packed_size(&m.base);
    uint8_t *packed = arena_alloc(r->mem, n);
    protobuf_c_message_pack(&m.base, packed);
    notification_svc.outbound->submit(r->sender, EV_NOTIFICATION_ORDER, bytes_of(packed, n), o->trace ? o->trace : "",
                                       now_ms(CLOCK_MONOTONIC) - o->begun_ms_ago);
}

struct rig_report rig_report(struct rig *r, size_t n)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&r->lock);
    int timed_out = 0;
    while (r->reports_n <= n && !timed_out)
        timed_out = pthread_cond_timedwait(&r->arrived, &r->lock, &t);
    struct rig_report report = r->reports[n];
    bool there = r->reports_n > n;
    pthread_mutex_unlock(&r->lock);
    if (!there)
        fail_msg("report %zu did not come", n);
    return report;
}

size_t rig_reports(struct rig *r)
{
    pthread_mutex_lock(&r->lock);
    size_t n = r->reports_n;
    pthread_mutex_unlock(&r->lock);
    return n;
}

/* --- the sink's log --- */

static char *log_path(struct rig *r) { return path_of(r, strcmp(r->sink, "smtp") == 0 ? "mail.jsonl" : "sms.jsonl"); }

static size_t count_lines(const char *log, const char *text)
{
    size_t n = 0;
    for (const char *line = log; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *found = strstr(line, text), *stop = strchr(line, '\n');
        n += found && stop && found < stop;
    }
    return n;
}

size_t rig_logged(struct rig *r, const char *text, size_t at_least)
{
    size_t n = 0;
    for (int64_t until = now_ms(CLOCK_MONOTONIC) + WAIT_MS;; pause_turn()) {
        char *log = read_all(log_path(r));
        n = log ? count_lines(log, text) : 0;
        free(log);
        if (n >= at_least || now_ms(CLOCK_MONOTONIC) > until)
            return n;
    }
}

char *rig_field(struct rig *r, const char *name)
{
    char *log = read_all(log_path(r)), *line = log;
    assert_non_null(log);
    for (char *next; (next = strchr(line, '\n')) && next[1];)
        line = next + 1;
    json_error_t problem;
    json_t *j = json_loads(line, 0, &problem);
    assert_non_null(j);
    json_t *field = json_object_get(j, name);
    char *text = json_is_string(field) ? strdup(json_string_value(field)) : json_dumps(field, JSON_ENCODE_ANY);
    json_decref(j);
    free(log);
    return text;
}

/* --- what every provider is put through --- */

struct rig_order rig_sms(const char *application)
{
    return (struct rig_order){.application = application, .milestone = "N-06", .channel = PB_CHANNEL(SMS), .attempt = 1,
                              .to = "+79990000017", .reference = "12-345"};
}

struct rig_order rig_letter(const char *application)
{
    struct rig_order o = rig_sms(application);
    o.channel = PB_CHANNEL(EMAIL);
    o.to = "maria@clinic.example";
    return o;
}

void rig_expect(struct rig *r, size_t n, PB(SendResult) result, const char *cause)
{
    struct rig_report report = rig_report(r, n);
    assert_int_equal(report.result, result);
    if (cause)
        assert_string_equal(report.cause, cause);
}

void rig_many(struct rig *r, struct rig_order o, int n, const char *text)
{
    for (int i = 0; i < n; i++) {
        o.application = arena_printf(r->mem, "8e03978e-40d5-43e8-bc93-%012d", i);
        rig_order(r, &o);
    }
    for (int i = 0; i < n; i++)
        rig_expect(r, (size_t)i, PB_SEND(ACCEPTED), NULL);
    assert_int_equal(rig_logged(r, text, (size_t)n), n);
}

void rig_lose_answer(struct rig *r, struct rig_order o, const char *mode, const char *text)
{
    rig_mode(r, mode);
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(UNKNOWN), NULL);
    rig_mode(r, "ok");
    o.again = true;
    o.ordered_ms_ago = 1;
    rig_order(r, &o);
    rig_expect(r, 1, PB_SEND(UNKNOWN), "answered_before");
    assert_int_equal(rig_logged(r, text, 1), 1);
}

void rig_outage(struct rig *r, struct rig_order o)
{
    rig_sink_kill(r);
    rig_order(r, &o);
    rig_sink_start(r);
    struct rig_report report = rig_report(r, 0);
    assert_int_equal(report.result, PB_SEND(ACCEPTED));
    assert_int_equal(report.attempt, 1);
}

void rig_lose_claims(struct rig *r, struct rig_order o)
{
    rig_order(r, &o);
    rig_expect(r, 0, PB_SEND(ACCEPTED), NULL);
    rig_redis_flush(r);
    rig_redis_wait(r, "since");
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}
