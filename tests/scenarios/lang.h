/* lang.h - the language of scenarios: one acceptance case a file, one statement a line, read by people first.
 *
 *   scenario A-13 Monthly limit in Moscow            name and title
 *   story    Any number of lines that tell it.       for the reader
 *   rules    RU-MOW                                  rule set of the applications
 *   clock    2026-05-05 10:00                        time of what follows, local time of the region
 *   given    clinic Alpha ...                        registers and what was before
 *   when     Petrova applies to Alpha as first ...   what happens
 *   then     first is APPROVED ...                   what must be seen
 * `#` begins a comment. Every word is checked: an unknown one, a missing one, a name that was not given are errors
 * with file and line. The forms of given, when and then and their options are the tables of lang.c.
 * Role: test support. Memory: the arena given. Threads: any. */
#ifndef CLINIC_SCENARIO_LANG_H
#define CLINIC_SCENARIO_LANG_H
#include "base/arena.h"
#include "base/err.h"

enum scn_form {
    SCN_CLOCK,       /* number = ms UTC */
    SCN_CLINIC,      /* given clinic NAME */
    SCN_DOCTOR,      /* given doctor N of CLINIC */
    SCN_PERSON,      /* given person NAME */
    SCN_POLICY,      /* given policy of PERSON */
    SCN_ATTACHMENT,  /* given attachment of PERSON to CLINIC */
    SCN_APPLIES,     /* when PERSON applies to CLINIC as APPLICATION */
    SCN_REPEATED,    /* when APPLICATION is repeated */
    SCN_REDELIVERED, /* when the broker redelivers APPLICATION */
    SCN_WITHDRAWN,   /* when APPLICATION is withdrawn */
    SCN_STILL,       /* when SERVICE stands still: what is for it waits */
    SCN_ON,          /* when SERVICE goes on */
    SCN_OUTCOME,     /* then APPLICATION is OUTCOME */
    SCN_WENT,        /* then APPLICATION went STATUSES: every public change so far, in order, and no other */
    SCN_ASKED_BACK,  /* then APPLICATION is asked back: the decider has the withdrawal before it */
    SCN_TOLD,        /* then APPLICATION told MILESTONE to RECIPIENT by CHANNELS */
    SCN_NOT_TOLD,    /* then APPLICATION not told MILESTONE */
    SCN_ATTACHED,    /* then PERSON attached to CLINIC */
    SCN_UNATTACHED,  /* then PERSON attached nowhere */
    SCN_LEFT,        /* then PERSON left CLINIC by APPLICATION */
    SCN_HOLDS,       /* then clinic CLINIC holds N */
    SCN_FORM_N
};

enum scn_opt {
    OPT_KIND, OPT_OWNERSHIP, OPT_REGION, OPT_PROFILES, OPT_DISTRICTS, OPT_INSURERS, OPT_UNLISTED, OPT_PROFILE, OPT_NORM,
    OPT_CLOSED, OPT_DISTRICT, OPT_BORN, OPT_SEX, OPT_MILITARY, OPT_FORM, OPT_INSURER, OPT_STATUS, OPT_UNTIL, OPT_SINCE,
    OPT_DOCTOR, OPT_COUNTED, OPT_THROUGH, OPT_REASON, OPT_EVIDENCE, OPT_ACCOUNT, OPT_TINAO, OPT_UNACKNOWLEDGED,
    OPT_REASONS, OPT_DETAIL, OPT_OVER, OPT_SCOPE, OPT_N
};

struct scn_stmt {
    enum scn_form form;
    int line;
    int clinic, person, app;  /* index into the names of the scenario; -1 = not in this form */
    long long number;         /* doctor, count or time */
    const char *word, *word2; /* outcome; service; milestone and recipient */
    const char *list;         /* comma list: channels of SCN_TOLD, statuses of SCN_WENT */
    const char *opt[OPT_N];   /* as written and checked; "" = flag; NULL = not given */
};

struct scn {
    const char *path, *name, *title, *rules;
    struct scn_stmt *stmts;
    size_t stmts_n;
    const char **clinics, **persons, **apps;
    size_t clinics_n, persons_n, apps_n;
};

/* ERR_INPUT "file:line: what". */
bool scn_load(const char *path, struct arena *mem, struct scn *ret, struct err *e) MUST_CHECK;

/* Values of options that were checked: numbers of enums ("ADULT_THERAPEUTIC" of "PROFILE_"), items of lists. */
int scn_enum(const ProtobufCEnumDescriptor *d, const char *prefix, const char *word, size_t len); /* -1 = unknown */
/* Number of a service along the flow, intake first; -1 = unknown. */
int scn_service(const char *name);
/* Next item of a comma list: moves *at; false at its end. */
bool scn_item(const char **at, const char **ret, size_t *ret_len);
#endif
