/* smtp - letters over a submission server, by libcurl: STARTTLS, AUTH, one session kept for many letters.
 * The moment that matters is the end of DATA: before it the server cannot have taken the letter, after it only its
 * answer tells. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lane.h"
#include "line.h"
#include "mime.h"

#define BARRED_MS 30000
#define FRESH_MS  2000 /* a session that worked so lately is not tried again before the next letter */

struct line {
    CURL *curl;
    const struct conf *conf;
    const char *from, *from_name;
    struct curl_slist *to;
    char mail_from[330];
    int64_t worked_ms;    /* steady clock; 0 = not known to work */
    int64_t barred_ms;    /* steady clock: the server refused us, not the letter; until then nothing is tried */
    struct bytes letter;  /* being sent */
    size_t sent;
    bool ended;           /* the end of DATA was handed to the connection */
};

static size_t give(char *to, size_t size, size_t n, void *ctx)
{
    struct line *l = ctx;
    size_t left = l->letter.n - l->sent, part = left < size * n ? left : size * n;
    memcpy(to, (const char *)l->letter.p + l->sent, part);
    l->sent += part;
    l->ended = part == 0;
    return part;
}

static size_t swallow(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

static void set_text(CURL *curl, CURLoption option, const char *text)
{
    if (*text)
        curl_easy_setopt(curl, option, text);
}

static void set_common(struct line *l)
{
    const struct conf *c = l->conf;
    curl_easy_reset(l->curl);
    curl_easy_setopt(l->curl, CURLOPT_URL, conf_str(c, "smtp.url"));
    curl_easy_setopt(l->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(l->curl, CURLOPT_USE_SSL, (long)(conf_int(c, "smtp.starttls") ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(l->curl, CURLOPT_TIMEOUT_MS, (long)conf_int(c, "smtp.timeout.ms"));
    curl_easy_setopt(l->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(l->curl, CURLOPT_PROXY, "");
    set_text(l->curl, CURLOPT_CAINFO, conf_str(c, "smtp.ca_file"));
    set_text(l->curl, CURLOPT_USERNAME, conf_str(c, "smtp.user"));
    set_text(l->curl, CURLOPT_PASSWORD, conf_str(c, "smtp.password"));
}

static void smtp_close(struct line *l)
{
    if (!l)
        return;
    if (l->curl)
        curl_easy_cleanup(l->curl);
    free(l);
}

static bool smtp_open(const struct conf *c, struct line **ret, struct err *e)
{
    struct line *l = calloc(1, sizeof *l);
    must(l);
    l->conf = c;
    l->from = conf_str(c, "smtp.from");
    l->from_name = conf_str(c, "smtp.from_name");
    l->curl = curl_easy_init();
    must(l->curl);
    if (!strchr(l->from, '@') || strlen(l->from) > 320) {
        smtp_close(l);
        return err_set(e, ERR_INPUT, "smtp.from", "smtp.from is not an address");
    }
    snprintf(l->mail_from, sizeof l->mail_from, "<%s>", l->from);
    *ret = l;
    return true;
}

/* A command that changes nothing, through connection, TLS and AUTH. */
static bool smtp_ready(struct line *l, struct err *e)
{
    if (l->worked_ms != 0 && clock_steady_ms() - l->worked_ms < FRESH_MS)
        return true;
    if (clock_steady_ms() < l->barred_ms)
        return err_set(e, ERR_RETRY, "SMTP-AUTH", "the server refuses this account");
    set_common(l);
    curl_easy_setopt(l->curl, CURLOPT_CUSTOMREQUEST, "NOOP");
    curl_easy_setopt(l->curl, CURLOPT_NOBODY, 1L);
    CURLcode rc = curl_easy_perform(l->curl);
    l->worked_ms = rc == CURLE_OK ? clock_steady_ms() : 0;
    return rc == CURLE_OK || err_set(e, ERR_RETRY, "SMTP-DOWN", "%s", curl_easy_strerror(rc));
}

static void set_letter(struct line *l, const struct outgoing *out, struct arena *mem)
{
    const char *domain = strrchr(l->from, '@') + 1;
    struct letter letter = {
        .from_name = l->from_name, .from = l->from, .to = out->to, .subject = out->subject, .text = out->text,
        .message_id = arena_printf(mem, "%s@%s", out->id, domain), .date_ms = out->now_ms,
        .utc_offset_min = out->utc_offset_min,
    };
    l->letter = mime_letter(&letter, mem);
    l->sent = 0;
    l->ended = false;
    l->to = curl_slist_append(NULL, arena_printf(mem, "<%s>", out->to));
    must(l->to);
    set_common(l);
    curl_easy_setopt(l->curl, CURLOPT_MAIL_FROM, l->mail_from);
    curl_easy_setopt(l->curl, CURLOPT_MAIL_RCPT, l->to);
    curl_easy_setopt(l->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(l->curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(l->curl, CURLOPT_READDATA, l);
}

/* Replies that speak of our account, not of the letter. */
static bool about_account(long code) { return code == 530 || code == 534 || code == 535 || code == 538; }

static struct outcome judge(const struct line *l, CURLcode rc, long code)
{
    if (rc == CURLE_OK)
        return outcome_of(PB_SEND(ACCEPTED), "");
    if (rc == CURLE_LOGIN_DENIED || about_account(code))
        return outcome_of(PB_SEND(RETRY), "smtp_auth");
    if (code >= 500 && code <= 599)
        return outcome_code(PB_SEND(REJECTED), "smtp", code);
    if (code >= 400)
        return outcome_code(PB_SEND(RETRY), "smtp", code);
    return l->ended ? outcome_of(PB_SEND(UNKNOWN), "smtp_answer_lost") : outcome_code(PB_SEND(RETRY), "smtp_curl", rc);
}

static struct outcome smtp_send(struct line *l, const struct outgoing *out, struct arena *mem)
{
    long code = 0;
    set_letter(l, out, mem);
    CURLcode rc = curl_easy_perform(l->curl);
    curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(l->to);
    l->to = NULL;
    struct outcome o = judge(l, rc, code);
    l->worked_ms = rc == CURLE_OK ? clock_steady_ms() : 0;
    l->barred_ms = rc == CURLE_LOGIN_DENIED || about_account(code) ? clock_steady_ms() + BARRED_MS : 0;
    snprintf(o.provider_id, sizeof o.provider_id, "%s", rc == CURLE_OK ? out->id : "");
    return o;
}

const struct line_ops smtp_line = {smtp_open, smtp_ready, smtp_send, smtp_close};
