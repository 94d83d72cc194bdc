/* store_fake.h - store.h in memory: one database per service, shared by its members; it can forget everything, go back
 * in time, be away, and apply half a batch.
 * Threads: one. Memory: values read are copied into the caller's arena, as the contract says. */
#ifndef CLINIC_STORE_FAKE_H
#define CLINIC_STORE_FAKE_H
#include "runtime/store.h"
#include "support/fault_fake.h"

struct fake_db;
struct fake_db *fake_db_new(const struct store_table *tables, size_t tables_n); /* keeps tables; gives */
void fake_db_free(struct fake_db *db);                                        /* stores first */
void fake_db_flush(struct fake_db *db);                 /* forget everything, marks too */
struct fake_db *fake_db_snapshot(const struct fake_db *db); /* gives a copy */
void fake_db_restore(struct fake_db *db, const struct fake_db *from);
void fake_db_set_away(struct fake_db *db, bool away);   /* every call answers ERR_RETRY */
/* The n-th apply from now on writes half of its records and not the mark, then answers ERR_RETRY; 0 = none. */
void fake_db_half_apply(struct fake_db *db, long n);
/* Records of a table, all partitions, sorted by partition and key. */
void fake_db_each(const struct fake_db *db, int table,
                  void (*fn)(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms), void *ctx);

struct store *fake_store_open(struct fake_db *db, struct fake_fault *fault); /* keeps both; gives */
#endif
