/* kafka_error.h - what an error of librdkafka means for the commit protocol; the only place that knows.
 * Threads: any. Rule source: the classes measured for librdkafka 2.0.2 (identical on 2.15.1), see kafka_error.c. */
#ifndef CLINIC_KAFKA_ERROR_H
#define CLINIC_KAFKA_ERROR_H
#include <librdkafka/rdkafka.h>
#include "base/err.h"

/* Class of an error that a transactional call answered, from its name and its three flags. */
enum err_class kafka_txn_class(rd_kafka_resp_err_t code, bool fatal, bool abortable, bool retriable);
/* Class of an error outside transactions: fetching, metadata, offsets, administration. */
enum err_class kafka_read_class(rd_kafka_resp_err_t code);
/* Another producer has this transactional id, or the coordinator ended our epoch. */
bool kafka_is_fence(rd_kafka_resp_err_t code);

/* The stable code of *e, and whether the record itself is refused (BUS_RECORD_REFUSED of bus.h). */
const char *kafka_err_code(enum err_class cls, rd_kafka_resp_err_t code);

/* Fill *e from a transactional call's error and destroy it (takes ke). Returns false. */
bool kafka_txn_fail(rd_kafka_error_t *ke, const char *what, struct err *e);
/* An error of a handle as its callback tells it. That the broker refuses the password or its certificate is not trusted
 * shows to callers only as a timeout: what was noted here lately makes such an answer final, with these words.
 * True: a refusal, and the first for a while. */
bool kafka_note_error(int code, const char *text);
/* Was there a refusal lately? Then *e tells it. */
bool kafka_is_refused(const char *what, struct err *e);
/* True when code is none; else lets the callback of rk speak and fills *e. */
bool kafka_done(rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *what, struct err *e) MUST_CHECK;

/* Fill *e from a plain code; detail may be NULL. Returns false. */
bool kafka_read_fail(rd_kafka_resp_err_t code, const char *what, const char *detail, struct err *e);
#endif
