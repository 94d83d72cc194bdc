#include "runtime/kafka_nap.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>
#include "base/err.h"

/* A turn of the loop asks three times within a microsecond; work between two of them takes longer. */
enum { SPIN_NS = 5000, SPIN_N = 6, NAP_NS = 100000 };

bool nap_is_due(struct nap *n, int64_t now_ns)
{
    n->in_a_row = now_ns - n->asked_ns < SPIN_NS ? n->in_a_row + 1 : 0;
    n->asked_ns = now_ns;
    if (n->in_a_row < SPIN_N)
        return false;
    n->in_a_row = 0;
    return true;
}

static _Thread_local bool is_main; /* a main thread of librdkafka */

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk, rd_kafka_thread_type_t type, const char *name, void *ctx)
{
    (void)rk, (void)name, (void)ctx;
    is_main = type == RD_KAFKA_THREAD_MAIN;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *ctx, char *text, size_t n)
{
    (void)conf, (void)text, (void)n;
    return rd_kafka_interceptor_add_on_thread_start(rk, "nap", on_thread_start, ctx);
}

void kafka_nap_enable(rd_kafka_conf_t *conf)
{
    if (rd_kafka_version() < KAFKA_NAP_UNTIL)
        must(rd_kafka_conf_interceptor_add_on_new(conf, "nap", on_new, NULL) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

#if KAFKA_NAPS
typedef int clock_fn(clockid_t, struct timespec *);

static int ask_next(clockid_t clock, struct timespec *ret)
{
    static _Atomic(clock_fn *) next;
    clock_fn *f = atomic_load_explicit(&next, memory_order_relaxed);
    if (!f) {
        *(void **)&f = dlsym(RTLD_NEXT, "clock_gettime");
        atomic_store_explicit(&next, f, memory_order_relaxed);
    }
    return f(clock, ret);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    static _Thread_local struct nap nap;
    int result = ask_next(clock, ret);
    if (is_main && clock == CLOCK_MONOTONIC && nap_is_due(&nap, (int64_t)ret->tv_sec * 1000000000 + ret->tv_nsec))
        nanosleep(&(struct timespec){0, NAP_NS}, NULL);
    return result;
}
#endif
