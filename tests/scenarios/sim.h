/* sim.h - services as what they are, pure functions: a driver of plan and handle over maps and queues, without runtime,
 * bus or store. One queue per inbox and partition, in order; which queue goes on next is the test's choice, so that every
 * interleaving that partitions allow can be tried, millions of records a minute.
 * It defines the calls of svc.h itself: do not link it with the runtime.
 * Role: test support. Memory: freed by sim_free. Threads: one. */
#ifndef CLINIC_SIM_H
#define CLINIC_SIM_H
#include "runtime/svc.h"

#define SIM_PARTITIONS 3

struct sim_rec {
    enum topic_id topic;
    enum event_id type;
    char key[64], subject[40];
    struct bytes value; /* owned by the simulation */
};

struct sim;
struct sim *sim_new(void); /* gives */
void sim_free(struct sim *s);
int sim_add(struct sim *s, const struct svc_def *def, const void *svc_conf); /* number of the service */
void sim_set_time(struct sim *s, int64_t now_ms);
/* Called for every record that goes to a topic nobody here reads. */
void sim_watch(struct sim *s, void (*fn)(void *ctx, const struct sim_rec *r, const void *msg), void *ctx);

/* Put a record at the end of the queue of its key; a registry record is in force at once. */
void sim_publish(struct sim *s, enum topic_id topic, const char *key, enum event_id type, const void *msg,
                 const char *subject);
void sim_publish_again(struct sim *s, const struct sim_rec *r);
size_t sim_waiting(const struct sim *s);                 /* queues with records */
/* Head of the i-th of them. */
const struct sim_rec *sim_head(const struct sim *s, size_t i);
void sim_drop(struct sim *s, size_t i);                  /* lose it */
void sim_handle(struct sim *s, size_t i, int times);     /* handle it `times` times, then it is done */
/* Due work of one record, if any is due: true. */
bool sim_due(struct sim *s);
int64_t sim_next_due(const struct sim *s);               /* 0 = none */
/* Each record of a table, decoded; msg is valid during the call. */
void sim_each(struct sim *s, int service, int table, void (*fn)(void *ctx, const char *key, const void *msg), void *ctx);
#endif
