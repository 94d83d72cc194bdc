#include "smpp_receipts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "wire/ce.h"

#define EARLY_MAX 256
#define EARLY_MS  60000

struct early {
    struct smpp_receipt receipt;
    int64_t until_ms; /* steady clock */
};
struct receipts {
    struct lane *lane;
    int64_t term_ms;
    struct early early[EARLY_MAX];
    size_t early_n;
};

/* What is kept under a message id: one line of fields, in this order. The trace, last as it has blanks of its own, is
 * absent when the order had none, and in lines of a sender that did not keep it yet. */
#define EXPECTED_BYTES (320 + CE_TRACE_BYTES)
struct expected {
    char application_id[40], milestone[8], person_ref[24], claim[96];
    unsigned part, parts_n;
    char trace[CE_TRACE_BYTES];
};
enum found { FOUND, ABSENT, NO_ANSWER };

struct receipts *receipts_new(struct lane *l, int64_t term_ms)
{
    struct receipts *r = calloc(1, sizeof *r);
    must(r);
    r->lane = l;
    r->term_ms = term_ms;
    return r;
}

void receipts_free(struct receipts *r) { free(r); }

void receipts_expect(struct receipts *r, const char *message_id, const struct job_ids *ids, size_t part, size_t parts_n)
{
    char name[80], value[EXPECTED_BYTES];
    struct err e;
    int n = snprintf(value, sizeof value, "%s %s %s %s %zu %zu %s", ids->application_id, ids->milestone,
                     ids->person_ref, ids->claim, part, parts_n, ids->trace);
    snprintf(name, sizeof name, "smsc/%s", message_id);
    if (*message_id && !claims_put(lane_claims(r->lane), name, bytes_of(value, (size_t)n), r->term_ms, &e))
        log_line(LOG_WARN, "NOTIFY-RECEIPT-NOT-EXPECTED", e.text, NULL); /* sent all the same; it stays SENT */
}

static enum found get(struct receipts *r, const char *name, char *ret, size_t max)
{
    struct bytes value;
    struct err e;
    if (!claims_get(lane_claims(r->lane), name, &value, &e))
        return NO_ANSWER;
    if (!value.p)
        return ABSENT;
    snprintf(ret, max, "%.*s", (int)value.n, (const char *)value.p);
    free((void *)value.p);
    return FOUND;
}

static enum found find_id(struct receipts *r, const char *id, struct expected *ret)
{
    char name[80], text[EXPECTED_BYTES];
    int at = 0;
    snprintf(name, sizeof name, "smsc/%s", id);
    enum found found = get(r, name, text, sizeof text);
    if (found != FOUND)
        return found;
    if (sscanf(text, "%39s %7s %23s %95s %u %u %n", ret->application_id, ret->milestone, ret->person_ref, ret->claim,
               &ret->part, &ret->parts_n, &at) < 6)
        return ABSENT;
    snprintf(ret->trace, sizeof ret->trace, "%s", at ? text + at : "");
    return FOUND;
}

/* Some SMSCs answer a submit in hexadecimal and send the receipt in decimal, or the reverse. */
static enum found find(struct receipts *r, const char *id, struct expected *ret)
{
    char other[66];
    enum found found = find_id(r, id, ret);
    for (int which = 0; found == ABSENT && which <= 2; which++)
        if (smpp_other_id(id, which, other))
            found = find_id(r, other, ret);
    return found;
}

/* A long message is delivered when its last missing part is. */
static enum found all_parts(struct receipts *r, const struct expected *x)
{
    char name[160], text[4];
    struct err e;
    enum found found = FOUND;
    snprintf(name, sizeof name, "part/%s/%u", x->claim, x->part);
    if (x->parts_n > 1 && !claims_put(lane_claims(r->lane), name, bytes_str("1"), r->term_ms, &e))
        return NO_ANSWER;
    for (unsigned i = 0; i < x->parts_n && x->parts_n > 1 && found == FOUND; i++) {
        snprintf(name, sizeof name, "part/%s/%u", x->claim, i);
        found = get(r, name, text, sizeof text);
    }
    return found;
}

static void report(struct receipts *r, const struct expected *x, const struct smpp_receipt *receipt)
{
    PB(ReceiptArrived) m = CLINIC__ATTACH__V1__RECEIPT_ARRIVED__INIT;
    m.application_id = (char *)x->application_id;
    m.milestone = (char *)x->milestone;
    m.channel = PB_CHANNEL(SMS);
    m.delivered = receipt->delivered;
    m.cause = (char *)receipt->state;
    m.person_ref = (char *)x->person_ref;
    lane_receipt(r->lane, &m, x->trace);
}

static enum found match(struct receipts *r, const struct smpp_receipt *receipt)
{
    struct expected x;
    enum found found = find(r, receipt->message_id, &x);
    if (found != FOUND)
        return found;
    enum found whole = receipt->delivered ? all_parts(r, &x) : FOUND;
    if (whole == FOUND)
        report(r, &x, receipt);
    return whole == NO_ANSWER ? NO_ANSWER : FOUND;
}

bool receipts_arrived(struct receipts *r, const struct smpp_receipt *receipt)
{
    enum found found = match(r, receipt);
    if (found == ABSENT) {
        if (r->early_n == EARLY_MAX) /* the oldest has waited longest */
            memmove(r->early, r->early + 1, --r->early_n * sizeof r->early[0]);
        r->early[r->early_n++] = (struct early){*receipt, clock_steady_ms() + EARLY_MS};
    }
    return found != NO_ANSWER;
}

bool receipts_retry(struct receipts *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->early_n; i++) {
        struct early early = r->early[i];
        bool done = match(r, &early.receipt) == FOUND || early.until_ms < clock_steady_ms();
        if (!done)
            r->early[kept++] = early;
    }
    r->early_n = kept;
    return kept > 0;
}
