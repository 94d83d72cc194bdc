/* The suite of bus.h on the fake bus. */
#include <string.h>
#include "ports.h"
#include "support/bus_fake.h"

static struct fake_cluster *cluster;

static void fresh(void) { cluster = fake_cluster_new(3, 1800000000000); }
static void tidy(void) { fake_cluster_free(cluster); }
static int32_t partitions(void) { return fake_partitions(cluster); }
static struct bus *open_bus(const struct bus_conf *bc) { return fake_bus_open(cluster, bc, NULL); }
static void publish_one(const struct bus_out *o) { fake_publish(cluster, o); }
static void txn_timeout(void) { fake_txn_timeout(cluster); }
static void compact(int topic) { fake_compact(cluster, topic); }

static const struct bus_env env = {
    .name = "bus, fake",
    .fresh = fresh,
    .tidy = tidy,
    .partitions = partitions,
    .open = open_bus,
    .publish = publish_one,
    .kill = fake_bus_kill,
    .expel = fake_bus_expel,
    .txn_timeout = txn_timeout,
    .compact = compact,
};

int main(void) { return ports_bus_run(&env); }
