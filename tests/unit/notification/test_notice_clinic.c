/* How notices name the clinic: by name and address where the register told them, else by its code. */
#include "flow.h"
#include "sender/outgoing.h"
#include "sender/sms_text.h"

#define ACCOUNT PB_CHANNEL(ACCOUNT)
#define NAME    "Поликлиника № 5"
#define SHORT   "ГП № 5"
#define ADDRESS "г. Москва, ул. Примерная, д. 5"

static PB(ClinicCard) * card(struct flow *f, const char *id, const char *name, const char *address)
{
    PB(ClinicCard) *c = ARENA_NEW(f->mem, PB(ClinicCard));
    clinic__attach__v1__clinic_card__init(c);
    c->clinic_id = (char *)id;
    c->name = (char *)name;
    c->address = (char *)address;
    c->phone = "+74950000005";
    return c;
}

static PB(NotificationRequested) * request(struct flow *f, const char *milestone, const char *name)
{
    PB(NotificationRequested) *r = flow_request(f, milestone, FLOW_BOTH);
    r->effective_from_ms = FLOW_NOW;
    if (name)
        r->clinic = card(f, "770001", name, ADDRESS);
    return r;
}

static void the_account_says_name_address_and_phone(void **state)
{
    static const char *const milestones[] = {"N-06", "N-08"};
    struct flow *f = *state;
    for (size_t i = 0; i < sizeof milestones / sizeof *milestones; i++) {
        flow_ask(f, request(f, milestones[i], NAME));
        const char *text = flow_issue(f, milestones[i], ACCOUNT)->text;
        assert_non_null(strstr(text, NAME));
        assert_non_null(strstr(text, ADDRESS));
        assert_null(strstr(text, "770001"));
    }
    assert_non_null(strstr(flow_issue(f, "N-06", ACCOUNT)->text, "+74950000005"));
}

static void without_a_card_the_code_stands_in(void **state)
{
    static const char *const milestones[] = {"N-06", "N-08"};
    struct flow *f = *state;
    for (size_t i = 0; i < sizeof milestones / sizeof *milestones; i++) {
        flow_ask(f, request(f, milestones[i], NULL));
        const char *text = flow_issue(f, milestones[i], ACCOUNT)->text;
        assert_non_null(strstr(text, "770001"));
        assert_null(strstr(text, "Адрес:"));
        assert_null(strstr(text, "Телефон регистратуры"));
    }
}

/* One the register names, one of which it knew the code alone. */
static void alternatives_are_named(void **state)
{
    struct flow *f = *state;
    PB(NotificationRequested) *r = request(f, "N-08", NAME);
    char *ids[] = {"770009", "770010"};
    PB(ClinicCard) *cards[] = {card(f, "770009", "Поликлиника № 9", "ул. Девятая, д. 9"), card(f, "770010", "", "")};
    r->alternatives = ids;
    r->n_alternatives = 2;
    r->alternative_cards = cards;
    r->n_alternative_cards = 2;
    flow_ask(f, r);
    assert_non_null(strstr(flow_issue(f, "N-08", ACCOUNT)->text, "Поликлиника № 9, ул. Девятая, д. 9\n770010\n"));
}

/* The text that a provider would get. */
static const char *sent(struct flow *f, const char *milestone, PB(Channel) channel, const char *name)
{
    PB(NotificationOrder) o = CLINIC__ATTACH__V1__NOTIFICATION_ORDER__INIT;
    struct outgoing out;
    struct err e = {0};
    o.application_id = FLOW_APP;
    o.milestone = (char *)milestone;
    o.channel = channel;
    o.request = request(f, milestone, name);
    if (!outgoing_of(f->set, &o, FLOW_NOW, f->mem, &out, &e))
        fail_msg("%s: %s", e.code, e.text);
    return out.text;
}

static void a_letter_names_the_clinic(void **state)
{
    static const char *const milestones[] = {"N-06", "N-07", "N-08"};
    for (size_t i = 0; i < sizeof milestones / sizeof *milestones; i++) {
        const char *text = sent(*state, milestones[i], PB_CHANNEL(EMAIL), NAME);
        assert_non_null(strstr(text, NAME));
        assert_non_null(strstr(text, ADDRESS));
    }
}

static void an_sms_names_the_clinic_when_one_part_holds_it(void **state)
{
    static const char *const milestones[] = {"N-06", "N-07", "N-08"};
    const char *longer = "Государственное бюджетное учреждение «Городская поликлиника № 5»";
    for (size_t i = 0; i < sizeof milestones / sizeof *milestones; i++) {
        const char *with = sent(*state, milestones[i], PB_CHANNEL(SMS), SHORT);
        const char *without = sent(*state, milestones[i], PB_CHANNEL(SMS), longer);
        const char *unknown = sent(*state, milestones[i], PB_CHANNEL(SMS), NULL);
        assert_non_null(strstr(with, SHORT));
        assert_null(strstr(without, "поликлиника"));
        assert_int_equal(sms_parts(with), 1);
        assert_string_equal(without, unknown);
        assert_non_null(strstr(unknown, "12-345"));
        assert_null(strstr(unknown, "770001")); /* a code tells a citizen nothing */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(the_account_says_name_address_and_phone),
        FLOW_TEST(without_a_card_the_code_stands_in),
        FLOW_TEST(alternatives_are_named),
        FLOW_TEST(a_letter_names_the_clinic),
        FLOW_TEST(an_sms_names_the_clinic_when_one_part_holds_it),
    };
    (void)flow_advance, (void)flow_report, (void)flow_receipt, (void)flow_state, (void)flow_said, (void)flow_ordered;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
