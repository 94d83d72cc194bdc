/* apply_http.h - submission through the gateway: several requests at a time over kept connections (libcurl).
 * A 503, a 429 or a lost connection is tried again until the deadline, with the gateway's Retry-After: an application is
 * told apart by its source and external_ref, so sending it twice is safe.
 * Threads: main thread. */
#ifndef CLINIC_CTL_APPLY_HTTP_H
#define CLINIC_CTL_APPLY_HTTP_H
#include <stdbool.h>
#include "base/err.h"

struct http;
/* answer: status 0 = never answered; body is the answer's, zero-terminated. Called once for each http_post. */
typedef void http_answer_fn(void *ctx, const char *name, long status, const char *body);
bool http_open(const char *url, int parallel, int retry_seconds, http_answer_fn *answer, void *ctx, struct http **ret,
               struct err *e) MUST_CHECK; /* gives */
/* POST to path with a JSON body (takes body, malloc'd). Waits while all connections are busy. */
void http_post(struct http *h, const char *path, const char *name, char *body);
void http_finish(struct http *h); /* until everything is answered; frees */
#endif
