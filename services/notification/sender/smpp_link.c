#include "smpp_link.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool wait_for(int fd, short events, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, timeout_ms) == 1;
}

/* Descriptor of a connection, or -1. */
static int try_address(const struct addrinfo *a, int timeout_ms)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol), error = 0, one = 1;
    socklen_t len = sizeof error;
    if (fd < 0)
        return -1;
    bool ok = connect(fd, a->ai_addr, a->ai_addrlen) == 0 || (errno == EINPROGRESS && wait_for(fd, POLLOUT, timeout_ms));
    if (!ok || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

bool link_open(struct smpp_link *l, const char *host, int port, int timeout_ms, struct err *e)
{
    struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    l->fd = -1;
    l->in_n = 0;
    if (getaddrinfo(host, service, &want, &found) != 0)
        return err_set(e, ERR_RETRY, "SMPP-HOST", "%s: unknown host", host);
    for (struct addrinfo *a = found; a && l->fd < 0; a = a->ai_next)
        l->fd = try_address(a, timeout_ms);
    freeaddrinfo(found);
    return l->fd >= 0 || err_set(e, ERR_RETRY, "SMPP-CONNECT", "%s:%d cannot be reached", host, port);
}

void link_close(struct smpp_link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

bool link_send(struct smpp_link *l, const uint8_t *p, size_t n, int timeout_ms, struct err *e)
{
    while (n > 0) {
        ssize_t done = send(l->fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && (errno != EAGAIN || !wait_for(l->fd, POLLOUT, timeout_ms)))
            return err_set(e, ERR_UNKNOWN, "SMPP-LOST", "the connection broke while sending");
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

bool link_receive(struct smpp_link *l, struct err *e)
{
    ssize_t n = recv(l->fd, l->in + l->in_n, sizeof l->in - l->in_n, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return err_set(e, ERR_RETRY, "SMPP-LOST", "the SMSC closed the connection");
    l->in_n += (size_t)n;
    return true;
}

int link_next(struct smpp_link *l, struct smpp_pdu *ret)
{
    int len = smpp_frame(l->in, l->in_n);
    if (len <= 0)
        return len;
    bool ok = smpp_decode(l->in, (size_t)len, ret);
    l->in_n -= (size_t)len;
    memmove(l->in, l->in + len, l->in_n);
    return ok ? 1 : -1;
}
