/* desk.h - the attachment service alone on a fake bus, driven and watched by lines of text, all about one person.
 *   commands   at DATE · pass SECONDS · rules ID · import CLINIC DATE [counted] · verified APP CLINIC [words]
 *              stopped APP CLINIC OUTCOME CODE · withdraw APP · reserved APP CLINIC DOCTOR [over] [named]
 *              full APP CLINIC [named]
 *   words      desk, moved, proof, basic, temp, dental
 *   trace      what came out, by topic: capacity; intake; status; change; notice; dead letter */
#ifndef CLINIC_TEST_ATTACHMENT_DESK_H
#define CLINIC_TEST_ATTACHMENT_DESK_H
#include "tests/unit/desk_fixture.h"
#include "domain/channel.h"
#include "domain/date.h"
#include "services/attachment/attachment.h"

static inline void desk_open(struct desk *d)
{
    desk_start(d, &attachment_svc, date_start_ms(date_days((struct date){2026, 6, 3}), 180) + 36000000);
    snprintf(d->rules, sizeof d->rules, "RU-MOW");
}

/* An id that no portal's application has is that of an import. */
static inline const char *app_name(struct desk *d, const char *id) { return desk_name(d, id, "import"); }

static inline void say_reasons(struct desk *d, PB(Reason) *const *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        say(d, " %s", r[i]->code);
        if (r[i]->detail[0])
            say(d, "(%s)", r[i]->detail);
    }
}

static inline void say_status(struct desk *d, const PB(ApplicationStatusChanged) *m)
{
    say(d, "status %s ", app_name(d, m->application_id));
    for (size_t i = 0; i < m->n_passed; i++)
        say(d, "%s>", enum_name(&clinic__attach__v1__status__descriptor, m->passed[i], "STATUS_"));
    say(d, "%s", enum_name(&clinic__attach__v1__status__descriptor, m->status, "STATUS_"));
    if (m->outcome)
        say(d, " %s", outcome_name(m->outcome));
    say_reasons(d, m->reasons, m->n_reasons);
    if (m->doctor_id)
        say(d, " doctor %u", m->doctor_id);
    say(d, "%s%s\n", m->counted ? " counted" : "", m->over_capacity ? " over" : "");
}

static inline void say_notice(struct desk *d, const PB(NotificationRequested) *m)
{
    say(d, "notice %s %s", app_name(d, m->case_->application_id), m->milestone);
    if (m->old_clinic_id[0])
        say(d, " from %s", m->old_clinic_id);
    for (size_t i = 0; i < m->n_alternatives; i++)
        say(d, " or %s", m->alternatives[i]);
    for (size_t i = 0; i < m->n_alternative_cards; i++)
        say(d, " or %s", m->alternative_cards[i]->name);
    if (m->clinic)
        say(d, " at %s", m->clinic->name);
    say(d, "\n");
}

static inline void say_capacity(struct desk *d, const char *type, const void *msg)
{
    const char *short_type = strchr(type, 'y') + 2; /* ru.clinic.attach.capacity.<this>.v1 */
    const PB(Cancel) *m = msg;                      /* all begin with application_id, then clinic_id, but Reserve */
    bool asks = strncmp(short_type, "reserve", 7) == 0;
    say(d, "%.*s %s %s\n", (int)strcspn(short_type, "."), short_type, app_name(d, m->application_id),
        asks ? ((const PB(Reserve) *)msg)->clinic_id : m->clinic_id);
}

static void desk_say_event(struct desk *d, enum event_id type, const void *m)
{
    const PB(ApplicationClosed) *closed = m;
    const PB(AttachmentChanged) *change = m;
    switch (type) {
    case EV_APPLICATION_CLOSED:
        say(d, "closed %s %s\n", app_name(d, closed->application_id), outcome_name(closed->outcome));
        break;
    case EV_STATUS_CHANGED:
        say_status(d, m);
        break;
    case EV_ATTACHMENT_CHANGED:
        say(d, "change %s>%s%s\n", change->old_clinic_id, change->new_clinic_id, change->counted ? " counted" : "");
        break;
    case EV_NOTIFICATION_REQUESTED:
        say_notice(d, m);
        break;
    case EV_DEAD_LETTER:
        say(d, "dead %s %s\n", ((const PB(DeadLetter) *)m)->reason, ((const PB(DeadLetter) *)m)->detail);
        break;
    default:
        say_capacity(d, events[type].type, m);
    }
}

static const char *desk_trace(struct desk *d)
{
    static const int watched[] = {TOPIC_CAPACITY_INBOX, TOPIC_INTAKE_INBOX, TOPIC_APPLICATION,
                                  TOPIC_ATTACHMENT, TOPIC_NOTIFICATION_INBOX, TOPIC_ATTACHMENT_DLQ};
    desk_read(d, watched, N(watched));
    return d->trace;
}

static inline void desk_send(struct desk *d, enum event_id type, const void *msg, const char *app)
{
    fake_publish_event(platform_cluster(d->p), TOPIC_ATTACHMENT_INBOX, bytes_str(REF), type, msg, NULL, app);
}

static inline bool has(const char *line, const char *word) { return strstr(line, word) != NULL; }

static inline PB(Evidence) *desk_proof(struct desk *d)
{
    PB(Evidence) *x = arena_alloc(d->mem, sizeof *x);
    clinic__attach__v1__evidence__init(x);
    x->type = PB_DOC(MOVE_PROOF);
    x->kind = PB_EVIDENCE(COPY);
    return x;
}

static inline PB(Case) *desk_case(struct desk *d, const char *app, const char *clinic, const char *line)
{
    PB(Case) *k = arena_alloc(d->mem, sizeof *k);
    PB(Application) *a = arena_alloc(d->mem, sizeof *a);
    clinic__attach__v1__case__init(k);
    clinic__attach__v1__application__init(a);
    k->application_id = desk_app(d, app);
    k->person_ref = (char *)REF;
    k->application = a;
    k->rule_set = ARENA_NEW(d->mem, PB(RuleSetRef));
    clinic__attach__v1__rule_set_ref__init(k->rule_set);
    k->rule_set->id = arena_strdup(d->mem, d->rules);
    k->rule_set->version = 1;
    k->scope = CLINIC__ATTACH__V1__PROGRAMME_SCOPE__PROGRAMME_SCOPE_BASIC_AND_TERRITORIAL;
    a->source = has(line, " desk") ? PB_SOURCE(CLINIC_DESK) : PB_SOURCE(MOSRU);
    a->external_ref = arena_strdup(d->mem, app);
    a->kind = PB_KIND(CHANGE);
    a->profile = has(line, " dental") ? PB_PROFILE(ADULT_DENTAL) : PB_PROFILE(ADULT_THERAPEUTIC);
    a->clinic_id = arena_strdup(d->mem, clinic);
    a->reason = has(line, " moved") ? PB_CHANGE(MOVED) : PB_CHANGE(WISH);
    if (has(line, " proof")) {
        a->evidence = ARENA_ARRAY(d->mem, PB(Evidence) *, 1);
        a->evidence[a->n_evidence++] = desk_proof(d);
    }
    if (has(line, " basic")) {
        k->findings = ARENA_ARRAY(d->mem, PB(Reason) *, 1);
        k->findings[0] = ARENA_NEW(d->mem, PB(Reason));
        clinic__attach__v1__reason__init(k->findings[0]);
        k->findings[0]->code = (char *)"OK_BASIC_PROGRAMME";
        k->n_findings = 1;
    }
    if (has(line, " temp"))
        k->policy_valid_until_ms = platform_now(d->p) + 20 * DATE_MS_OF_DAY;
    return k;
}

static inline void do_import(struct desk *d, const char *clinic, const char *date, bool counted)
{
    PB(AttachmentImported) m = CLINIC__ATTACH__V1__ATTACHMENT_IMPORTED__INIT;
    struct date since;
    assert_true(date_parse(date, &since));
    m.person_ref = (char *)REF;
    m.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    m.clinic_id = (char *)clinic;
    m.effective_from_ms = date_start_ms(date_days(since), 180);
    m.counted_change = counted;
    desk_send(d, EV_ATTACHMENT_IMPORTED, &m, "");
}

static inline void do_stopped(struct desk *d, const char *app, const char *clinic, const char *outcome,
                              const char *code)
{
    PB(ApplicationStopped) m = CLINIC__ATTACH__V1__APPLICATION_STOPPED__INIT;
    PB(Reason) r = CLINIC__ATTACH__V1__REASON__INIT, *one = &r;
    char name[40];
    snprintf(name, sizeof name, "OUTCOME_%s", outcome);
    r.code = (char *)code;
    m.case_ = desk_case(d, app, clinic, "");
    m.outcome = (PB(Outcome))protobuf_c_enum_descriptor_get_value_by_name(&clinic__attach__v1__outcome__descriptor,
                                                                          name)->value;
    m.reasons = &one;
    m.n_reasons = 1;
    desk_send(d, EV_APPLICATION_STOPPED, &m, m.case_->application_id);
}

static inline PB(ClinicCard) *desk_card(struct desk *d, const char *id, const char *name)
{
    PB(ClinicCard) *x = ARENA_NEW(d->mem, PB(ClinicCard));
    clinic__attach__v1__clinic_card__init(x);
    x->clinic_id = arena_strdup(d->mem, id);
    x->name = (char *)name;
    return x;
}

static inline void do_reserved(struct desk *d, const char *app, const char *clinic, unsigned doctor, const char *line)
{
    PB(Reserved) m = CLINIC__ATTACH__V1__RESERVED__INIT;
    m.application_id = desk_app(d, app);
    m.person_ref = (char *)REF;
    m.clinic_id = (char *)clinic;
    m.doctor_id = doctor;
    m.over_capacity = has(line, " over");
    if (has(line, " named"))
        m.clinic = desk_card(d, clinic, "First");
    desk_send(d, EV_RESERVED, &m, m.application_id);
}

static inline void do_full(struct desk *d, const char *app, const char *clinic, const char *line)
{
    PB(ReserveRefused) m = CLINIC__ATTACH__V1__RESERVE_REFUSED__INIT;
    PB(Reason) r = CLINIC__ATTACH__V1__REASON__INIT, *one = &r;
    char *other = (char *)"K9";
    r.code = (char *)"CAPACITY_ALL_DOCTORS_FULL";
    m.application_id = desk_app(d, app);
    m.person_ref = (char *)REF;
    m.clinic_id = (char *)clinic;
    m.outcome = PB_OUTCOME(REFUSED);
    m.reasons = &one;
    m.n_reasons = 1;
    m.alternatives = &other;
    m.n_alternatives = 1;
    PB(ClinicCard) *card = desk_card(d, other, "Ninth");
    if (has(line, " named")) {
        m.clinic = desk_card(d, clinic, "First");
        m.alternative_cards = &card;
        m.n_alternative_cards = 1;
    }
    desk_send(d, EV_RESERVE_REFUSED, &m, m.application_id);
}

static inline void do_withdraw(struct desk *d, const char *app)
{
    PB(WithdrawalRequested) m = CLINIC__ATTACH__V1__WITHDRAWAL_REQUESTED__INIT;
    m.application_id = desk_app(d, app);
    m.person_ref = (char *)REF;
    desk_send(d, EV_WITHDRAWAL_REQUESTED, &m, m.application_id);
}

static inline void do_verified(struct desk *d, const char *app, const char *clinic, const char *line)
{
    PB(PolicyVerified) m = CLINIC__ATTACH__V1__POLICY_VERIFIED__INIT;
    m.case_ = desk_case(d, app, clinic, line);
    desk_send(d, EV_POLICY_VERIFIED, &m, m.case_->application_id);
}

static inline void do_at(struct desk *d, const char *date)
{
    struct date to;
    assert_true(date_parse(date, &to));
    int64_t ms = date_start_ms(date_days(to), 180) + 36000000 - platform_now(d->p);
    assert_true(ms >= 0);
    platform_advance(d->p, ms);
}

static void desk_do(struct desk *d, const char *line)
{
    char verb[16] = "", a[40] = "", b[40] = "", c[40] = "", e[40] = "";
    sscanf(line, "%15s %39s %39s %39s %39s", verb, a, b, c, e);
    if (strcmp(verb, "at") == 0)
        do_at(d, a);
    else if (strcmp(verb, "pass") == 0)
        platform_advance(d->p, atoll(a) * 1000);
    else if (strcmp(verb, "rules") == 0)
        snprintf(d->rules, sizeof d->rules, "%.15s", a);
    else if (strcmp(verb, "import") == 0)
        do_import(d, a, b, has(line, " counted"));
    else if (strcmp(verb, "verified") == 0)
        do_verified(d, a, b, line);
    else if (strcmp(verb, "stopped") == 0)
        do_stopped(d, a, b, c, e);
    else if (strcmp(verb, "withdraw") == 0)
        do_withdraw(d, a);
    else if (strcmp(verb, "reserved") == 0)
        do_reserved(d, a, b, (unsigned)atoi(c), line);
    else if (strcmp(verb, "full") == 0)
        do_full(d, a, b, line);
    else
        fail_msg("no command \"%s\"", line);
    platform_run(d->p);
}

static inline void desk_play(const struct step *steps)
{
    struct desk d;
    desk_open(&d);
    desk_follow(&d, steps);
}
#endif
