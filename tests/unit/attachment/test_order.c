/* test_order.c - what capacity builds on: a place that an attachment rests on is never given back by a command that comes
 * late. Held for any sequence of inputs, sensible or not: short ones all, long ones at random, with applications that come
 * again after they were forgotten. */
#include "desk.h"

#define PLACES 64

/* The last command about each place. */
struct watch {
    struct desk d;
    struct place {
        char holder[16], clinic[16], last[16];
    } places[PLACES];
    size_t places_n;
    char story[8000];
    unsigned seen[4]; /* of the commands, to know that the sequences led somewhere */
    unsigned again;   /* places asked for after they had been given back */
};
static const char *const commands[] = {"reserve", "cancel", "release", "occupy"};

static struct place *place_of(struct watch *w, const char *holder, const char *clinic)
{
    for (size_t i = 0; i < w->places_n; i++)
        if (strcmp(w->places[i].holder, holder) == 0 && strcmp(w->places[i].clinic, clinic) == 0)
            return &w->places[i];
    assert_true(w->places_n < PLACES);
    struct place *p = &w->places[w->places_n++];
    memset(p, 0, sizeof *p);
    snprintf(p->holder, sizeof p->holder, "%s", holder);
    snprintf(p->clinic, sizeof p->clinic, "%s", clinic);
    return p;
}

static bool is_given_back(const struct place *p) { return strcmp(p->last, "cancel") == 0 || strcmp(p->last, "release") == 0; }

static void note(struct watch *w, size_t command, struct place *p)
{
    w->seen[command]++;
    w->again += strcmp(commands[command], "reserve") == 0 && is_given_back(p);
    snprintf(p->last, sizeof p->last, "%s", commands[command]);
}

/* The commands among what came out, in their order. */
static void note_commands(struct watch *w, const char *trace)
{
    char verb[16], holder[16], clinic[16];
    for (; *trace; trace += strcspn(trace, "\n") + 1)
        for (size_t i = 0; i < N(commands); i++)
            if (sscanf(trace, "%15s %15s %15s", verb, holder, clinic) == 3 && strcmp(verb, commands[i]) == 0)
                note(w, i, place_of(w, holder, clinic));
}

static void check_taken(struct watch *w, const char *holder, const char *clinic, const char *what)
{
    const char *last = place_of(w, holder, clinic)->last;
    if (strcmp(last, "reserve") != 0 && strcmp(last, "occupy") != 0)
        fail_msg("%s %s at %s, the last command is \"%s\", after:%s", what, holder, clinic, last, w->story);
}

static void check_person(struct watch *w)
{
    char id[37];
    const PB(PersonState) *s = platform_get(w->d.p, 0, 0, bytes_str(REF), w->d.mem);
    for (size_t i = 0; s && i < s->n_attachments; i++) {
        uuid_to_text(s->attachments[i]->basis.data, id);
        check_taken(w, app_name(&w->d, id), s->attachments[i]->clinic_id, "attached by");
    }
    for (size_t i = 0; s && i < s->n_in_flight; i++) {
        const PB(Case) *k = s->in_flight[i]->case_;
        check_taken(w, app_name(&w->d, k->application_id), k->application->clinic_id, "in flight is");
    }
}

static void hear(struct watch *w, const char *line)
{
    size_t n = strlen(w->story);
    snprintf(w->story + n, sizeof w->story - n, "\n  %s", line);
    desk_do(&w->d, line);
    note_commands(w, desk_trace(&w->d));
    check_person(w);
}

static void begin(struct watch *w)
{
    desk_open(&w->d);
    w->places_n = 0;
    w->story[0] = '\0';
}

/* Every sequence of these, repeats included, after the application has come. */
static void test_any_short_sequence(void **state)
{
    (void)state;
    static const char *const inputs[] = {"verified A1 K1", "reserved A1 K1 1", "reserved A1 K2 1", "full A1 K1",
                                         "withdraw A1",    "verified A2 K2",   "reserved A2 K2 1", "import K3 2026-06-02",
                                         "pass 60"};
    enum { LENGTH = 4, INPUTS = N(inputs), ALL = INPUTS * INPUTS * INPUTS * INPUTS };
    static struct watch w;
    for (unsigned n = 0; n < ALL; n++) {
        begin(&w);
        for (unsigned i = 0, rest = n; i < LENGTH; i++, rest /= INPUTS)
            hear(&w, inputs[rest % INPUTS]);
        desk_close(&w.d);
    }
    for (size_t i = 0; i < N(commands); i++)
        assert_true(w.seen[i] > 100);
}

static unsigned pick(uint64_t *random, unsigned n)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (unsigned)(*random >> 20) % n;
}

/* Twelve applications: more than are remembered once they have ended. An import has its clinic to itself, for its place is
 * known by that. */
static void say_any(struct watch *w, uint64_t *random)
{
    static const char *const verbs[] = {"verified", "verified", "reserved", "reserved", "stopped", "full", "withdraw"};
    char line[60];
    unsigned app = pick(random, 12), form = pick(random, N(verbs) + 2), clinic = app % 3 + (pick(random, 10) == 0);
    unsigned month = 1 + pick(random, 12), day = 1 + pick(random, 28);
    if (form < N(verbs))
        snprintf(line, sizeof line, "%s A%u K%u %s", verbs[form], app, clinic,
                 form == 4 ? "GATED POLICY_OTHER_REGION" : "1");
    else if (form == N(verbs))
        snprintf(line, sizeof line, "pass %u", day % 3 ? 60 : 31 * 86400);
    else
        snprintf(line, sizeof line, "import K%02u%02u 2026-%02u-%02u", month, day, month, day);
    hear(w, line);
}

static void test_long_sequences(void **state)
{
    (void)state;
    static struct watch w;
    for (unsigned seed = 1; seed <= 60; seed++) {
        uint64_t random = 0x9e3779b97f4a7c15ull * seed;
        begin(&w);
        for (int i = 0; i < 150; i++)
            say_any(&w, &random);
        desk_close(&w.d);
    }
    for (size_t i = 0; i < N(commands); i++)
        assert_true(w.seen[i] > 100);
    assert_true(w.again > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_short_sequence),
        cmocka_unit_test(test_long_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
