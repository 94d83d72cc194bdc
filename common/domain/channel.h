/* channel.h - the channel an application came through (domain.md 1.1, 2.5), as rule keys name it. Pure. */
#ifndef CLINIC_CHANNEL_H
#define CLINIC_CHANNEL_H
#include <stdbool.h>
#include "domain/pb.h"

enum channel_kind {
    CHANNEL_NONE,       /* source not set */
    CHANNEL_MOSRU,      /* "mosru" */
    CHANNEL_GOSUSLUGI,  /* "gosuslugi" */
    CHANNEL_IN_PERSON,  /* "in_person": the registry desk */
    CHANNEL_CLINIC_WEB, /* "clinic_web" */
    CHANNEL_TERMINAL,   /* "terminal" */
    CHANNEL_EMAIL,      /* "email" */
    CHANNEL_KIND_N
};

enum channel_kind channel_of(PB(Source) source);
const char *channel_name(enum channel_kind c);        /* as in rule keys; static */
enum channel_kind channel_by_name(const char *name, size_t len); /* CHANNEL_NONE when unknown */
bool channel_is_online(enum channel_kind c);          /* electronic filing: every channel but the desk */

/* Profile as in rule keys: adult, child, adult_dental, child_dental, antenatal, specialised; static. */
const char *profile_name(PB(Profile) profile);
PB(Profile) profile_by_name(const char *name, size_t len); /* UNSPECIFIED when unknown */
bool profile_is_adult(PB(Profile) profile);           /* 18 and older (2.6) */
bool profile_is_child(PB(Profile) profile);           /* under 18 (2.6) */
#endif
