/* crash_sweep.c - the sweeps: which disturbance, where. */
#include "support/crash_sweep.h"
#include <stdlib.h>
#include "support/sweep_impl.h"

static char *reference(const struct sweep_case *c)
{
    struct sweep_run *r = sweep_run_new(c);
    fold_start(r);
    c->script(r);
    char *text = sweep_outcome(r);
    sweep_run_free(r);
    return text;
}

/* Lines of a that b has not, both sorted. */
static void only_in(const char *what, const char *a, const char *b)
{
    while (*a) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        int d = *b ? strncmp(a, b, (n < m ? n : m) + 1) : -1;
        if (d < 0)
            fprintf(stderr, "  %s: %.*s\n", what, (int)n, a);
        if (d <= 0)
            a += n + (a[n] == '\n');
        if (d >= 0)
            b += m + (b[m] == '\n');
    }
}

static void tell(const struct sweep_run *r, const char *sweep, const char *want, const char *got)
{
    fprintf(stderr, "%s, %s: invariant violated\n", r->c->name, sweep);
    only_in("missing", want, got);
    only_in("surplus", got, want);
    for (int i = 0; i < SWEEP_MEMBERS; i++)
        if (r->m[i].fault.calls)
            fake_fault_print(&r->m[i].fault);
    fake_trace_print(&r->trace);
}

struct sweep {
    const struct sweep_case *c;
    struct sweep_report *report;
    char *want;
    long calls;              /* of the undisturbed run */
};

/* Run the corpus; `arm` plans the disturbance. True = as the fold has it. */
static bool once(struct sweep *s, const char *name, void (*arm)(struct sweep_run *r, void *how), void *how)
{
    struct sweep_run *r = sweep_run_new(s->c);
    if (arm)
        arm(r, how);
    sweep_start(r, 0);
    s->c->script(r);
    if (!arm)
        s->calls = r->m[0].fault.calls;
    fake_sleep_ms(r->cluster, 2 * PROBE_MS); /* idle partitions look at their marks */
    sweep_settle(r);
    char *got = sweep_outcome(r);
    bool ok = !r->stuck && strcmp(got, s->want) == 0 && sweep_in_order(r);
    s->report->runs++;
    s->report->disturbed += r->m[0].fault.hit;
    s->report->violations += !ok;
    if (!ok && !s->report->quiet)
        tell(r, name, s->want, got);
    free(got);
    sweep_run_free(r);
    return ok;
}

/* Under a slow tool only every n-th place is disturbed: CLINIC_TEST_EVERY. */
static long stride(void)
{
    const char *every = getenv("CLINIC_TEST_EVERY");
    return every && atol(every) > 1 ? atol(every) : 1;
}

static bool enough(const struct sweep *s)
{
    return s->report->violations >= (s->report->stop_after ? s->report->stop_after : 1);
}

static bool sweep_with(const struct sweep_case *c, struct sweep_report *ret, void (*body)(struct sweep *s))
{
    struct sweep s = {c, ret, reference(c), 0};
    long before = ret->violations;
    once(&s, "undisturbed", NULL, NULL);
    if (body && ret->violations == before)
        body(&s);
    free(s.want);
    return ret->violations == before;
}

bool sweep_plain(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, NULL); }

/* --- faults of the process and of its calls --- */
struct fault_plan {
    long at, times, second_at;
    bool after;
    enum err_class error;
};

static void arm_fault(struct sweep_run *r, void *how)
{
    const struct fault_plan *p = how;
    r->m[0].fault.at = p->at;
    r->m[0].fault.times = p->times;
    r->m[0].fault.after = p->after;
    r->m[0].fault.error = p->error;
    r->second_at = p->second_at;
}

static void crashes(struct sweep *s)
{
    for (long n = 1; n <= s->calls && !enough(s); n += stride())
        for (int after = 0; after < 2; after++)
            once(s, "crash", arm_fault, &(struct fault_plan){.at = n, .after = after});
}

static void double_crashes(struct sweep *s)
{
    static const long second[] = {1, 4, 9, 13, 17, 22, 30};
    for (long n = 1; n <= s->calls && !enough(s); n += 3 * stride())
        for (size_t k = 0; k < sizeof second / sizeof *second; k++)
            once(s, "two crashes", arm_fault, &(struct fault_plan){.at = n, .after = n & 1, .second_at = second[k]});
}

static void errors(struct sweep *s)
{
    static const enum err_class classes[] = {ERR_RETRY, ERR_ABORT, ERR_STALE, ERR_UNKNOWN, ERR_FENCED, ERR_FATAL};
    static const long times[] = {1, 2, 5, 80};
    for (long n = 1; n <= s->calls && !enough(s); n += stride())
        for (size_t k = 0; k < sizeof classes / sizeof *classes; k++)
            for (int after = 0; after < 2; after++)
                for (size_t t = 0; t < (classes[k] == ERR_RETRY && !after ? 4u : 1u); t++)
                    once(s, err_class_name(classes[k]), arm_fault,
                         &(struct fault_plan){.at = n, .after = after, .error = classes[k], .times = times[t]});
}

bool sweep_crashes(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, crashes); }
bool sweep_double_crashes(const struct sweep_case *c, struct sweep_report *ret)
{
    return sweep_with(c, ret, double_crashes);
}
bool sweep_errors(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, errors); }

/* --- a second member --- */
#define OTHER_TURNS 40

static void turn_other(struct sweep_run *r)
{
    for (int i = 0; i < OTHER_TURNS; i++)
        sweep_turn(r, 1);
}

/* The first stands still in the middle of a port call; its session ends; the other does everything. */
static bool take_over(void *ctx)
{
    struct sweep_run *r = ctx;
    fake_bus_expel(r->m[0].bus);
    sweep_start(r, 1);
    turn_other(r);
    r->m[0].fault.hit = true;
    return true;
}

static void arm_zombie(struct sweep_run *r, void *how)
{
    r->m[0].fault.pause = take_over;
    r->m[0].fault.pause_ctx = r;
    r->m[0].fault.pause_at = *(long *)how;
}

static void zombies(struct sweep *s)
{
    for (long n = 1; n <= s->calls && !enough(s); n += stride())
        once(s, "zombie", arm_zombie, &n);
}

bool sweep_zombies(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, zombies); }

/* As take_over, but the other is started in its place, under its ordinal: one transactional id, two processes. */
static bool replace(void *ctx)
{
    struct sweep_run *r = ctx;
    r->m[0].is_replaced = true;
    snprintf(r->m[1].instance, sizeof r->m[1].instance, "%s", r->m[0].instance);
    return take_over(ctx);
}

static void arm_replaced(struct sweep_run *r, void *how)
{
    arm_zombie(r, how);
    r->m[0].fault.pause = replace;
}

static void replaced(struct sweep *s)
{
    for (long n = 1; n <= s->calls && !enough(s); n += stride())
        once(s, "replaced zombie", arm_replaced, &n);
}

bool sweep_replaced(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, replaced); }

/* The other joins; some calls later it dies without a word. */
static bool come_and_go(void *ctx)
{
    struct sweep_run *r = ctx;
    r->m[0].fault.hit = true;
    if (r->m[1].rt) {
        sweep_stop(r, 1);
        return true;
    }
    sweep_start(r, 1);
    turn_other(r);
    r->m[0].fault.pause_at = r->m[0].fault.calls + 25;
    return true;
}

static void arm_visit(struct sweep_run *r, void *how)
{
    r->m[0].fault.pause = come_and_go;
    r->m[0].fault.pause_ctx = r;
    r->m[0].fault.pause_at = *(long *)how;
}

static void rebalances(struct sweep *s)
{
    for (long n = 1; n <= s->calls && !enough(s); n += stride())
        once(s, "rebalance", arm_visit, &n);
}

bool sweep_rebalances(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, rebalances); }

/* --- the store --- */
static bool forget(void *ctx)
{
    struct sweep_run *r = ctx;
    fake_db_flush(r->db);
    r->m[0].fault.hit = true;
    return true;
}

static bool go_back(void *ctx)
{
    struct sweep_run *r = ctx;
    if (!r->snapshot) {
        r->snapshot = fake_db_snapshot(r->db);
        r->m[0].fault.pause_at = r->restore_at;
        return true;
    }
    fake_db_restore(r->db, r->snapshot);
    r->m[0].fault.hit = true;
    return true;
}

static bool break_half(void *ctx)
{
    struct sweep_run *r = ctx;
    fake_db_half_apply(r->db, 1);
    r->m[0].fault.hit = true;
    return true;
}

static bool be_away(void *ctx)
{
    struct sweep_run *r = ctx;
    bool away = !r->m[0].fault.hit;
    r->m[0].fault.hit = true;
    fake_db_set_away(r->db, away);
    if (away)
        r->m[0].fault.pause_at = r->m[0].fault.calls + 30;
    return true;
}

struct store_plan {
    bool (*what)(void *ctx);
    long at, restore_at;
};

static void arm_store(struct sweep_run *r, void *how)
{
    const struct store_plan *p = how;
    r->m[0].fault.pause = p->what;
    r->m[0].fault.pause_ctx = r;
    r->m[0].fault.pause_at = p->at;
    r->restore_at = p->restore_at;
}

static void stores(struct sweep *s)
{
    static const long ages[] = {5, 20, 60};
    for (long n = 1; n <= s->calls && !enough(s); n += stride()) {
        once(s, "store forgets", arm_store, &(struct store_plan){forget, n, 0});
        once(s, "store applies half", arm_store, &(struct store_plan){break_half, n, 0});
        once(s, "store away", arm_store, &(struct store_plan){be_away, n, 0});
        for (size_t i = 0; i < sizeof ages / sizeof *ages && n > ages[i]; i++)
            once(s, "store goes back", arm_store, &(struct store_plan){go_back, n - ages[i], n});
    }
}

bool sweep_stores(const struct sweep_case *c, struct sweep_report *ret) { return sweep_with(c, ret, stores); }

bool sweep_all(const struct sweep_case *c, struct sweep_report *ret)
{
    static bool (*const all[])(const struct sweep_case *, struct sweep_report *) = {
        sweep_crashes, sweep_double_crashes, sweep_errors, sweep_zombies, sweep_replaced, sweep_rebalances,
        sweep_stores,
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ok = all[i](c, ret) && ok;
    printf("%s: %ld runs, %ld disturbed, %ld violations\n", c->name, ret->runs, ret->disturbed, ret->violations);
    return ok;
}
