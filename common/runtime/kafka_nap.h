/* kafka_nap.h - the pause that the main threads of librdkafka before 2.4 do not make.
 * They wait for their timers in whole milliseconds, rounded down, and spend what is left of the last one asking the clock
 * without a pause (librdkafka issue 4684). Every transaction sets such a timer, of one millisecond: at 200 applications a
 * second that was two fifths of a core. So clock_gettime() is ours in programs that use Kafka: it asks whoever comes next,
 * and a main thread that asks over and over sleeps for a moment. Other threads pay a look at a thread-local flag.
 * Not in builds with a sanitizer, which has a clock_gettime() of its own. */
#ifndef CLINIC_KAFKA_NAP_H
#define CLINIC_KAFKA_NAP_H
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
#define KAFKA_NAPS 0
#else
#define KAFKA_NAPS 1
#endif

#define KAFKA_NAP_UNTIL 0x02040000 /* rd_kafka_version() that waits rightly */

/* How one thread asks the clock. */
struct nap {
    int64_t asked_ns;
    int in_a_row;
};
/* The thread has asked and was told now_ns: does it spin? Then it is to pause; it begins anew. */
bool nap_is_due(struct nap *n, int64_t now_ns);

/* Handles made with conf have main threads that nap. */
void kafka_nap_enable(rd_kafka_conf_t *conf);
#endif
