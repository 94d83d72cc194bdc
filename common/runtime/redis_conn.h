/* redis_conn.h - one connection to Redis: address, log-in, health checks, pipelines. Inside of store_redis*.c and
 * claims_redis.c; not for others.
 * Threads: confined to one at a time.
 * Errors: ERR_RETRY the connection or the server is in trouble, the connection is dropped and made anew at the next
 * call; ERR_FATAL the server refuses. */
#ifndef CLINIC_REDIS_CONN_H
#define CLINIC_REDIS_CONN_H
#include <hiredis/hiredis.h>
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define REDIS_SHA_BYTES 41

struct redis_script {
    const char *text;
    char sha[REDIS_SHA_BYTES]; /* set at connecting */
};

struct redis_conn {
    redisContext *ctx;            /* NULL = down */
    char *url;                    /* owned; the fields below point into it */
    const char *host, *path, *user, *password; /* NULL = not given; path: unix socket */
    int port, db;
    struct redis_script *scripts; /* loaded at every connect; borrows */
    size_t scripts_n;
    size_t awaited;               /* replies of the open pipeline */
    bool lost_scripts;            /* the last failure was a missing script */
};

bool redis_conn_init(struct redis_conn *c, const char *url, struct redis_script *scripts, size_t n,
                     struct err *e) MUST_CHECK;
void redis_conn_fini(struct redis_conn *c);
/* Connect unless connected. */
bool redis_conn_up(struct redis_conn *c, struct err *e) MUST_CHECK;
void redis_conn_drop(struct redis_conn *c);

/* One command under construction; arguments are borrowed until redis_send(). */
struct redis_cmd {
    const char **argv;
    size_t *len;
    size_t n, cap;
};
void redis_cmd_start(struct redis_cmd *cmd, const char *verb);
void redis_cmd_add(struct redis_cmd *cmd, struct bytes arg);
void redis_cmd_add_str(struct redis_cmd *cmd, const char *arg);
void redis_cmd_add_i64(struct redis_cmd *cmd, struct arena *mem, int64_t v);
void redis_cmd_fini(struct redis_cmd *cmd);

/* Put a command into the pipeline. */
void redis_send(struct redis_conn *c, const struct redis_cmd *cmd);
/* Send what is in the pipeline without waiting for replies; they are received later, before anything else is sent. */
bool redis_flush(struct redis_conn *c, struct err *e) MUST_CHECK;
/* Next reply of the pipeline; gives (freeReplyObject). An error reply is an error here, and ends the pipeline. */
bool redis_receive(struct redis_conn *c, redisReply **ret, struct err *e) MUST_CHECK;
/* Send and receive one. */
bool redis_call(struct redis_conn *c, const struct redis_cmd *cmd, redisReply **ret, struct err *e) MUST_CHECK;
#endif
