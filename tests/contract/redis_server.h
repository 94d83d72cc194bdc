/* redis_server.h - a redis-server of the tests: loopback port and unix socket in a folder of its own.
 * Threads: one. Ends with the test program, whatever happens to it. */
#ifndef CLINIC_TESTS_REDIS_SERVER_H
#define CLINIC_TESTS_REDIS_SERVER_H
#include <stdbool.h>

/* False: no redis-server on this machine. more: further arguments, ended by NULL; may be NULL. */
bool redis_server_start(const char *const *more);
void redis_server_kill(void);            /* gone without a word; start brings it back at the same address */
void redis_server_stop(void);
const char *redis_server_url(void);      /* redis://127.0.0.1:port/1 */
const char *redis_server_unix_url(void);
int redis_server_port(void);
/* One command as text, arguments separated by single blanks; the reply must not be an error. */
void redis_server_do(const char *command);
int redis_claims_run(void);
int redis_only_run(void);
#endif
