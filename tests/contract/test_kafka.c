/* The suite of bus.h on a real broker, and what only a broker shows. */
#include <string.h>
#include "kafka_env.h"

int main(int argc, char **argv)
{
    if (!kafka_env_start()) {
        puts("skipped: CLINIC_TEST_KAFKA names no broker; tests/contract/run starts one");
        return KAFKA_ENV_SKIP;
    }
    if (argc == 5 && strcmp(argv[1], "die") == 0)
        return kafka_env_die(argv + 2);
    int failed = ports_bus_run(&kafka_env) + kafka_pub_run();
    kafka_env_stop();
    return failed != 0;
}
