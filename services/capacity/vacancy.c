/* vacancy.c - see vacancy.h. The list changes only when a clinic fills up or a new one has room, so it is seldom written. */
#include "services/capacity/vacancy.h"
#include "domain/channel.h"

#define VACANCY_KEPT    8
#define VACANCY_ADVISED 3

static struct bytes list_key(const struct svc_event *ev)
{
    return bytes_str(profile_name(((const PB(Reserve) *)ev->msg)->profile));
}

void vacancy_plan(const struct svc_event *ev, struct svc_plan *p)
{
    if (list_key(ev).n)
        svc_read(p, CAP_VACANCY, list_key(ev));
}

static bool listed(const PB(Vacancies) *list, const char *clinic_id)
{
    for (size_t i = 0; list && i < list->n_clinics; i++)
        if (strcmp(list->clinics[i]->clinic_id, clinic_id) == 0)
            return true;
    return false;
}

void vacancy_note(const struct svc_event *ev, struct svc_call *c, const PB(ClinicRecord) *clinic, bool has_places)
{
    const char *id = ((const PB(Reserve) *)ev->msg)->clinic_id;
    const PB(Vacancies) *list = svc_get(c, CAP_VACANCY, list_key(ev));
    size_t n = list ? list->n_clinics : 0, out = 0;
    if (listed(list, id) == has_places || (has_places && n >= VACANCY_KEPT))
        return;
    PB(Vacancies) fresh = CLINIC__ATTACH__V1__VACANCIES__INIT;
    PB(Vacancy) added = CLINIC__ATTACH__V1__VACANCY__INIT;
    fresh.clinics = ARENA_ARRAY(ev->arena, PB(Vacancy) *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list->clinics[i]->clinic_id, id) != 0)
            fresh.clinics[out++] = list->clinics[i];
    if (has_places) {
        added.clinic_id = (char *)id;
        added.region = clinic->region;
        added.name = clinic->name;
        added.address = clinic->address;
        fresh.clinics[out++] = &added;
    }
    fresh.n_clinics = out;
    svc_put(c, CAP_VACANCY, list_key(ev), &fresh);
}

static PB(ClinicCard) *card_of(const struct svc_event *ev, const PB(Vacancy) *v)
{
    PB(ClinicCard) *card = ARENA_NEW(ev->arena, PB(ClinicCard));
    clinic__attach__v1__clinic_card__init(card);
    card->clinic_id = v->clinic_id;
    card->name = v->name;
    card->address = v->address;
    return card;
}

void vacancy_advise(const struct svc_event *ev, struct svc_call *c, const char *region, PB(ReserveRefused) *m)
{
    const PB(Vacancies) *list = svc_get(c, CAP_VACANCY, list_key(ev));
    m->alternatives = ARENA_ARRAY(ev->arena, char *, VACANCY_ADVISED);
    m->alternative_cards = ARENA_ARRAY(ev->arena, PB(ClinicCard) *, VACANCY_ADVISED);
    for (size_t i = 0; list && i < list->n_clinics && m->n_alternatives < VACANCY_ADVISED; i++) {
        const PB(Vacancy) *v = list->clinics[i];
        if (strcmp(v->region, region) != 0 || strcmp(v->clinic_id, m->clinic_id) == 0)
            continue;
        m->alternatives[m->n_alternatives++] = v->clinic_id;
        m->alternative_cards[m->n_alternative_cards++] = card_of(ev, v);
    }
}
