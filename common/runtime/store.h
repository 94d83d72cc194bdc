/* store.h - the projection of facts and registries that handlers read; a cache that may vanish or go back in time.
 * Role:      port; implemented by store_redis.c (hiredis) and tests/support/store_fake.c. One suite runs on both.
 * Invariant: per partition and source topic a mark = next offset to apply, changed in the same atomic step as the data.
 *            Data are exactly the committed records below the marks; a reader states the marks it relies on.
 *            An absent mark and a mark of 0 are the same to read and apply: nothing was ever applied.
 * Threads:   confined to the thread that opened it (claims: see below).
 * Memory:    values returned live in the caller's arena.
 * Errors:    ERR_STALE marks differ: catch up; ERR_RETRY connection trouble, nothing known to have happened;
 *            ERR_FATAL the server refuses (wrong configuration). */
#ifndef CLINIC_STORE_H
#define CLINIC_STORE_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct store_expect {
    int32_t part;
    int topic;              /* source: facts or a registry topic_id */
    int64_t mark;           /* what the caller believes */
};
struct store_get {
    int32_t part;
    int table;              /* index into the tables given at open */
    struct bytes key;
    struct bytes val;       /* out, arena; .p == NULL = absent */
};
struct store_put {
    int table;
    struct bytes key, val;  /* val.p == NULL = delete */
    int64_t due_ms;         /* when the record wants attention; 0 = never (also clears) */
};
struct store_batch {        /* records prev <= offset < next of one source partition, in order */
    int32_t part;
    int topic;
    int64_t prev, next;     /* prev == 0 is allowed only when the mark is absent or 0 */
    struct store_put *puts;
    size_t n;
    enum { STORE_APPLIED, STORE_DUP, STORE_GAP } ret; /* DUP: mark >= next already, nothing done; GAP: mark != prev */
};
struct store_due {
    int table;
    struct bytes key;       /* arena */
    int64_t due_ms;
};

struct store;
struct store_ops {
    /* One round trip: check every expected mark and read every key. ERR_STALE and *ret_stale = index of a wrong expect. */
    bool (*read)(struct store *s, const struct store_expect *exp, size_t exp_n, struct store_get *gets, size_t gets_n,
                 struct arena *mem, size_t *ret_stale, struct err *e);
    /* One round trip for all batches; each is atomic by itself and reports in .ret. */
    bool (*apply)(struct store *s, struct store_batch *batches, size_t n, struct err *e);
    /* The same in two halves, so that the caller works while the store does: the batches are on their way when the first
     * returns, and may be forgotten; the second, called next of all, tells in ret[i] what .ret would. Without an answer
     * (ERR_RETRY of the second) each may have been applied or not. */
    bool (*apply_begin)(struct store *s, struct store_batch *batches, size_t n, struct err *e);
    bool (*apply_end)(struct store *s, int *ret, size_t n, struct err *e);
    /* Mark of a source; -1 = absent. */
    bool (*mark)(struct store *s, int32_t part, int topic, int64_t *ret, struct err *e);
    /* Forget a partition's data and marks of one source, before a rebuild from 0 (when the mark is beyond the log). */
    bool (*wipe)(struct store *s, int32_t part, int topic, struct err *e);
    /* Records due at or before now, earliest first, at most limit; *ret_next = due time of the earliest record
     * left beyond those returned, 0 = none. */
    bool (*due)(struct store *s, int32_t part, int64_t now_ms, size_t limit, struct arena *mem, struct store_due *out,
                size_t *ret_n, int64_t *ret_next, struct err *e);
    /* Next record of a table at or after cursor 0; 0 in *cursor afterwards = end. For queries; no mark check. */
    bool (*scan)(struct store *s, int32_t part, int table, uint64_t *cursor, struct arena *mem, struct store_get *out,
                 size_t max, size_t *ret_n, struct err *e);
    bool (*ping)(struct store *s, struct err *e);
    void (*close)(struct store *s); /* NULL is fine */
};
struct store {
    const struct store_ops *ops; /* first member of every implementation */
};

struct store_table {
    const char *name;
    int source;       /* topic_id that feeds it: facts of the service or a registry */
    int bucket_bits;  /* 0 = adapter's default */
};
#endif
