#include "runtime/harness.h"
#include <unistd.h>
#include "clinic/attach/v1/state.pb-c.h"
#include "support/keyring_test.h"

struct sweep_run *harness_new(int32_t partitions, size_t batch_max)
{
    static struct sweep_case c;
    c = (struct sweep_case){"harness", &tally_svc, NULL, partitions, batch_max, NULL};
    struct sweep_run *r = sweep_run_new(&c);
    return r;
}

struct collecting {
    struct bus_rec *out;
    size_t n, max;
};

static void collect(void *ctx, const struct bus_rec *rec)
{
    struct collecting *c = ctx;
    if (c->n < c->max)
        c->out[c->n] = *rec;
    c->n++;
}

size_t harness_records(struct sweep_run *r, int topic, struct bus_rec *out, size_t max)
{
    struct collecting c = {out, 0, max};
    for (int32_t p = 0; p < r->c->partitions; p++)
        fake_each(r->cluster, topic, p, collect, &c);
    return c.n;
}

const char *harness_header(const struct bus_rec *rec, const char *name)
{
    static char ring[8][256];
    static unsigned next;
    char *to = ring[next++ % 8];
    to[0] = '\0';
    for (size_t i = 0; i < rec->headers_n; i++)
        if (strcmp(rec->headers[i].name, name) == 0)
            snprintf(to, 256, "%.*s", (int)rec->headers[i].value.n, (const char *)rec->headers[i].value.p);
    return to;
}

struct looking {
    const char *clinic;
    int64_t used;
};

static void look(void *ctx, int32_t part, struct bytes key, struct bytes val, int64_t due_ms)
{
    struct looking *l = ctx;
    (void)part, (void)due_ms;
    if (!bytes_eq(key, bytes_str(l->clinic)))
        return;
    Clinic__Attach__V1__ClinicPlaces *p = clinic__attach__v1__clinic_places__unpack(NULL, val.n, val.p);
    must(p && p->n_doctors == 1);
    l->used = p->doctors[0]->used;
    clinic__attach__v1__clinic_places__free_unpacked(p, NULL);
}

int64_t harness_used(struct sweep_run *r, const char *clinic)
{
    struct looking l = {clinic, -1};
    fake_db_each(r->db, TALLY_PLACES, look, &l);
    return l.used;
}

struct keyring *harness_keys(void)
{
    char path[64];
    struct err e = {0};
    struct keyring *k = NULL;
    must(keyring_test_temp(path, &e) && keyring_load(path, &k, &e));
    unlink(path);
    return k;
}

void harness_turn(struct sweep_run *r, int n)
{
    while (n-- > 0)
        sweep_turn(r, 0);
}
