/* texts.h - the templates of a language, loaded at start: every row of the table of notices must have its file.
 * Files: <dir>/<language>/<milestone>.<channel>.txt = header lines "version: N" and, for e-mail, "subject: ...", a
 * line "---", the body. <dir>/<language>/words.txt = lines "NAME = text": Russian names of profiles and portals.
 * Privacy: a name marked private in NOTICE_VALUES is refused in every channel but e-mail, which goes to one mailbox; an
 * SMS may light up on a shared phone, and the account and system texts lie on a topic in clear.
 * Threads: read-only after load. Memory: process lifetime. */
#ifndef CLINIC_NOTIFICATION_TEXTS_H
#define CLINIC_NOTIFICATION_TEXTS_H
#include "base/arena.h"
#include "base/err.h"
#include "milestones.h"
#include "template.h"

/* What texts may name: X(name, private). */
#define NOTICE_VALUES(X)                                                                                              \
    X(application, 0)    /* the portal's own number */                                                                \
    X(application_id, 0) /* UUID */                                                                                   \
    X(portal, 0)         /* where it was filed */                                                                     \
    X(profile, 0)        /* kind of clinic */                                                                         \
    X(clinic, 0)         /* code of the clinic applied to */                                                          \
    X(clinic_name, 0)    /* its name by the register; its code when the name is not known */                          \
    X(clinic_short, 0)   /* its name when known; empty in an SMS that would take a second part for it */              \
    X(clinic_address, 0) /* its address; empty when not known */                                                      \
    X(clinic_phone, 0)   /* phone of its desk; empty when not known */                                                \
    X(doctor, 0)         /* number of the doctor assigned; empty when none */                                         \
    X(status, 0)         /* status of the application */                                                              \
    X(status_before, 0)  /* status it had before; empty when there was none */                                        \
    X(received_date, 0)  /* DD.MM.YYYY of receipt */                                                                  \
    X(due_date, 0)       /* DD.MM.YYYY a decision is due */                                                           \
    X(effective_from, 0) /* DD.MM.YYYY the attachment begins */                                                       \
    X(date, 0)           /* DD.MM.YYYY of the notice */                                                               \
    X(reasons, 0)        /* reasons, a line each */                                                                   \
    X(laws, 0)           /* acts and articles of the reasons */                                                       \
    X(reason_codes, 0)   /* codes of the reasons */                                                                   \
    X(alternatives, 0)   /* clinics with free places by name and address, a line each */                              \
    X(complaint, 0)      /* where a refusal may be complained of, a line each, in order (C-25) */                      \
    X(old_clinic, 0)     /* clinic left */                                                                            \
    X(insurer, 0)        /* insurer */                                                                                \
    X(person, 0)         /* pseudonym of the person */                                                                \
    X(rule_set, 0)       /* rule set and version of the decision */                                                   \
    X(basic_only, 0)     /* not empty: the basic programme only (R-023) */                                            \
    X(salutation, 1)     /* given name and patronymic of whom the letter is to */
enum notice_value {
#define X(name, private) VALUE_##name,
    NOTICE_VALUES(X)
#undef X
    NOTICE_VALUE_N
};

struct text {
    char milestone[8];
    PB(Channel) channel;
    struct template *subject; /* e-mail only */
    struct template *body;
    char name[64];            /* "ru/N-06.email/1#89abcdef": language, file, version, digest of the file */
};

struct texts;
bool texts_load(const char *dir, const char *language, struct texts **ret, struct err *e) MUST_CHECK; /* gives */
void texts_free(struct texts *t);
const struct text *texts_find(const struct texts *t, const char *milestone, PB(Channel) channel); /* never NULL for a row of the table */
const char *texts_word(const struct texts *t, const char *name); /* "" when there is none */
#endif
