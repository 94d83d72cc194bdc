/* stage.h - where a scenario is played: in memory, or on a running platform. play() knows no other difference.
 * Role: test support; implemented by stage_memory.c and stage_live.c. Threads: one. */
#ifndef CLINIC_SCENARIO_STAGE_H
#define CLINIC_SCENARIO_STAGE_H
#include "seen.h"

struct stage;
struct stage_ops {
    /* The scenario's clock moved. */
    void (*clock)(struct stage *st, int64_t now_ms);
    bool (*publish)(struct stage *st, const struct scn_record *r, struct err *e);
    /* Every register record published so far is in force in the services that read it. */
    bool (*registered)(struct stage *st, struct err *e);
    /* A service stands still, every instance of it: what is for it waits; or goes on. */
    bool (*hold)(struct stage *st, const char *service, bool held, struct err *e);
    /* Let the platform work and collect into s until holds() or there is nothing more to wait for; false: why. */
    bool (*until)(struct stage *st, struct seen *s, bool (*holds)(void *ctx, char *why, size_t cap), void *ctx,
                  char *why, size_t cap);
    void (*close)(struct stage *st);
};
struct stage {
    const struct stage_ops *ops; /* first member of every implementation */
};

/* Play one scenario. False: e->text names file, line and what was seen instead. */
bool play(struct stage *st, const struct scn *scn, const struct keyring *keys, unsigned run, struct arena *mem,
          struct err *e) MUST_CHECK;

/* gives. The six services on fakes, with the rules, calendars and templates of source_dir and one keyring, both read
 * at the first open of the process; one fresh platform a scenario. */
bool stage_memory_open(const char *source_dir, const char *keyring_file, struct stage **ret, struct err *e) MUST_CHECK;

struct fake_cluster;
struct svc_def;
/* For other tests: the cluster of a memory stage once a clock was set, and what a service's init gave at the first open. */
struct fake_cluster *stage_memory_cluster(struct stage *st);
const void *stage_memory_conf(const struct svc_def *def);

struct stage_live_conf {
    const char *bootstrap, *redis;
    int deadline_ms; /* of one wait */
    const char *pids; /* folder of pid files <service>-<n>, each of a process group; NULL = services cannot be held */
    int partitions;  /* of every keyed topic; 0 = ask the broker */
};
bool stage_live_open(const struct stage_live_conf *lc, struct stage **ret, struct err *e) MUST_CHECK; /* gives */
#endif
