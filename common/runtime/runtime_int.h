/* runtime_int.h - what the rooms of the runtime share: catchup (runtime_catchup.c), batch (runtime_gather.c, runtime_batch.c), overlay
 * (runtime_overlay.c), transaction (runtime_txn.c), dead letters (runtime_deadletter.c), metrics (runtime_metrics.c).
 * Included by them and by the tests of the runtime, by nobody else.
 * Threads: one. Memory: struct runtime and its arrays live as long as the process; what a batch needs to its end is in its
 * arena; what is made for one record (messages decoded and built, headers) is in the scratch, until batch_forget(). */
#ifndef CLINIC_RUNTIME_INT_H
#define CLINIC_RUNTIME_INT_H
#include "base/log.h"
#include "runtime/runtime.h"

#define PROBE_MS 1000     /* an idle partition makes sure this often that the store still has its marks */
#define DUE_CHUNK 200     /* due records taken at once from a partition */
#define LOG_CHUNK 500     /* records of a log applied in one step of a catch-up */
#define SOURCES_MAX 8     /* facts and registries of one service */
#define TABLES_MAX 16

/* Deliberate mistakes, compiled in for the tests of the tests only: each must be caught by the crash sweep. */
#ifdef RUNTIME_MUTATIONS
struct runtime_mutation {
    bool apply_before_commit;     /* facts reach the store before their transaction is committed */
    bool commit_without_offsets;  /* a failed or skipped send_offsets does not stop the commit */
    bool marks_not_checked;       /* reads state no expectations */
    bool open_without_replay;     /* a partition opens without catching up */
    bool unknown_is_committed;    /* an unknown outcome is taken for success */
    bool no_seek_after_abort;     /* the batch of an aborted transaction is forgotten */
    bool due_off_not_told;        /* given-up due work is dropped from the store, but its fact does not say so */
};
extern struct runtime_mutation runtime_mutation;
#define MUTANT(what) (runtime_mutation.what)
#else
#define MUTANT(what) false
#endif

/* --- partitions: runtime_part.c --- */
enum part_state { PART_AWAY, PART_JOINING, PART_REPLAYING, PART_OPEN, PART_STATES };
enum join_cause { JOIN_ASSIGNED, JOIN_STALE, JOIN_STORE, JOIN_APPLY, JOIN_OUTCOME, JOIN_CAUSES };

struct source {              /* a log that feeds the store */
    int topic;               /* [0] of a part is facts, the rest are registries */
    struct bus_log *log;     /* NULL when closed: facts outside a catch-up */
    int64_t mark;            /* next offset to apply, as the store should have it */
    int64_t next;            /* where the log is read; >= mark, they differ by markers */
    int64_t target;          /* high watermark that a catch-up has to reach */
};
struct part {
    int32_t id;
    enum part_state state;
    uint32_t epoch;          /* grows with every assignment and revocation */
    int64_t position;        /* next input offset to decide; valid when OPEN */
    int64_t next_due_ms;     /* look for due work at this time; 0 = nothing known to be due */
    int64_t looked_ms;       /* when due work was last looked for, wall clock */
    struct source src[SOURCES_MAX];
    int64_t failed_offset;   /* first offset of the last aborted batch; -1 = none */
    int tries;               /* how often a batch beginning there was aborted */
    bool poison;             /* the record at failed_offset goes to the dead letters undecided */
    bool in_batch;           /* scratch of batch building */
};

/* --- lists --- */
#define LIST_CHUNK 64
/* A growing array in an arena: in pieces, so that growing copies nothing and leaves nothing dead behind. */
#define LIST(type) struct { type **v; uint32_t n, cap; }
#define LIST_AT(list, i) (&(list)->v[(i) / LIST_CHUNK][(i) % LIST_CHUNK])
/* Append one element, not zeroed; evaluates to its address, which stays. */
#define LIST_ADD(list, mem)                                                                                          \
    ((void)((list)->n % LIST_CHUNK                                                                                   \
                ? (list)->v                                                                                          \
                : ((list)->v = list_room((mem), (list)->v, (list)->n, &(list)->cap, sizeof **(list)->v))),           \
     (list)->n++, LIST_AT((list), (list)->n - 1))
void *list_room(struct arena *mem, void *chunks, uint32_t n, uint32_t *cap, size_t size);

/* --- overlay: runtime_overlay.c --- */
struct item;
struct entry {               /* one key of one partition within a batch */
    uint64_t hash;
    int32_t part;
    int table;
    struct bytes key;
    struct bytes stored;     /* as the store has it; meaningful when planned */
    struct bytes value;      /* as of this point of the batch; .p == NULL = absent */
    const void *msg;         /* decoded value, in the scratch; NULL = absent */
    uint32_t era;            /* batch.era in which it was decoded; else it is to be decoded */
    const struct item *writer; /* that wrote last; NULL = clean */
    bool planned;            /* read from the store, else written blindly */
    bool due_off;            /* the due time of the value is given up (FACTS_DUE_OFF): a fact, though the value may be as it was */
    int64_t due_ms;          /* of the value written */
};
struct overlay {
    struct arena *mem;       /* borrowed */
    LIST(struct entry) entries;
    uint32_t *slots;         /* index + 1 into entries; 0 = free */
    uint32_t mask;           /* slots - 1; 0 = none */
};
void overlay_reset(struct overlay *o, struct arena *mem);
/* Index of the entry, made when absent (the key is copied). */
uint32_t overlay_entry(struct overlay *o, int32_t part, int table, struct bytes key);

/* --- batch: runtime_gather.c, runtime_batch.c, runtime_decode.c, runtime_handle.c --- */
/* One input record, or one record of due work. What it says is decoded when it is planned and again when it is handled:
 * the messages of a whole batch would be more than the records themselves. */
struct item {
    const struct bus_rec *rec; /* NULL for due work */
    const struct bus_rec *open; /* the record as the binary mode has it: itself, nearly always */
    const struct store_due *due; /* NULL for input records */
    struct bytes due_value;  /* due work: the state record as its handler saw it */
    struct part *part;
    const struct svc_handler *row; /* NULL when rejected before handling */
    struct svc_verdict verdict;
    int64_t now_ms;          /* time of the event */
    const char *base;        /* stem of the ids of what this input causes */
    struct bytes cause;      /* its own id, where that may go on; else .n == 0; in the record */
    struct ce_trace trace;   /* that it came with; in the record */
    const char *subject;     /* application that what it causes is about: as the handler emits, else as the input says */
    uint32_t plan_at, plan_n; /* its run in batch.plan */
    bool skipped;            /* due work that another record of the batch has settled */
};
struct effect {              /* an event to emit */
    struct item *by;
    enum topic_id topic;
    enum event_id type;
    int32_t part;
    int seq;                 /* n of <base>/<n> */
    struct bytes key, value;
    const char *subject;
};
struct order {               /* for the outbound side, after the commit */
    const struct item *by;
    struct bytes packed;
};
struct count {
    int metric;
    const char *label;
};
struct undo {                /* what a write replaced, until the verdict */
    uint32_t entry;
    struct bytes value;
    const struct item *writer;
    bool due_off;
    int64_t due_ms;
};
struct out {                 /* a record that the transaction produces; outs_make() makes it when the bus takes it */
    enum { OUT_FACT, OUT_EVENT, OUT_DEAD } kind;
    uint32_t at;             /* of overlay entries, effects, items */
};

struct batch {
    struct arena *mem;
    struct arena *scratch;   /* of one record; process lifetime */
    uint32_t era;            /* grows when the scratch is forgotten; never 0 */
    struct item *items;      /* process lifetime, capacity items_cap */
    size_t n, items_cap;
    struct bus_rec *recs;    /* process lifetime, items_cap of them */
    size_t recs_n;
    size_t recs_bytes, values_bytes; /* memory that the records take; of it, keys and values */
    bool awaited;            /* somebody waits for what one of the records causes */
    size_t due_first;        /* items from here on are due work */
    struct overlay over;
    LIST(uint32_t) plan;     /* indexes of entries, runs of items */
    LIST(struct effect) effects;
    LIST(struct order) orders;
    LIST(struct count) counts;
    LIST(struct undo) undos; /* of the item being handled */
    struct out *outs;        /* in the order in which the bus gets them */
    uint32_t outs_n, produced; /* produced: already given to the bus */
    const char *source;      /* ce_source of all of them */
    struct store_batch *applies; /* one per partition with facts */
    struct part **applies_to;
    size_t applies_n;
    struct bus_pos *offsets;
    size_t offsets_n;
    int64_t began_ms;        /* steady clock when the first record was taken */
    int64_t txn_ms;          /* steady clock before the transaction began */
    int64_t now_ms;          /* wall clock, the time of due work */
    bool followed;           /* records of registers were read in this turn */
    bool cut;                /* records were left out for lack of room: read them again */
};

struct svc_plan {
    struct runtime *rt;
    struct item *item;
};
struct svc_call {
    struct runtime *rt;
    struct item *item;
    int seq;                 /* events emitted so far */
};

struct runtime {
    struct runtime_deps d;
    const struct svc_def *def;
    struct bus *bus;
    struct store *store;
    int tables_n, sources_n;
    int sources[SOURCES_MAX];
    const struct svc_handler *row_of[EV_N]; /* handler of an event type; NULL = unknown type */
    const struct svc_handler *due_row[TABLES_MAX];
    struct part *parts;      /* conf->partitions of them */
    struct batch b;
    struct bus_rec *log_recs; /* LOG_CHUNK of them */
    uint32_t generation;     /* grows with every callback of the listener */
    bool had_assignment;
    bool producer_broken;    /* recreate before the next transaction */
    bool busy;               /* the last turn had something in hand */
    bool outside_range;      /* the inbox has more partitions than the configuration says */
    int64_t held_until;      /* steady clock; no work before, only polling */
    int hold_ms;             /* next back-off */
    size_t limit;            /* largest batch, halved after repeated aborts */
    struct pending {         /* applied to the store, whose answer was not heard yet */
        struct part *part;
        uint32_t epoch;
    } *pending;              /* conf->partitions of them */
    size_t pending_n;
    int *pending_ret;
    bool logs_gave, logs_dry; /* a catch-up waits for one log only when the last round found nothing in any */
    double usual_n;          /* moving average of records per batch */
    double usual_cost;       /* memory of a record in a batch, as of late */
    int64_t followed_ms;     /* steady clock when registers last had something */
    int64_t ended_ms;        /* steady clock when a transaction was last committed */
    int64_t probed_ms;       /* steady clock of the last look at the marks of an idle service */
    struct metric *const *counters; /* of def->metrics */
};

/* runtime.c */
int64_t rt_now(const struct runtime *rt);
int64_t rt_mono(const struct runtime *rt);
void rt_sleep(struct runtime *rt, int ms);
/* Judge an error outside a transaction: true = the turn goes on later (held, recreating or rejoining as the class
 * asks), false = the process must end. */
bool rt_absorb(struct runtime *rt, const char *what, struct err *e);
void rt_hold(struct runtime *rt);    /* back off before the next work */
void rt_relax(struct runtime *rt);   /* something succeeded: forget the back-off */
/* Repeat limit of one call: sleeps and returns true while another try is allowed. Calls wait by themselves too, so the
 * time counts from before the first. */
struct repeat {
    int64_t began_ms;        /* steady clock, before the first call */
    int tries;
};
bool rt_repeat(struct runtime *rt, struct repeat *r);

/* runtime_part.c */
struct part *part_of(struct runtime *rt, int32_t id); /* NULL when outside the configuration */
void part_assigned(void *rt, const int32_t *ids, size_t n);
void part_revoked(void *rt, const int32_t *ids, size_t n, bool lost);
void part_rejoin(struct runtime *rt, struct part *p, enum join_cause cause);
void part_rejoin_all(struct runtime *rt, enum join_cause cause);
void part_move(struct part *p, enum part_state to); /* the one place where the state changes */
void part_close_logs(struct runtime *rt, struct part *p);
bool part_wants_due(const struct runtime *rt, const struct part *p); /* due work is to be looked for now */

/* runtime_catchup.c; false: the error is in *e and not absorbed */
bool catchup_step(struct runtime *rt, struct err *e) MUST_CHECK;   /* one step of every partition not open */
bool catchup_follow(struct runtime *rt, struct err *e) MUST_CHECK; /* registries, between batches */
bool catchup_probe(struct runtime *rt, struct err *e) MUST_CHECK;  /* do the marks still stand? */
/* Expectations of a partition for a checked read; returns how many were written. */
size_t catchup_expect(const struct runtime *rt, const struct part *p, struct store_expect *out);
/* Records of one source as writes to the store, in the arena. */
struct store_put *catchup_puts(struct runtime *rt, int source, const struct bus_rec *recs, size_t n, size_t *ret_n);
int64_t catchup_due_ms(struct runtime *rt, int table, struct bytes value);

/* runtime_gather.c */
bool batch_gather(struct runtime *rt, int wait_ms, struct err *e) MUST_CHECK; /* fills recs */
size_t gather_memory(const struct batch *b);   /* that its records and what they cause take, in bytes */
void gather_note_cost(struct runtime *rt);     /* a batch was decided: what does a record of this service cost? */

/* runtime_batch.c */
void batch_init(struct runtime *rt);
void batch_fini(struct runtime *rt);
bool batch_build(struct runtime *rt, struct err *e) MUST_CHECK;               /* recs and due work to items */
bool batch_run(struct runtime *rt, struct err *e) MUST_CHECK;
void batch_give_back(struct runtime *rt); /* seek every partition of the batch to its position */
void batch_drop(struct runtime *rt);      /* forget the batch and its memory */
void batch_forget(struct runtime *rt);    /* forget what was made for one record */

/* runtime_decode.c */
void decode_record(struct runtime *rt, struct item *it, const struct bus_rec *rec, struct part *p);
void decode_due(struct runtime *rt, struct item *it, const struct store_due *due, struct part *p);
/* The input as its handler sees it, all of it in the scratch. msg == NULL: of due work, or it does not decode. */
struct svc_event decode_event(struct runtime *rt, const struct item *it);
/* Is it what it should be? To be asked once, false = the verdict says what is wrong. */
bool decode_is_good(struct runtime *rt, struct item *it, const struct svc_event *ev);

/* runtime_handle.c */
void handle_plan(struct runtime *rt, struct item *it);
bool handle_read(struct runtime *rt, struct err *e) MUST_CHECK; /* ERR_STALE: the partition is made to rejoin */
bool handle_read_due(struct runtime *rt, size_t first, struct err *e) MUST_CHECK; /* items from `first` on are due work */
void handle_item(struct runtime *rt, struct item *it);

/* runtime_outs.c: what a decided batch produces, applies and commits */
void outs_build(struct runtime *rt);
/* What the runtime writes because of an input: its subject, cause and trace, with a span that derives from seed. */
void outs_explain(struct runtime *rt, const struct item *by, const char *subject, const char *seed, struct ce *ce);
struct bus_out outs_make(struct runtime *rt, uint32_t i); /* the i-th record; lives in the scratch */

/* runtime_txn.c */
enum txn_result {
    TXN_COMMITTED,
    TXN_ABORTED,    /* nothing of it happened: redo from the positions */
    TXN_DOUBTFUL,   /* aborted, or so it is said, after the commit was asked for: ask for the committed offsets */
    TXN_UNKNOWN,    /* recreate the producer, then ask */
    TXN_NOT_BEGUN,  /* no producer; as an error outside transactions */
    TXN_END,        /* the process must end */
};
enum txn_result txn_run(struct runtime *rt, struct err *e);
bool txn_mend(struct runtime *rt, struct err *e) MUST_CHECK; /* recreate a broken producer; RETRY */
bool txn_apply(struct runtime *rt, struct err *e) MUST_CHECK;  /* begins; the store works while the next batch is gathered */
/* Begin to apply batches, one of each part of `to`; after txn_settle. Where it fails the parts rejoin. */
bool txn_send(struct runtime *rt, struct store_batch *batches, struct part *const *to, size_t n, struct err *e) MUST_CHECK;
bool txn_settle(struct runtime *rt, struct err *e) MUST_CHECK; /* hear the answer, before anything else is asked of the store */

/* runtime_deadletter.c: the letter lives in the scratch */
struct bus_out deadletter_make(struct runtime *rt, const struct item *it);
bool deadletter_key_is_harmless(struct bytes key);

/* runtime_metrics.c */
void rt_metrics_init(struct runtime *rt);
void rt_count_txn(const char *result);
void rt_count_assigned(const struct runtime *rt);
void rt_count_join(enum join_cause c);
void rt_count_batch(struct runtime *rt);
void rt_count_retry(const char *what);
void rt_count_skip(const char *what);
#endif
