/* gateway.h - the HTTP door: one topic to write (intake's inbox), three projections to read, nothing else.
 * Role:      types shared by the files of this room. http.c speaks HTTP, pool.c runs the work, publish.c waits for the
 *            broker, one file per endpoint decides the answer; endpoints know ports only, so tests call them directly.
 * Threads:   HTTP threads take requests in and write answers out, never block; workers run endpoints and may wait for
 *            Redis; the broker's thread finishes a publish. A request belongs to one of them at a time.
 * Privacy:   no query string, no body, no policy number is ever logged or counted. */
#ifndef CLINIC_SERVICE_GATEWAY_H
#define CLINIC_SERVICE_GATEWAY_H
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include "base/arena.h"
#include "base/conf.h"
#include "base/metric.h"
#include "runtime/pub.h"
#include "runtime/store.h"
#include "wire/ce.h"
#include "clinic/attach/v1/state.pb-c.h"
#include "wire/seal.h"

struct rulesets;
struct gw_recent_entry;
struct gw;
struct gw_worker;
struct gw_req;

#define GW_BODY_MAX_BYTES 65536
#define GW_ID_CHARS       36

/* What a handler decides. Filled by answer.c; body is freed with the request. */
struct gw_answer {
    int status;               /* 0 = not decided yet */
    char *body;               /* malloc'd text, NUL-terminated */
    const char *content_type; /* static */
    char location[80];        /* "" = none */
    int retry_after_s;        /* 0 = none */
    const char *allow;        /* methods of a 405, else NULL */
    bool replayed;            /* the stored answer of an Idempotency-Key */
};

enum gw_part { GW_QUERY, GW_HEADER };

struct gw_route {
    const char *method;
    const char *path;      /* "{id}" stands for an application id */
    const char *name;      /* metric label */
    bool has_body;
    const char *types;     /* media types a body may have, separated by blanks */
    void (*handle)(struct gw_worker *w, struct gw_req *r);
};

/* One request. */
struct gw_req {
    const struct gw_route *route;
    const char *path;                  /* without the query string; borrowed from the HTTP library or the test */
    char id[GW_ID_CHARS + 1];          /* path parameter, lower case; "" = none */
    char *body;                        /* malloc'd */
    size_t body_n;
    bool body_too_large;
    const char *(*get)(const struct gw_req *r, enum gw_part part, const char *name); /* NULL = absent */
    void *conn;                        /* of http.c */
    char trace[CE_TRACEPARENT_BYTES];  /* this request's place in the caller's trace */
    int64_t started_ms;                /* monotonic */
    struct gw_answer answer;
    void (*after_ack)(struct gw_worker *w, struct gw_req *r); /* once the broker has the record; NULL = answer at once */
    struct gw_idem *idem;              /* what an Idempotency-Key holds of this request; idem.c */
    struct gw_recent_entry *accepted;  /* what to remember once the broker has it; malloc'd, NULL = nothing */
    bool handed_over;                  /* http.c: given to the workers */
    struct gw_req *next;               /* queue of pool.c */
};

/* Claims and small values, claims_* of store_redis.h in the program. ERR_RETRY: Redis is away. */
struct gw_cache {
    bool (*take)(void *ctx, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e);
    bool (*put)(void *ctx, const char *name, struct bytes value, int64_t ttl_ms, struct err *e);
    bool (*get)(void *ctx, const char *name, struct bytes *ret, struct err *e); /* ret->p malloc'd or NULL */
    void *ctx;
};

/* The log, pub_* in the program. */
struct gw_log {
    bool (*send)(void *ctx, const struct bus_out *o, pub_done *done, void *done_ctx, struct err *e);
    bool (*is_up)(void *ctx);
    bool (*high)(void *ctx, int topic, int32_t part, int64_t *ret, struct err *e); /* end of a log; one thread */
    void *ctx;
};

/* Everything endpoints use; keeps all it points to. */
struct gw {
    const struct keyring *keys;
    const struct rulesets *rules;
    struct gw_log log;
    struct gw_cache cache;
    int32_t partitions;
    int publish_ms;            /* longest wait for the broker's acknowledgement */
    int retry_after_s;
    int64_t idempotency_ms;    /* how long an answer is kept for its Idempotency-Key */
    int64_t clinics_ms;        /* age at which the list of clinics is read anew */
    int64_t (*now_ms)(void);   /* wall clock; fake in tests */
    int64_t (*tick_ms)(void);  /* monotonic, for waits; fake in tests */
    void (*finished)(struct gw_req *r); /* the answer is complete: http.c resumes the connection */
    void (*again)(struct gw *gw, struct gw_req *r); /* give r to a worker for r->after_ack: gw_pool_push_after */
    struct gw_pool *pool;
    struct gw_waits *waits;
    struct gw_recent *recent;
    struct gw_running *running;
    struct gw_catalogue *catalogue;
    struct gw_ends *ends;
    atomic_llong redis_away_until_ms;  /* guard.c; monotonic, 0 = it answers */
    struct metric *requests, *seconds, *publishes; /* NULL in tests that do not count */
};

/* One worker: its own connections to the projections, its own memory. */
struct gw_worker {
    struct gw *gw;
    struct store *intake, *attachment, *capacity;
    struct arena *mem;         /* reset after every request */
};

/* routes.c */
extern const struct gw_route gw_routes[]; /* ended by .handle == NULL */
/* Row for a method and path; *ret_allow = methods of the path when it exists under others. id: set for "{id}". */
const struct gw_route *gw_route_find(const char *method, const char *path, char id[GW_ID_CHARS + 1],
                                     const char **ret_allow);
bool gw_type_allowed(const struct gw_route *r, const char *content_type);
bool gw_type_is(const char *content_type, const char *media_type);

/* Endpoints. */
void gw_submit(struct gw_worker *w, struct gw_req *r);
void gw_withdraw(struct gw_worker *w, struct gw_req *r);
void gw_status(struct gw_worker *w, struct gw_req *r);
void gw_lookup_query(struct gw_worker *w, struct gw_req *r);
void gw_lookup_body(struct gw_worker *w, struct gw_req *r);
void gw_clinics(struct gw_worker *w, struct gw_req *r);

/* publish.c: hand a record to the broker and finish the request when it has it, or when it is too late. */
struct gw_waits *gw_waits_new(void);                /* gives */
void gw_waits_run(struct gw_waits *w, struct gw *gw); /* start the thread that calls gw_waits_expire in time */
void gw_waits_free(struct gw_waits *w);             /* nothing may be under way; NULL is fine */
/* takes r until it is finished; r->answer holds the answer of success. Queue full or broker away: 503 at once. */
void gw_publish(struct gw *gw, struct gw_req *r, const struct bus_out *o);
/* Answer 503 to whatever has waited too long; returns when the next one will have, -1 = nothing waits. */
int64_t gw_waits_expire(struct gw *gw, int64_t now_ms);

/* pool.c: the workers. */
struct gw_pool;
/* open: fills the worker's stores on its own thread. gives. */
struct gw_pool *gw_pool_new(struct gw *gw, int workers, size_t queue_max, void (*open)(struct gw_worker *w, void *ctx),
                            void (*close)(struct gw_worker *w, void *ctx), void *ctx);
bool gw_pool_push(struct gw_pool *p, struct gw_req *r);       /* false: queue full */
void gw_pool_push_after(struct gw *gw, struct gw_req *r);     /* gw->again; never refused */
void gw_pool_free(struct gw_pool *p);                         /* finishes what is queued; NULL is fine */
void gw_finish(struct gw *gw, struct gw_req *r);              /* gw_count, then gw->finished */
void gw_count(struct gw *gw, const struct gw_req *r);         /* metrics of an answered request */

/* recent.c: ids this process has just handed to the broker, so that an answer 202 is never followed by 404. */
struct gw_recent_entry {
    char id[GW_ID_CHARS + 1];
    int source;              /* enum Source */
    char external_ref[80];
    int64_t at_ms;           /* wall clock */
};
struct gw_recent *gw_recent_new(void);          /* gives */
void gw_recent_free(struct gw_recent *t);       /* NULL is fine */
void gw_recent_add(struct gw_recent *t, const struct gw_recent_entry *entry);
bool gw_recent_get(struct gw_recent *t, const char *id, int64_t now_ms, struct gw_recent_entry *ret); /* false: unknown */

/* request.c: what endpoints do alike. */
void gw_req_fini(struct gw_req *r); /* frees body, answer and what hangs on it */
/* Body as JSON; NULL and the answer set when it does not parse. gives. */
json_t *gw_body_json(struct gw_req *r);
/* 422 for ERR_INPUT of json.h or validate.h: the field as a JSON pointer and the rule. */
void gw_answer_field(struct gw_req *r, const struct err *e);
/* traceparent that the caller gave: of its hop, else of the event (ce-traceparent); NULL = none that is well-formed. */
const char *gw_parent(const struct gw_req *r);
/* Record for intake's inbox about an application, headers and all; in the worker's arena. */
struct bus_out gw_record(struct gw_worker *w, struct gw_req *r, enum event_id type, const char *id,
                         const ProtobufCMessage *msg, const char *ce_id);

/* guard.c: after a failure Redis is left alone for a while, then one worker tries; the rest go on without it at once, so
 * that a Redis that hangs does not hold up the applications, which do not need it. */
bool gw_redis_enter(struct gw *gw, int64_t *ret_started_ms, struct err *e) MUST_CHECK; /* ERR_RETRY: not now */
bool gw_redis_leave(struct gw *gw, int64_t started_ms, bool is_good); /* returns is_good */

/* ends.c: where logs end, as the broker said. */
struct gw_ends *gw_ends_new(int32_t partitions);        /* gives */
void gw_ends_run(struct gw_ends *t, struct gw *gw);     /* start the thread that asks; without it the caller asks */
bool gw_ends_free(struct gw_ends *t);                   /* false: its thread hangs in the library and stays; NULL is fine */
/* Has a projection whose mark is this all that the log had a moment ago: the last time but one that the broker was asked, when
 * that is less than 15 s ago, else the last time, which is now? With the broker away it is the last that it said, however old:
 * nobody writes then. ERR_RETRY: it never said. */
bool gw_caught_up(struct gw *gw, int topic, int32_t part, int64_t mark, bool *ret, struct err *e) MUST_CHECK;

/* read.c: records of the projections. Errors: ERR_RETRY the store is away, ERR_STALE it is being rebuilt. */
int32_t gw_partition(const struct gw *gw, const char *key);
/* *ret NULL: not there now, which may also mean not there yet. table: index of the service's own list. */
bool gw_fetch(struct gw_worker *w, struct store *s, int table, const char *key, const ProtobufCMessageDescriptor *d,
              const void **ret, struct err *e) MUST_CHECK;
/* *ret NULL: no such record, as far as facts reach that the broker had a moment ago; a projection that has not got so far is
 * being rebuilt, and what it lacks is not known yet: ERR_STALE. source: topic_id that feeds the table. */
bool gw_read(struct gw_worker *w, struct store *s, int table, int source, const char *key,
             const ProtobufCMessageDescriptor *d, const void **ret, struct err *e) MUST_CHECK;
/* State of an application in intake's projection; must_be_sure: as gw_read, else as gw_fetch. *ret set in every case. */
bool gw_read_application(struct gw_worker *w, const char *id, bool must_be_sure,
                         const Clinic__Attach__V1__ApplicationState **ret, struct err *e) MUST_CHECK;
#endif
