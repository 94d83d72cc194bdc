/* smpp_flight.h - one notice on its way through SMPP: its parts and what the SMSC said of each. No I/O.
 * The notice is one: ACCEPTED when every part was taken. A part that the SMSC did not take for now goes again by itself
 * once another part is taken, so that no part is sent twice. */
#ifndef CLINIC_NOTIFICATION_SMPP_FLIGHT_H
#define CLINIC_NOTIFICATION_SMPP_FLIGHT_H
#include "lane.h"
#include "sms_text.h"

enum part_state { PART_WAITING, PART_SENT, PART_TAKEN, PART_REFUSED, PART_LOST };

struct flight_part {
    enum part_state state;
    uint32_t seq;
    int64_t sent_ms;    /* steady clock */
    uint32_t status;    /* of the last answer */
    int throttled_n;
};
struct flight {
    struct flight *next;
    struct job *job;
    char to[16], from[24];
    struct sms sms;
    struct flight_part parts[SMS_PARTS_MAX];
    char message_id[66]; /* of the first part taken */
};

bool smpp_status_is_temporary(uint32_t status);
struct flight_part *flight_waiting(struct flight *f);                 /* next part to send, NULL = none for now */
struct flight_part *flight_sent(struct flight *f, uint32_t seq);      /* part on its way under seq, NULL = not of this one */
void flight_answered(struct flight *f, struct flight_part *p, uint32_t status, const char *message_id);
void flight_lost(struct flight *f, struct flight_part *p);            /* no answer will come */
/* True: nothing more can happen; *ret is the outcome. */
bool flight_done(const struct flight *f, struct outcome *ret);
/* The session ends. */
struct outcome flight_cut(const struct flight *f);
#endif
