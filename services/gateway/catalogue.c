#include "catalogue.h"
#include <stdlib.h>
#include <string.h>
#include "domain/places.h"
#include "services/capacity/capacity.h"
#include "tables.h"

#define SCAN_MAX            256
#define ARENA_RESERVE_BYTES (512u << 20) /* address space; the scratch of a scan is in it too */

struct gw_catalogue {
    pthread_mutex_t lock;   /* of `list` and the counts of uses */
    pthread_mutex_t reading; /* one reader at a time */
    struct gw_clinics *list;
};

struct gw_catalogue *gw_catalogue_new(void)
{
    struct gw_catalogue *c = calloc(1, sizeof *c);
    must(c != NULL);
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->reading, NULL);
    return c;
}

static void drop(struct gw_clinics *list)
{
    if (list && --list->uses == 0) {
        free(list->items);
        arena_free(list->mem);
        free(list);
    }
}

void gw_catalogue_free(struct gw_catalogue *c)
{
    if (!c)
        return;
    drop(c->list);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->reading);
    free(c);
}

void gw_catalogue_give(struct gw *gw, struct gw_clinics *list)
{
    pthread_mutex_lock(&gw->catalogue->lock);
    drop(list);
    pthread_mutex_unlock(&gw->catalogue->lock);
}

static struct gw_clinics *current(struct gw_catalogue *c)
{
    pthread_mutex_lock(&c->lock);
    struct gw_clinics *list = c->list;
    if (list)
        list->uses++;
    pthread_mutex_unlock(&c->lock);
    return list;
}

static void replace(struct gw_catalogue *c, struct gw_clinics *list)
{
    pthread_mutex_lock(&c->lock);
    drop(c->list);
    c->list = list;
    pthread_mutex_unlock(&c->lock);
}

/* --- reading --- */

static const char *keep(struct gw_clinics *list, const char *s) { return s[0] ? arena_strdup(list->mem, s) : ""; }

static void fill_profiles(struct gw_clinic *c, const PB(ClinicRecord) * r, const PB(ClinicPlaces) * places)
{
    for (size_t i = 0; i < r->n_profiles; i++) {
        unsigned p = (unsigned)r->profiles[i];
        if (p >= PB_PROFILE_N)
            continue;
        c->profiles |= 1u << p;
        c->free[p] = places_free(r, places, r->profiles[i]);
    }
}

static void add_clinic(struct gw_clinics *list, struct bytes id, const PB(ClinicRecord) * r, const PB(ClinicPlaces) * places)
{
    if ((list->n & (list->n - 1)) == 0) { /* grows at powers of two */
        list->items = realloc(list->items, (list->n ? list->n * 2 : 1) * sizeof *list->items);
        must(list->items != NULL);
    }
    const char **districts = ARENA_ARRAY(list->mem, const char *, r->n_districts);
    for (size_t i = 0; i < r->n_districts; i++)
        districts[i] = keep(list, r->districts[i]);
    struct gw_clinic *c = &list->items[list->n++];
    *c = (struct gw_clinic){.name = keep(list, r->name), .address = keep(list, r->address), .phone = keep(list, r->phone),
                            .region = keep(list, r->region), .kind = r->kind, .ownership = r->ownership,
                            .districts = districts, .districts_n = r->n_districts};
    char *copy = arena_zalloc(list->mem, id.n + 1);
    memcpy(copy, id.p, id.n);
    c->id = copy;
    fill_profiles(c, r, places);
}

/* Clinics of one scan step, their places read in one round trip. */
static bool add_clinics(struct gw_worker *w, struct gw_clinics *list, int32_t part, struct store_get *found, size_t n,
                        struct err *e)
{
    struct store *s = w->capacity;
    struct store_get *places = ARENA_ARRAY(w->mem, struct store_get, n);
    size_t stale;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct store_get){.part = part, .table = gw_table(&capacity_svc, "places"), .key = found[i].key};
    if (n && !s->ops->read(s, NULL, 0, places, n, w->mem, &stale, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        PB(ClinicRecord) *r = clinic__attach__v1__clinic_record__unpack(arena_pb(w->mem), found[i].val.n, found[i].val.p);
        PB(ClinicPlaces) *p = places[i].val.p ? clinic__attach__v1__clinic_places__unpack(
                                                    arena_pb(w->mem), places[i].val.n, places[i].val.p)
                                              : NULL;
        if (r && r->in_chi_register) /* the rest cannot be attached to */
            add_clinic(list, found[i].key, r, p);
    }
    return true;
}

static bool read_partition(struct gw_worker *w, struct gw_clinics *list, int32_t part, struct err *e)
{
    struct store *s = w->capacity;
    int table = gw_table(&capacity_svc, "clinic");
    uint64_t cursor = 0;
    do {
        struct store_get *found = ARENA_ARRAY(w->mem, struct store_get, SCAN_MAX);
        size_t n;
        if (!s->ops->scan(s, part, table, &cursor, w->mem, found, SCAN_MAX, &n, e) ||
            !add_clinics(w, list, part, found, n, e))
            return false;
    } while (cursor != 0);
    return true;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct gw_clinic *)a)->id, ((const struct gw_clinic *)b)->id);
}

/* A scan may give one record twice while the table changes. */
static void sort_once(struct gw_clinics *list)
{
    if (list->n < 2)
        return;
    qsort(list->items, list->n, sizeof *list->items, by_id);
    size_t kept = 1;
    for (size_t i = 1; i < list->n; i++)
        if (strcmp(list->items[i].id, list->items[kept - 1].id) != 0)
            list->items[kept++] = list->items[i];
    list->n = kept;
}

static bool read_all(struct gw_worker *w, struct gw_clinics **ret, struct err *e)
{
    int64_t started_ms;
    if (!gw_redis_enter(w->gw, &started_ms, e))
        return false;
    struct gw_clinics *list = calloc(1, sizeof *list);
    must(list != NULL);
    list->uses = 1;
    list->mem = arena_new(ARENA_RESERVE_BYTES, 0);
    bool is_good = true;
    for (int32_t part = 0; is_good && part < w->gw->partitions; part++)
        is_good = read_partition(w, list, part, e);
    if (!gw_redis_leave(w->gw, started_ms, is_good)) {
        drop(list);
        return false;
    }
    sort_once(list);
    list->read_ms = w->gw->tick_ms();
    *ret = list;
    return true;
}

bool gw_catalogue_take(struct gw_worker *w, struct gw_clinics **ret, struct err *e)
{
    struct gw_catalogue *c = w->gw->catalogue;
    pthread_mutex_lock(&c->reading);
    struct gw_clinics *list = current(c), *fresh;
    bool is_old = !list || w->gw->tick_ms() - list->read_ms >= w->gw->clinics_ms;
    bool is_read = is_old && read_all(w, &fresh, e);
    if (is_read) {
        replace(c, fresh);
        if (list)
            gw_catalogue_give(w->gw, list);
        list = current(c);
    }
    pthread_mutex_unlock(&c->reading);
    *ret = list;
    return list != NULL;
}

size_t gw_clinics_after(const struct gw_clinics *list, const char *id)
{
    size_t low = 0, high = id[0] ? list->n : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(list->items[mid].id, id) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}
