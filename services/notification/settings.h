/* settings.h - what the handlers and the sender know of their configuration; made at start, read-only afterwards. */
#ifndef CLINIC_NOTIFICATION_SETTINGS_H
#define CLINIC_NOTIFICATION_SETTINGS_H
#include "base/conf.h"
#include "domain/ruleset.h"
#include "texts.h"
#include "wire/seal.h"

struct settings {
    struct texts *texts;
    struct keyring *keys;          /* can seal: contacts are opened */
    struct rulesets *rules;        /* offset of the region, policy of channels */
    bool on[PB_CHANNEL_N];         /* channel has a provider */
    uint32_t attempts_max;         /* attempts that a provider did not take, per channel */
    int64_t backoff_ms;            /* before the second attempt; doubles */
    int64_t backoff_max_ms;
    int64_t answer_ms;             /* an attempt unanswered so long is ordered again, under the same number */
    int64_t retention_ms;          /* a settled notice is remembered so long, against repeats */
};
extern const struct conf_opt notification_options[];
/* gives; the def's init. */
bool settings_init(const struct conf *conf, void **ret, struct err *e);
void settings_free(struct settings *s);
/* Rules of the case's region (common/domain/rules.def, notify.*), at an instant: */
int settings_offset_min(const struct settings *s, const PB(Case) * k, int64_t now_ms); /* clocks from UTC, minutes */
bool settings_first_ok(const struct settings *s, const PB(Case) * k, int64_t now_ms);  /* one channel after the other (C-24) */
bool settings_channel_on(const struct settings *s, const PB(Case) * k, PB(Channel) channel, int64_t now_ms);
size_t settings_complaint(const struct settings *s, const PB(Case) * k, int64_t now_ms,
                          enum rule_word ret[RULE_WORDS_MAX]); /* in order (C-25) */
const char *settings_sms_sender(const struct settings *s, const PB(Case) * k, int64_t now_ms); /* name agreed with operators */
#endif
