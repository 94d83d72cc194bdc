/* gen_app.c - applications of the synthetic region: a mix of cases, good ones and those that some rule stops. */
#include <string.h>
#include "services/attachctl/gen_impl.h"

#define TRIES 4000 /* persons looked at for one that a case fits */

struct app_case {
    const char *name;
    unsigned weight;
    bool (*fits)(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now);
    bool (*make)(const struct gen *g, struct gen_app *a); /* NULL: a plain application online */
};

/* --- whom a case fits --- */

static bool unified(const struct gen_person *p)
{
    return p->form == PB_FORM(UNIFIED_PAPER) || p->form == PB_FORM(UNIFIED_PLASTIC) || p->form == PB_FORM(UNIFIED_ELECTRONIC);
}
static bool sound(const struct gen *g, const struct gen_person *p)
{
    return p->age >= 18 && !p->military && p->status == CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ACTIVE &&
           p->region == g->conf.region;
}
static bool good(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    return sound(g, p) && unified(p) && now->is && !now->counted;
}
static bool fits_first(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    return sound(g, p) && unified(p) && !now->is;
}
static bool fits_limit(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    return sound(g, p) && unified(p) && now->is && now->counted;
}
static bool fits_other_region(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    (void)now;
    return p->age >= 18 && !p->military && unified(p) && p->region != g->conf.region &&
           p->status == CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ACTIVE;
}
static bool fits_temporary(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    (void)now;
    return sound(g, p) && p->form == PB_FORM(TEMP_CERT);
}
static bool fits_old(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    (void)now;
    return sound(g, p) && p->form == PB_FORM(OLD);
}
static bool fits_minor(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    (void)now;
    return p->age >= 15 && p->age <= 17 && unified(p) && p->region == g->conf.region;
}
static bool fits_military(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    (void)g, (void)now;
    return p->military && unified(p) && p->region == g->conf.region;
}
static bool fits_ended(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    (void)now;
    return p->age >= 18 && !p->military && unified(p) && p->region == g->conf.region &&
           p->status != CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ACTIVE;
}
static bool fits_resident_of_full(const struct gen *g, const struct gen_person *p, const struct gen_attachment *now)
{
    if (!good(g, p, now) || !p->district)
        return false;
    uint64_t d = p->district - 1, at = d / 2 * 3 + (d % 2) * 2;
    struct gen_clinic c;
    gen_clinic(g, at, &c);
    return c.load == GEN_FULL && at != now->clinic;
}

/* --- which clinic --- */

static bool aim(const struct gen *g, struct gen_app *a, const struct gen_list *l, int load)
{
    for (uint64_t i = 0; l->n && i < 400; i++) {
        uint64_t at = l->at[gen_random(g, USE_TARGET, a->p->i, i) % l->n];
        struct gen_clinic c;
        gen_clinic(g, at, &c);
        bool own = a->p->district && c.district == a->p->district;
        if ((load >= 0 && (int)c.load != load) || (a->now->is && at == a->now->clinic) || (load == GEN_FULL && own))
            continue;
        a->clinic_at = at;
        memcpy(a->clinic, c.id, sizeof a->clinic);
        return true;
    }
    return false;
}
static bool to_plenty(const struct gen *g, struct gen_app *a)
{
    const struct gen_list *l = &g->of[PB_PROFILE(ADULT_THERAPEUTIC)];
    if (g->conf.hot_clinics && gen_below(g, USE_CASE, a->p->i + (1ULL << 60), 100) < (uint64_t)g->conf.hot_percent)
        return aim(g, a, l, GEN_HOT);
    return aim(g, a, l, GEN_PLENTY);
}

/* --- what is special about a case --- */

static bool at_desk(struct gen_app *a)
{
    a->source = "SOURCE_CLINIC_DESK";
    a->account = NULL;
    a->desk = true;
    return true;
}
static bool make_desk(const struct gen *g, struct gen_app *a) { return to_plenty(g, a) && at_desk(a); }
static bool make_same(const struct gen *g, struct gen_app *a)
{
    struct gen_clinic c;
    gen_clinic(g, a->now->clinic, &c);
    a->clinic_at = a->now->clinic;
    memcpy(a->clinic, c.id, sizeof a->clinic);
    return true;
}
static bool make_full(const struct gen *g, struct gen_app *a)
{
    return aim(g, a, &g->of[PB_PROFILE(ADULT_THERAPEUTIC)], GEN_FULL);
}
static bool make_one_place(const struct gen *g, struct gen_app *a)
{
    return aim(g, a, &g->of[PB_PROFILE(ADULT_THERAPEUTIC)], GEN_ONE_PLACE);
}
static bool make_own_full(const struct gen *g, struct gen_app *a)
{
    uint64_t d = a->p->district - 1;
    struct gen_clinic c;
    gen_clinic(g, d / 2 * 3 + (d % 2) * 2, &c);
    a->clinic_at = c.i;
    memcpy(a->clinic, c.id, sizeof a->clinic);
    return true;
}
static bool make_out_of_chi(const struct gen *g, struct gen_app *a) { return aim(g, a, &g->private_out, -1) && at_desk(a); }
static bool make_research(const struct gen *g, struct gen_app *a) { return aim(g, a, &g->research, -1) && at_desk(a); }
static bool make_departmental(const struct gen *g, struct gen_app *a) { return aim(g, a, &g->departmental, -1); }
static bool make_no_tick(const struct gen *g, struct gen_app *a)
{
    a->acknowledged = false;
    return to_plenty(g, a);
}
static bool make_simple(const struct gen *g, struct gen_app *a)
{
    a->account = "ACCOUNT_LEVEL_SIMPLE";
    return to_plenty(g, a);
}
static bool make_no_snils(const struct gen *g, struct gen_app *a)
{
    a->snils[0] = '\0';
    return to_plenty(g, a);
}
static bool make_tinao(const struct gen *g, struct gen_app *a)
{
    a->tinao = true;
    return to_plenty(g, a);
}
static bool make_moved(const struct gen *g, struct gen_app *a)
{
    a->reason = "CHANGE_REASON_MOVED";
    a->move_proof = true;
    return to_plenty(g, a);
}
static bool make_moved_unproven(const struct gen *g, struct gen_app *a)
{
    a->reason = "CHANGE_REASON_MOVED";
    return to_plenty(g, a);
}
static bool make_other_name(const struct gen *g, struct gen_app *a)
{
    strncat(a->surname, "ец", sizeof a->surname - strlen(a->surname) - 1);
    return to_plenty(g, a);
}
static bool make_other_birth(const struct gen *g, struct gen_app *a)
{
    memcpy(a->birth_date, strcmp(a->birth_date, "1970-05-05") ? "1970-05-05" : "1971-05-05", 11);
    return to_plenty(g, a);
}
static bool make_wrong_check(const struct gen *g, struct gen_app *a)
{
    a->policy_number[15] = (char)('0' + (a->policy_number[15] - '0' + 1) % 10);
    return to_plenty(g, a);
}
/* A number that nobody has: serial 00000 of the same date and sex. */
static bool make_unknown(const struct gen *g, struct gen_app *a)
{
    char zero[17];
    unsigned sum = 0;
    memcpy(zero, a->policy_number, 10);
    memcpy(zero + 10, "000000", 7);
    for (int i = 0; i < 15; i++) { /* Luhn over the first 15 */
        unsigned d = (unsigned)(zero[i] - '0') * (i % 2 == 0 ? 2 : 1);
        sum += d > 9 ? d - 9 : d;
    }
    zero[15] = (char)('0' + (10 - sum % 10) % 10);
    memcpy(a->policy_number, zero, sizeof zero);
    return to_plenty(g, a);
}
static bool make_damaged(const struct gen *g, struct gen_app *a)
{
    a->damaged = true;
    return make_desk(g, a);
}

static const struct app_case cases[] = {
    {"change-online", 330, good, to_plenty},
    {"first-online", 120, fits_first, to_plenty},
    {"change-desk", 80, good, make_desk},
    {"first-desk", 30, fits_first, make_desk},
    {"already-there", 35, good, make_same},
    {"other-region-online", 30, fits_other_region, to_plenty},
    {"other-region-desk", 30, fits_other_region, make_desk},
    {"temporary-online", 20, fits_temporary, to_plenty},
    {"temporary-desk", 20, fits_temporary, make_desk},
    {"old-form-online", 15, fits_old, to_plenty},
    {"old-form-desk", 15, fits_old, make_desk},
    {"full-clinic", 55, good, make_full},
    {"one-place", 25, good, make_one_place},
    {"resident-of-full", 25, fits_resident_of_full, make_own_full},
    {"not-in-chi", 15, good, make_out_of_chi},
    {"research", 10, good, make_research},
    {"departmental-online", 15, good, make_departmental},
    {"limit-reached", 35, fits_limit, to_plenty},
    {"moved-with-proof", 15, fits_limit, make_moved},
    {"moved-without-proof", 15, fits_limit, make_moved_unproven},
    {"not-acknowledged", 15, good, make_no_tick},
    {"simple-account", 15, good, make_simple},
    {"no-snils", 15, good, make_no_snils},
    {"tinao", 15, good, make_tinao},
    {"minor-online", 10, fits_minor, to_plenty},
    {"military", 5, fits_military, make_desk},
    {"other-name", 15, good, make_other_name},
    {"other-birth-date", 10, good, make_other_birth},
    {"wrong-check-digit", 10, good, make_wrong_check},
    {"unknown-policy", 10, good, make_unknown},
    {"policy-ended", 10, fits_ended, to_plenty},
    {"damaged-paper", 10, good, make_damaged},
};
#define CASES_N (sizeof cases / sizeof *cases)

/* --- choice --- */

static void plain(const struct gen *g, struct gen_app *a, const struct gen_person *p, const struct gen_attachment *now, uint64_t n)
{
    (void)g;
    *a = (struct gen_app){.source = "SOURCE_MOSRU", .account = "ACCOUNT_LEVEL_VERIFIED", .acknowledged = true, .p = p, .now = now};
    a->kind = now->is ? "APPLICATION_KIND_CHANGE" : "APPLICATION_KIND_ATTACH_FIRST";
    a->reason = now->is ? "CHANGE_REASON_WISH" : NULL;
    snprintf(a->ref, sizeof a->ref, "G%llu-%07llu", (unsigned long long)(g->conf.seed % 100000000), (unsigned long long)n + 1);
    memcpy(a->surname, p->surname, sizeof a->surname);
    memcpy(a->birth_date, p->birth_date, sizeof a->birth_date);
    memcpy(a->policy_number, p->policy_number, sizeof a->policy_number);
    memcpy(a->snils, p->snils, sizeof a->snils);
}

static const struct app_case *pick_case(const struct gen *g, uint64_t n)
{
    unsigned total = 0, at;
    for (size_t i = 0; i < CASES_N; i++)
        total += cases[i].weight;
    at = (unsigned)gen_below(g, USE_CASE, n, total);
    size_t i = 0;
    while (at >= cases[i].weight)
        at -= cases[i++].weight;
    return &cases[i];
}

/* Somebody without an application yet whom the case fits. */
static bool pick_person(struct gen *g, const struct app_case *c, uint64_t n, struct gen_person *p, struct gen_attachment *now,
                        struct gen_app *a)
{
    uint64_t start = gen_below(g, USE_PICK, n, g->conf.persons);
    for (uint64_t k = 0; k < TRIES && k < g->conf.persons; k++) {
        uint64_t i = (start + k) % g->conf.persons;
        if (g->taken[i / 8] & 1u << i % 8)
            continue;
        gen_person(g, i, p);
        gen_attachment(g, p, PB_PROFILE(ADULT_THERAPEUTIC), now);
        plain(g, a, p, now, n);
        if (!c->fits(g, p, now) || !c->make(g, a))
            continue;
        g->taken[i / 8] |= (uint8_t)(1u << i % 8);
        return true;
    }
    return false;
}

static void write_extras(const struct gen *g, FILE *apps, FILE *cases_to, FILE *withdrawals, uint64_t n, struct gen_app *a,
                         struct gen_sum *sum)
{
    if (gen_below(g, USE_DUPLICATE, n, 100) < (uint64_t)g->conf.duplicate_percent)
        gen_print_app(g, apps, a);
    if (gen_below(g, USE_WITHDRAW, n, 100) < (uint64_t)g->conf.withdraw_percent) {
        fprintf(withdrawals, "{\"source\":\"%s\",\"external_ref\":\"%s\"}\n", a->source, a->ref);
        sum->withdrawals++;
    }
    if (gen_below(g, USE_TWIN, n, 100) < (uint64_t)g->conf.twin_percent) {
        struct gen_app twin = *a;
        snprintf(twin.ref, sizeof twin.ref, "T%llu-%07llu", (unsigned long long)(g->conf.seed % 100000000),
                 (unsigned long long)n + 1);
        if (aim(g, &twin, &g->of[PB_PROFILE(ADULT_THERAPEUTIC)], GEN_PLENTY) && at_desk(&twin)) {
            gen_print_app(g, apps, &twin);
            fprintf(cases_to, "%s;twin\n", twin.ref);
            sum->applications++;
        }
    }
}

bool gen_write_applications(struct gen *g, FILE *apps, FILE *cases_to, FILE *withdrawals, struct gen_sum *sum)
{
    fputs("external_ref;case\n", cases_to);
    for (uint64_t n = 0; n < g->conf.applications; n++) {
        struct gen_person p;
        struct gen_attachment now;
        struct gen_app a;
        const struct app_case *c = pick_case(g, n);
        if (!pick_person(g, c, n, &p, &now, &a)) { /* too small a region for this case: the commonest ones instead */
            c = &cases[0];
            if (!pick_person(g, c, n, &p, &now, &a) && !pick_person(g, c = &cases[1], n, &p, &now, &a))
                return false;
        }
        gen_print_app(g, apps, &a);
        fprintf(cases_to, "%s;%s\n", a.ref, c->name);
        sum->applications++;
        write_extras(g, apps, cases_to, withdrawals, n, &a, sum);
    }
    return true;
}
