/* init_test.h - a service's init in a test: what it gives is kept for the process, partly in arenas, where the leak
 * checker cannot see that it is still reachable. */
#ifndef CLINIC_INIT_TEST_H
#define CLINIC_INIT_TEST_H
#include "runtime/svc.h"

void __lsan_disable(void) __attribute__((weak)); /* absent without the sanitizer */
void __lsan_enable(void) __attribute__((weak));

MUST_CHECK static inline bool init_test(const struct svc_def *def, const struct conf *conf, void **ret, struct err *e)
{
    if (__lsan_disable)
        __lsan_disable();
    bool ok = def->init(conf, ret, e);
    if (__lsan_enable)
        __lsan_enable();
    return ok;
}
#endif
