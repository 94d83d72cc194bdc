#include "domain/term.h"

int term_days(const struct rule_ctx *at)
{
    return (int)rule_int(at, channel_is_online(at->channel) ? RULE_SLA_ONLINE_WD : RULE_SLA_IN_PERSON_TARGET_WD);
}

bool term_due(const struct rule_ctx *at, const struct calendar *c, int64_t received_ms, int64_t *ret_due_ms, struct err *e)
{
    if (rule_is(at, RULE_SLA_DAY_KIND, W_WORKING))
        return calendar_due(c, received_ms, term_days(at), at->utc_offset_min, ret_due_ms, e);
    *ret_due_ms = date_end_ms(date_day_of_ms(received_ms, at->utc_offset_min) + term_days(at), at->utc_offset_min);
    return true;
}
