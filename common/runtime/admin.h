/* admin.h - the operator's door of a process: GET /metrics, /healthz, /readyz. libmicrohttpd, a thread of its own.
 * Threads: probes are called on that thread. */
#ifndef CLINIC_ADMIN_H
#define CLINIC_ADMIN_H
#include "base/err.h"

struct admin;
struct admin_probes {
    bool (*healthy)(void *ctx); /* the loop turns; not: the servers are up */
    bool (*ready)(void *ctx);   /* work is taken */
    void *ctx;
};
/* listen: "host:port", IPv4; port 0 = any free one. Logs ADMIN-LISTEN with the port; port_file ("" = none) gets it too.
 * gives. ERR_FATAL ADMIN-LISTEN. */
bool admin_open(const char *listen, const char *port_file, const struct admin_probes *probes, struct admin **ret,
                struct err *e) MUST_CHECK;
int admin_port(const struct admin *a);
void admin_close(struct admin *a); /* NULL is fine */
#endif
