/* test_scenario_sweep.c - each service under the crash sweep: the scenarios are played in memory, what reached the
 * service (its inbox and its registers) is the corpus, then its process is killed, fooled and starved at every port call. */
#include "tests/unit/help.h"
#include "base/log.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/identity/identity.h"
#include "services/intake/intake.h"
#include "services/notification/notification.h"
#include "services/policy/policy.h"
#include "stage.h"
#include "support/crash_sweep.h"
#include "support/keyring_test.h"

#define RECORDS_MAX 400

/* Corpora of few scenarios each, because a sweep costs the square of its length: changes and a limit with time that passes,
 * a full clinic, a duplicate; a first attachment, a yearly limit, a move without proof; another region at the desk, a
 * clinic out of the register, places over the norm. */
#define FILES 3
static const char *const corpora[][FILES] = {{"A-13", "A-18", "A-37"}, {"A-02", "A-10", "A-12"}, {"A-05", "A-16", "A-20"}};

struct corpus {
    const struct svc_def *def;
    struct arena *mem;
    struct bus_out records[RECORDS_MAX];
    size_t n;
};
static struct corpus corpus; /* of the sweep that runs */
static char keyring_file[64];
static struct keyring *keys;

static struct bytes copy(struct bytes b) { return b.p ? bytes_of(arena_dup(corpus.mem, b.p, b.n), b.n) : b; }

static void keep(void *ctx, const struct bus_rec *r)
{
    (void)ctx;
    must(corpus.n < RECORDS_MAX);
    struct bus_header *headers = ARENA_ARRAY(corpus.mem, struct bus_header, r->headers_n);
    for (size_t i = 0; i < r->headers_n; i++)
        headers[i] = (struct bus_header){arena_strdup(corpus.mem, r->headers[i].name), copy(r->headers[i].value)};
    corpus.records[corpus.n++] = (struct bus_out){.topic = r->topic, .partition = -1, .key = copy(r->key),
                                                  .value = copy(r->value), .headers = headers, .headers_n = r->headers_n};
}

static void keep_topic(struct stage *st, int topic)
{
    struct fake_cluster *c = stage_memory_cluster(st);
    for (int32_t p = 0; p < fake_partitions(c); p++)
        fake_each(c, topic, p, keep, NULL);
}

static void collect(const char *name, struct stage *st)
{
    struct arena *mem = arena_new((size_t)1 << 28, 1 << 16);
    struct scn scn;
    struct err e;
    char path[300];
    snprintf(path, sizeof path, SOURCE_DIR "/tests/scenarios/%s.scn", name);
    if (!scn_load(path, mem, &scn, &e) || !play(st, &scn, keys, 0, mem, &e))
        fail_msg("%s", e.text);
    for (const struct svc_table *t = corpus.def->tables; t->name; t++)
        if (t->source >= 0)
            keep_topic(st, t->source);
    keep_topic(st, (int)corpus.def->inbox);
    arena_free(mem);
}

/* Every other answer of capacity stays away: the question is asked again when its time comes. */
static bool stays_away(const struct bus_out *o, size_t nth)
{
    for (size_t i = 0; i < o->headers_n; i++)
        if (strcmp(o->headers[i].name, "ce_type") == 0)
            return nth % 2 == 0 && bytes_eq(o->headers[i].value, bytes_str(events[EV_RESERVED].type));
    return false;
}

/* Registers first; then the inbox, a part of it at a time so that batches differ, some records twice. In the end a while
 * passes: what waits for time gets its turn. */
static void script(struct sweep_run *r)
{
    size_t sent = 0;
    for (size_t i = 0; i < corpus.n; i++)
        if (corpus.records[i].topic != (int)corpus.def->inbox)
            sweep_publish(r, &corpus.records[i]);
    sweep_settle(r);
    for (size_t i = 0; i < corpus.n; i++) {
        if (corpus.records[i].topic != (int)corpus.def->inbox || stays_away(&corpus.records[i], i))
            continue;
        sweep_publish(r, &corpus.records[i]);
        if (++sent % 4 == 0)
            sweep_publish(r, &corpus.records[i]);
        if (sent % 10 == 0)
            sweep_settle(r);
    }
    sweep_settle(r);
    sweep_advance(r, 61000);
}

static void sweep_corpus(const struct svc_def *def, const char *const files[FILES])
{
    struct stage *st[FILES];
    struct err e;
    corpus = (struct corpus){.def = def, .mem = arena_new((size_t)1 << 28, 1 << 16)};
    for (size_t i = 0; i < FILES; i++) {
        if (!stage_memory_open(SOURCE_DIR, keyring_file, &st[i], &e))
            fail_msg("%s", e.text);
        collect(files[i], st[i]);
    }
    struct sweep_case c = {.name = def->name, .def = def, .svc_conf = stage_memory_conf(def),
                           .partitions = 3, .batch_max = 7, .script = script};
    static bool (*const sweeps[])(const struct sweep_case *, struct sweep_report *) = {
        sweep_plain, sweep_crashes, sweep_double_crashes, sweep_errors, sweep_zombies, sweep_replaced, sweep_rebalances,
        sweep_stores};
    struct sweep_report rep = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < N(sweeps); i++)
        ok = sweeps[i](&c, &rep);
    printf("%s, %s..%s: %zu records, %ld runs, %ld disturbed, %ld violations\n", def->name, files[0], files[FILES - 1], corpus.n, rep.runs, rep.disturbed,
           rep.violations);
    for (size_t i = 0; i < FILES; i++)
        st[i]->ops->close(st[i]);
    arena_free(corpus.mem);
    assert_true(ok);
    assert_true(rep.disturbed > 50);
}

static void sweep_service(const struct svc_def *def)
{
    for (size_t i = 0; i < N(corpora); i++)
        sweep_corpus(def, corpora[i]);
}

#define SWEEP(name)                                                                                                    \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        sweep_service(&name##_svc);                                                                                    \
    }
SWEEP(attachment)
SWEEP(capacity)
SWEEP(intake)
SWEEP(identity)
SWEEP(policy)
SWEEP(notification)

static int open_keys(void **state)
{
    struct err e;
    (void)state;
    log_open("sweep", LOG_ERROR);
    return keyring_test_temp(keyring_file, &e) && keyring_load(keyring_file, &keys, &e) ? 0 : -1;
}

static int close_keys(void **state)
{
    (void)state;
    keyring_free(keys);
    return unlink(keyring_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attachment), cmocka_unit_test(test_capacity), cmocka_unit_test(test_intake),
        cmocka_unit_test(test_identity),   cmocka_unit_test(test_policy),   cmocka_unit_test(test_notification),
    };
    return cmocka_run_group_tests(tests, open_keys, close_keys);
}
