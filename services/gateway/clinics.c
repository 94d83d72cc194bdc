/* GET /v1/clinics?region=&profile=&district=&limit=&cursor=: clinics of the CHI register with their free places.
 * Pages are stable: the cursor is the number of the last clinic shown. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "answer.h"
#include "catalogue.h"
#include "domain/channel.h"
#include "domain/ruleset.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     200

struct filter {
    const char *region, *district, *cursor; /* "" = any, from the start */
    PB(Profile) profile;                    /* UNSPECIFIED = any */
    size_t limit;
};

static const char *query(const struct gw_req *r, const char *name)
{
    const char *v = r->get(r, GW_QUERY, name);
    return v ? v : "";
}

/* PROFILE_ADULT_DENTAL, ADULT_DENTAL or adult_dental. */
static bool parse_profile(const char *s, PB(Profile) * ret)
{
    const ProtobufCEnumDescriptor *d = &clinic__attach__v1__profile__descriptor;
    char full[64];
    snprintf(full, sizeof full, "PROFILE_%s", s);
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(d, s);
    if (!v)
        v = protobuf_c_enum_descriptor_get_value_by_name(d, full);
    *ret = v ? (PB(Profile))v->value : profile_by_name(s, strlen(s));
    return *ret != PB_PROFILE(UNSPECIFIED);
}

static bool parse_limit(const char *s, size_t *ret)
{
    char *end;
    unsigned long n = strtoul(s, &end, 10);
    *ret = n;
    return isdigit((unsigned char)*s) && *end == '\0' && n >= 1 && n <= LIMIT_MAX;
}

/* The region as two digits, or as the rule set that stands for it. */
static const char *parse_region(const struct gw *gw, const char *s)
{
    const struct ruleset *rules = ruleset_find(gw->rules, s);
    return rules ? ruleset_region(rules) : s;
}

/* False: answered. */
static bool parse_filter(const struct gw *gw, struct gw_req *r, struct filter *f)
{
    const char *profile = query(r, "profile"), *limit = query(r, "limit"), *bad = NULL;
    *f = (struct filter){.region = parse_region(gw, query(r, "region")), .district = query(r, "district"),
                         .cursor = query(r, "cursor"), .limit = LIMIT_DEFAULT};
    if (profile[0] && !parse_profile(profile, &f->profile))
        bad = "profile";
    if (limit[0] && !parse_limit(limit, &f->limit))
        bad = "limit";
    if (bad)
        gw_answer_problem(r, GW_PROBLEM_BAD_REQUEST, bad);
    return !bad;
}

static bool has_district(const struct gw_clinic *c, const char *district)
{
    for (size_t i = 0; i < c->districts_n; i++)
        if (strcmp(c->districts[i], district) == 0)
            return true;
    return false;
}

static bool passes(const struct gw_clinic *c, const struct filter *f)
{
    if (f->region[0] && strcmp(f->region, c->region) != 0)
        return false;
    if (f->profile != PB_PROFILE(UNSPECIFIED) && !(c->profiles & 1u << f->profile))
        return false;
    return !f->district[0] || has_district(c, f->district);
}

static const char *enum_text(const ProtobufCEnumDescriptor *d, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
    return v ? v->name : "";
}

static json_t *clinic_json(const struct gw_clinic *c)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s}", "clinic_id", c->id, "name", c->name, "address", c->address, "phone",
                          c->phone, "region", c->region);
    json_object_set_new(j, "kind", json_string(enum_text(&clinic__attach__v1__clinic_kind__descriptor, (int)c->kind)));
    json_object_set_new(j, "ownership",
                        json_string(enum_text(&clinic__attach__v1__ownership__descriptor, (int)c->ownership)));
    json_t *profiles = json_array();
    for (int p = 1; p < PB_PROFILE_N; p++)
        if (c->profiles & 1u << p)
            json_array_append_new(profiles, json_pack("{s:s, s:I}", "profile",
                                                      enum_text(&clinic__attach__v1__profile__descriptor, p), "free_places",
                                                      (json_int_t)c->free[p]));
    json_object_set_new(j, "profiles", profiles);
    return j;
}

static json_t *page_json(const struct gw_clinics *list, const struct filter *f)
{
    json_t *shown = json_array();
    const char *last = NULL;
    size_t i = gw_clinics_after(list, f->cursor);
    for (; i < list->n && json_array_size(shown) < f->limit; i++)
        if (passes(&list->items[i], f)) {
            json_array_append_new(shown, clinic_json(&list->items[i]));
            last = list->items[i].id;
        }
    while (i < list->n && !passes(&list->items[i], f))
        i++;
    json_t *j = json_object();
    json_object_set_new(j, "clinics", shown);
    json_object_set_new(j, "next_cursor", i < list->n && last ? json_string(last) : json_null());
    return j;
}

void gw_clinics(struct gw_worker *w, struct gw_req *r)
{
    struct filter f;
    struct gw_clinics *list;
    struct err e;
    if (parse_filter(w->gw, r, &f)) {
        if (gw_catalogue_take(w, &list, &e)) {
            gw_answer_json(r, 200, page_json(list, &f));
            gw_catalogue_give(w->gw, list);
        } else {
            gw_answer_later(w->gw, r, GW_PROBLEM_STORE_DOWN, NULL);
        }
    }
    gw_finish(w->gw, r);
}
