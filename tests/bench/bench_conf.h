/* bench_conf.h - the command line of the benchmark's programs: --set name=value over one option table. */
#ifndef CLINIC_BENCH_CONF_H
#define CLINIC_BENCH_CONF_H
#include "base/conf.h"
#include "wire/wire.h"

/* gives; ends the process with a message on a bad option. */
struct conf *bench_conf(const struct conf_opt *options, int argc, char **argv);
int bench_topic(const struct conf *c, const char *option); /* topic_id of a topic's name; ends the process */
void bench_die(const struct err *e) __attribute__((noreturn));
int64_t bench_now_us(void); /* monotonic */
#endif
