/* The suite of bus.h on a real broker, and what only a broker shows. */
#include "kafka_env.h"

int main(void)
{
    if (!kafka_env_start()) {
        puts("skipped: CLINIC_TEST_KAFKA names no broker; tests/contract/run starts one");
        return KAFKA_ENV_SKIP;
    }
    int failed = ports_bus_run(&kafka_env) + kafka_pub_run();
    kafka_env_stop();
    return failed != 0;
}
