#include "outgoing.h"
#include <stdio.h>
#include <string.h>
#include "domain/contact.h"
#include "sms_text.h"
#include "values.h"

struct outcome outcome_of(PB(SendResult) result, const char *cause)
{
    struct outcome o = {.result = result};
    snprintf(o.cause, sizeof o.cause, "%s", cause);
    return o;
}

struct outcome outcome_code(PB(SendResult) result, const char *what, long code)
{
    struct outcome o = {.result = result};
    snprintf(o.cause, sizeof o.cause, "%s_%ld", what, code);
    return o;
}

static bool address(const PB(NotificationOrder) * order, const PB(Personal) * p, struct arena *mem, const char **ret)
{
    char phone[PHONE_LEN + 1];
    bool sms = order->channel == PB_CHANNEL(SMS);
    if (sms ? !phone_normal(p->phone, phone) : !email_ok(p->email))
        return false;
    *ret = arena_strdup(mem, sms ? phone : p->email);
    return true;
}

static char *trim_end(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        text[--n] = '\0';
    return text;
}

/* An SMS names the clinic when one part holds the name too. */
static char *sms_body(const struct text *text, const char **values, struct arena *mem)
{
    char *body = trim_end(template_render(text->body, values, TEMPLATE_LINE, mem));
    if (!template_uses(text->body, VALUE_clinic_short) || sms_parts(body) <= 1)
        return body;
    values[VALUE_clinic_short] = "";
    return trim_end(template_render(text->body, values, TEMPLATE_LINE, mem));
}

static void render(const struct settings *set, const PB(NotificationOrder) * order, const PB(Personal) * p,
                   struct arena *mem, struct outgoing *ret)
{
    const char *values[NOTICE_VALUE_N];
    bool sms = order->channel == PB_CHANNEL(SMS);
    const struct text *text = texts_find(set->texts, order->milestone, order->channel);
    must(text); /* orders are made by the table that the texts were loaded for */
    notice_values(&(struct value_ctx){.set = set, .request = order->request, .personal = p, .now_ms = ret->now_ms,
                                      .names_complaint = template_uses(text->body, VALUE_complaint)},
                  mem, values);
    ret->subject = text->subject ? template_render(text->subject, values, TEMPLATE_LINE, mem) : "";
    ret->text = sms ? sms_body(text, values, mem) : template_render(text->body, values, TEMPLATE_TEXT, mem);
}

bool outgoing_of(const struct settings *set, const PB(NotificationOrder) * order, int64_t now_ms, struct arena *mem,
                 struct outgoing *ret, struct err *e)
{
    const PB(Case) *k = order->request->case_;
    PB(Personal) *p;
    if (!seal_open(set->keys, k->application->sealed, order->application_id, mem, &p, e))
        return err_set(e, ERR_INPUT, "sealed", "the contacts do not open");
    *ret = (struct outgoing){.id = arena_printf(mem, "%s.%s", order->application_id, order->milestone),
                             .now_ms = now_ms,
                             .from = settings_sms_sender(set, k, now_ms),
                             .utc_offset_min = settings_offset_min(set, k, now_ms)};
    if (!address(order, p, mem, &ret->to))
        return err_set(e, ERR_INPUT, "no_contact", "no usable contact");
    render(set, order, p, mem, ret);
    return true;
}
