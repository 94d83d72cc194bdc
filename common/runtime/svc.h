/* svc.h - the contract of a service: a pure function from one input record and the state it reads to the events it
 * emits and the state it writes (architecture 2.2 and 3).
 *
 * Purity: plan and handle see no clock, no random, no environment, no Kafka, no Redis, no log, and allocate only in
 * the arena. Time comes with the event; ids derive from the input's identity. tests/static checks it with nm.
 * Threads: everything here runs on the runtime thread.
 * Memory: `conf` and descriptors live as long as the process. The event and its message (made anew for plan and for handle),
 * what ev->arena gives, what svc_get and svc_take return, and all that is made of it, is forgotten when plan or handle
 * returns: the calls below pack or copy what they are given. */
#ifndef CLINIC_SVC_H
#define CLINIC_SVC_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/metric.h"
#include "wire/wire.h"

struct svc_plan; /* runtime's; collects keys to read */
struct svc_call; /* runtime's; one handle() call */

/* One input, decoded. `msg` is of the type the handler row names. */
struct svc_event {
    const char *type;        /* ce_type; SVC_DUE for due work */
    const void *msg;         /* decoded message; for SVC_DUE the state record that is due */
    struct bytes key;        /* record key; for SVC_DUE the table key */
    const char *ce_id;       /* ids of emitted events derive from it; "" when absent */
    const char *subject;     /* ce_subject: application id; "" when absent, or not a UUID */
    int32_t partition;
    int32_t partitions;      /* of every keyed topic */
    int64_t now_ms;          /* time of the event: record timestamp, or for SVC_DUE the tick's time */
    int64_t read_ms;         /* when it was taken up, not before now_ms: for what must not be done too late */
    int64_t expires_ms;      /* ce_expirytime; 0 = never */
    struct arena *arena;     /* of one call of plan or handle */
    const void *conf;        /* what def->init returned */
};

#define SVC_DUE "due" /* pseudo type of due work, see svc_table.due_ms */

/* Why a record goes to the dead-letter topic: a closed list, it is a metric label. */
#define SVC_REJECTS(X)                                                                                              \
    X(UNDECODABLE, "undecodable")      /* bytes are not the message that ce_type names */                           \
    X(EMPTY, "empty")                  /* no value */                                                               \
    X(UNKNOWN_TYPE, "unknown_type")    /* no ce_type, or none this service handles */                                \
    X(TOO_LARGE, "too_large")          /* over record.max.bytes */                                                  \
    X(CONTENT_MODE, "unsupported_content_mode") /* structured CloudEvents where they are not taken, batches */      \
    X(INVALID, "invalid")              /* decodes, but a field breaks a rule: detail names field and rule */         \
    X(CONFLICT, "conflict")            /* contradicts what is known, for example an external_ref used again */       \
    X(POISON, "poison")                /* the broker keeps refusing its effects */
enum svc_reject {
#define X(id, name) SVC_REJECT_##id,
    SVC_REJECTS(X)
#undef X
    SVC_REJECT_N
};
const char *svc_reject_name(enum svc_reject r);

/* DONE or REJECT(reason); there is no retry verdict: a pure function has no transient failure. */
struct svc_verdict {
    bool rejected;
    enum svc_reject reason;
    const char *detail; /* ev->arena or static; no personal data */
};
#define SVC_DONE ((struct svc_verdict){0})
static inline struct svc_verdict svc_rejected(enum svc_reject r, const char *detail)
{
    return (struct svc_verdict){true, r, detail};
}

/* --- planning: which keys handle() will read (table = index into def->tables) --- */
void svc_read(struct svc_plan *p, int table, struct bytes key);

/* --- handling --- */
/* Value of a planned key: state as of this point of the batch; NULL = absent. Reading an unplanned key is a bug.
 * The message is shared: do not modify it; take what changes (svc_take). */
const void *svc_get(struct svc_call *c, int table, struct bytes key);
/* The same as the caller's own, to be modified and put. It is no copy: what svc_get gave of the key, and ev->msg of its due
 * work, is this message, so what is still to be known of the state before is read before it is modified. */
void *svc_take(struct svc_call *c, int table, struct bytes key);
/* Write state; the runtime packs at once, the message may live in the arena. Only own tables (source == -1). */
void svc_put(struct svc_call *c, int table, struct bytes key, const void *msg);
void svc_del(struct svc_call *c, int table, struct bytes key);
/* Emit an event: partition from the key by murmur2 (capacity: clinic; else person_ref or application_id).
 * subject = application id, "" when none. ce_id is derived: <input ce_id>/<n>. */
void svc_emit(struct svc_call *c, enum topic_id topic, struct bytes key, enum event_id type, const void *msg,
              const char *subject);
/* Ask the service's outbound side (def->outbound) to act once this batch is committed. At most once: lost when the
 * process dies in between, so state plus due work must bring it back. */
void svc_outbound(struct svc_call *c, const void *msg);
/* Count a business event: metric = index into def->metrics, label = its label value (closed list, static) or NULL. */
void svc_count(struct svc_call *c, int metric, const char *label);

/* --- descriptor --- */
struct svc_table {
    const char *name;                                /* "person"; facts key is name/key */
    enum event_id type;                              /* message of the values */
    int source;                                      /* -1 = own facts; else a registry topic_id, read-only */
    int64_t (*due_ms)(const void *msg);              /* own tables: when the record wants a SVC_DUE event; 0 = never */
    int bucket_bits;                                 /* Redis hash buckets per partition = 1 << bits; 0 = default */
};

struct svc_handler {
    enum event_id type;                              /* ignored in due rows */
    int due_table;                                   /* >= 0: row handles SVC_DUE of this table; else -1 */
    void (*plan)(const struct svc_event *ev, struct svc_plan *p);
    struct svc_verdict (*handle)(const struct svc_event *ev, struct svc_call *c);
    bool can_wait;                                   /* nobody waits for its effects: it goes along with what comes within gather.patient_ms */
};

/* A message that a program writes to a topic. Access rights and proto/asyncapi.yaml follow from it. */
struct svc_output {
    enum topic_id topic;
    enum event_id type;
};
bool svc_may_emit(const struct svc_output *outputs, enum topic_id topic, enum event_id type);
/* The topics of a list of outputs, each once, ended by TOPIC_N; returns how many. */
size_t svc_output_topics(const struct svc_output *outputs, enum topic_id ret[TOPIC_N + 1]);

struct svc_metric {
    const char *name, *label, *help; /* counter; label name or NULL */
};

/* Post-commit side of a service that talks to the outside (notification). Runs on its own threads; answers by
 * producing events into the service's inbox through `report`. `trace` is the trace of the order (ce_trace_text), which the
 * side keeps as it is and gives back with what it reports. */
struct svc_outbound_ops {
    /* report: thread-safe; produces msg into the service's inbox, retried until the broker has it. */
    void *(*start)(const struct conf *conf, const void *svc_conf,
                   void (*report)(void *ctx, struct bytes key, enum event_id type, const void *msg,
                                  const char *subject, const char *trace),
                   void *report_ctx, struct err *e);
    /* packed = bytes of the message given to svc_outbound; copied by the callee; never blocks. begun_ms = steady clock
     * before the transaction began: no other process knew of the message earlier. The call may come long after that. */
    void (*submit)(void *outbound, enum event_id type, struct bytes packed, const char *trace, int64_t begun_ms);
    const struct metric_row *metrics; /* its own, ended by .name == NULL; may be NULL */
    void (*stop)(void *outbound); /* finish what is in the provider's hands within the drain deadline; NULL is fine */
};

struct svc_def {
    const char *name;                   /* "attachment": prefix of topics, group, keys, metrics */
    const char *summary;                /* one line for --describe */
    enum topic_id inbox, facts, dlq;
    bool structured;                    /* the inbox takes the structured mode of CloudEvents in JSON too: others write to it */
    const struct svc_output *outputs;   /* all that svc_emit may do, ended by .topic == TOPIC_N */
    const struct svc_table *tables;     /* ended by .name == NULL */
    const struct svc_handler *handlers; /* ended by .handle == NULL */
    const struct conf_opt *options;     /* service's own options, ended by .name == NULL; may be NULL */
    const struct svc_metric *metrics;   /* ended by .name == NULL; may be NULL */
    /* Build what handlers read as ev->conf (rule sets, calendar, keyring). gives (process lifetime). */
    bool (*init)(const struct conf *conf, void **ret, struct err *e);
    const struct svc_outbound_ops *outbound; /* NULL for most */
    enum event_id outbound_type;             /* message of svc_outbound */
    const enum event_id *reports;            /* all that its report() may send, ended by EV_N; NULL = nothing */
};

/* Encode a dead letter etc. is the runtime's business; a service's main is one line. */
int svc_main(const struct svc_def *def, int argc, char **argv);
#endif
