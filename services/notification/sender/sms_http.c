/* sms_http - SMS by POST to a provider's interface, by libcurl. What the answer means is options: which statuses and words
 * mean taken or try later. A request whose answer is lost is UNKNOWN: it may have been taken. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "line.h"
#include "template.h"

#define ANSWER_MAX 8192

enum { NAME_TO, NAME_FROM, NAME_TEXT, NAME_ID, NAME_N };
static const char *const names[] = {"to", "from", "text", "id", NULL};

struct line {
    CURL *curl;
    const struct conf *conf;
    struct curl_slist *headers;
    struct template *body;
    enum template_escape escape;
    bool down;              /* the last exchange failed */
    char answer[ANSWER_MAX + 1];
    size_t answer_n;
};

static size_t keep_answer(char *p, size_t size, size_t n, void *ctx)
{
    struct line *l = ctx;
    size_t part = size * n, room = ANSWER_MAX - l->answer_n;
    memcpy(l->answer + l->answer_n, p, part < room ? part : room);
    l->answer_n += part < room ? part : room;
    l->answer[l->answer_n] = '\0';
    return part;
}

static void http_close(struct line *l)
{
    if (!l)
        return;
    curl_easy_cleanup(l->curl);
    curl_slist_free_all(l->headers);
    template_free(l->body);
    free(l);
}

static void add_header(struct line *l, const char *text, size_t n)
{
    char *line = strndup(text, n);
    must(line);
    l->headers = curl_slist_append(l->headers, line);
    must(l->headers);
    free(line);
}

static void set_headers(struct line *l)
{
    char type[160];
    snprintf(type, sizeof type, "Content-Type: %s", conf_str(l->conf, "sms.http.content_type"));
    add_header(l, type, strlen(type));
    const char *more = conf_str(l->conf, "sms.http.headers");
    for (size_t n; *more; more += n + (more[n] == '|')) {
        n = strcspn(more, "|");
        add_header(l, more, n);
    }
}

static bool http_open(const struct conf *c, struct line **ret, struct err *e)
{
    struct line *l = calloc(1, sizeof *l);
    must(l);
    l->conf = c;
    l->curl = curl_easy_init();
    must(l->curl);
    l->escape = strstr(conf_str(c, "sms.http.content_type"), "json") ? TEMPLATE_JSON : TEMPLATE_FORM;
    set_headers(l);
    bool ok = template_parse(conf_str(c, "sms.http.body"), names, "sms.http.body", &l->body, e) &&
              (*conf_str(c, "sms.http.url") || err_set(e, ERR_INPUT, "sms.http.url", "sms.http.url is required"));
    if (!ok) {
        http_close(l);
        return false;
    }
    *ret = l;
    return true;
}

static void set_common(struct line *l)
{
    const struct conf *c = l->conf;
    curl_easy_reset(l->curl);
    curl_easy_setopt(l->curl, CURLOPT_URL, conf_str(c, "sms.http.url"));
    curl_easy_setopt(l->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(l->curl, CURLOPT_TIMEOUT_MS, (long)conf_int(c, "sms.http.timeout.ms"));
    curl_easy_setopt(l->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, keep_answer);
    curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, l);
    if (*conf_str(c, "sms.http.ca_file"))
        curl_easy_setopt(l->curl, CURLOPT_CAINFO, conf_str(c, "sms.http.ca_file"));
    l->answer_n = 0;
    l->answer[0] = '\0';
}

/* There is no harmless request that every provider knows: after trouble, a connection is tried. */
static bool http_ready(struct line *l, struct err *e)
{
    if (!l->down)
        return true;
    set_common(l);
    curl_easy_setopt(l->curl, CURLOPT_CONNECT_ONLY, 1L);
    CURLcode rc = curl_easy_perform(l->curl);
    l->down = rc != CURLE_OK;
    return !l->down || err_set(e, ERR_RETRY, "SMS-HTTP-DOWN", "%s", curl_easy_strerror(rc));
}

/* "200-299,429": is a status in the list? */
static bool listed(const char *list, long status)
{
    while (*list) {
        char *end;
        long from = strtol(list, &end, 10), to = *end == '-' ? strtol(end + 1, &end, 10) : from;
        if (status >= from && status <= to)
            return true;
        list = *end == ',' ? end + 1 : end + strlen(end);
    }
    return false;
}

static bool says(const struct line *l, const char *option)
{
    const char *text = conf_str(l->conf, option);
    return *text && strstr(l->answer, text);
}

static struct outcome judge(const struct line *l, long status)
{
    if (listed(conf_str(l->conf, "sms.http.retry"), status) || says(l, "sms.http.retry_text"))
        return outcome_code(PB_SEND(RETRY), "http", status);
    if (listed(conf_str(l->conf, "sms.http.success"), status))
        return !*conf_str(l->conf, "sms.http.success_text") || says(l, "sms.http.success_text")
                   ? outcome_of(PB_SEND(ACCEPTED), "")
                   : outcome_of(PB_SEND(REJECTED), "http_answer");
    return outcome_code(status >= 500 ? PB_SEND(UNKNOWN) : PB_SEND(REJECTED), "http", status);
}

/* Errors before a request could have left. */
static bool never_left(CURLcode rc)
{
    return rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_RESOLVE_PROXY ||
           rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE;
}

static struct outcome http_send(struct line *l, const struct outgoing *out, struct arena *mem)
{
    const char *from = conf_str(l->conf, "sms.http.from");
    const char *values[NAME_N] = {out->to, *from ? from : out->from, out->text, out->id};
    long status = 0;
    set_common(l);
    curl_easy_setopt(l->curl, CURLOPT_HTTPHEADER, l->headers);
    curl_easy_setopt(l->curl, CURLOPT_POSTFIELDS, template_render(l->body, values, l->escape, mem));
    CURLcode rc = curl_easy_perform(l->curl);
    curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
    l->down = rc != CURLE_OK;
    if (rc == CURLE_OK)
        return judge(l, status);
    return outcome_code(never_left(rc) ? PB_SEND(RETRY) : PB_SEND(UNKNOWN), "http_curl", rc);
}

const struct line_ops sms_http_line = {http_open, http_ready, http_send, http_close};
