#include <stdlib.h>
#include <string.h>
#include "gateway.h"

/* A ring per bucket would keep more, but the need is short: from the broker's acknowledgement to the projection,
 * well under a second. So one slot per hash, the newest wins. */
#define SLOTS      8192
#define KEEP_MS    60000

struct gw_recent {
    pthread_mutex_t lock;
    struct gw_recent_entry slots[SLOTS];
};

static struct gw_recent_entry *slot_of(struct gw_recent *t, const char *id)
{
    uint32_t h = 2166136261u; /* FNV-1a: ids are hashes already, any spread will do */
    for (const char *p = id; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return &t->slots[h % SLOTS];
}

struct gw_recent *gw_recent_new(void)
{
    struct gw_recent *t = calloc(1, sizeof *t);
    must(t != NULL);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void gw_recent_free(struct gw_recent *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void gw_recent_add(struct gw_recent *t, const struct gw_recent_entry *entry)
{
    pthread_mutex_lock(&t->lock);
    *slot_of(t, entry->id) = *entry;
    pthread_mutex_unlock(&t->lock);
}

bool gw_recent_get(struct gw_recent *t, const char *id, int64_t now_ms, struct gw_recent_entry *ret)
{
    pthread_mutex_lock(&t->lock);
    const struct gw_recent_entry *s = slot_of(t, id);
    bool is_known = strcmp(s->id, id) == 0 && now_ms - s->at_ms < KEEP_MS;
    if (is_known)
        *ret = *s;
    pthread_mutex_unlock(&t->lock);
    return is_known;
}
