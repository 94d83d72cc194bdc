/* bus_fake_impl.h - shared by the rooms of the fake bus: log (topics), txn, group, ops. */
#ifndef CLINIC_BUS_FAKE_IMPL_H
#define CLINIC_BUS_FAKE_IMPL_H
#include "support/bus_fake.h"

#define FAKE_MEMBERS 8
#define FAKE_PARTS 16

struct fake_txn {
    enum { TXN_OPEN, TXN_DONE, TXN_UNDONE } state;
    int inbox;                        /* group of the pending offsets */
    int64_t pending[FAKE_PARTS];      /* -1 = none */
    bool touched[TOPIC_N][FAKE_PARTS];
    struct fake_txn *next;            /* all of the cluster */
};
struct fake_rec {
    int64_t offset, time_ms;
    bool is_marker, is_gone;          /* gone: compacted away */
    struct fake_txn *txn;             /* NULL = outside transactions */
    struct bytes key, value;          /* owned */
    struct bus_header *headers;       /* owned, names and values too */
    size_t headers_n;
};
struct fake_log {
    struct fake_rec *v;
    size_t n, cap;                    /* v[i].offset == i */
};
struct fake_producer {
    char id[64];
    int epoch;
    struct fake_txn *open;
};
struct fake_bus;
struct fake_group {
    int generation;
    bool is_preparing;
    struct fake_bus *members[FAKE_MEMBERS];
    int64_t committed[FAKE_PARTS];
};
struct fake_cluster {
    int32_t partitions;
    int64_t now_ms, waited_ms;
    struct fake_log logs[TOPIC_N][FAKE_PARTS];
    struct fake_group groups[TOPIC_N]; /* by inbox */
    struct fake_producer producers[32];
    struct fake_txn *txns;
    size_t committed_n;
};
struct held {                         /* copies given out until done() */
    struct held *next;
};
struct fake_bus {
    struct bus bus;
    struct fake_cluster *c;
    struct bus_conf conf;
    struct fake_fault *fault;
    struct fake_producer *producer;
    int epoch;
    bool is_troubled;
    const char *refused;
    struct fake_txn *txn;
    int64_t ends[FAKE_PARTS];         /* facts written by the transaction */
    /* group */
    bool has_joined, has_news;        /* news: `given` is to be announced */
    int generation;                   /* of the metadata taken when partitions were assigned; -1 = none */
    bool owned[FAKE_PARTS], given[FAKE_PARTS], paused[FAKE_PARTS];
    int64_t fetch[FAKE_PARTS];
    int turn;                         /* partition to begin with */
    struct held *held;
};

/* bus_fake_log.c */
struct fake_rec *fake_append(struct fake_cluster *c, int topic, int32_t part, const struct bus_out *o,
                             struct fake_txn *txn);
int64_t fake_stable(const struct fake_cluster *c, int topic, int32_t part); /* last stable offset */
bool fake_is_visible(const struct fake_rec *r);
void fake_fill(const struct fake_rec *r, int topic, int32_t part, struct bus_rec *out); /* borrows from the log */
void fake_logs_free(struct fake_cluster *c);
/* bus_fake_txn.c */
struct fake_producer *fake_producer_of(struct fake_cluster *c, const char *id);
void fake_txn_end(struct fake_cluster *c, struct fake_txn *t, bool commit);
struct fake_txn *fake_txn_new(struct fake_cluster *c, int inbox);
bool fake_txn_has_pending(const struct fake_cluster *c, int inbox, int32_t part);
/* bus_fake_group.c */
void fake_group_serve(struct fake_bus *b); /* callbacks */
void fake_group_join(struct fake_bus *b);
void fake_group_leave(struct fake_bus *b);
bool fake_group_has(const struct fake_bus *b);
#endif
