/* desk.h - the capacity service alone on a fake bus, driven and watched by lines of text.
 *   commands   clinic ID DOCTORS [words]   doctors as 1:10 (number:norm), with ! closed, @d district, e.g. 1:10,2:5!,3:1@arbat
 *              reserve APP CLINIC [doctor N] [from DISTRICT] [online] · cancel|release APP CLINIC
 *              occupy APP CLINIC DOCTOR
 *   words      unlisted, research, dental (profile), private, insurer, area DISTRICT, named NAME (at Lane 5, with a phone)
 *   trace      answers, dead letters, then the places of the clinic spoken of: [doctor:used ...] */
#ifndef CLINIC_TEST_CAPACITY_DESK_H
#define CLINIC_TEST_CAPACITY_DESK_H
#include "tests/unit/desk_fixture.h"
#include "services/capacity/capacity.h"

static inline void desk_open(struct desk *d) { desk_start(d, &capacity_svc, 1780470000000); }
static inline const char *app_name(struct desk *d, const char *id) { return desk_name(d, id, "?"); }

/* Only what a clinic was given a name for: most stories are about places. */
static inline void say_card(struct desk *d, const PB(ClinicCard) *card)
{
    if (card && card->name[0])
        say(d, " (%s, %s%s%s)", card->name, card->address, card->phone[0] ? ", " : "", card->phone);
}

static inline void say_refused(struct desk *d, const PB(ReserveRefused) *m)
{
    say(d, "refused %s %s %s", app_name(d, m->application_id), outcome_name((int)m->outcome), m->reasons[0]->code);
    for (size_t i = 0; i < m->n_alternatives; i++) {
        assert_string_equal(m->alternative_cards[i]->clinic_id, m->alternatives[i]);
        say(d, " or %s", m->alternatives[i]);
        say_card(d, m->alternative_cards[i]);
    }
    say_card(d, m->clinic);
    say(d, "\n");
}

static inline void say_reserved(struct desk *d, const PB(Reserved) *m)
{
    say(d, "reserved %s %s %u%s%s%s", app_name(d, m->application_id), m->clinic_id, m->doctor_id,
        m->over_capacity ? " over" : "", m->district_id[0] ? " " : "", m->district_id);
    say_card(d, m->clinic);
    say(d, "\n");
}

static void desk_say_event(struct desk *d, enum event_id type, const void *m)
{
    if (type == EV_RESERVED)
        say_reserved(d, m);
    else if (type == EV_RESERVE_REFUSED)
        say_refused(d, m);
    else if (type == EV_DEAD_LETTER)
        say(d, "dead %s\n", ((const PB(DeadLetter) *)m)->detail);
}

static const char *desk_trace(struct desk *d)
{
    static const int watched[] = {TOPIC_ATTACHMENT_INBOX, TOPIC_CAPACITY_DLQ};
    desk_read(d, watched, N(watched));
    const PB(ClinicPlaces) *p = platform_get(d->p, 0, 1, bytes_str(d->clinic), d->mem);
    say(d, "[");
    for (uint32_t doctor = 0; p && doctor < 10; doctor++)
        for (size_t i = 0; i < p->n_doctors; i++)
            if (p->doctors[i]->doctor_id == doctor)
                say(d, "%s%u:%u", d->trace[strlen(d->trace) - 1] == '[' ? "" : " ", doctor, p->doctors[i]->used);
    say(d, "]");
    return d->trace;
}

static inline void desk_send(struct desk *d, const char *clinic, enum event_id type, const void *msg)
{
    fake_publish_event(platform_cluster(d->p), TOPIC_CAPACITY_INBOX, bytes_str(clinic), type, msg, NULL, "");
}

static inline const char *after(const char *line, const char *word, char ret[40])
{
    const char *at = strstr(line, word);
    ret[0] = '\0';
    if (at)
        sscanf(at + strlen(word), "%39s", ret);
    return ret;
}

static inline PB(Doctor) *desk_doctor(struct desk *d, const char *text, PB(Profile) profile)
{
    PB(Doctor) *x = arena_alloc(d->mem, sizeof *x);
    clinic__attach__v1__doctor__init(x);
    assert_int_equal(sscanf(text, "%u:%u", &x->doctor_id, &x->norm), 2);
    x->profile = profile;
    x->accepts_new = !strchr(text, '!');
    const char *at = strchr(text, '@');
    x->district_id = arena_strdup(d->mem, at ? at + 1 : "");
    return x;
}

static inline void do_clinic(struct desk *d, const char *id, const char *doctors, const char *line)
{
    PB(ClinicRecord) m = CLINIC__ATTACH__V1__CLINIC_RECORD__INIT;
    PB(Profile) profile = strstr(line, " dental") ? PB_PROFILE(ADULT_DENTAL) : PB_PROFILE(ADULT_THERAPEUTIC);
    char area[40], name[40], text[200], *save, *insurer = (char *)"77001";
    after(line, " area ", area);
    after(line, " named ", name);
    char *district = area;
    PB(Doctor) *all[10];
    m.doctors = all;
    snprintf(text, sizeof text, "%s", strcmp(doctors, "none") == 0 ? "" : doctors);
    for (char *w = strtok_r(text, ",", &save); w; w = strtok_r(NULL, ",", &save))
        all[m.n_doctors++] = desk_doctor(d, w, profile);
    m.region = (char *)"77";
    if (name[0]) {
        m.name = name;
        m.address = (char *)"Lane 5";
        m.phone = (char *)"+74950000005";
    }
    m.kind = strstr(line, " research") ? PB_CLINIC_KIND(RESEARCH) : PB_CLINIC_KIND(OUTPATIENT);
    m.ownership = strstr(line, " private") ? PB_OWNERSHIP(PRIVATE) : PB_OWNERSHIP(STATE_DOH);
    m.in_chi_register = !strstr(line, " unlisted");
    m.profiles = &profile;
    m.n_profiles = 1;
    m.districts = &district;
    m.n_districts = area[0] != '\0';
    m.insurers = &insurer;
    m.n_insurers = strstr(line, " insurer") != NULL;
    fake_publish_event(platform_cluster(d->p), TOPIC_REGISTRY_CLINIC, bytes_str(id), EV_REGISTRY_CLINIC, &m, NULL, "");
}

static inline void do_reserve(struct desk *d, const char *app, const char *clinic, const char *line)
{
    PB(Reserve) m = CLINIC__ATTACH__V1__RESERVE__INIT;
    PB(RuleSetRef) rules = CLINIC__ATTACH__V1__RULE_SET_REF__INIT;
    char doctor[40], district[40];
    rules.id = (char *)"RU-MOW";
    m.application_id = desk_app(d, app);
    m.person_ref = (char *)REF;
    m.clinic_id = (char *)clinic;
    m.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    m.doctor_id = (uint32_t)atoi(after(line, " doctor ", doctor));
    m.residence_district = (char *)after(line, " from ", district);
    m.exempt_resident = true;
    m.online = strstr(line, " online") != NULL;
    m.insurer_id = (char *)"77002";
    m.rule_set = &rules;
    desk_send(d, clinic, EV_RESERVE, &m);
}

static inline void do_settle(struct desk *d, const char *verb, const char *app, const char *clinic, const char *doctor)
{
    PB(Cancel) x = CLINIC__ATTACH__V1__CANCEL__INIT;
    PB(Release) r = CLINIC__ATTACH__V1__RELEASE__INIT;
    PB(Occupy) o = CLINIC__ATTACH__V1__OCCUPY__INIT;
    x.application_id = r.application_id = o.application_id = desk_app(d, app);
    x.clinic_id = r.clinic_id = o.clinic_id = (char *)clinic;
    o.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    o.doctor_id = (uint32_t)atoi(doctor);
    if (strcmp(verb, "cancel") == 0)
        desk_send(d, clinic, EV_CANCEL, &x);
    else if (strcmp(verb, "release") == 0)
        desk_send(d, clinic, EV_RELEASE, &r);
    else if (strcmp(verb, "occupy") == 0)
        desk_send(d, clinic, EV_OCCUPY, &o);
    else
        fail_msg("no command \"%s\"", verb);
}

static void desk_do(struct desk *d, const char *line)
{
    char verb[16] = "", a[80] = "", b[80] = "", c[80] = "";
    sscanf(line, "%15s %79s %79s %79s", verb, a, b, c);
    bool is_clinic = strcmp(verb, "clinic") == 0;
    d->clinic = arena_strdup(d->mem, is_clinic ? a : b);
    if (is_clinic)
        do_clinic(d, a, b, line);
    else if (strcmp(verb, "reserve") == 0)
        do_reserve(d, a, b, line);
    else
        do_settle(d, verb, a, b, c);
    platform_run(d->p);
}

static inline void desk_play(const struct step *steps)
{
    struct desk d;
    desk_open(&d);
    desk_follow(&d, steps);
}
#endif
