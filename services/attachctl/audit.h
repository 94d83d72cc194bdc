/* audit.h - the invariants of the platform, judged from its topics alone. Pure: records in, findings out.
 * Role:    the core of `attachctl audit`; cmd_audit.c reads the topics, tests feed records made by hand.
 * Use:     audit_feed() every record of a partition in order, audit_partition_end() after it; audit_finish() once.
 *          Partitions and topics may come in any order, but not interleaved.
 * Rules:   architecture 5: places used = attachments + open reservations for every doctor; at most one attachment per
 *          person and profile; no two counted changes in one window; every submitted application has exactly one final
 *          outcome or an open stage with a deadline; its public statuses come in the order of the flow; every decision has its notices, none of them sent twice.
 * Memory:  about 60 bytes an application, 80 an attachment, 8 a message sent; the values of one facts partition at a
 *          time. Threads: confined to one. Errors: none; what does not decode is a finding. */
#ifndef CLINIC_CTL_AUDIT_H
#define CLINIC_CTL_AUDIT_H
#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"

/* Kinds of findings: name in JSON, and what it means. */
#define AUDIT_KINDS(X)                                                                                              \
    X(LOST, "lost", "submitted application without a trace, or open and known to no stage")                         \
    X(NO_DUE, "no_due", "open application without a due date")                                                      \
    X(DECIDED_TWICE, "decided_twice", "application with two final decisions")                                       \
    X(STATUS_ORDER, "status_order", "status published out of turn, twice, or after the outcome")                    \
    X(NO_DECISION, "missing_decisions", "outcome kept but not published, or published but not kept")                 \
    X(DOUBLE_ATTACHMENT, "double_attachments", "person with two attachments of one profile")                        \
    X(TWO_CHANGES, "two_changes", "two counted changes in one window of the limit")                                 \
    X(NO_PLACE, "attachments_without_place", "attachment that no place of its clinic stands for")                   \
    X(LEAKED_PLACE, "leaked_places", "place held by no attachment and no application in flight")                    \
    X(PLACE_COUNT, "place_counters", "counter of places differs from the places held")                              \
    X(OVER_NORM, "over_norm", "more persons than the norm without the exemption")                                   \
    X(MISSING_NOTICE, "missing_notices", "application without the notice of its milestone")                         \
    X(DUPLICATE_MESSAGE, "duplicate_messages", "message sent twice on one channel")                                 \
    X(UNREADABLE, "unreadable", "record that is not what its type says")
enum audit_kind {
#define X(id, name, text) AUDIT_##id,
    AUDIT_KINDS(X)
#undef X
    AUDIT_KIND_N
};
extern const char *const audit_kind_name[AUDIT_KIND_N];
extern const char *const audit_kind_text[AUDIT_KIND_N];

/* The frequency limit of a rule set: at most `count` counted changes in a window; count 0 = no limit. */
struct audit_limit {
    enum { AUDIT_MONTH, AUDIT_YEAR, AUDIT_ROLLING_30D, AUDIT_ROLLING_12M } window;
    unsigned count;
};

struct audit_conf {
    int utc_offset_min;
    /* Limit of a rule set for a profile on a local day. */
    struct audit_limit (*limit)(void *ctx, const char *rule_set, int profile, int32_t day);
    /* who: application id, person_ref or clinic/doctor. Strings are good during the call only. */
    void (*finding)(void *ctx, enum audit_kind kind, const char *who, const char *detail);
    void *ctx;
};

struct audit_rec {
    int topic; /* topic_id */
    int32_t partition;
    int64_t offset;
    struct bytes key, value; /* value.p == NULL: tombstone */
    int event;               /* event_id; -1 = unknown type */
    int64_t time_ms;         /* ce_time, else the record's */
    bool waiting;            /* the service that owns this inbox has not read it yet */
};

/* Counts of a whole audit. */
struct audit_sum {
    uint64_t records;
    uint64_t submitted;  /* applications that reached the intake inbox or its state */
    uint64_t open, waiting, rejected;
    uint64_t outcomes[8]; /* by Outcome */
    uint64_t persons, attachments, reservations, open_reservations, over_norm_allowed;
    uint64_t notices, open_messages, messages_sent, unknown_outcomes, breached; /* open: an order is on its way or due */
    uint64_t dead_letters;
    uint64_t findings[AUDIT_KIND_N], findings_n;
};

struct audit;
struct audit *audit_new(const struct audit_conf *c); /* gives */
void audit_feed(struct audit *a, const struct audit_rec *r);
void audit_partition_end(struct audit *a, int topic);
struct audit_sum audit_finish(struct audit *a);
void audit_free(struct audit *a);
#endif
