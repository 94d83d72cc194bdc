/* c11_threads.c - the threads of <threads.h> by those of <pthread.h>, preloaded under ThreadSanitizer: it follows the
 * latter only, and librdkafka uses the former. A thread that the sanitizer does not know crashes in it; a mutex that it
 * does not know orders nothing. glibc keeps each C11 object in the memory of the POSIX one.
 * Only what librdkafka calls. Threads: any. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a C11 mutex holds a POSIX one");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a C11 condition holds a POSIX one");

struct start {
    thrd_start_t run;
    void *arg;
};

static pthread_mutex_t *mutex_of(mtx_t *m) { return (pthread_mutex_t *)m; }
static pthread_cond_t *cond_of(cnd_t *c) { return (pthread_cond_t *)c; }

static int result(int rc)
{
    return rc == 0 ? thrd_success : rc == ETIMEDOUT ? thrd_timedout : rc == EBUSY ? thrd_busy : thrd_error;
}

static void *begin(void *arg)
{
    struct start s = *(struct start *)arg;
    free(arg);
    return (void *)(intptr_t)s.run(s.arg);
}

int thrd_create(thrd_t *ret, thrd_start_t run, void *arg)
{
    struct start *s = malloc(sizeof *s);
    if (!s)
        return thrd_nomem;
    *s = (struct start){run, arg};
    int rc = pthread_create(ret, NULL, begin, s);
    if (rc)
        free(s);
    return result(rc);
}

int thrd_join(thrd_t t, int *ret)
{
    void *value = NULL;
    int rc = pthread_join(t, &value);
    if (ret)
        *ret = (int)(intptr_t)value;
    return result(rc);
}

int thrd_detach(thrd_t t) { return result(pthread_detach(t)); }

int mtx_init(mtx_t *m, int type)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    int rc = pthread_mutex_init(mutex_of(m), &a);
    pthread_mutexattr_destroy(&a);
    return result(rc);
}

void mtx_destroy(mtx_t *m) { pthread_mutex_destroy(mutex_of(m)); }
int mtx_lock(mtx_t *m) { return result(pthread_mutex_lock(mutex_of(m))); }
int mtx_trylock(mtx_t *m) { return result(pthread_mutex_trylock(mutex_of(m))); }
int mtx_unlock(mtx_t *m) { return result(pthread_mutex_unlock(mutex_of(m))); }

int cnd_init(cnd_t *c) { return result(pthread_cond_init(cond_of(c), NULL)); }
void cnd_destroy(cnd_t *c) { pthread_cond_destroy(cond_of(c)); }
int cnd_signal(cnd_t *c) { return result(pthread_cond_signal(cond_of(c))); }
int cnd_broadcast(cnd_t *c) { return result(pthread_cond_broadcast(cond_of(c))); }
int cnd_wait(cnd_t *c, mtx_t *m) { return result(pthread_cond_wait(cond_of(c), mutex_of(m))); }

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until)
{
    return result(pthread_cond_timedwait(cond_of(c), mutex_of(m), until));
}
