/* smpp_pdu.h - PDUs of SMPP 3.4 to bytes and back, by libsmpp34. No I/O.
 * The library reads beyond a PDU that lacks its closing zero byte (CVE-2026-75895, fixed in Debian 12, not in 13): every
 * PDU is unpacked from a copy that ends in zeros. The library keeps its error text in globals: one thread at a time. */
#ifndef CLINIC_NOTIFICATION_SMPP_PDU_H
#define CLINIC_NOTIFICATION_SMPP_PDU_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMPP_PDU_MAX 4096 /* longer ones end the session */

enum smpp_command {
    SMPP_NACK = 0x80000000,
    SMPP_BIND = 0x00000009,
    SMPP_BIND_RESP = 0x80000009,
    SMPP_SUBMIT = 0x00000004,
    SMPP_SUBMIT_RESP = 0x80000004,
    SMPP_DELIVER = 0x00000005,
    SMPP_DELIVER_RESP = 0x80000005,
    SMPP_UNBIND = 0x00000006,
    SMPP_UNBIND_RESP = 0x80000006,
    SMPP_ENQUIRE = 0x00000015,
    SMPP_ENQUIRE_RESP = 0x80000015,
};
enum smpp_status {
    SMPP_OK = 0,
    SMPP_INVALID_COMMAND = 0x03,
    SMPP_SYSTEM_ERROR = 0x08,
    SMPP_QUEUE_FULL = 0x14,
    SMPP_THROTTLED = 0x58,
    SMPP_TRY_LATER = 0x64,
};

/* A PDU received. */
struct smpp_pdu {
    uint32_t command, status, seq;
    char message_id[66];   /* SUBMIT_RESP; DELIVER: receipted_message_id when given */
    uint8_t esm_class;     /* DELIVER */
    uint8_t message_state; /* DELIVER: 0 = not given */
    char text[256];        /* DELIVER: short_message as it is, zero-terminated */
};

/* Bytes of the first PDU of a buffer: 0 = not all there yet, -1 = not SMPP, or too long. */
int smpp_frame(const uint8_t *p, size_t n);
/* False: broken. A command that is not of the list above decodes to its header. */
bool smpp_decode(const uint8_t *p, size_t n, struct smpp_pdu *ret);

struct smpp_bind {
    const char *system_id, *password, *system_type;
};
struct smpp_submit {
    const char *from, *to;  /* to: +7XXXXXXXXXX */
    bool ucs2, udh;
    const uint8_t *octets;
    size_t n;
};
/* Bytes written to out (SMPP_PDU_MAX), 0 = does not fit the protocol's fields. */
size_t smpp_encode_bind(uint8_t *out, uint32_t seq, const struct smpp_bind *b);
size_t smpp_encode_submit(uint8_t *out, uint32_t seq, const struct smpp_submit *s);
size_t smpp_encode_deliver_resp(uint8_t *out, uint32_t seq, uint32_t status);
size_t smpp_encode_simple(uint8_t *out, enum smpp_command command, uint32_t seq, uint32_t status);

/* A delivery receipt. False: the PDU is none, or tells nothing final. */
struct smpp_receipt {
    char message_id[66];
    char state[16]; /* DELIVRD, UNDELIV, EXPIRED, REJECTD, DELETED, ... */
    bool delivered;
};
bool smpp_receipt(const struct smpp_pdu *pdu, struct smpp_receipt *ret);
/* The same id as another SMSC habit writes it: decimal for hexadecimal and the reverse. False: there is none. */
bool smpp_other_id(const char *id, int which, char ret[66]);
#endif
