#include "http.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "answer.h"

#define DRAIN_MAX_BYTES (1u << 20) /* a refused body is read up to here, so that the client sees the refusal */

struct gw_http {
    struct gw *gw;
    struct MHD_Daemon *daemon;
    int port;
    atomic_bool is_closing;
    atomic_ullong serial;       /* of requests, for trace ids */
    pthread_mutex_t lock;
    pthread_cond_t idle;
    size_t open_n, with_workers_n; /* requests */
};

/* A request and what only this file needs of it. */
struct http_req {
    struct gw_req base; /* first */
    struct gw_http *http;
    size_t received_bytes, reserved_bytes;
};

static const char *get_value(const struct gw_req *r, enum gw_part part, const char *name)
{
    return MHD_lookup_connection_value(r->conn, part == GW_QUERY ? MHD_GET_ARGUMENT_KIND : MHD_HEADER_KIND, name);
}

static void count_requests(struct gw_http *h, int open, int with_workers)
{
    pthread_mutex_lock(&h->lock);
    h->open_n += (size_t)open;
    h->with_workers_n += (size_t)with_workers;
    if (h->open_n == 0 || h->with_workers_n == 0)
        pthread_cond_broadcast(&h->idle);
    pthread_mutex_unlock(&h->lock);
}

/* The caller's trace goes on; without one the request starts its own. */
static void set_trace(struct gw_http *h, struct gw_req *r)
{
    char seed[64];
    snprintf(seed, sizeof seed, "gateway-%d-%lld-%llu", (int)getpid(), (long long)h->gw->now_ms(),
             atomic_fetch_add(&h->serial, 1));
    ce_child_traceparent(gw_parent(r), seed, r->trace);
}

static void refuse_early(struct http_req *q, const char *allow, unsigned long long length)
{
    struct gw_req *r = &q->base;
    if (!r->route && !allow)
        gw_answer_problem(r, GW_PROBLEM_NOT_FOUND, NULL);
    else if (!r->route)
        gw_answer_problem(r, GW_PROBLEM_METHOD, NULL);
    else if (r->route->has_body && length > GW_BODY_MAX_BYTES)
        gw_answer_problem(r, GW_PROBLEM_TOO_LARGE, "Тело запроса не больше 65536 байт");
    r->answer.allow = allow;
}

static struct http_req *open_request(struct gw_http *h, struct MHD_Connection *c, const char *url, const char *method)
{
    struct http_req *q = calloc(1, sizeof *q);
    must(q != NULL);
    struct gw_req *r = &q->base;
    q->http = h;
    r->conn = c;
    r->get = get_value;
    r->started_ms = h->gw->tick_ms();
    const char *allow, *length = get_value(r, GW_HEADER, "Content-Length");
    r->route = gw_route_find(method, url, r->id, &allow);
    r->path = r->route ? url : NULL; /* an unknown path is not repeated: anything may be in it */
    set_trace(h, r);
    refuse_early(q, allow, length ? strtoull(length, NULL, 10) : 0);
    count_requests(h, 1, 0);
    return q;
}

/* False: the client goes on sending what was refused long ago. */
static bool take_body(struct http_req *q, const char *p, size_t n)
{
    struct gw_req *r = &q->base;
    q->received_bytes += n;
    if (q->received_bytes > GW_BODY_MAX_BYTES)
        r->body_too_large = true;
    if (r->answer.status || r->body_too_large)
        return q->received_bytes <= DRAIN_MAX_BYTES;
    if (r->body_n + n + 1 > q->reserved_bytes) {
        q->reserved_bytes = (r->body_n + n + 1) * 2;
        r->body = realloc(r->body, q->reserved_bytes);
        must(r->body != NULL);
    }
    memcpy(r->body + r->body_n, p, n);
    r->body_n += n;
    r->body[r->body_n] = '\0';
    return true;
}

static enum MHD_Result write_answer(struct http_req *q)
{
    struct gw_answer *a = &q->base.answer;
    struct MHD_Response *m = MHD_create_response_from_buffer(strlen(a->body), a->body, MHD_RESPMEM_MUST_FREE);
    must(m != NULL);
    a->body = NULL;
    char retry[16];
    snprintf(retry, sizeof retry, "%d", a->retry_after_s);
    MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, a->content_type);
    MHD_add_response_header(m, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (a->location[0])
        MHD_add_response_header(m, MHD_HTTP_HEADER_LOCATION, a->location);
    if (a->retry_after_s)
        MHD_add_response_header(m, MHD_HTTP_HEADER_RETRY_AFTER, retry);
    if (a->allow)
        MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, a->allow);
    if (a->replayed)
        MHD_add_response_header(m, "Idempotency-Replayed", "true");
    if (atomic_load(&q->http->is_closing))
        MHD_add_response_header(m, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result ok = MHD_queue_response(q->base.conn, (unsigned)a->status, m);
    MHD_destroy_response(m);
    return ok;
}

/* What can be said before any work: size and type of the body. */
static void check_body(struct gw_req *r)
{
    if (r->body_too_large)
        gw_answer_problem(r, GW_PROBLEM_TOO_LARGE, "Тело запроса не больше 65536 байт");
    else if (r->route->has_body && r->body_n > 0 && !gw_type_allowed(r->route, get_value(r, GW_HEADER, "Content-Type")))
        gw_answer_problem(r, GW_PROBLEM_MEDIA_TYPE, r->route->types);
}

static enum MHD_Result hand_over(struct http_req *q)
{
    struct gw_req *r = &q->base;
    struct gw *gw = q->http->gw;
    r->handed_over = true;
    count_requests(q->http, 0, 1);
    MHD_suspend_connection(r->conn); /* before a worker can resume it */
    if (!gw_pool_push(gw->pool, r)) {
        gw_answer_later(gw, r, GW_PROBLEM_BUSY, NULL);
        gw_finish(gw, r);
    }
    return MHD_YES;
}

void gw_http_finished(struct gw_req *r)
{
    struct http_req *q = (struct http_req *)r;
    struct gw_http *h = q->http;
    MHD_resume_connection(r->conn); /* the request may be gone after this line */
    count_requests(h, 0, -1);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **state)
{
    (void)version;
    struct http_req *q = *state;
    if (!q) {
        *state = q = open_request(cls, c, url, method);
        const char *length = get_value(&q->base, GW_HEADER, "Content-Length");
        bool endless = length && strtoull(length, NULL, 10) > DRAIN_MAX_BYTES;
        if (!q->base.answer.status || !endless)
            return MHD_YES;
    } else if (*upload_n > 0) {
        bool goes_on = take_body(q, upload, *upload_n);
        *upload_n = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (q->base.handed_over)
        return write_answer(q);
    if (!q->base.answer.status)
        check_body(&q->base);
    if (!q->base.answer.status)
        return hand_over(q);
    gw_count(q->http->gw, &q->base);
    return write_answer(q);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    (void)c;
    (void)why;
    struct http_req *q = *state;
    if (!q)
        return;
    *state = NULL;
    gw_req_fini(&q->base);
    free(q);
    count_requests(cls, -1, 0);
}

/* MHD's own messages may quote requests, so they are not passed on. */
static void drop_message(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    (void)fmt;
    (void)ap;
}

static bool parse_listen(const char *text, struct addrinfo **ret, struct err *e)
{
    char host[128];
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof host)
        return err_set(e, ERR_FATAL, "HTTP-LISTEN", "http.listen: must be host:port");
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    int rc = getaddrinfo(host, colon + 1, &hints, ret);
    if (rc != 0)
        return err_set(e, ERR_FATAL, "HTTP-LISTEN", "http.listen: %s", gai_strerror(rc));
    return true;
}

static struct MHD_Daemon *start_daemon(struct gw_http *h, const struct gw_http_conf *c, const struct sockaddr *addr)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (addr->sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    /* A pool of one is refused by the library: one thread is what it has without a pool. */
    unsigned pool = c->threads > 1 ? c->threads : 0;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, drop_message, NULL,
                            MHD_OPTION_SOCK_ADDR, addr, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
                            MHD_OPTION_CONNECTION_LIMIT, c->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            c->per_address, MHD_OPTION_CONNECTION_TIMEOUT, c->idle_s, MHD_OPTION_THREAD_POOL_SIZE, pool,
                            MHD_OPTION_END);
}

bool gw_http_open(struct gw *gw, const struct gw_http_conf *c, struct gw_http **ret, struct err *e)
{
    struct addrinfo *addr = NULL;
    if (!parse_listen(c->listen, &addr, e))
        return false;
    struct gw_http *h = calloc(1, sizeof *h);
    must(h != NULL);
    h->gw = gw;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    must(addr != NULL);
    h->daemon = start_daemon(h, c, addr->ai_addr);
    freeaddrinfo(addr);
    if (!h->daemon) {
        free(h);
        return err_set(e, ERR_FATAL, "HTTP-LISTEN", "http.listen: cannot listen on %s", c->listen);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
    h->port = info ? info->port : 0;
    *ret = h;
    return true;
}

int gw_http_port(const struct gw_http *h) { return h->port; }

void gw_http_close(struct gw_http *h, int wait_ms)
{
    if (!h)
        return;
    atomic_store(&h->is_closing, true);
    MHD_socket listening = MHD_quiesce_daemon(h->daemon);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    pthread_mutex_lock(&h->lock);
    while (h->open_n > 0 && pthread_cond_timedwait(&h->idle, &h->lock, &until) == 0)
        ;
    while (h->with_workers_n > 0) /* bounded by publish_ms and the store's own time-outs */
        pthread_cond_wait(&h->idle, &h->lock);
    pthread_mutex_unlock(&h->lock);
    MHD_stop_daemon(h->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    pthread_cond_destroy(&h->idle);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
