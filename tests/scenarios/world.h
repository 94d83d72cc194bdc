/* world.h - a scenario made into records: registers, applications, ids. Names of the file become ids that are unique to
 * the run, so that the same scenario may be played many times on one platform.
 * Role: test support. Memory: the arena given. Threads: one. */
#ifndef CLINIC_SCENARIO_WORLD_H
#define CLINIC_SCENARIO_WORLD_H
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "lang.h"
#include "wire/seal.h"
#include "wire/wire.h"

/* A record to be published. */
struct scn_record {
    enum topic_id topic;
    enum event_id type;
    const char *key, *subject, *id; /* id = ce_id */
    const void *msg;
    int64_t time_ms;
};

struct scn_person {
    char ref[PERSON_REF_LEN + 1];   /* "" until the policy is given: the number names the person */
    const struct scn_stmt *given;
    PB(Personal) *personal;
    bool attached;                  /* an attachment was given */
};
struct scn_app {
    char id[37];
    int person;
    PB(Application) *msg;
    struct scn_record record;       /* as it was published */
};

struct world {
    const struct scn *scn;
    const struct keyring *keys;
    struct arena *mem;
    unsigned run;                   /* tells the runs on one platform apart */
    int64_t now_ms;                 /* the scenario's clock */
    unsigned published;
    const char **clinic_ids;
    PB(ClinicRecord) **clinics;
    struct scn_person *persons;
    struct scn_app *apps;
};

struct world *world_new(const struct scn *scn, const struct keyring *keys, unsigned run, struct arena *mem);
/* What a given or when statement publishes: at most 2 records in ret; returns how many. A clinic is published by the
 * statement of each of its doctors anew, as a register does. */
size_t world_step(struct world *w, const struct scn_stmt *s, struct scn_record ret[2]);
/* Person or clinic keys of this world: what is seen of others does not concern it. */
bool world_knows_key(const struct world *w, struct bytes key);
#endif
