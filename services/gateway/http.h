/* http.h - the HTTP side of the gateway on libmicrohttpd: reads requests, hands them to the workers with the connection
 * suspended, writes the answers.
 * Threads:   its own (epoll, one loop per thread). gw_http_finished() from any thread. */
#ifndef CLINIC_GATEWAY_HTTP_H
#define CLINIC_GATEWAY_HTTP_H
#include "gateway.h"

struct gw_http;
struct gw_http_conf {
    const char *listen;      /* host:port, numeric; port 0 = any free one */
    unsigned threads;
    unsigned connections;    /* over all threads */
    unsigned per_address;    /* connections of one peer address; 0 = no limit (behind a proxy) */
    unsigned idle_s;         /* a silent connection is closed */
};
bool gw_http_open(struct gw *gw, const struct gw_http_conf *c, struct gw_http **ret, struct err *e) MUST_CHECK; /* gives */
int gw_http_port(const struct gw_http *h);
void gw_http_finished(struct gw_req *r); /* gw->finished */
/* Take no new connections, let requests under way end (wait_ms for slow clients; those with the workers always), stop. */
void gw_http_close(struct gw_http *h, int wait_ms); /* NULL is fine */
#endif
