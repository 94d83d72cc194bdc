/* ports.h - the one suite of the ports, and what it needs of an implementation. The same tests run on the fakes of
 * tests/support, on a real Redis and on a real Kafka, so that the fakes stay honest.
 * Threads: one. */
#ifndef CLINIC_TESTS_PORTS_H
#define CLINIC_TESTS_PORTS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"
#include "runtime/bus.h"
#include "runtime/store.h"
/* after the standard headers it wants */
#include <cmocka.h>

#define PORTS_WAIT_MS 60000 /* longest wait for a condition; a passing run waits for the condition only */

/* --- bus --- */
struct bus_env {
    const char *name;
    void (*fresh)(void);      /* before every test */
    void (*tidy)(void);       /* after every test */
    int32_t (*partitions)(void);
    struct bus *(*open)(const struct bus_conf *bc);
    void (*publish)(const struct bus_out *o); /* outside transactions; returns when it is in the log */
    void (*kill)(struct bus *b);              /* process gone: its open transaction stays open */
    void (*expel)(struct bus *b);             /* its session ends without its knowledge, at the latest after a while */
    /* A process, instance 0 of a service of its own, commits one fact with offset round + 1 of partition 0 of the
     * attachment inbox, and is killed inside the commit, a bit later every round. */
    void (*die_in_commit)(const char *service, const char *value, int round);
    void (*txn_timeout)(void);                /* the broker's time limit of open transactions passes, or will */
    void (*compact)(int topic);               /* returns when only the last record of each key below the end is left */
};
extern const struct bus_env *bus_env;
int ports_bus_run(const struct bus_env *env);

/* --- store --- */
struct store_env {
    const char *name;
    void (*fresh)(void);
    void (*tidy)(void);
    struct store *(*open)(void); /* tables: ports_tables */
    void (*flush)(void);         /* the server forgets everything */
};
enum { PORTS_PERSON, PORTS_CASE, PORTS_POLICY, PORTS_TABLES }; /* two of the facts, one of a registry */
extern const struct store_table ports_tables[PORTS_TABLES];
#define PORTS_FACTS TOPIC_ATTACHMENT_FACTS
#define PORTS_REGISTRY TOPIC_REGISTRY_POLICY
int ports_store_run(const struct store_env *env);

int64_t ports_mono_ms(void);
void ports_ok(bool ok, const struct err *e, const char *file, int line);
#define OK(call) ports_ok((call), &e, __FILE__, __LINE__)
#endif
