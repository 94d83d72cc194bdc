/* rig.h - the sender of notification on real parts: a Redis of its own, an SMTP server, an SMSC or an HTTP provider, each
 * a process on loopback with its state in a folder of the test. Orders go in as the runtime would hand them over, reports
 * come out. Threads: the test's; reports arrive on the sender's. */
#ifndef CLINIC_TESTS_SENDERS_RIG_H
#define CLINIC_TESTS_SENDERS_RIG_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "milestones.h"
#include "wire/ce.h"
#include "wire/wire.h"

#define WAIT_MS 20000 /* deadline of every wait */

struct rig;
/* sink: "smtp", "smsc" or "http". options: name, value pairs ended by NULL, over those that reach the sink. */
struct rig *rig_new(const char *sink, const char *const *options);
void rig_free(struct rig *r);
/* A fault for the sink to play; see its head. */
void rig_mode(struct rig *r, const char *mode);
void rig_sink_kill(struct rig *r);
void rig_sink_start(struct rig *r);           /* again, on the same port */
void rig_redis_flush(struct rig *r);
void rig_redis_save(struct rig *r);           /* a snapshot, */
void rig_redis_go_back(struct rig *r);        /* and a new server that begins with it */
struct rig_order {
    const char *application; /* UUID */
    const char *milestone;
    PB(Channel) channel;
    uint32_t attempt;
    bool again;
    int64_t ordered_ms_ago;  /* as the notice says */
    int64_t begun_ms_ago;    /* the process stood still for so long between the commit and the order's coming */
    const char *to;          /* phone or e-mail */
    const char *reference;   /* the portal's number: shows in every text */
    int64_t expires_in_ms;   /* as the notice says; 0 = never */
    const char *trace;       /* ce_trace_text; NULL = none */
};
/* Another process holds the claim of an order. */
void rig_claim_elsewhere(struct rig *r, const struct rig_order *o);
/* How often Redis was asked for a claim or to keep a value, and: until it was so often. */
int rig_claims(struct rig *r);
void rig_claims_wait(struct rig *r, int n);
/* Until Redis holds a key whose name contains text. */
void rig_redis_wait(struct rig *r, const char *text);
/* The sender dies with what it holds, another process begins: the same sinks, another claim token. */
void rig_restart_sender(struct rig *r);

void rig_order(struct rig *r, const struct rig_order *o);
/* The first attempt of N-06 for application "12-345", by SMS or by letter. */
struct rig_order rig_sms(const char *application);
struct rig_order rig_letter(const char *application);
#define RIG_APP "8e03978e-40d5-43e8-bc93-6894a57f932" /* an application's id but for its last digit */

struct rig_report {
    enum event_id type;
    char application[40], cause[64], provider_id[80];
    uint32_t attempt;
    PB(SendResult) result;
    bool delivered;          /* of a receipt */
    char trace[CE_TRACE_BYTES]; /* that it was reported under */
};
/* Waits for the n-th report (from 0) since the rig was made. */
struct rig_report rig_report(struct rig *r, size_t n);
size_t rig_reports(struct rig *r);
/* The n-th report says this; cause NULL = any. */
void rig_expect(struct rig *r, size_t n, PB(SendResult) result, const char *cause);
/* Lines of the sink's log that contain text; waits until there are at least n, then tells how many there are. */
size_t rig_logged(struct rig *r, const char *text, size_t at_least);
/* Until the sink has written a file of its folder. */
void rig_wait_for(struct rig *r, const char *file);
const struct conf *rig_conf(struct rig *r);
/* A field of the last line of the log, decoded; the test frees it. */
char *rig_field(struct rig *r, const char *name);

/* --- what every provider is put through --- */
/* n applications at once: all are taken, and the sink's log has each, by this text. */
void rig_many(struct rig *r, struct rig_order o, int n, const char *text);
/* The sink takes the message and answers nothing under this mode: unknown, and never sent again. */
void rig_lose_answer(struct rig *r, struct rig_order o, const char *mode, const char *text);
/* The sink is away when the order comes: it is kept, and no attempt is used up. */
void rig_outage(struct rig *r, struct rig_order o);
/* Claims are lost while there is nothing to send: it is noticed, and noted for those that look later. */
void rig_lose_claims(struct rig *r, struct rig_order o);
int rig_teardown(void **state); /* *state is a rig */
#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)
#endif
