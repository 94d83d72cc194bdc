#include "smpp_flight.h"
#include <stdio.h>
#include "smpp_pdu.h"

#define THROTTLED_MAX 60 /* times that one part of a notice half taken goes again */

bool smpp_status_is_temporary(uint32_t status)
{
    return status == SMPP_THROTTLED || status == SMPP_QUEUE_FULL || status == SMPP_SYSTEM_ERROR || status == SMPP_TRY_LATER;
}

static size_t count(const struct flight *f, enum part_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < f->sms.parts_n; i++)
        n += f->parts[i].state == state;
    return n;
}

struct flight_part *flight_waiting(struct flight *f)
{
    if (count(f, PART_REFUSED) || count(f, PART_LOST))
        return NULL; /* it cannot become whole any more */
    for (size_t i = 0; i < f->sms.parts_n; i++)
        if (f->parts[i].state == PART_WAITING)
            return &f->parts[i];
    return NULL;
}

struct flight_part *flight_sent(struct flight *f, uint32_t seq)
{
    for (size_t i = 0; i < f->sms.parts_n; i++)
        if (f->parts[i].state == PART_SENT && f->parts[i].seq == seq)
            return &f->parts[i];
    return NULL;
}

void flight_answered(struct flight *f, struct flight_part *p, uint32_t status, const char *message_id)
{
    p->status = status;
    if (status == SMPP_OK) {
        p->state = PART_TAKEN;
        if (!*f->message_id)
            snprintf(f->message_id, sizeof f->message_id, "%s", message_id);
    } else if (smpp_status_is_temporary(status) && ++p->throttled_n < THROTTLED_MAX) {
        p->state = PART_WAITING;
    } else {
        p->state = PART_REFUSED;
    }
}

void flight_lost(struct flight *f, struct flight_part *p)
{
    (void)f;
    p->state = PART_LOST;
}

static const struct flight_part *throttled(const struct flight *f)
{
    for (size_t i = 0; i < f->sms.parts_n; i++)
        if (f->parts[i].state == PART_WAITING && f->parts[i].throttled_n > 0)
            return &f->parts[i];
    return NULL;
}

static struct outcome smpp_refused(PB(SendResult) result, uint32_t status)
{
    char cause[24];
    snprintf(cause, sizeof cause, "smpp_0x%02x", status);
    return outcome_of(result, cause);
}

static struct outcome refusal(const struct flight *f)
{
    for (size_t i = 0; i < f->sms.parts_n; i++)
        if (f->parts[i].state == PART_REFUSED)
            return smpp_refused(PB_SEND(REJECTED), f->parts[i].status);
    return outcome_of(PB_SEND(REJECTED), "smpp");
}

bool flight_done(const struct flight *f, struct outcome *ret)
{
    if (count(f, PART_SENT))
        return false;
    if (count(f, PART_LOST)) {
        *ret = outcome_of(PB_SEND(UNKNOWN), "smpp_answer_lost");
    } else if (count(f, PART_REFUSED)) {
        *ret = refusal(f);
    } else if (count(f, PART_TAKEN) == f->sms.parts_n) {
        *ret = outcome_of(PB_SEND(ACCEPTED), "");
        snprintf(ret->provider_id, sizeof ret->provider_id, "%s", f->message_id);
    } else if (throttled(f) && !count(f, PART_TAKEN)) {
        *ret = smpp_refused(PB_SEND(RETRY), throttled(f)->status);
    } else {
        return false;
    }
    return true;
}

struct outcome flight_cut(const struct flight *f)
{
    bool touched = count(f, PART_SENT) || count(f, PART_TAKEN) || count(f, PART_LOST);
    return touched ? outcome_of(PB_SEND(UNKNOWN), "smpp_answer_lost") : outcome_of(PB_SEND(RETRY), "smpp_session_ended");
}
