#include "runtime/admin.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/log.h"
#include "base/metric.h"

struct admin {
    struct MHD_Daemon *daemon;
    struct admin_probes probes;
    int port;
};

static enum MHD_Result respond(struct MHD_Connection *c, unsigned status, const char *type, char *body, size_t n,
                               enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(n, body, mode);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    enum MHD_Result ok = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *text)
{
    return respond(c, status, "text/plain", (char *)(uintptr_t)text, strlen(text), MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_n, void **state)
{
    const struct admin *a = cls;
    (void)version, (void)upload, (void)upload_n, (void)state;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    if (strcmp(url, "/healthz") == 0)
        return a->probes.healthy(a->probes.ctx) ? say(c, 200, "ok\n") : say(c, 503, "the loop stands still\n");
    if (strcmp(url, "/readyz") == 0)
        return a->probes.ready(a->probes.ctx) ? say(c, 200, "ready\n") : say(c, 503, "not ready\n");
    if (strcmp(url, "/metrics") == 0) {
        size_t n;
        char *text = metric_render(&n);
        return respond(c, 200, "text/plain; version=0.0.4", text, n, MHD_RESPMEM_MUST_FREE);
    }
    return say(c, MHD_HTTP_NOT_FOUND, "/metrics, /healthz, /readyz\n");
}

static bool address(const char *listen, struct sockaddr_in *ret)
{
    char host[64];
    const char *colon = strrchr(listen, ':');
    char *end;
    if (!colon || (size_t)(colon - listen) >= sizeof host)
        return false;
    memcpy(host, listen, (size_t)(colon - listen));
    host[colon - listen] = '\0';
    long port = strtol(colon + 1, &end, 10);
    if (end == colon + 1 || *end || port < 0 || port > 65535)
        return false;
    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &ret->sin_addr) == 1;
}

static int port_of(struct MHD_Daemon *d)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static bool write_port(const char *path, int port, struct err *e)
{
    FILE *f = *path ? fopen(path, "we") : NULL;
    if (!*path)
        return true;
    bool ok = f && fprintf(f, "%d\n", port) > 0;
    if (f && fclose(f) != 0)
        ok = false;
    return ok || err_set(e, ERR_FATAL, "ADMIN-LISTEN", "admin.port_file: cannot write %s", path);
}

bool admin_open(const char *listen, const char *port_file, const struct admin_probes *probes, struct admin **ret,
                struct err *e)
{
    struct sockaddr_in to;
    if (!address(listen, &to))
        return err_set(e, ERR_FATAL, "ADMIN-LISTEN", "admin.listen: %s is not HOST:PORT", listen);
    struct admin *a = calloc(1, sizeof *a);
    must(a);
    a->probes = *probes;
    a->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, ntohs(to.sin_port), NULL, NULL, answer, a,
                                 MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&to, MHD_OPTION_CONNECTION_LIMIT, 16u,
                                 MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)8192,
                                 MHD_OPTION_THREAD_STACK_SIZE, (size_t)131072, MHD_OPTION_END);
    if (!a->daemon) {
        free(a);
        return err_set(e, ERR_FATAL, "ADMIN-LISTEN", "admin.listen: cannot listen on %s (port in use?)", listen);
    }
    a->port = port_of(a->daemon);
    if (!write_port(port_file, a->port, e)) {
        admin_close(a);
        return false;
    }
    log_line(LOG_INFO, "ADMIN-LISTEN", "admin door open", "port", log_i64(a->port), NULL);
    *ret = a;
    return true;
}

int admin_port(const struct admin *a) { return a->port; }

void admin_close(struct admin *a)
{
    if (!a)
        return;
    MHD_stop_daemon(a->daemon);
    free(a);
}
