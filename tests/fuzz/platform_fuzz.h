/* platform_fuzz.h - a service on the fake platform, fed with the records of an input, and what must hold afterwards.
 * Files: svc.c plays, platform_conf.c configures, check.c looks at what was written, check_state.c at what is kept. Threads: one. */
#ifndef CLINIC_FUZZ_PLATFORM_H
#define CLINIC_FUZZ_PLATFORM_H
#include "fuzz.h"
#include "support/platform_fake.h"

/* What def->init makes of the rules, calendars, templates and keys of the sources; process lifetime. */
void *fuzz_svc_conf(const struct svc_def *def);

/* A letter pair no Russian word has: the personal texts of the corpus carry it, so that a leak is seen for what it is
 * even after a change of case. */
#define SECRET_MARK "\xd0\xaa\xd1\x8a" /* ЪЪ in mixed case */

#define SECRETS_MAX 256
/* Personal texts of the input, and texts that may be written in clear. */
struct secrets {
    const char *personal[SECRETS_MAX], *open[SECRETS_MAX];
    size_t personal_n, open_n;
    bool off;          /* something personal was handed in where it may be passed on */
    bool mark_is_open; /* found out by check_written */
};
void secrets_add(struct secrets *s, ProtobufCMessage *msg);
bool secrets_marked(struct bytes text); /* holds a SECRET_MARK, in any case of its letters */
/* A text given in clear beside the messages: a key, a type. */
void secrets_open(struct secrets *s, struct bytes text);

/* Everything the service wrote is well-formed, says why, and holds nothing personal. */
void check_written(struct platform *p, const struct svc_def *def, const struct secrets *s);
/* The projection is what the facts say; the invariants of the service's tables hold. */
void check_state(struct platform *p, const struct svc_def *def);
#endif
