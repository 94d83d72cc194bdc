/* test_saga.c - the invariants of the saga under random interleavings: applications, withdrawals, stops, imports, register
 * changes, repeated records, lost questions and answers, answers that come too late, time that passes. After every
 * record: places add up, one attachment and one lock per profile, nobody over the norm but residents, and whatever is
 * still under way, no attachment that was decided here is without its place. When all is quiet:
 * every application has exactly one outcome, every attachment its place and nothing else holds one, no two
 * counted changes in one month, every outcome its one notice.
 * CLINIC_SAGA_SEED and CLINIC_SAGA_RUNS repeat or prolong it; a failure prints its seed. */
#include "tests/unit/help.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/channel.h"
#include "domain/date.h"
#include "domain/pb.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "sim.h"
#include "tests/support/init_test.h"
#include "wire/seal.h"

#define PERSONS 5
#define CLINICS 4
#define APPS    160
#define OPS     400

struct app {
    char id[37];
    int person, clinic;
    bool counted, changed; /* the change counts; an attachment ended by it */
    int closed, public, notices, outcome;
    int64_t at_ms;
    PB(Profile) profile;
};

struct saga {
    struct sim *sim;
    struct arena *mem;
    uint64_t random;
    unsigned seed;
    int64_t now_ms;
    struct app apps[APPS];
    int apps_n;
    PB(ClinicRecord) *clinics[CLINICS];
    struct sim_rec past[64]; /* of the inboxes, to be repeated */
    size_t past_n;
    int in_flight, attachments, holds; /* counted by checks */
    bool quiet;
};

static const PB(Profile) profiles[2] = {PB_PROFILE(ADULT_THERAPEUTIC), PB_PROFILE(ADULT_DENTAL)};
static void *attachment_conf, *capacity_conf;

static unsigned pick(struct saga *g, unsigned n)
{
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return (unsigned)(g->random >> 20) % n;
}

static bool chance(struct saga *g, unsigned percent) { return pick(g, 100) < percent; }

static void check(struct saga *g, bool ok, const char *what, const char *who)
{
    if (!ok)
        fail_msg("seed %u: %s: %s", g->seed, what, who);
}

static const char *ref_of(struct saga *g, int person) { return arena_printf(g->mem, "person-ref-%05d", person); }
static const char *clinic_of(struct saga *g, int clinic) { return arena_printf(g->mem, "K%d", clinic); }

static struct app *app_of(struct saga *g, const char *id)
{
    for (int i = 0; i < g->apps_n; i++)
        if (strcmp(g->apps[i].id, id) == 0)
            return &g->apps[i];
    return NULL;
}

/* --- what comes out --- */

static void on_record(void *ctx, const struct sim_rec *r, const void *msg)
{
    struct saga *g = ctx;
    const PB(ApplicationClosed) *closed = msg;
    const PB(ApplicationStatusChanged) *status = msg;
    const PB(AttachmentChanged) *change = msg;
    struct app *a = app_of(g, r->subject);
    if (!a)
        return; /* an import */
    if (r->type == EV_APPLICATION_CLOSED) {
        if (a->closed++)
            check(g, a->outcome == (int)closed->outcome, "answered again with another outcome", a->id);
        a->outcome = (int)closed->outcome;
    } else if (r->type == EV_STATUS_CHANGED) {
        check(g, !a->public, "a status after the outcome", a->id);
        if (!status->outcome)
            return; /* on the way */
        a->public++;
        a->counted = status->counted;
        a->at_ms = status->at_ms;
    } else if (r->type == EV_ATTACHMENT_CHANGED) {
        a->changed = change->old_clinic_id[0] != '\0';
    } else if (r->type == EV_NOTIFICATION_REQUESTED) {
        a->notices++;
    }
}

/* --- what is done --- */

static void change_register(struct saga *g, int clinic)
{
    PB(ClinicRecord) *m = arena_alloc(g->mem, sizeof *m);
    clinic__attach__v1__clinic_record__init(m);
    m->region = (char *)"77";
    m->kind = PB_CLINIC_KIND(OUTPATIENT);
    m->ownership = PB_OWNERSHIP(STATE_DOH);
    m->in_chi_register = !chance(g, 5);
    m->profiles = (PB(Profile) *)profiles;
    m->n_profiles = 2;
    m->districts = ARENA_ARRAY(g->mem, char *, 1);
    m->districts[0] = arena_printf(g->mem, "d%d", clinic);
    m->n_districts = 1;
    m->doctors = ARENA_ARRAY(g->mem, PB(Doctor) *, 4);
    for (unsigned i = 0; i < 4; i++) {
        if (chance(g, 20))
            continue; /* the doctor left */
        PB(Doctor) *d = arena_alloc(g->mem, sizeof *d);
        clinic__attach__v1__doctor__init(d);
        d->doctor_id = i + 1;
        d->profile = profiles[i % 2];
        d->norm = pick(g, 3);
        d->accepts_new = !chance(g, 10);
        m->doctors[m->n_doctors++] = d;
    }
    g->clinics[clinic] = m;
    sim_publish(g->sim, TOPIC_REGISTRY_CLINIC, clinic_of(g, clinic), EV_REGISTRY_CLINIC, m, "");
}

static PB(Case) *case_of(struct saga *g, const struct app *a)
{
    PB(Case) *k = arena_alloc(g->mem, sizeof *k);
    PB(Application) *app = arena_alloc(g->mem, sizeof *app);
    PB(RuleSetRef) *rules = arena_alloc(g->mem, sizeof *rules);
    clinic__attach__v1__case__init(k);
    clinic__attach__v1__application__init(app);
    clinic__attach__v1__rule_set_ref__init(rules);
    rules->id = (char *)"RU-MOW";
    rules->version = 1;
    k->application_id = (char *)a->id;
    k->person_ref = (char *)ref_of(g, a->person);
    k->application = app;
    k->rule_set = rules;
    k->residence_district = arena_printf(g->mem, "d%u", pick(g, 2 * CLINICS));
    app->source = PB_SOURCE(MOSRU);
    app->external_ref = (char *)a->id;
    app->kind = PB_KIND(CHANGE);
    app->profile = a->profile;
    app->clinic_id = (char *)clinic_of(g, a->clinic);
    app->doctor_id = pick(g, 5);
    return k;
}

/* The case arrives, verified or stopped; the same bytes whenever it is repeated. */
static void send(struct saga *g, struct app *a)
{
    if (chance(g, 15)) {
        PB(ApplicationStopped) m = CLINIC__ATTACH__V1__APPLICATION_STOPPED__INIT;
        m.case_ = case_of(g, a);
        m.outcome = chance(g, 50) ? PB_OUTCOME(REFUSED) : PB_OUTCOME(GATED);
        sim_publish(g->sim, TOPIC_ATTACHMENT_INBOX, m.case_->person_ref, EV_APPLICATION_STOPPED, &m, a->id);
    } else {
        PB(PolicyVerified) m = CLINIC__ATTACH__V1__POLICY_VERIFIED__INIT;
        m.case_ = case_of(g, a);
        sim_publish(g->sim, TOPIC_ATTACHMENT_INBOX, m.case_->person_ref, EV_POLICY_VERIFIED, &m, a->id);
    }
}

static void withdraw(struct saga *g, const struct app *a)
{
    PB(WithdrawalRequested) m = CLINIC__ATTACH__V1__WITHDRAWAL_REQUESTED__INIT;
    m.application_id = (char *)a->id;
    m.person_ref = (char *)ref_of(g, a->person);
    sim_publish(g->sim, TOPIC_ATTACHMENT_INBOX, m.person_ref, EV_WITHDRAWAL_REQUESTED, &m, a->id);
}

static void apply(struct saga *g)
{
    if (g->apps_n == APPS)
        return;
    struct app *a = &g->apps[g->apps_n];
    char name[16];
    snprintf(name, sizeof name, "A%d", g->apps_n++);
    application_id_of(PB_SOURCE(MOSRU), name, a->id);
    a->person = (int)pick(g, PERSONS);
    a->clinic = (int)pick(g, CLINICS);
    a->profile = profiles[pick(g, 2)];
    if (chance(g, 10))
        withdraw(g, a); /* overtakes the case */
    send(g, a);
    if (chance(g, 15))
        withdraw(g, a);
}

static void import(struct saga *g)
{
    PB(AttachmentImported) m = CLINIC__ATTACH__V1__ATTACHMENT_IMPORTED__INIT;
    m.person_ref = (char *)ref_of(g, (int)pick(g, PERSONS));
    m.profile = profiles[pick(g, 2)];
    m.clinic_id = (char *)clinic_of(g, (int)pick(g, CLINICS));
    m.doctor_id = pick(g, 3);
    m.effective_from_ms = g->now_ms - (int64_t)pick(g, 100) * 86400000;
    m.counted_change = chance(g, 30);
    sim_publish(g->sim, TOPIC_ATTACHMENT_INBOX, m.person_ref, EV_ATTACHMENT_IMPORTED, &m, "");
}

static void remember(struct saga *g, const struct sim_rec *r)
{
    struct sim_rec *slot = &g->past[g->past_n++ % N(g->past)];
    *slot = *r;
    slot->value = bytes_of(arena_dup(g->mem, r->value.p, r->value.n), r->value.n);
}

/* Questions and answers may come again at any time; the rest only next to themselves, as order is kept. */
static bool may_come_late(const struct sim_rec *r)
{
    return r->type == EV_RESERVE || r->type == EV_RESERVED || r->type == EV_RESERVE_REFUSED;
}

/* A question, or the answer to one that is still open: it is asked again. A broker loses nothing it has taken; this is
 * what a broken protocol would do, and repeating has to make good. */
static bool may_be_lost(struct saga *g, const struct sim_rec *r)
{
    const struct app *a = app_of(g, r->subject);
    return may_come_late(r) && (r->type == EV_RESERVE || (a && !a->closed));
}

static void repeat(struct saga *g)
{
    size_t n = g->past_n < N(g->past) ? g->past_n : N(g->past);
    const struct sim_rec *r = n ? &g->past[pick(g, (unsigned)n)] : NULL;
    if (r && may_come_late(r))
        sim_publish_again(g->sim, r);
}

/* --- what must hold --- */

static bool same_month(int64_t a_ms, int64_t b_ms)
{
    struct date x = date_of_ms(a_ms, 180), y = date_of_ms(b_ms, 180);
    return x.y == y.y && x.m == y.m;
}

/* Changes stand in the order in which they were written; an import says what happened elsewhere, the rest was decided
 * here and must have seen what stood before. */
static void check_ledger(struct saga *g, const PB(PersonState) *s, const char *key)
{
    char id[37];
    for (size_t i = 0; i < s->n_changes; i++)
        for (size_t j = 0; j < i; j++) {
            const PB(CountedChange) *late = s->changes[i], *early = s->changes[j];
            uuid_to_text(late->basis.data, id);
            check(g, late->profile != early->profile || !app_of(g, id) ||
                         !same_month((int64_t)late->at_s * 1000, (int64_t)early->at_s * 1000),
                  "two counted changes in a month", key);
        }
}

struct place {
    const char *key;
    bool held;
};

static void is_place(void *ctx, const char *key, const void *msg)
{
    struct place *p = ctx;
    (void)msg;
    p->held = p->held || strcmp(key, p->key) == 0;
}

/* Of an import the place may be on its way. */
static void check_place(struct saga *g, const PB(Attachment) *a)
{
    char id[37];
    uuid_to_text(a->basis.data, id);
    struct place p = {.key = arena_printf(g->mem, "%s/%s", a->clinic_id, id)};
    if (!g->quiet && !app_of(g, id))
        return;
    sim_each(g->sim, 1, 2, is_place, &p);
    check(g, p.held, "an attachment without its place", p.key);
}

static void person_holds(void *ctx, const char *key, const void *msg)
{
    struct saga *g = ctx;
    const PB(PersonState) *s = msg;
    g->in_flight += (int)s->n_in_flight;
    g->attachments += (int)s->n_attachments;
    for (size_t i = 0; i < s->n_attachments; i++)
        check_place(g, s->attachments[i]);
    for (size_t i = 0; i < s->n_attachments; i++)
        for (size_t j = 0; j < i; j++)
            check(g, s->attachments[i]->profile != s->attachments[j]->profile, "two attachments of a profile", key);
    for (size_t i = 0; i < s->n_in_flight; i++)
        for (size_t j = 0; j < i; j++)
            check(g, s->in_flight[i]->profile != s->in_flight[j]->profile, "two locks of a profile", key);
    check_ledger(g, s, key);
    check(g, s->n_closed < 40, "the ring of closed applications grows", key);
}

struct tally {
    struct saga *g;
    const char *clinic;
    uint32_t doctor, held, used;
};

static void hold_counts(void *ctx, const char *key, const void *msg)
{
    struct tally *t = ctx;
    const PB(Reservation) *r = msg;
    size_t n = strlen(t->clinic);
    t->held += strncmp(key, t->clinic, n) == 0 && key[n] == '/' && r->doctor_id == t->doctor;
}

static void places_hold(void *ctx, const char *key, const void *msg)
{
    struct saga *g = ctx;
    const PB(ClinicPlaces) *p = msg;
    for (size_t i = 0; i < p->n_doctors; i++) {
        struct tally t = {g, key, p->doctors[i]->doctor_id, 0, p->doctors[i]->used};
        sim_each(g->sim, 1, 2, hold_counts, &t);
        check(g, t.held == t.used && t.used > 0, "places used are not the places held", key);
    }
}

static void count_holds(void *ctx, const char *key, const void *msg)
{
    struct saga *g = ctx;
    (void)key;
    (void)msg;
    g->holds++;
}

static void check_always(struct saga *g)
{
    g->in_flight = g->attachments = g->holds = 0;
    sim_each(g->sim, 0, 0, person_holds, g);
    sim_each(g->sim, 1, 1, places_hold, g);
    sim_each(g->sim, 1, 2, count_holds, g);
}

struct lookup {
    const char *key;
    bool found, over_norm;
    uint32_t doctor, used;
};

static void find_hold(void *ctx, const char *key, const void *msg)
{
    struct lookup *l = ctx;
    const PB(Reservation) *r = msg;
    if (strcmp(key, l->key) != 0)
        return;
    l->found = true;
    l->over_norm = r->over_norm;
    l->doctor = r->doctor_id;
}

static void find_used(void *ctx, const char *key, const void *msg)
{
    struct lookup *l = ctx;
    const PB(ClinicPlaces) *p = msg;
    if (strncmp(l->key, key, strlen(key)) == 0 && l->key[strlen(key)] == '/')
        for (size_t i = 0; i < p->n_doctors; i++)
            if (p->doctors[i]->doctor_id == l->doctor)
                l->used = p->doctors[i]->used;
}

static struct lookup lookup(struct saga *g, const struct sim_rec *question)
{
    struct lookup l = {.key = arena_printf(g->mem, "%s/%s", question->key, question->subject)};
    sim_each(g->sim, 1, 2, find_hold, &l);
    sim_each(g->sim, 1, 1, find_used, &l);
    return l;
}

/* Nobody is newly admitted over the norm that the register states at that moment, but a resident. */
static void check_norm(struct saga *g, struct lookup before, struct lookup after)
{
    if (before.found || !after.found || after.over_norm)
        return;
    const PB(ClinicRecord) *c = g->clinics[after.key[1] - '0'];
    uint32_t norm = 0;
    for (size_t i = 0; i < c->n_doctors; i++)
        if (c->doctors[i]->doctor_id == after.doctor && c->doctors[i]->accepts_new)
            norm = c->doctors[i]->norm;
    check(g, after.used <= norm, "admitted over the norm", after.key);
}

/* No applicant here has moved: every change of clinic counts, and there is one a month. */
static void check_changes(struct saga *g)
{
    for (int i = 0; i < g->apps_n; i++)
        for (int j = 0; j < i; j++) {
            const struct app *a = &g->apps[i], *b = &g->apps[j];
            check(g, a->changed == a->counted, "a change that does not count", a->id);
            if (a->changed && b->changed && a->person == b->person && a->profile == b->profile)
                check(g, !same_month(a->at_ms, b->at_ms), "two changes in a month", a->id);
        }
}

static void check_quiet(struct saga *g)
{
    g->quiet = true;
    check_always(g);
    check(g, g->in_flight == 0, "in flight when quiet", "");
    check(g, g->holds == g->attachments, "places and attachments differ",
          arena_printf(g->mem, "%d held, %d attachments", g->holds, g->attachments));
    for (int i = 0; i < g->apps_n; i++) {
        const struct app *a = &g->apps[i];
        check(g, a->closed && a->public == 1, "not exactly one outcome", a->id);
        check(g, a->notices == 1, "not exactly one notice", a->id);
    }
    check_changes(g);
}

/* --- a run --- */

static void step(struct saga *g)
{
    size_t n = sim_waiting(g->sim);
    if (!n)
        return;
    size_t i = pick(g, (unsigned)n);
    const struct sim_rec *r = sim_head(g->sim, i);
    remember(g, r);
    const struct sim_rec *kept = &g->past[(g->past_n - 1) % N(g->past)];
    struct lookup before = kept->type == EV_RESERVE ? lookup(g, kept) : (struct lookup){0};
    if (may_be_lost(g, r) && chance(g, 5))
        sim_drop(g->sim, i); /* due work asks again */
    else
        sim_handle(g->sim, i, chance(g, 15) ? 2 : 1);
    if (kept->type == EV_RESERVE)
        check_norm(g, before, lookup(g, kept));
    check_always(g);
}

static void pass(struct saga *g, int64_t ms)
{
    g->now_ms += ms;
    sim_set_time(g->sim, g->now_ms);
}

static void operate(struct saga *g)
{
    switch (pick(g, 12)) {
    case 0:
    case 1:
        apply(g);
        break;
    case 2:
        if (g->apps_n)
            withdraw(g, &g->apps[pick(g, (unsigned)g->apps_n)]);
        break;
    case 3:
        change_register(g, (int)pick(g, CLINICS));
        break;
    case 4:
        if (chance(g, 30))
            import(g);
        break;
    case 5:
        repeat(g);
        break;
    case 6:
        pass(g, (int64_t)pick(g, 4) * 86400000);
        break;
    case 7:
        sim_due(g->sim);
        break;
    default:
        for (unsigned n = 1 + pick(g, 6); n; n--)
            step(g);
    }
}

/* Let everything come to its end: lost questions are asked again when they are due. */
static void settle(struct saga *g)
{
    for (;;) {
        while (sim_waiting(g->sim))
            step(g);
        int64_t due = sim_next_due(g->sim);
        if (!due)
            return;
        if (due > g->now_ms)
            pass(g, due - g->now_ms);
        must(sim_due(g->sim));
    }
}

static void run(unsigned seed)
{
    struct saga g = {.sim = sim_new(), .mem = arena_new((size_t)1 << 28, 1 << 20), .seed = seed};
    g.random = 0x9e3779b97f4a7c15ull * (seed + 1);
    g.now_ms = 1780470000000;
    sim_set_time(g.sim, g.now_ms);
    must(sim_add(g.sim, &attachment_svc, attachment_conf) == 0);
    must(sim_add(g.sim, &capacity_svc, capacity_conf) == 1);
    sim_watch(g.sim, on_record, &g);
    for (int i = 0; i < CLINICS; i++)
        change_register(&g, i);
    for (int i = 0; i < OPS; i++)
        operate(&g);
    settle(&g);
    check_quiet(&g);
    sim_free(g.sim);
    arena_free(g.mem);
}

static unsigned from_env(const char *name, unsigned otherwise)
{
    const char *v = getenv(name);
    return v && *v ? (unsigned)strtoul(v, NULL, 10) : otherwise;
}

static void test_invariants_under_any_interleaving(void **state)
{
    (void)state;
    unsigned first = from_env("CLINIC_SAGA_SEED", 1), runs = from_env("CLINIC_SAGA_RUNS", 300);
    for (unsigned i = 0; i < runs; i++)
        run(first + i);
}

static int init(void **state)
{
    static const struct conf_opt opts[] = {{"rules.dir", CONF_STR, SOURCE_DIR "/deploy/rules"}, {0}};
    static const struct conf_opt *const tables[] = {opts, NULL};
    struct conf *conf = conf_new(tables);
    struct err e;
    (void)state;
    bool ok = init_test(&attachment_svc, conf, &attachment_conf, &e) &&
              init_test(&capacity_svc, conf, &capacity_conf, &e);
    conf_free(conf);
    return ok ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_invariants_under_any_interleaving)};
    return cmocka_run_group_tests(tests, init, NULL);
}
