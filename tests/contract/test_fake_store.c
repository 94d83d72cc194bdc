/* The suite of store.h on the fake store. */
#include "ports.h"
#include "support/store_fake.h"

static struct fake_db *db;

static void fresh(void) { db = fake_db_new(ports_tables, PORTS_TABLES); }
static void tidy(void) { fake_db_free(db); }
static struct store *open_store(void) { return fake_store_open(db, NULL); }
static void flush(void) { fake_db_flush(db); }

static const struct store_env env = {
    .name = "store, fake", .fresh = fresh, .tidy = tidy, .open = open_store, .flush = flush};

int main(void) { return ports_store_run(&env); }
