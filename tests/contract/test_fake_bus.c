/* The suite of bus.h on the fake bus. */
#include <string.h>
#include "ports_member.h"
#include "support/bus_fake.h"

static struct fake_cluster *cluster;

static void fresh(void) { cluster = fake_cluster_new(3, 1800000000000); }
static void tidy(void) { fake_cluster_free(cluster); }
static int32_t partitions(void) { return fake_partitions(cluster); }
static struct bus *open_bus(const struct bus_conf *bc) { return fake_bus_open(cluster, bc, NULL); }
static void publish_one(const struct bus_out *o) { fake_publish(cluster, o); }
static void txn_timeout(void) { fake_txn_timeout(cluster); }
static void compact(int topic) { fake_compact(cluster, topic); }

static void ignore(void *ctx, const int32_t *parts, size_t n) { (void)ctx, (void)parts, (void)n; }
static void ignore_loss(void *ctx, const int32_t *parts, size_t n, bool lost) { (void)lost, ignore(ctx, parts, n); }

/* Before its effect and after it, in turn. */
static void die_in_commit(const char *service, const char *value, int round)
{
    static const enum topic_id outputs[] = {TOPIC_ATTACHMENT_FACTS, TOPIC_N};
    struct bus_conf bc = {service, "0", TOPIC_ATTACHMENT_INBOX, TOPIC_ATTACHMENT_FACTS, outputs, {ignore, ignore_loss, NULL}};
    struct bus_out fact = member_out(TOPIC_ATTACHMENT_FACTS, 0, "person/1", value);
    struct fake_fault fault = {.after = round % 2};
    struct bus_rec rec;
    struct err e;
    size_t n;
    struct bus *b = fake_bus_open(cluster, &bc, &fault);
    OK(b->ops->poll(b, 0, &rec, 1, &n, &e) && b->ops->begin(b, &e) && b->ops->produce(b, &fact, &e) &&
       b->ops->send_offsets(b, &(struct bus_pos){0, round + 1}, 1, &e));
    fault.at = fault.calls + 1;
    assert_false(b->ops->commit(b, &e));
    fake_bus_kill(b);
}

static const struct bus_env env = {
    .name = "bus, fake",
    .fresh = fresh,
    .tidy = tidy,
    .partitions = partitions,
    .open = open_bus,
    .publish = publish_one,
    .kill = fake_bus_kill,
    .expel = fake_bus_expel,
    .die_in_commit = die_in_commit,
    .txn_timeout = txn_timeout,
    .compact = compact,
};

int main(void) { return ports_bus_run(&env); }
