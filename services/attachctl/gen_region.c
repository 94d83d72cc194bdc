/* gen_region.c - the persons and clinics of the synthetic region, each a function of the seed and its index. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "domain/enp.h"
#include "services/attachctl/gen_impl.h"

#define EARLIEST_BIRTH_YEAR 1930
#define SPECIAL_KINDS 8

uint64_t gen_random(const struct gen *g, enum gen_use use, uint64_t i, uint64_t k)
{
    uint64_t x = g->conf.seed * 0x9e3779b97f4a7c15U + (uint64_t)use * 0xd1342543de82ef95U + k * 0x2545f4914f6cdd1dU + i;
    for (int round = 0; round < 2; round++) { /* splitmix64 */
        x += 0x9e3779b97f4a7c15U;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
        x = (x ^ x >> 27) * 0x94d049bb133111ebU;
        x ^= x >> 31;
    }
    return x;
}
uint64_t gen_below(const struct gen *g, enum gen_use use, uint64_t i, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)gen_random(g, use, i, 0) * n) >> 64);
}
bool gen_chance(const struct gen *g, enum gen_use use, uint64_t i, unsigned per_mille)
{
    return gen_below(g, use, i, 1000) < per_mille;
}

/* --- persons --- */

static uint64_t gcd(uint64_t a, uint64_t b) { return b ? gcd(b, a % b) : a; }

/* Days of birth are walked through with a stride prime to their number: no number of a policy comes twice. */
static int32_t birth_of(const struct gen *g, uint64_t i) { return g->first_day + (int32_t)((i * g->stride) % g->days); }

/* 9 digits above 001-001-998, every i another; two control digits (sum of digits by 9..1, modulo 101, 100 is 00). */
static void snils_of(uint64_t i, char ret[12])
{
    uint64_t n = 2000000 + (i * 7919) % 997999993;
    unsigned sum = 0;
    for (int d = 8, weight = 1; d >= 0; d--, weight++) {
        ret[d] = (char)('0' + n % 10);
        sum += (unsigned)(n % 10) * (unsigned)weight;
        n /= 10;
    }
    unsigned control = sum % 101 % 100;
    ret[9] = (char)('0' + control / 10);
    ret[10] = (char)('0' + control % 10);
    ret[11] = '\0';
}

static void policy_of(const struct gen *g, struct gen_person *p, struct date birth)
{
    unsigned kind = (unsigned)gen_below(g, USE_FORM, p->i, 1000);
    p->policy_series[0] = '\0';
    p->valid_until = 0;
    enp_make(99, birth, p->sex, (unsigned)(p->i / g->days) + 1, p->policy_number);
    if (kind < 15) {
        p->form = PB_FORM(TEMP_CERT);
        snprintf(p->policy_number, sizeof p->policy_number, "%09llu", (unsigned long long)(100000000 + p->i % 900000000));
        p->valid_until = g->conf.today - 10 + (int32_t)gen_below(g, USE_UNTIL, p->i, 40);
    } else if (kind < 30) {
        p->form = PB_FORM(OLD);
        snprintf(p->policy_series, sizeof p->policy_series, "99%c%c", 'A' + (char)(p->i / 10000000 / 26 % 26),
                 'A' + (char)(p->i / 10000000 % 26));
        snprintf(p->policy_number, sizeof p->policy_number, "%07llu", (unsigned long long)(p->i % 10000000 * 7919 + 1234567) % 10000000);
    } else if (kind < 35) {
        p->form = PB_FORM(TIME_LIMITED);
        p->valid_until = g->conf.today - 30 + (int32_t)gen_below(g, USE_UNTIL, p->i, 400);
    } else {
        static const PB(PolicyForm) forms[] = {PB_FORM(UNIFIED_ELECTRONIC), PB_FORM(UNIFIED_PLASTIC), PB_FORM(UNIFIED_PAPER)};
        p->form = forms[kind % 3];
    }
    static const PB(PolicyStatus) ended[] = {CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ANNULLED,
                                             CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_SURRENDERED,
                                             CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_SUSPENDED};
    unsigned status = (unsigned)gen_below(g, USE_STATUS, p->i, 1000);
    p->status = status < 12 ? ended[status % 3] : CLINIC__ATTACH__V1__POLICY_STATUS__POLICY_STATUS_ACTIVE;
    p->region = gen_chance(g, USE_REGION, p->i, 40) ? (g->conf.region == 50 ? 77 : 50) : g->conf.region;
}

static void document_of(const struct gen *g, struct gen_person *p)
{
    uint64_t number = gen_below(g, USE_DOC, p->i, 1000000);
    p->doc_type = p->age < 14 ? PB_DOC(BIRTH_CERT_RF) : PB_DOC(RF_PASSPORT);
    if (p->age < 14)
        strcpy(p->doc_series, "IV-АБ");
    else
        snprintf(p->doc_series, sizeof p->doc_series, "99 %02d", (int)(p->i % 25));
    snprintf(p->doc_number, sizeof p->doc_number, "%06d", (int)number);
}

void gen_person(const struct gen *g, uint64_t i, struct gen_person *p)
{
    *p = (struct gen_person){.i = i};
    int32_t day = birth_of(g, i);
    struct date birth = date_of_days(day);
    p->age = date_age(birth, date_of_days(g->conf.today));
    p->sex = gen_random(g, USE_SEX, i, 0) % 100 < 54 ? PB_SEX(FEMALE) : PB_SEX(MALE);
    gen_surname(gen_random(g, USE_SURNAME, i, 0), p->sex, p->surname);
    p->name = gen_name(gen_random(g, USE_NAME, i, 0), p->sex);
    p->patronymic = gen_chance(g, USE_PATRONYMIC, i, 985) ? gen_patronymic(gen_random(g, USE_PATRONYMIC, i, 1), p->sex) : "";
    text_day(day, p->birth_date);
    snils_of(i, p->snils);
    policy_of(g, p, birth);
    document_of(g, p);
    p->military = p->age >= 18 && p->age < 50 && gen_chance(g, USE_MILITARY, i, 5);
    if (g->districts && !gen_chance(g, USE_DISTRICT, i, 60))
        p->district = 1 + gen_below(g, USE_DISTRICT, i + (1ULL << 62), g->districts);
}

void gen_district(uint64_t district, char ret[16])
{
    if (district)
        snprintf(ret, 16, "D%05llu", (unsigned long long)district);
    else
        ret[0] = '\0';
}

/* --- clinics --- */

static void set_profiles(struct gen_clinic *c, PB(Profile) a, PB(Profile) b, PB(Profile) d)
{
    PB(Profile) all[] = {a, b, d};
    for (size_t i = 0; i < 3; i++)
        if (all[i])
            c->profiles[c->profiles_n++] = all[i];
}

/* The unusual ones: what may not be attached to, or not online. */
static void special_clinic(struct gen_clinic *c, uint64_t kind)
{
    const int adult = PB_PROFILE(ADULT_THERAPEUTIC);
    switch (kind) {
    case 0:
        c->kind = PB_CLINIC_KIND(RESEARCH);
        break;
    case 1:
        c->ownership = PB_OWNERSHIP(PRIVATE);
        c->in_chi = false;
        break;
    case 2:
        c->kind = PB_CLINIC_KIND(HOSPITAL);
        break;
    case 3:
        c->ownership = PB_OWNERSHIP(STATE_DEPARTMENTAL);
        break;
    case 4:
        c->ownership = PB_OWNERSHIP(PRIVATE);
        break;
    case 5:
        c->kind = PB_CLINIC_KIND(ANTENATAL);
        set_profiles(c, PB_PROFILE(ANTENATAL), 0, 0);
        return;
    case 6:
        c->kind = PB_CLINIC_KIND(DENTAL);
        set_profiles(c, PB_PROFILE(ADULT_DENTAL), PB_PROFILE(CHILD_DENTAL), 0);
        return;
    default:
        c->tinao = true;
    }
    set_profiles(c, adult, 0, 0);
}

void gen_clinic(const struct gen *g, uint64_t i, struct gen_clinic *c)
{
    *c = (struct gen_clinic){.i = i, .kind = PB_CLINIC_KIND(OUTPATIENT), .ownership = PB_OWNERSHIP(STATE_DOH), .in_chi = true};
    snprintf(c->id, sizeof c->id, "%02d%04d", g->conf.region, (int)i + 1);
    if (i >= g->special_from) {
        special_clinic(c, (i - g->special_from) % SPECIAL_KINDS);
    } else if (i % 3 == 1) {
        set_profiles(c, PB_PROFILE(CHILD), i % 6 == 1 ? PB_PROFILE(CHILD_DENTAL) : 0, 0);
    } else {
        set_profiles(c, PB_PROFILE(ADULT_THERAPEUTIC), i % 5 == 0 ? PB_PROFILE(ADULT_DENTAL) : 0, 0);
        c->district = i - (i + 1) / 3 + 1; /* every third clinic is for children */
    }
    for (int p = 0; p < c->profiles_n; p++) {
        bool main = c->profiles[p] == PB_PROFILE(ADULT_THERAPEUTIC) || c->profiles[p] == PB_PROFILE(CHILD);
        uint64_t base = c->profiles[p] == PB_PROFILE(CHILD) ? g->first_child_doctors : g->first_adult_doctors;
        c->doctors[p] = main ? (uint32_t)(base + gen_below(g, USE_DOCTOR, i + (1ULL << 61), 3)) : 2;
    }
    unsigned load = (unsigned)gen_below(g, USE_LOAD, i, 100);
    c->load = load < 12 ? GEN_FULL : load < 20 ? GEN_ONE_PLACE : GEN_PLENTY;
    if (c->district && c->district <= (uint64_t)g->conf.hot_clinics)
        c->load = GEN_HOT;
}

uint32_t gen_doctors(const struct gen_clinic *c) { return c->doctors[0] + c->doctors[1] + c->doctors[2]; }

int gen_profile_of_doctor(const struct gen_clinic *c, uint32_t doctor)
{
    for (int p = 0; p < c->profiles_n; p++) {
        if (doctor <= c->doctors[p])
            return p;
        doctor -= c->doctors[p];
    }
    return -1;
}

uint32_t gen_norm(const struct gen *g, const struct gen_clinic *c, uint32_t doctor, PB(Profile) profile)
{
    uint32_t used = g->used[c->i * GEN_DOCTORS_MAX + doctor];
    uint32_t usual = profile == PB_PROFILE(CHILD) ? 800 : profile == PB_PROFILE(ADULT_THERAPEUTIC) ? 1700 : 3000;
    switch (c->load) {
    case GEN_FULL:
        return used;
    case GEN_ONE_PLACE:
        return used + (gen_profile_of_doctor(c, doctor) == 0 && doctor == 1);
    case GEN_HOT:
        return used + (doctor == 1 ? (uint32_t)g->conf.hot_places : 0);
    default:
        return used + used / 4 + 10 > usual ? used + used / 4 + 10 : usual;
    }
}

/* --- attachments --- */

static uint64_t home_clinic(const struct gen *g, const struct gen_person *p, PB(Profile) profile)
{
    const struct gen_list *l = &g->of[profile];
    uint64_t d = p->district - 1;
    if (profile == PB_PROFILE(ADULT_THERAPEUTIC))
        return d / 2 * 3 + (d % 2) * 2; /* the clinic of that district, see gen_clinic */
    return l->at[d % l->n];
}

void gen_attachment(const struct gen *g, const struct gen_person *p, PB(Profile) profile, struct gen_attachment *a)
{
    *a = (struct gen_attachment){0};
    const struct gen_list *l = &g->of[profile];
    unsigned percent = profile == PB_PROFILE(ADULT_DENTAL) ? 10 : (unsigned)g->conf.attached_percent;
    uint64_t salt = p->i * 8 + (uint64_t)profile;
    bool fits = profile == PB_PROFILE(CHILD) ? p->age < 18 : p->age >= 18;
    if (!fits || l->n == 0 || p->military || !gen_chance(g, USE_ATTACHED, salt, 10 * percent))
        return;
    bool home = p->district && profile != PB_PROFILE(ADULT_DENTAL) && gen_chance(g, USE_CLINIC, salt, 850);
    a->is = true;
    a->clinic = home ? home_clinic(g, p, profile) : l->at[gen_below(g, USE_CLINIC, salt + (1ULL << 62), l->n)];
    struct gen_clinic c;
    gen_clinic(g, a->clinic, &c);
    uint32_t before = 0;
    for (int k = 0; k < c.profiles_n && c.profiles[k] != profile; k++)
        before += c.doctors[k];
    int k = gen_profile_of_doctor(&c, before + 1);
    a->doctor = before + 1 + (uint32_t)gen_below(g, USE_DOCTOR, salt, c.doctors[k]);
    int y, m, d;
    text_civil(g->conf.today, &y, &m, &d);
    if (gen_chance(g, USE_FROM, salt, 20)) { /* a change of this very month */
        a->counted = true;
        a->from = g->conf.today - (int32_t)gen_below(g, USE_FROM, salt + (1ULL << 62), (uint64_t)d);
    } else {
        a->from = g->conf.today - 400 - (int32_t)gen_below(g, USE_FROM, salt + (1ULL << 62), 3000);
    }
}

/* --- set-up --- */

static void list_add(struct gen_list *l, uint64_t clinic)
{
    if (l->n % 64 == 0) {
        l->at = realloc(l->at, (l->n + 64) * sizeof *l->at);
        must(l->at);
    }
    l->at[l->n++] = clinic;
}

static void sort_clinic(struct gen *g, const struct gen_clinic *c)
{
    if (c->kind == PB_CLINIC_KIND(RESEARCH))
        list_add(&g->research, c->i);
    else if (!c->in_chi)
        list_add(&g->private_out, c->i);
    else if (c->tinao)
        list_add(&g->tinao, c->i);
    else if (c->ownership == PB_OWNERSHIP(STATE_DEPARTMENTAL))
        list_add(&g->departmental, c->i);
    else if (c->ownership == PB_OWNERSHIP(STATE_DOH) && c->kind != PB_CLINIC_KIND(HOSPITAL))
        for (int p = 0; p < c->profiles_n; p++)
            list_add(&g->of[c->profiles[p]], c->i);
    if (c->district > g->districts)
        g->districts = c->district;
}

struct gen *gen_new(const struct gen_conf *conf)
{
    struct gen *g = calloc(1, sizeof *g);
    must(g);
    g->conf = *conf;
    g->first_day = text_day_of(EARLIEST_BIRTH_YEAR, 1, 1);
    g->days = (uint64_t)(conf->today - g->first_day);
    for (g->stride = 10007; gcd(g->stride, g->days) != 1;)
        g->stride += 2;
    uint64_t special = conf->clinics < 12 ? 0 : SPECIAL_KINDS * (conf->clinics / 40 ? conf->clinics / 40 : 1);
    g->special_from = conf->clinics - special;
    uint64_t load = conf->clinics ? conf->persons / conf->clinics : 0;
    g->first_adult_doctors = 3 + load / 1500 > 20 ? 20 : 3 + load / 1500;
    g->first_child_doctors = 2 + load / 1000 > 20 ? 20 : 2 + load / 1000;
    for (uint64_t i = 0; i < conf->clinics; i++) {
        struct gen_clinic c;
        gen_clinic(g, i, &c);
        sort_clinic(g, &c);
    }
    g->used = calloc(conf->clinics * GEN_DOCTORS_MAX + 1, sizeof *g->used);
    g->taken = calloc(conf->persons / 8 + 1, 1);
    must(g->used && g->taken);
    return g;
}

void gen_free(struct gen *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < PB_PROFILE_N; i++)
        free(g->of[i].at);
    struct gen_list *more[] = {&g->departmental, &g->private_out, &g->research, &g->tinao};
    for (size_t i = 0; i < 4; i++)
        free(more[i]->at);
    free(g->used);
    free(g->taken);
    free(g);
}
