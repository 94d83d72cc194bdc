/* bus_kafka_impl.h - inside of bus_kafka*.c. Not for others.
 * Handles: consumer (group), reader (logs), replayer (facts), observer (high watermarks), txn.rk (producer). A bus that only
 * reads has only reader and observer, one that only writes only txn.rk. Every handle costs a process two threads and a tenth
 * of a percent of a core for nothing: those that are needed now and then, reader, replayer and observer, rest between.
 * Threads: confined to the runtime thread; callbacks come inside calls of the same thread. */
#ifndef CLINIC_BUS_KAFKA_IMPL_H
#define CLINIC_BUS_KAFKA_IMPL_H
#include <librdkafka/rdkafka.h>
#include "base/arena.h"
#include "runtime/bus_kafka.h"
#include "runtime/kafka_conf.h"
#include "runtime/kafka_thirst.h"

struct kafka_part { /* one partition of the inbox */
    bool assigned, paused;
    int64_t next;   /* next offset the caller gets; -1 = not yet said by seek() */
};

struct kafka_txn {
    rd_kafka_conf_t *conf;             /* template of every producer; NULL in a bus that only reads */
    int64_t patience_ms;               /* how long a call is repeated */
    rd_kafka_t *rk;                    /* NULL before the first recreate */
    rd_kafka_topic_t *topics[TOPIC_N]; /* warmed output topics */
    bool ready;                        /* init_transactions done and topics warm */
    bool half_made;                    /* init_transactions timed out: it goes on at the next recreate */
    bool open;                         /* between begin and commit, abort or an unknown outcome */
    bool troubled;                     /* see bus.h */
    int64_t fenced_at_ms;              /* monotonic; 0 = never */
    bool fenced_twice;                 /* within FENCE_WINDOW_MS */
    int64_t *ends;                     /* by partition of the facts: offset after the last delivered, -1 = none */
    int32_t ends_n;
};

struct kafka_side { /* a handle that is made when it is needed */
    rd_kafka_conf_t *conf; /* template; NULL before it is described */
    rd_kafka_t *rk;        /* NULL while it rests */
    size_t users;          /* logs open on it */
    int64_t used_ms;       /* monotonic: last asked for */
};

struct bus_kafka {
    struct bus bus; /* first */
    rd_kafka_t *consumer;
    struct kafka_side reader, replayer, observer;
    char *group;
    int inbox, facts;
    enum topic_id outputs[TOPIC_N + 1];
    struct bus_listener listener;
    struct kafka_part *parts;
    int32_t parts_n;
    rd_kafka_topic_t *inbox_rkt;
    struct thirst thirst;
    rd_kafka_consumer_group_metadata_t *member; /* of the present assignment; NULL = none */
    unsigned long revocations;
    bool closing;
    struct arena *mem;         /* records handed out, until done() */
    const struct bus_header *last; /* headers of the record taken before */
    size_t last_n;
    struct kafka_txn txn;
};

static inline struct bus_kafka *bus_kafka_of(struct bus *b) { return (struct bus_kafka *)b; }

int64_t kafka_mono_ms(void);

/* bus_kafka_side.c */
bool kafka_side_open(struct kafka_side *s, const struct conf *c, enum kafka_role role, const char *client_id, struct err *e);
rd_kafka_t *kafka_side_get(struct kafka_side *s, struct err *e); /* NULL: the error says why */
void kafka_side_rest(struct kafka_side *s); /* gives the handle up when nobody has used it for a while; cheap, for loops */
void kafka_side_close(struct kafka_side *s);

/* bus_kafka_rec.c: takes m; what *r tells of it is kept until bus_kafka_done(). */
void bus_kafka_take(struct bus_kafka *b, rd_kafka_message_t *m, int topic, struct bus_rec *r);
void bus_kafka_done(struct bus *b);
bool bus_kafka_has_room(const struct bus_kafka *b); /* else what was handed out must be done with first */
/* Headers for a producer; NULL when there are none. gives. */
rd_kafka_headers_t *kafka_headers_of(const struct bus_out *o);

/* bus_kafka_group.c: membership. */
void bus_kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *ctx);
bool bus_kafka_member_is_valid(const rd_kafka_consumer_group_metadata_t *md);
struct kafka_part *bus_kafka_part(struct bus_kafka *b, int32_t part); /* NULL unless assigned */
bool bus_kafka_committed(struct bus *b, int32_t part, int64_t *ret, struct err *e);
bool bus_kafka_seek(struct bus *b, int32_t part, int64_t offset, struct err *e);
bool bus_kafka_pause(struct bus *b, int32_t part, bool paused, struct err *e);

/* bus_kafka_log.c */
bool bus_kafka_high(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e);
bool bus_kafka_stable(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e);
bool bus_kafka_log_open(struct bus *b, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e);
bool bus_kafka_log_read(struct bus *b, struct bus_log *l, int timeout_ms, struct bus_rec *out, size_t max,
                        size_t *ret_n, int64_t *ret_next, struct err *e);
void bus_kafka_log_close(struct bus *b, struct bus_log *l);

/* bus_kafka_txn.c */
bool bus_kafka_txn_conf(struct bus_kafka *b, const struct conf *c, const char *id, struct err *e);
bool bus_kafka_load_conf(struct bus_kafka *b, const struct conf *c, const char *id, int timeout_ms, struct err *e);
bool bus_kafka_begin(struct bus *b, struct err *e);
bool bus_kafka_produce(struct bus *b, const struct bus_out *o, struct err *e);
bool bus_kafka_send_offsets(struct bus *b, const struct bus_pos *pos, size_t n, struct err *e);
bool bus_kafka_commit(struct bus *b, struct err *e);
int64_t bus_kafka_produced_end(struct bus *b, int topic, int32_t part);
bool bus_kafka_abort(struct bus *b, struct err *e);
bool bus_kafka_recreate(struct bus *b, struct err *e);
bool bus_kafka_troubled(struct bus *b);
void bus_kafka_txn_free(struct bus_kafka *b);
#endif
