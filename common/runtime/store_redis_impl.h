/* store_redis_impl.h - inside of store_redis*.c. Not for others.
 * Layout, per partition p of service s, one hash slot {s/p}:
 *   {s/p}:mark                    hash: topic -> next offset; "layout:"topic -> fingerprint of the tables it feeds
 *   {s/p}:<table>:<bucket, hex>   hash: key -> packed record
 *   {s/p}:due                     sorted set: table NUL key, by due time in ms */
#ifndef CLINIC_STORE_REDIS_IMPL_H
#define CLINIC_STORE_REDIS_IMPL_H
#include "runtime/redis_conn.h"
#include "runtime/store_redis.h"

enum store_script { STORE_APPLY, STORE_SCAN, STORE_SCRIPTS };

struct store_redis {
    struct store store; /* first */
    struct redis_conn conn;
    struct redis_script scripts[STORE_SCRIPTS];
    const struct store_table *tables; /* keeps */
    size_t tables_n;
    char *service;
    struct arena *mem;     /* of one call: keys and numbers as text */
    bool applying;               /* between apply_begin and apply_end */
    struct redis_cmd cmd;  /* reused */
};

/* store_redis_lua.c */
void store_redis_scripts(struct redis_script scripts[STORE_SCRIPTS]);

/* store_redis_keys.c */
const char *store_mark_key(struct store_redis *s, int32_t part);
const char *store_due_key(struct store_redis *s, int32_t part, int table);
const char *store_table_prefix(struct store_redis *s, int32_t part, int table); /* bucket keys without the number */
uint32_t store_hash(struct bytes key);
struct bytes store_bucket_key(struct store_redis *s, int32_t part, int table, uint32_t hash);
uint32_t store_buckets(const struct store_redis *s, int table);
const char *store_layout_field(struct store_redis *s, int topic);
const char *store_layout(struct store_redis *s, int topic); /* fingerprint: changes when a table or its buckets do */
/* EVALSHA and the number of keys. */
void store_call_start(struct store_redis *s, enum store_script script, size_t keys);

/* store_redis_order.c: the puts of a batch as the script wants them. Of several of one key the last counts, the others are
 * left out. Lives in the arena of the call. */
enum store_kind { STORE_GONE, STORE_NEVER_DUE, STORE_TIMED, STORE_KINDS };
struct store_written {
    const struct store_put *put;
    uint32_t hash; /* of its key */
};
struct store_order {
    struct store_written *all;      /* by table, by kind within it, else as they came */
    size_t n;
    size_t (*counts)[STORE_KINDS];  /* of each table */
};
void store_order(struct store_redis *s, const struct store_batch *b, struct store_order *ret);

/* store_redis_apply.c, store_redis_read.c, store_redis_query.c: one attempt on a connection that is up. */
bool store_redis_apply(struct store_redis *s, struct store_batch *batches, size_t n, struct err *e);
bool store_redis_apply_begin(struct store_redis *s, const struct store_batch *batches, size_t n, struct err *e) MUST_CHECK;
bool store_redis_apply_end(struct store_redis *s, int *ret, size_t n, struct err *e) MUST_CHECK;
struct store_reading {
    const struct store_expect *exp;
    size_t exp_n;
    struct store_get *gets;
    size_t gets_n;
    struct arena *mem;
    size_t *ret_stale;
};
bool store_redis_read(struct store_redis *s, struct store_reading *q, struct err *e);
bool store_redis_mark(struct store_redis *s, int32_t part, int topic, int64_t *ret, struct err *e);
bool store_redis_wipe(struct store_redis *s, int32_t part, int topic, struct err *e);
struct store_duty {
    int32_t part;
    int64_t now_ms;
    size_t limit;
    struct arena *mem;
    struct store_due *out;
    size_t *ret_n;
    int64_t *ret_next;
};
bool store_redis_due(struct store_redis *s, struct store_duty *q, struct err *e);
struct store_scan {
    int32_t part;
    int table;
    uint64_t *cursor;
    struct arena *mem;
    struct store_get *out;
    size_t max;
    size_t *ret_n;
};
bool store_redis_scan(struct store_redis *s, struct store_scan *q, struct err *e);

/* "17" or 17. */
int64_t redis_reply_i64(const redisReply *r);
#endif
