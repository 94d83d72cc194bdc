/* bus_fake_txn.c - the cluster: producers by transactional id, transactions, pending offsets, clocks. */
#include <stdio.h>
#include <stdlib.h>
#include "support/bus_fake_impl.h"

struct fake_cluster *fake_cluster_new(int32_t partitions, int64_t now_ms)
{
    struct fake_cluster *c = calloc(1, sizeof *c);
    must(c && partitions > 0 && partitions <= FAKE_PARTS);
    c->partitions = partitions;
    c->now_ms = now_ms;
    for (int t = 0; t < TOPIC_N; t++)
        for (int p = 0; p < FAKE_PARTS; p++)
            c->groups[t].committed[p] = -1;
    return c;
}

void fake_cluster_free(struct fake_cluster *c)
{
    if (!c)
        return;
    fake_logs_free(c);
    while (c->txns) {
        struct fake_txn *t = c->txns;
        c->txns = t->next;
        free(t);
    }
    free(c);
}

int32_t fake_partitions(const struct fake_cluster *c) { return c->partitions; }
int64_t fake_now_ms(void *cluster) { return ((struct fake_cluster *)cluster)->now_ms; }

int64_t fake_mono_ms(void *cluster)
{
    const struct fake_cluster *c = cluster;
    return c->now_ms + c->waited_ms;
}

void fake_sleep_ms(void *cluster, int ms) { ((struct fake_cluster *)cluster)->waited_ms += ms; }
void fake_advance(struct fake_cluster *c, int64_t ms) { c->now_ms += ms; }
size_t fake_transactions(const struct fake_cluster *c) { return c->committed_n; }

struct fake_producer *fake_producer_of(struct fake_cluster *c, const char *id)
{
    for (size_t i = 0; i < sizeof c->producers / sizeof *c->producers; i++) {
        struct fake_producer *p = &c->producers[i];
        if (!p->id[0])
            snprintf(p->id, sizeof p->id, "%s", id);
        if (strcmp(p->id, id) == 0)
            return p;
    }
    must(!"room for another transactional id");
    return NULL;
}

struct fake_txn *fake_txn_new(struct fake_cluster *c, int inbox)
{
    struct fake_txn *t = calloc(1, sizeof *t);
    must(t);
    t->inbox = inbox;
    for (int p = 0; p < FAKE_PARTS; p++)
        t->pending[p] = -1;
    t->next = c->txns;
    c->txns = t;
    return t;
}

void fake_txn_end(struct fake_cluster *c, struct fake_txn *t, bool commit)
{
    must(t->state == TXN_OPEN);
    t->state = commit ? TXN_DONE : TXN_UNDONE;
    c->committed_n += commit;
    for (int topic = 0; topic < TOPIC_N; topic++)
        for (int32_t p = 0; p < c->partitions; p++)
            if (t->touched[topic][p])
                fake_append(c, topic, p, NULL, NULL); /* the marker */
    for (int32_t p = 0; commit && p < c->partitions; p++)
        if (t->pending[p] >= 0)
            c->groups[t->inbox].committed[p] = t->pending[p];
}

bool fake_txn_has_pending(const struct fake_cluster *c, int inbox, int32_t part)
{
    for (const struct fake_txn *t = c->txns; t; t = t->next)
        if (t->state == TXN_OPEN && t->inbox == inbox && t->pending[part] >= 0)
            return true;
    return false;
}

void fake_txn_timeout(struct fake_cluster *c)
{
    for (size_t i = 0; i < sizeof c->producers / sizeof *c->producers; i++) {
        struct fake_producer *p = &c->producers[i];
        if (!p->open)
            continue;
        fake_txn_end(c, p->open, false);
        p->open = NULL;
        p->epoch++;
    }
}

int64_t fake_committed(const struct fake_cluster *c, int inbox, int32_t part)
{
    return c->groups[inbox].committed[part];
}
