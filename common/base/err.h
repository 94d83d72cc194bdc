/* err.h - how every fallible function says what went wrong and what the caller should do.
 * The class decides control flow, text never does (style.md 2F). A function returns bool, true = done, and takes
 * the caller's struct err last; it is untouched on success. Only runtime and mains log errors. */
#ifndef CLINIC_ERR_H
#define CLINIC_ERR_H
#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

enum err_class {
    ERR_NONE = 0,
    ERR_RETRY,   /* the same call may be made again; nothing happened */
    ERR_ABORT,   /* the transaction must be aborted and the batch redone */
    ERR_STALE,   /* the store is not where the caller thinks: catch up, then redo */
    ERR_UNKNOWN, /* the outcome is unknown: recreate the producer and read back what happened */
    ERR_FENCED,  /* another instance has taken over: end the process */
    ERR_INPUT,   /* bad input from outside; text names the field and the rule */
    ERR_FATAL,   /* configuration, programming or permission: end the process */
};

struct err {
    enum err_class cls;
    char code[48];  /* stable, for logs and metrics, for example BUS-FENCED, or a field path for ERR_INPUT */
    char text[512]; /* for people; never personal data. What OpenSSL says of a handshake fits */
};

/* Fill *e; always returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *e, enum err_class cls, const char *code, const char *fmt, ...) PRINTF(4, 5);
/* Put context before the text: "config: " + text; always returns false. */
bool err_prefix(struct err *e, const char *fmt, ...) PRINTF(2, 3);
const char *err_class_name(enum err_class cls);

/* A broken invariant is a bug: logs it with its place in the project and aborts, in every build. */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))
void must_failed(const char *what, const char *file, int line) __attribute__((noreturn));
#endif
