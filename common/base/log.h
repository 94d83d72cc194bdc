/* log.h - one JSON object per line on stderr: ts, level, service, id, msg and fields. No personal data: callers pass
 * identifiers, never names, policy numbers, phones; there is no way to log a message body.
 * Threads: any. */
#ifndef CLINIC_LOG_H
#define CLINIC_LOG_H
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_open(const char *service, enum log_level min);
/* `id` is stable ("RT-ASSIGNED"); fields are name, value pairs of strings ended by NULL. */
void log_line(enum log_level level, const char *id, const char *msg, ... /* name, value, ..., NULL */)
    __attribute__((sentinel));
/* For a numeric field value: formats into a thread-local ring of buffers. */
const char *log_i64(int64_t v);
#endif
