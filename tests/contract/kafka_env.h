/* kafka_env.h - the broker of the tests: CLINIC_TEST_KAFKA=host:port, topics of topics.def created when missing. */
#ifndef CLINIC_TESTS_KAFKA_ENV_H
#define CLINIC_TESTS_KAFKA_ENV_H
#include "base/conf.h"
#include "ports.h"
#include "runtime/bus_kafka.h"

#define KAFKA_ENV_SKIP 77 /* exit code of a test that has nothing to run on */
/* False: no broker named. */
bool kafka_env_start(void);
void kafka_env_stop(void);
const struct conf *kafka_env_conf(void);
/* All settings of a topic, as an operator would set them; those not named go back to the broker's own. */
void kafka_env_alter(int topic, const struct topic_setting *settings, size_t n);
extern const struct bus_env kafka_env;
int kafka_pub_run(void);
/* Body of the process that kafka_env.die_in_commit starts: argv = service, value, round. */
int kafka_env_die(char **argv);
#endif
