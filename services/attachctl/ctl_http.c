#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include "services/attachctl/apply_http.h"
#include "services/attachctl/ctl.h"

#define WAIT_MS 100
#define TIMEOUT_S 40L
#define PARALLEL_MAX 64
#define ANSWER_MAX 65536

struct request {
    struct http *http;
    CURL *curl;
    char name[64], *body, *url;
    char *answer;
    size_t answer_n;
    double again_at, give_up_at; /* again_at: when to send; 0 = being sent */
    bool used;
};

struct http {
    CURLM *multi;
    struct curl_slist *headers;
    char *url;
    int parallel, retry_seconds;
    http_answer_fn *answer;
    void *ctx;
    struct request all[PARALLEL_MAX];
};

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct request *r = ctx;
    size_t more = size * n;
    if (r->answer_n + more < ANSWER_MAX) {
        memcpy(r->answer + r->answer_n, p, more);
        r->answer_n += more;
        r->answer[r->answer_n] = '\0';
    }
    return size * n;
}

bool http_open(const char *url, int parallel, int retry_seconds, http_answer_fn *answer, void *ctx, struct http **ret,
               struct err *e)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return err_set(e, ERR_INPUT, "--http", "wants http:// or https://");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct http *h = calloc(1, sizeof *h);
    must(h);
    *h = (struct http){.multi = curl_multi_init(), .url = strdup(url), .parallel = parallel, .retry_seconds = retry_seconds,
                       .answer = answer, .ctx = ctx};
    size_t n = strlen(h->url);
    if (n && h->url[n - 1] == '/')
        h->url[n - 1] = '\0';
    h->headers = curl_slist_append(NULL, "Content-Type: application/json");
    h->headers = curl_slist_append(h->headers, "Expect:");
    for (int i = 0; i < parallel; i++) {
        h->all[i].http = h;
        h->all[i].curl = curl_easy_init();
        h->all[i].answer = malloc(ANSWER_MAX);
        must(h->all[i].curl && h->all[i].answer);
    }
    *ret = h;
    return true;
}

static void begin(struct request *r)
{
    r->answer_n = 0;
    r->answer[0] = '\0';
    r->again_at = 0;
    curl_easy_setopt(r->curl, CURLOPT_URL, r->url);
    curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, r->http->headers);
    curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, r->body);
    curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->curl, CURLOPT_PRIVATE, r);
    curl_easy_setopt(r->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
    curl_multi_add_handle(r->http->multi, r->curl);
}

static void finish(struct request *r, CURLcode code)
{
    long status = 0;
    curl_off_t after = 0;
    curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(r->curl, CURLINFO_RETRY_AFTER, &after);
    curl_multi_remove_handle(r->http->multi, r->curl);
    if (code != CURLE_OK)
        status = 0;
    double now = ctl_seconds();
    if ((status == 0 || status == 429 || status == 503) && now < r->give_up_at) {
        r->again_at = now + (after > 0 ? (double)(after > 10 ? 10 : after) : 0.5);
        return;
    }
    r->http->answer(r->http->ctx, r->name, status, status ? r->answer : curl_easy_strerror(code));
    free(r->body);
    free(r->url);
    r->used = false;
}

/* One turn: send what is due again, move the transfers, take what is finished. */
static void turn(struct http *h, bool wait)
{
    int running;
    for (int i = 0; i < h->parallel; i++)
        if (h->all[i].used && h->all[i].again_at > 0 && ctl_seconds() >= h->all[i].again_at)
            begin(&h->all[i]);
    curl_multi_perform(h->multi, &running);
    CURLMsg *m;
    int left;
    bool any = false;
    while ((m = curl_multi_info_read(h->multi, &left))) {
        struct request *r;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&r);
        finish(r, code);
        any = true;
    }
    if (wait && !any)
        curl_multi_poll(h->multi, NULL, 0, WAIT_MS, NULL);
}

static struct request *idle(struct http *h)
{
    for (int i = 0; i < h->parallel; i++)
        if (!h->all[i].used)
            return &h->all[i];
    return NULL;
}

void http_post(struct http *h, const char *path, const char *name, char *body)
{
    struct request *r;
    for (r = idle(h); !r; r = idle(h))
        turn(h, true);
    r->used = true;
    r->body = body;
    must(asprintf(&r->url, "%s%s", h->url, path) > 0);
    snprintf(r->name, sizeof r->name, "%s", name);
    r->give_up_at = ctl_seconds() + h->retry_seconds;
    begin(r);
    turn(h, false);
}

static bool busy(const struct http *h)
{
    for (int i = 0; i < h->parallel; i++)
        if (h->all[i].used)
            return true;
    return false;
}

void http_finish(struct http *h)
{
    while (busy(h))
        turn(h, true);
    for (int i = 0; i < h->parallel; i++) {
        curl_easy_cleanup(h->all[i].curl);
        free(h->all[i].answer);
    }
    curl_multi_cleanup(h->multi);
    curl_slist_free_all(h->headers);
    free(h->url);
    free(h);
    curl_global_cleanup();
}
