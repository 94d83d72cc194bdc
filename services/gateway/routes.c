#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "gateway.h"

#define TYPES_APPLICATION "application/json application/protobuf"

const struct gw_route gw_routes[] = {
    {"POST", "/v1/applications", "submit", true, TYPES_APPLICATION, gw_submit},
    {"GET", "/v1/applications/{id}", "status", false, NULL, gw_status},
    {"POST", "/v1/applications/{id}/withdrawal", "withdraw", true, "application/json", gw_withdraw},
    {"GET", "/v1/attachments", "lookup", false, NULL, gw_lookup_query},
    {"POST", "/v1/attachments/lookup", "lookup", true, "application/json", gw_lookup_body},
    {"GET", "/v1/clinics", "clinics", false, NULL, gw_clinics},
    {0},
};

/* 36 characters of a UUID in either case; ret gets it in lower case. */
static bool take_id(const char *s, char ret[GW_ID_CHARS + 1])
{
    for (int i = 0; i < GW_ID_CHARS; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
            return false;
        ret[i] = (char)tolower((unsigned char)s[i]);
    }
    ret[GW_ID_CHARS] = '\0';
    return true;
}

static bool path_matches(const char *pattern, const char *path, char id[GW_ID_CHARS + 1])
{
    const char *hole = strstr(pattern, "{id}");
    if (!hole)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0 || !take_id(path + before, id))
        return false;
    return strcmp(hole + 4, path + before + GW_ID_CHARS) == 0;
}

const struct gw_route *gw_route_find(const char *method, const char *path, char id[GW_ID_CHARS + 1],
                                     const char **ret_allow)
{
    *ret_allow = NULL;
    id[0] = '\0';
    for (const struct gw_route *r = gw_routes; r->handle; r++) {
        if (!path_matches(r->path, path, id))
            continue;
        if (strcmp(r->method, method) == 0)
            return r;
        *ret_allow = r->method; /* no path of the table has two methods */
    }
    return NULL;
}

bool gw_type_is(const char *content_type, const char *media_type)
{
    size_t n = strlen(media_type);
    if (!content_type || strncasecmp(content_type, media_type, n) != 0)
        return false;
    content_type += n;
    return *content_type == '\0' || *content_type == ';' || *content_type == ' ';
}

bool gw_type_allowed(const struct gw_route *r, const char *content_type)
{
    char one[64];
    int used;
    for (const char *p = r->types; p && sscanf(p, " %63s%n", one, &used) == 1; p += used)
        if (gw_type_is(content_type, one))
            return true;
    return false;
}
