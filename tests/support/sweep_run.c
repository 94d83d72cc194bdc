/* sweep_run.c - one run of a corpus: a cluster, a store, and one or two members that die and come again. */
#include <stdlib.h>
#include "support/sweep_impl.h"

#define TURNS_MAX 20000
#define TURN_WAIT_MS 40 /* of the steady clock, when there is nothing to do: back-offs pass */

static void index_tables(struct sweep_run *r)
{
    for (; r->c->def->tables[r->tables_n].name; r->tables_n++) {
        const struct svc_table *t = &r->c->def->tables[r->tables_n];
        r->tables[r->tables_n] =
            (struct store_table){t->name, t->source < 0 ? (int)r->c->def->facts : t->source, t->bucket_bits};
    }
}

struct sweep_run *sweep_run_new(const struct sweep_case *c)
{
    struct sweep_run *r = calloc(1, sizeof *r);
    must(r);
    log_open(c->def->name, getenv("CLINIC_TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
    r->c = c;
    r->cluster = fake_cluster_new(c->partitions, 1790000000000);
    index_tables(r);
    r->db = fake_db_new(r->tables, r->tables_n);
    r->conf = (struct runtime_conf){
        .batch_max_records = c->batch_max, .batch_max_bytes = 1 << 20, .gather_max_ms = 10, .gather_patient_ms = 20, .record_max_bytes = 4096,
        .tick_ms = 1, .partitions = c->partitions, .instance = "0",
    };
    for (int i = 0; i < SWEEP_MEMBERS; i++) {
        r->m[i].run = r;
        r->m[i].fault.trace = &r->trace;
        r->m[i].fault.who = i;
        snprintf(r->m[i].instance, sizeof r->m[i].instance, "%d", i);
    }
    return r;
}

struct runtime_deps sweep_deps(struct sweep_run *r)
{
    return (struct runtime_deps){
        .def = r->c->def, .conf = &r->conf, .svc_conf = r->c->svc_conf, .keys = r->keys, .now_ms = fake_now_ms,
        .mono_ms = fake_mono_ms, .sleep_ms = fake_sleep_ms, .now_ctx = r->cluster,
    };
}

void sweep_start(struct sweep_run *r, int member)
{
    struct sweep_member *m = &r->m[member];
    struct runtime_deps d = sweep_deps(r);
    m->rt = runtime_new(&d);
    struct bus_conf bc = {.service = r->c->def->name, .instance = m->instance, .inbox = (int)r->c->def->inbox,
                          .facts = (int)r->c->def->facts, .listener = runtime_listener(m->rt)};
    m->bus = fake_bus_open(r->cluster, &bc, &m->fault);
    m->store = fake_store_open(r->db, &m->fault);
    runtime_start(m->rt, m->bus, m->store);
}

void sweep_stop(struct sweep_run *r, int member)
{
    struct sweep_member *m = &r->m[member];
    if (!m->rt)
        return;
    runtime_free(m->rt);
    fake_bus_kill(m->bus);
    m->store->ops->close(m->store);
    m->rt = NULL;
}

void sweep_run_free(struct sweep_run *r)
{
    for (int i = 0; i < SWEEP_MEMBERS; i++)
        sweep_stop(r, i);
    if (r->fold)
        fold_stop(r);
    fake_db_free(r->snapshot);
    fake_db_free(r->db);
    fake_cluster_free(r->cluster);
    free(r);
}

static void come_again(struct sweep_run *r, int member)
{
    struct sweep_member *m = &r->m[member];
    sweep_stop(r, member);
    fake_fault_clear(&m->fault);
    if (m->is_replaced)
        return;
    if (r->second_at) {
        m->fault.at = m->fault.calls + r->second_at;
        m->fault.error = ERR_NONE;
        m->fault.times = 0;
        r->second_at = 0;
    }
    sweep_start(r, member);
}

bool sweep_turn(struct sweep_run *r, int member)
{
    struct sweep_member *m = &r->m[member];
    struct err e = {0};
    if (!m->rt)
        return true;
    if (runtime_turn(m->rt, TURN_WAIT_MS, &e))
        return runtime_is_idle(m->rt);
    come_again(r, member);
    return false;
}

void sweep_settle(struct sweep_run *r)
{
    if (r->fold) {
        fold_settle(r);
        return;
    }
    for (int turns = 0, calm = 0; calm < 2; turns++) { /* twice: the probe of the marks comes once in a while */
        bool quiet = true;
        for (int i = 0; i < SWEEP_MEMBERS; i++)
            quiet = sweep_turn(r, i) && quiet;
        calm = quiet ? calm + 1 : 0;
        if (turns == TURNS_MAX / 2)
            fake_txn_timeout(r->cluster); /* what a dead producer left open ends at the latest now */
        if (turns == TURNS_MAX) {
            r->stuck = true;
            return;
        }
    }
}

void sweep_publish(struct sweep_run *r, const struct bus_out *o) { fake_publish(r->cluster, o); }

void sweep_event(struct sweep_run *r, int topic, struct bytes key, enum event_id type, const void *msg, const char *id,
                 const char *subject)
{
    fake_publish_event(r->cluster, topic, key, type, msg, id, subject);
}

void sweep_advance(struct sweep_run *r, int64_t ms)
{
    fake_advance(r->cluster, ms);
    sweep_settle(r);
}

void sweep_compact(struct sweep_run *r) { fake_compact(r->cluster, (int)r->c->def->facts); }
