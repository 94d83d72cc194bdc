/* smpp_link.h - a TCP connection that carries PDUs. Confined to one thread. */
#ifndef CLINIC_NOTIFICATION_SMPP_LINK_H
#define CLINIC_NOTIFICATION_SMPP_LINK_H
#include "base/err.h"
#include "smpp_pdu.h"

struct smpp_link {
    int fd; /* -1 = closed */
    uint8_t in[2 * SMPP_PDU_MAX];
    size_t in_n;
};
bool link_open(struct smpp_link *l, const char *host, int port, int timeout_ms, struct err *e) MUST_CHECK;
void link_close(struct smpp_link *l);
/* Blocks up to timeout_ms. ERR_UNKNOWN: some of the bytes may have left. */
bool link_send(struct smpp_link *l, const uint8_t *p, size_t n, int timeout_ms, struct err *e) MUST_CHECK;
/* Takes what has arrived, without waiting. ERR_RETRY: the connection is gone. */
bool link_receive(struct smpp_link *l, struct err *e) MUST_CHECK;
/* Next whole PDU: 1 = in *ret, 0 = none, -1 = what came is not SMPP. */
int link_next(struct smpp_link *l, struct smpp_pdu *ret);
#endif
