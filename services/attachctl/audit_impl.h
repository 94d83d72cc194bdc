/* audit_impl.h - what the files of the audit share. Not for others. */
#ifndef CLINIC_CTL_AUDIT_IMPL_H
#define CLINIC_CTL_AUDIT_IMPL_H
#include "base/arena.h"
#include "domain/pb.h"
#include "services/attachctl/audit.h"
#include "services/attachctl/htab.h"
#include "wire/wire.h"

enum { /* what is known of an application: app.flags */
    APP_INBOX = 1 << 0,      /* submitted to intake */
    APP_FACTS = 1 << 1,      /* in the state of intake */
    APP_FORGOTTEN = 1 << 2,  /* its state was deleted after its term */
    APP_REJECTED = 1 << 3,   /* a dead letter of intake */
    APP_WAITING = 1 << 4,    /* a record about it is not read yet */
    APP_IN_FLIGHT = 1 << 5,  /* locked by attachment */
    APP_DUE = 1 << 6,        /* has a due date */
    APP_PUBLIC = 1 << 7,     /* has a public status */
    APP_BREACHED = 1 << 8,
};

struct app {
    uint8_t id[16];
    uint16_t flags;
    uint8_t outcome;        /* by the state of intake */
    uint8_t public_outcome; /* by the public events */
    uint8_t last_status;    /* of the public events without an outcome */
    uint8_t rule;           /* index into audit.rules, 0 = unknown */
    uint32_t final_statuses; /* bits of Status */
    uint32_t notices;        /* bits of milestones */
    uint32_t decided_s;      /* when, seconds UTC */
};

/* A place and the attachment that rests on it meet here by basis and profile. */
struct hold {
    uint8_t id[16];
    uint8_t profile;
    uint8_t has_attachment, has_place, over_norm;
    uint8_t person[17]; /* of the attachment */
    uint32_t att_clinic, att_doctor, place_clinic, place_doctor;
};

struct doctor {
    uint32_t clinic, doctor; /* key */
    uint32_t used, held, unflagged, norm;
};

struct change {
    uint8_t person[16]; /* digest of person_ref */
    uint8_t basis[16];
    uint32_t at_s;
    uint8_t profile;
    char ref[17];
};

struct inbox_ref { /* a record of the intake inbox, for dead letters that point at it */
    int32_t partition;
    int32_t zero; /* key bytes without padding */
    int64_t offset;
    uint8_t id[16]; /* zero: not read yet */
    bool rejected;
};

struct audit {
    struct audit_conf conf;
    struct audit_sum sum;
    struct arena *mem; /* one record */
    struct lastmap last;
    struct htab apps, holds, doctors, sent, accepted, clinics, inbox;
    char **clinic_names;
    size_t clinics_n;
    char *rules[256];
    size_t rules_n;
    struct change *changes;
    size_t changes_n, changes_cap;
    int64_t horizon_ms; /* events before it may have been deleted by retention */
    int last_topic;
    int32_t last_partition;
};

void audit_find(struct audit *a, enum audit_kind kind, const char *who, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void *audit_unpack(struct audit *a, int event, struct bytes value); /* NULL: not that message */
struct app *audit_app(struct audit *a, const char *application_id); /* NULL: not a UUID */
uint32_t audit_clinic(struct audit *a, const char *clinic_id);      /* from 1 */
const char *audit_clinic_name(const struct audit *a, uint32_t clinic);
struct doctor *audit_doctor(struct audit *a, uint32_t clinic, uint32_t doctor);
struct hold *audit_hold(struct audit *a, const uint8_t id[16], uint8_t profile);
uint8_t audit_rule(struct audit *a, const PB(RuleSetRef) * r);
void audit_change(struct audit *a, const char *person_ref, uint8_t profile, uint32_t at_s, const uint8_t basis[16]);
uint32_t audit_milestone_bit(const char *milestone); /* 0 = not a milestone */

/* audit_facts.c: one last value of a compacted topic. key is zero-terminated text. */
void audit_fact(struct audit *a, int topic, char *key, int event, struct bytes value);
/* audit_events.c: one record of an inbox, a public topic or a dead-letter topic. */
void audit_event(struct audit *a, const struct audit_rec *r);
/* audit_judge.c */
void audit_judge(struct audit *a);
#endif
