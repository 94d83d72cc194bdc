#include "domain/channel.h"
#include <string.h>

static const char *const channel_names[CHANNEL_KIND_N] = {
    [CHANNEL_NONE] = "",
    [CHANNEL_MOSRU] = "mosru",
    [CHANNEL_GOSUSLUGI] = "gosuslugi",
    [CHANNEL_IN_PERSON] = "in_person",
    [CHANNEL_CLINIC_WEB] = "clinic_web",
    [CHANNEL_TERMINAL] = "terminal",
    [CHANNEL_EMAIL] = "email",
};

static const char *const profile_names[PB_PROFILE_N] = {
    [PB_PROFILE(UNSPECIFIED)] = "",
    [PB_PROFILE(ADULT_THERAPEUTIC)] = "adult",
    [PB_PROFILE(CHILD)] = "child",
    [PB_PROFILE(ADULT_DENTAL)] = "adult_dental",
    [PB_PROFILE(CHILD_DENTAL)] = "child_dental",
    [PB_PROFILE(ANTENATAL)] = "antenatal",
    [PB_PROFILE(SPECIALISED)] = "specialised",
};

enum channel_kind channel_of(PB(Source) source)
{
    switch (source) {
    case PB_SOURCE(MOSRU): return CHANNEL_MOSRU;
    case PB_SOURCE(GOSUSLUGI): return CHANNEL_GOSUSLUGI;
    case PB_SOURCE(CLINIC_DESK): return CHANNEL_IN_PERSON;
    case PB_SOURCE(CLINIC_WEB): return CHANNEL_CLINIC_WEB;
    case PB_SOURCE(TERMINAL): return CHANNEL_TERMINAL;
    case PB_SOURCE(EMAIL): return CHANNEL_EMAIL;
    default: return CHANNEL_NONE;
    }
}

/* Index of a name that is `len` bytes of text; 0, which no name has, when unknown. */
static size_t index_of(const char *const *names, size_t n, const char *name, size_t len)
{
    for (size_t i = 1; i < n; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return i;
    return 0;
}

const char *channel_name(enum channel_kind c) { return channel_names[c]; }

enum channel_kind channel_by_name(const char *name, size_t len)
{
    return (enum channel_kind)index_of(channel_names, CHANNEL_KIND_N, name, len);
}

bool channel_is_online(enum channel_kind c) { return c != CHANNEL_IN_PERSON && c != CHANNEL_NONE; }

const char *profile_name(PB(Profile) profile) { return (size_t)profile < PB_PROFILE_N ? profile_names[profile] : ""; }

PB(Profile) profile_by_name(const char *name, size_t len)
{
    return (PB(Profile))index_of(profile_names, PB_PROFILE_N, name, len);
}

bool profile_is_adult(PB(Profile) profile)
{
    return profile == PB_PROFILE(ADULT_THERAPEUTIC) || profile == PB_PROFILE(ADULT_DENTAL);
}

bool profile_is_child(PB(Profile) profile) { return profile == PB_PROFILE(CHILD) || profile == PB_PROFILE(CHILD_DENTAL); }
