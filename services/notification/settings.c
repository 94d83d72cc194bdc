#include "settings.h"
#include <stdlib.h>
#include <string.h>

const struct conf_opt notification_options[] = {
    {"templates.dir", CONF_STR, "deploy/templates", 0, 0, false, "folder of the texts, one folder a language"},
    {"templates.language", CONF_STR, "ru", 0, 0, false, "language of the texts"},
    {"notice.attempts", CONF_INT, "8", 1, 100, false, "attempts on one channel before it is given up"},
    {"notice.backoff.ms", CONF_MS, "30000", 1, 86400000, false, "wait before the second attempt; doubles"},
    {"notice.backoff.max.ms", CONF_MS, "1800000", 1, 86400000, false, "longest wait between attempts"},
    {"notice.answer.ms", CONF_MS, "60000", 1, 86400000, false, "an attempt unanswered so long is ordered again"},
    {"notice.retention.ms", CONF_MS, "2592000000", 60000, 0x7fffffffffff, false, "how long a settled notice is remembered"},
    {"notice.queue", CONF_INT, "4000", 1, 100000, false, "orders held in memory per channel; more come back later"},
    {"smtp.url", CONF_STR, "", 0, 0, false, "smtp://host:port or smtps://host:port; empty = no e-mail"},
    {"smtp.user", CONF_STR, "", 0, 0, false, "user of AUTH; empty = no AUTH"},
    {"smtp.password", CONF_STR, "", 0, 0, true, "password of AUTH"},
    {"smtp.starttls", CONF_BOOL, "true", 0, 0, false, "refuse a server without STARTTLS"},
    {"smtp.ca_file", CONF_STR, "", 0, 0, false, "certificates to trust; empty = the system's"},
    {"smtp.from", CONF_STR, "noreply@localhost", 0, 0, false, "sender's address"},
    {"smtp.from_name", CONF_STR, "Портал прикрепления к поликлиникам", 0, 0, false, "sender's name"},
    {"smtp.timeout.ms", CONF_MS, "20000", 100, 600000, false, "longest exchange with the server"},
    {"smtp.connections", CONF_INT, "2", 1, 16, false, "sessions with the server"},
    {"sms.provider", CONF_STR, "none", 0, 0, false, "smpp, http or none"},
    {"smpp.host", CONF_STR, "127.0.0.1", 0, 0, false, "SMSC"},
    {"smpp.port", CONF_INT, "2775", 1, 65535, false, "port of the SMSC"},
    {"smpp.system_id", CONF_STR, "", 0, 0, false, "account, at most 15 characters"},
    {"smpp.password", CONF_STR, "", 0, 0, true, "password, at most 8 characters"},
    {"smpp.system_type", CONF_STR, "", 0, 0, false, "system type, at most 12 characters"},
    {"smpp.source", CONF_STR, "", 0, 0, false, "sender's name or number agreed with the operators"},
    {"smpp.window", CONF_INT, "10", 1, 1000, false, "submits on their way at once"},
    {"smpp.answer.ms", CONF_MS, "15000", 50, 600000, false, "an answer later than this is lost"},
    {"smpp.enquire.ms", CONF_MS, "30000", 50, 600000, false, "silence before the link is tested"},
    {"smpp.receipt.term.ms", CONF_MS, "259200000", 1000, 2592000000, false, "how long a delivery receipt is waited for"},
    {"sms.http.url", CONF_STR, "", 0, 0, false, "where to POST"},
    {"sms.http.content_type", CONF_STR, "application/json", 0, 0, false, "application/json or application/x-www-form-urlencoded"},
    {"sms.http.headers", CONF_STR, "", 0, 0, true, "header lines separated by |, for example Authorization: Bearer x"},
    {"sms.http.body", CONF_STR, "{\"to\":\"{{to}}\",\"from\":\"{{from}}\",\"text\":\"{{text}}\",\"id\":\"{{id}}\"}", 0, 0, false,
     "body with {{to}}, {{from}}, {{text}}, {{id}}"},
    {"sms.http.success", CONF_STR, "200-299", 0, 0, false, "statuses that mean taken, for example 200-202,208"},
    {"sms.http.success_text", CONF_STR, "", 0, 0, false, "what the answer must contain besides; empty = nothing"},
    {"sms.http.retry", CONF_STR, "408,425,429,503", 0, 0, false,
     "statuses that mean not taken, try later; other 5xx leave it unknown, the rest refuse"},
    {"sms.http.retry_text", CONF_STR, "", 0, 0, false, "an answer that contains this means not taken, try later"},
    {"sms.http.from", CONF_STR, "", 0, 0, false, "sender's name or number agreed with the operators"},
    {"sms.http.ca_file", CONF_STR, "", 0, 0, false, "certificates to trust; empty = the system's"},
    {"sms.http.timeout.ms", CONF_MS, "15000", 100, 600000, false, "longest exchange with the provider"},
    {NULL},
};

static bool load(struct settings *s, const struct conf *c, struct err *e)
{
    if (!texts_load(conf_str(c, "templates.dir"), conf_str(c, "templates.language"), &s->texts, e) ||
        !keyring_load(conf_str(c, "keyring.file"), &s->keys, e) ||
        !rulesets_load_dir(conf_str(c, "rules.dir"), &s->rules, e))
        return false;
    if (!ruleset_federal(s->rules))
        return err_set(e, ERR_INPUT, "rules.dir", "%s: no rule set \"federal\"", conf_str(c, "rules.dir"));
    if (!keyring_can_seal(s->keys))
        return err_set(e, ERR_INPUT, "KEYRING", "%s: notification needs the seal section", conf_str(c, "keyring.file"));
    return true;
}

static bool set_channels(struct settings *s, const struct conf *c, struct err *e)
{
    const char *provider = conf_str(c, "sms.provider");
    bool none = strcmp(provider, "none") == 0;
    if (!none && strcmp(provider, "smpp") != 0 && strcmp(provider, "http") != 0)
        return err_set(e, ERR_INPUT, "sms.provider", "sms.provider is smpp, http or none, not \"%s\"", provider);
    s->on[PB_CHANNEL(SMS)] = !none;
    s->on[PB_CHANNEL(EMAIL)] = *conf_str(c, "smtp.url") != '\0';
    s->on[PB_CHANNEL(ACCOUNT)] = s->on[PB_CHANNEL(SCREEN)] = s->on[PB_CHANNEL(SYSTEM)] = true;
    return true;
}

bool settings_init(const struct conf *conf, void **ret, struct err *e)
{
    struct settings *s = calloc(1, sizeof *s);
    must(s);
    s->attempts_max = (uint32_t)conf_int(conf, "notice.attempts");
    s->backoff_ms = conf_int(conf, "notice.backoff.ms");
    s->backoff_max_ms = conf_int(conf, "notice.backoff.max.ms");
    s->answer_ms = conf_int(conf, "notice.answer.ms");
    s->retention_ms = conf_int(conf, "notice.retention.ms");
    if (!load(s, conf, e) || !set_channels(s, conf, e)) {
        settings_free(s);
        return false;
    }
    *ret = s;
    return true;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    texts_free(s->texts);
    keyring_free(s->keys);
    rulesets_free(s->rules);
    free(s);
}

static const struct ruleset *rules_of(const struct settings *s, const PB(Case) * k)
{
    const struct ruleset *r = k->rule_set ? ruleset_find(s->rules, k->rule_set->id) : NULL;
    return r ? r : ruleset_federal(s->rules);
}

static struct rule_ctx rules_now(const struct settings *s, const PB(Case) * k, int64_t now_ms)
{
    const struct ruleset *r = rules_of(s, k);
    must(r); /* load() saw a federal one */
    return rules_at(r, now_ms, CHANNEL_NONE, PB_PROFILE(UNSPECIFIED));
}

int settings_offset_min(const struct settings *s, const PB(Case) * k, int64_t now_ms)
{
    return rules_now(s, k, now_ms).utc_offset_min;
}

bool settings_first_ok(const struct settings *s, const PB(Case) * k, int64_t now_ms)
{
    struct rule_ctx at = rules_now(s, k, now_ms);
    return rule_is(&at, RULE_NOTIFY_POLICY, W_FIRST_OK);
}

bool settings_channel_on(const struct settings *s, const PB(Case) * k, PB(Channel) channel, int64_t now_ms)
{
    struct rule_ctx at = rules_now(s, k, now_ms);
    bool wanted = channel == PB_CHANNEL(SMS)     ? rule_has(&at, RULE_NOTIFY_ORDER, W_SMS)
                  : channel == PB_CHANNEL(EMAIL) ? rule_has(&at, RULE_NOTIFY_ORDER, W_EMAIL)
                                                 : true;
    return wanted && s->on[channel];
}

size_t settings_complaint(const struct settings *s, const PB(Case) * k, int64_t now_ms,
                          enum rule_word ret[RULE_WORDS_MAX])
{
    struct rule_ctx at = rules_now(s, k, now_ms);
    return rule_list(&at, RULE_COMPLAINT_ROUTE, ret);
}

const char *settings_sms_sender(const struct settings *s, const PB(Case) * k, int64_t now_ms)
{
    struct rule_ctx at = rules_now(s, k, now_ms);
    return rule_text(&at, RULE_NOTIFY_SMS_SENDER);
}
