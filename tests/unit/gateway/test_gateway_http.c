/* The HTTP side over real sockets: limits, refusals, waiting for the broker without a thread, draining. */
#include "fixture.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include "services/gateway/http.h"

#define DEADLINE_MS 10000
#define BODY                                                                                                         \
    "{\"source\":\"MOSRU\",\"external_ref\":\"12-345\",\"kind\":\"CHANGE\",\"profile\":\"ADULT_THERAPEUTIC\"," \
    "\"region\":\"RU-MOW\",\"clinic_id\":\"770001\",\"personal\":{\"surname\":\"Примеров\",\"name\":\"Пётр\","   \
    "\"birth_date\":\"1984-03-05\",\"policy_number\":\"9956510844000011\"}}"
#define ID "8ca1d0e4-5cf1-5d62-8e0e-6d4f0b1c7a11"

struct door {
    struct fixture *f;
    struct gw_http *http;
    struct fake_store stores[3];
    pthread_mutex_t lock;
    pthread_cond_t sent_more;
};

static struct door *the_door;

/* The fake log, told to the test's thread. */
static bool door_send(void *ctx, const struct bus_out *o, pub_done *done, void *done_ctx, struct err *e)
{
    struct door *d = the_door;
    pthread_mutex_lock(&d->lock);
    bool ok = fake_send(ctx, o, done, done_ctx, e);
    pthread_cond_broadcast(&d->sent_more);
    pthread_mutex_unlock(&d->lock);
    return ok;
}

static void open_worker(struct gw_worker *w, void *ctx)
{
    struct door *d = ctx;
    w->intake = &d->stores[0].base;
    w->attachment = &d->stores[1].base;
    w->capacity = &d->stores[2].base;
}

static void close_worker(struct gw_worker *w, void *ctx)
{
    (void)w;
    (void)ctx;
}

static int door_setup(void **state, size_t queue_max)
{
    struct door *d = calloc(1, sizeof *d);
    struct err e;
    fixture_setup((void **)&d->f);
    struct gw *gw = &d->f->gw;
    for (int i = 0; i < 3; i++) {
        d->stores[i].base.ops = &fake_store_ops;
        d->stores[i].mark = d->f->log.end;
    }
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->sent_more, NULL);
    the_door = d;
    gw->log.send = door_send;
    gw->finished = gw_http_finished;
    gw->again = gw_pool_push_after;
    gw->pool = gw_pool_new(gw, 1, queue_max, open_worker, close_worker, d); /* one: the fakes have no locks */
    struct gw_http_conf c = {.listen = "127.0.0.1:0", .threads = 2, .connections = 100, .idle_s = 30};
    if (!gw_http_open(gw, &c, &d->http, &e))
        fail_msg("%s", e.text);
    *state = d;
    return 0;
}

static int setup(void **state) { return door_setup(state, 100); }
static int setup_full(void **state) { return door_setup(state, 0); }

static int teardown(void **state)
{
    struct door *d = *state;
    gw_http_close(d->http, 1000);
    gw_pool_free(d->f->gw.pool);
    fixture_teardown((void **)&d->f);
    free(d);
    return 0;
}

/* --- a client --- */

static int dial(struct door *d)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)gw_http_port(d->http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, text, n, MSG_NOSIGNAL);
        assert_true(done > 0);
        text += done;
        n -= (size_t)done;
    }
}

/* One answer: status line, headers and the body its Content-Length tells. */
static const char *hear(int fd)
{
    static char text[65536];
    size_t n = 0;
    for (;;) {
        text[n] = '\0';
        char *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
        if (body && length && n >= (size_t)(body + 4 - text) + strtoul(length + 15, NULL, 10))
            return text;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
    }
}

static int status_of(const char *answer) { return atoi(answer + strlen("HTTP/1.1 ")); }

static bool has_header(const char *answer, const char *header)
{
    const char *at = strcasestr(answer, header), *end = strstr(answer, "\r\n\r\n");
    return at && at < end;
}

static char *request(const char *method, const char *path, const char *headers, const char *body)
{
    char *text = malloc(strlen(body) + 1024);
    sprintf(text, "%s %s HTTP/1.1\r\nHost: gateway\r\n%sContent-Length: %zu\r\n\r\n%s", method, path, headers, strlen(body),
            body);
    return text;
}

static void tell(int fd, const char *method, const char *path, const char *headers, const char *body)
{
    char *text = request(method, path, headers, body);
    say(fd, text, strlen(text));
    free(text);
}

static int ask_status(struct door *d, const char *method, const char *path, const char *headers, const char *body)
{
    int fd = dial(d);
    tell(fd, method, path, headers, body);
    int status = status_of(hear(fd));
    close(fd);
    return status;
}

#define JSON "Content-Type: application/json\r\n"
#define POST(body) "POST", "/v1/applications", JSON, body

/* --- tests --- */

static void test_accepted(void **state)
{
    struct door *d = *state;
    int fd = dial(d);
    tell(fd, POST(BODY));
    const char *a = hear(fd);
    assert_int_equal(status_of(a), 202);
    assert_true(has_header(a, "Content-Type: application/json"));
    assert_true(has_header(a, "Location: /v1/applications/"));
    assert_true(has_header(a, "Cache-Control: no-store"));
    close(fd);
}

static void test_one_connection_many_requests(void **state)
{
    struct door *d = *state;
    int fd = dial(d);
    for (int i = 0; i < 3; i++) {
        tell(fd, POST(BODY));
        assert_int_equal(status_of(hear(fd)), 202);
        tell(fd, "GET", "/v1/applications/" ID, "", "");
        assert_int_equal(status_of(hear(fd)), 404);
        tell(fd, POST("{"));
        assert_int_equal(status_of(hear(fd)), 400);
    }
    close(fd);
}

static void test_body_in_pieces(void **state)
{
    struct door *d = *state;
    int fd = dial(d);
    char *text = request(POST(BODY));
    for (const char *p = text; *p; p++)
        say(fd, p, 1);
    assert_int_equal(status_of(hear(fd)), 202);
    free(text);
    close(fd);
}

static void test_refused_before_any_work(void **state)
{
    static const struct {
        const char *method, *path, *headers, *body;
        int status;
    } rows[] = {
        {"GET", "/", "", "", 404},
        {"GET", "/v1/applications/123", "", "", 404},
        {"GET", "/v1/applications", "", "", 405},
        {"DELETE", "/v1/applications/" ID, "", "", 405},
        {"PUT", "/v1/clinics", "", "", 405},
        {"POST", "/v1/applications", "Content-Type: text/plain\r\n", BODY, 415},
        {"POST", "/v1/applications", "", BODY, 415},
        {"POST", "/v1/attachments/lookup", "Content-Type: application/protobuf\r\n", "{}", 415},
        {"POST", "/v1/applications", JSON, "", 400},
    };
    struct door *d = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(ask_status(d, rows[i].method, rows[i].path, rows[i].headers, rows[i].body), rows[i].status);
    assert_int_equal(d->f->log.sent, 0);
    int fd = dial(d);
    tell(fd, "PUT", "/v1/clinics", "", "");
    assert_true(has_header(hear(fd), "Allow: GET"));
    close(fd);
}

/* An unknown path may hold anything, even a policy number: it is not repeated. */
static void test_unknown_path_is_not_repeated(void **state)
{
    struct door *d = *state;
    int fd = dial(d);
    tell(fd, "GET", "/v1/policy/9956510844000011", "", "");
    const char *a = hear(fd);
    assert_int_equal(status_of(a), 404);
    assert_null(strstr(a, "9956510844000011"));
    close(fd);
}

static void test_too_large(void **state)
{
    struct door *d = *state;
    size_t n = GW_BODY_MAX_BYTES + 1;
    char *body = malloc(n + 1);
    memset(body, ' ', n);
    body[n] = '\0';
    assert_int_equal(ask_status(d, POST(body)), 413);
    body[n - 1] = '\0'; /* the largest one that is read */
    assert_int_equal(ask_status(d, POST(body)), 400);
    free(body);
    int fd = dial(d); /* gigabytes announced, not one byte sent */
    const char *text = "POST /v1/applications HTTP/1.1\r\nHost: g\r\n" JSON "Content-Length: 5000000000\r\n\r\n";
    say(fd, text, strlen(text));
    assert_int_equal(status_of(hear(fd)), 413);
    close(fd);
}

static void test_too_large_in_chunks(void **state)
{
    struct door *d = *state;
    const char *head = "POST /v1/applications HTTP/1.1\r\nHost: g\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n";
    char chunk[4096 + 16];
    int fd = dial(d), n = snprintf(chunk, sizeof chunk, "1000\r\n%4096s\r\n", "");
    say(fd, head, strlen(head));
    for (int i = 0; i < 20; i++)
        say(fd, chunk, (size_t)n);
    say(fd, "0\r\n\r\n", 5);
    assert_int_equal(status_of(hear(fd)), 413);
    close(fd);
}

static void wait_sent(struct door *d, size_t n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_MS / 1000;
    pthread_mutex_lock(&d->lock);
    while (d->f->log.sent < n)
        assert_int_equal(pthread_cond_timedwait(&d->sent_more, &d->lock, &until), 0);
    pthread_mutex_unlock(&d->lock);
}

/* A request that waits for the broker holds no thread: another one passes meanwhile. */
static void test_waiting_holds_no_thread(void **state)
{
    struct door *d = *state;
    d->f->log.holds = true;
    int waiting = dial(d);
    tell(waiting, POST(BODY));
    wait_sent(d, 1);
    assert_int_equal(ask_status(d, "GET", "/v1/applications/" ID, "", ""), 404);
    struct pollfd p = {.fd = waiting, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
    d->f->log.done(d->f->log.done_ctx, true);
    assert_int_equal(status_of(hear(waiting)), 202);
    close(waiting);
}

static void test_late_broker_is_503(void **state)
{
    struct door *d = *state;
    d->f->log.holds = true;
    int fd = dial(d);
    tell(fd, POST(BODY));
    wait_sent(d, 1);
    gw_waits_expire(&d->f->gw, fixture_tick() + 5000);
    const char *a = hear(fd);
    assert_int_equal(status_of(a), 503);
    assert_true(has_header(a, "Retry-After: 5"));
    d->f->log.done(d->f->log.done_ctx, true);
    close(fd);
}

static void test_client_that_leaves(void **state)
{
    struct door *d = *state;
    d->f->log.holds = true;
    int fd = dial(d);
    tell(fd, POST(BODY));
    wait_sent(d, 1);
    close(fd);
    d->f->log.done(d->f->log.done_ctx, true);
    assert_int_equal(ask_status(d, "GET", "/v1/applications/" ID, "", ""), 404); /* and life goes on */
}

static void test_queue_full(void **state)
{
    struct door *d = *state;
    int fd = dial(d);
    tell(fd, POST(BODY));
    const char *a = hear(fd);
    assert_int_equal(status_of(a), 503);
    assert_true(has_header(a, "Retry-After: 5"));
    close(fd);
}

static void *close_door(void *arg)
{
    struct door *d = arg;
    gw_http_close(d->http, DEADLINE_MS);
    d->http = NULL;
    return NULL;
}

/* Draining: who waits for the broker gets his answer. */
static void test_drain(void **state)
{
    struct door *d = *state;
    pthread_t closer;
    d->f->log.holds = true;
    int fd = dial(d);
    tell(fd, POST(BODY));
    wait_sent(d, 1);
    assert_int_equal(pthread_create(&closer, NULL, close_door, d), 0);
    d->f->log.done(d->f->log.done_ctx, true);
    assert_int_equal(status_of(hear(fd)), 202);
    close(fd);
    pthread_join(closer, NULL);
}

#define CROWD 60
static void test_crowd(void **state)
{
    struct door *d = *state;
    int fds[CROWD];
    for (int i = 0; i < CROWD; i++) {
        fds[i] = dial(d);
        tell(fds[i], POST(BODY));
    }
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(status_of(hear(fds[i])), 202);
        close(fds[i]);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_accepted),
        T(test_one_connection_many_requests),
        T(test_body_in_pieces),
        T(test_refused_before_any_work),
        T(test_unknown_path_is_not_repeated),
        T(test_too_large),
        T(test_too_large_in_chunks),
        T(test_waiting_holds_no_thread),
        T(test_late_broker_is_503),
        T(test_client_that_leaves),
        cmocka_unit_test_setup_teardown(test_queue_full, setup_full, teardown),
        T(test_drain),
        T(test_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
