#include "idem.h"
#include <stdlib.h>
#include <string.h>
#include "answer.h"

#define BUCKETS 256
#define HEX8    17 /* 8 bytes in hexadecimal and NUL */

struct gw_idem {
    struct gw_running *home; /* NULL = not in the table */
    struct gw_idem *next;
    char name[HEX8];         /* digest of portal and key */
    char fingerprint[HEX8];
};

struct gw_running {
    pthread_mutex_t lock;
    struct gw_idem *buckets[BUCKETS];
};

static void hex8(const uint8_t in[8], char ret[HEX8])
{
    for (int i = 0; i < 8; i++)
        snprintf(ret + 2 * i, 3, "%02x", in[i]);
}

bool gw_idem_parse(const char *header, char ret[GW_KEY_MAX + 1])
{
    size_t n = 0;
    bool quoted = *header == '"';
    for (header += quoted; *header && !(quoted && *header == '"'); header++) {
        if (quoted && *header == '\\' && (header[1] == '"' || header[1] == '\\'))
            header++;
        if (*header <= ' ' || *header > '~' || n == GW_KEY_MAX)
            return false;
        ret[n++] = *header;
    }
    ret[n] = '\0';
    return n > 0 && (!quoted || strcmp(header, "\"") == 0);
}

/* --- keys under way in this process --- */

struct gw_running *gw_running_new(void)
{
    struct gw_running *t = calloc(1, sizeof *t);
    must(t != NULL);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void gw_running_free(struct gw_running *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct gw_idem **bucket_of(struct gw_running *t, const char *name)
{
    return &t->buckets[strtoul((char[]){name[0], name[1], '\0'}, NULL, 16) % BUCKETS];
}

static bool start_running(struct gw_running *t, struct gw_idem *i)
{
    pthread_mutex_lock(&t->lock);
    struct gw_idem **b = bucket_of(t, i->name), *other = *b;
    while (other && strcmp(other->name, i->name) != 0)
        other = other->next;
    if (!other) {
        i->home = t;
        i->next = *b;
        *b = i;
    }
    pthread_mutex_unlock(&t->lock);
    return !other;
}

static void end_running(struct gw_idem *i)
{
    struct gw_running *t = i->home;
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    struct gw_idem **at = bucket_of(t, i->name);
    while (*at != i)
        at = &(*at)->next;
    *at = i->next;
    i->home = NULL;
    pthread_mutex_unlock(&t->lock);
}

void gw_idem_free(struct gw_idem *i)
{
    if (!i)
        return;
    end_running(i);
    free(i);
}

/* --- the stored answer --- */

static void store_answer(struct gw_worker *w, struct gw_req *r)
{
    struct gw *gw = w->gw;
    json_t *j = json_pack("{s:s, s:i, s:s, s:s}", "fingerprint", r->idem->fingerprint, "status", r->answer.status,
                          "location", r->answer.location, "body", r->answer.body);
    char *text = json_dumps(j, JSON_COMPACT);
    must(text != NULL);
    const char *name = arena_printf(w->mem, "idem/%s", r->idem->name);
    int64_t started_ms;
    struct err e; /* not stored: the next repeat is recognised by its application id instead */
    if (gw_redis_enter(gw, &started_ms, &e))
        gw_redis_leave(gw, started_ms, gw->cache.put(gw->cache.ctx, name, bytes_str(text), gw->idempotency_ms, &e));
    free(text);
    json_decref(j);
    end_running(r->idem);
    gw_finish(gw, r);
}

/* Answer with what was stored. False: what is stored is not ours to read. */
static bool replay(struct gw_req *r, struct bytes stored)
{
    json_t *j = json_loadb(stored.p, stored.n, 0, NULL);
    const char *fingerprint, *location, *body;
    int status;
    bool is_good = j && json_unpack(j, "{s:s, s:i, s:s, s:s}", "fingerprint", &fingerprint, "status", &status, "location",
                                    &location, "body", &body) == 0;
    if (is_good && strcmp(fingerprint, r->idem->fingerprint) != 0) {
        gw_answer_problem(r, GW_PROBLEM_KEY_REUSED, "Idempotency-Key");
    } else if (is_good) {
        gw_answer_json(r, status, json_loads(body, 0, NULL));
        snprintf(r->answer.location, sizeof r->answer.location, "%s", location);
        r->answer.replayed = true;
    }
    json_decref(j);
    return is_good;
}

static void answer_running(struct gw_req *r)
{
    gw_answer_problem(r, GW_PROBLEM_RUNNING, NULL);
    r->answer.retry_after_s = 1;
}

/* True when a stored answer was found and given. */
static bool answer_stored(struct gw_worker *w, struct gw_req *r)
{
    struct gw *gw = w->gw;
    struct bytes stored = {0};
    int64_t started_ms;
    struct err e;
    const char *name = arena_printf(w->mem, "idem/%s", r->idem->name);
    if (!gw_redis_enter(gw, &started_ms, &e) ||
        !gw_redis_leave(gw, started_ms, gw->cache.get(gw->cache.ctx, name, &stored, &e)))
        return false;
    bool is_answered = stored.p && replay(r, stored);
    free((void *)stored.p);
    return is_answered;
}

/* Another process may have it: the claim lapses by itself when that process dies. Nobody to ask: ours. */
static bool claim(struct gw_worker *w, struct gw_req *r)
{
    struct gw *gw = w->gw;
    bool is_mine = true;
    int64_t started_ms;
    struct err e;
    const char *name = arena_printf(w->mem, "run/%s", r->idem->name);
    if (gw_redis_enter(gw, &started_ms, &e) &&
        !gw_redis_leave(gw, started_ms, gw->cache.take(gw->cache.ctx, name, gw->publish_ms + 1000, &is_mine, &e)))
        is_mine = true;
    return is_mine;
}

bool gw_idem_begin(struct gw_worker *w, struct gw_req *r, int source, const char *key, const uint8_t fingerprint[8])
{
    struct gw *gw = w->gw;
    uint8_t digest[8];
    r->idem = calloc(1, sizeof *r->idem);
    must(r->idem != NULL);
    digest8(gw->keys, "idempotency", bytes_str(arena_printf(w->mem, "%d/%s", source, key)), digest);
    hex8(digest, r->idem->name);
    hex8(fingerprint, r->idem->fingerprint);
    if (answer_stored(w, r))
        return false;
    if (!start_running(gw->running, r->idem) || !claim(w, r)) {
        answer_running(r);
        return false;
    }
    r->after_ack = store_answer;
    return true;
}
