#include "domain/gate.h"
#include <stdio.h>
#include <string.h>
#include "domain/enp.h"
#include "domain/policy.h"

struct asked {
    const struct rule_ctx *at;
    const PB(Application) * app;
    const PB(Personal) * p;
    bool online;
};

/* The channel is open for some profile: then it is this profile that is not served. */
static bool open_for_any(const struct rule_ctx *at)
{
    struct rule_ctx other = *at;
    for (int p = 1; p < PB_PROFILE_N; p++) {
        other.profile = (PB(Profile))p;
        if (rule_on(&other, RULE_CHANNEL_ENABLED))
            return true;
    }
    return false;
}

static struct finding gate_channel(const struct asked *a)
{
    if (a->at->channel != CHANNEL_NONE && rule_on(a->at, RULE_CHANNEL_ENABLED))
        return FINDING_NONE;
    bool profile_only = a->online && open_for_any(a->at);
    return finding_of(profile_only ? REASON_PROFILE_NOT_ONLINE : REASON_CHANNEL_NOT_AVAILABLE, NULL);
}

static struct finding gate_account(const struct asked *a)
{
    enum rule_word min = rule_word(a->at, RULE_CHANNEL_MIN_ACCOUNT);
    PB(AccountLevel) need = min == W_VERIFIED   ? PB_ACCOUNT(VERIFIED)
                            : min == W_STANDARD ? PB_ACCOUNT(STANDARD)
                            : min == W_SIMPLE   ? PB_ACCOUNT(SIMPLE)
                                                : PB_ACCOUNT(UNSPECIFIED);
    return a->app->account_level >= need ? FINDING_NONE : finding_of(REASON_ACCOUNT_LEVEL_TOO_LOW, rule_word_name(min));
}

static struct finding gate_acknowledged(const struct asked *a)
{
    return a->online && !a->app->acknowledged_data ? finding_of(REASON_ACK_MISSING, NULL) : FINDING_NONE;
}

static struct finding gate_territory(const struct asked *a)
{
    if (a->online && a->app->residence_tinao && rule_has(a->at, RULE_TERRITORY_ONLINE_EXCLUDED, W_TINAO))
        return finding_of(REASON_TERRITORY_NOT_ONLINE, "TINAO");
    if (rule_on(a->at, RULE_CHANNEL_REQUIRE_RESIDENCE) && !*a->app->residence_district)
        return finding_of(REASON_TERRITORY_NOT_ONLINE, NULL);
    return FINDING_NONE;
}

static bool form_is_taken(const struct rule_ctx *at, PB(PolicyForm) form)
{
    static const enum rule_word words[] = {
        [PB_FORM(UNIFIED_PAPER)] = W_UNIFIED_PAPER,
        [PB_FORM(UNIFIED_PLASTIC)] = W_UNIFIED_PLASTIC,
        [PB_FORM(UNIFIED_ELECTRONIC)] = W_UNIFIED_ELECTRONIC,
        [PB_FORM(OLD)] = W_OLD,
        [PB_FORM(TEMP_CERT)] = W_TEMP_CERT,
        [PB_FORM(TIME_LIMITED)] = W_TIME_LIMITED,
    };
    return (size_t)form < sizeof words / sizeof *words && rule_has(at, RULE_CHANNEL_POLICY_FORM, words[form]);
}

static struct finding gate_policy(const struct asked *a)
{
    char normal[POLICY_NORMAL_MAX];
    PB(PolicyForm) form = a->p->policy_form;
    bool fits = policy_normal(form, a->p->policy_series, a->p->policy_number, normal, &form, NULL);
    if (form != PB_FORM(UNSPECIFIED) && !form_is_taken(a->at, form)) {
        if (policy_is_temporary(form))
            return finding_of(REASON_POLICY_TEMPORARY_NOT_ONLINE, policy_form_code(form));
        if (form == PB_FORM(OLD))
            return finding_of(REASON_POLICY_OLD_FORM_NOT_ONLINE, NULL);
        return finding_of(REASON_CHANNEL_NOT_AVAILABLE, policy_form_code(form));
    }
    bool checked = form == PB_FORM(TIME_LIMITED) || policy_is_unified(form);
    return fits && (!checked || enp_valid(normal)) ? FINDING_NONE : finding_of(REASON_POLICY_NUMBER_FORMAT, NULL);
}

static struct finding gate_snils(const struct asked *a)
{
    bool missing = !*a->p->snils && rule_is(a->at, RULE_CHANNEL_SNILS, W_REQUIRED);
    return missing ? finding_of(REASON_SNILS_REQUIRED, NULL) : FINDING_NONE;
}

static struct finding gate_age(const struct asked *a)
{
    struct date birth;
    char years[16];
    int min = (int)rule_int(a->at, RULE_CHANNEL_MIN_AGE);
    if (!date_parse(a->p->birth_date, &birth) || date_age(birth, date_of_days(a->at->day)) >= min)
        return FINDING_NONE;
    snprintf(years, sizeof years, "%d", min);
    return finding_of(REASON_AGE_BELOW_MIN, years);
}

static struct finding gate_representative(const struct asked *a)
{
    const PB(Representative) *r = a->p->representative;
    if (!a->online || !r)
        return FINDING_NONE;
    bool guardian = strcmp(r->role, "GUARDIAN") == 0 || strcmp(r->role, "TRUSTEE") == 0;
    if (guardian ? rule_is(a->at, RULE_REP_GUARDIAN_ONLINE, W_DENY) : strcmp(r->role, "PARENT") != 0)
        return finding_of(REASON_REP_NOT_ONLINE, NULL);
    bool born_abroad = a->p->document && a->p->document->type == PB_DOC(BIRTH_CERT_FOREIGN);
    if (born_abroad && !guardian && rule_is(a->at, RULE_REP_RIGHTS_MODE, W_GATE))
        return finding_of(REASON_REP_MFC_REQUIRED, NULL);
    return FINDING_NONE;
}

struct finding gate_check(const struct rule_ctx *at, const PB(Application) * app, const PB(Personal) * p)
{
    static struct finding (*const gates[])(const struct asked *) = {
        gate_channel, gate_account, gate_acknowledged, gate_territory, gate_policy, gate_snils, gate_age, gate_representative,
    };
    const struct asked a = {at, app, p, channel_is_online(at->channel)};
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        struct finding f = gates[i](&a);
        if (f.id != REASON_NONE)
            return f;
    }
    return FINDING_NONE;
}
