/* retry.h - the one place where attachctl asks again: what a broker in trouble answers passes (a new leader, a restart),
 * so calls of class ERR_RETRY are repeated until a deadline counted from the first failure.
 * Threads: main thread. */
#ifndef CLINIC_CTL_RETRY_H
#define CLINIC_CTL_RETRY_H
#include "runtime/bus.h"

void retry_patience(double seconds);           /* 30 unless set */
double retry_seconds(void);

/*   struct retry r = {0};
 *   do good = call(&e); while (!good && retry_again(&r, &e));
 * Waits a little, and says on stderr once what is waited for. False: e is no ERR_RETRY, or the time is over. */
struct retry {
    double until;
};
bool retry_again(struct retry *r, const struct err *e) MUST_CHECK;

/* The reads of bus.h that do not wait by themselves. */
bool retry_high(struct bus *b, int topic, int32_t part, int64_t *ret, struct err *e) MUST_CHECK;
bool retry_log_open(struct bus *b, int topic, int32_t part, int64_t from, struct bus_log **ret, struct err *e) MUST_CHECK;
#endif
