/* Handles beside the group: one reads logs, one asks where they end. An open handle of 2.0 spins a millisecond before each of
 * its timers: some thousandths of a core each, all day long. So they are opened when needed and closed after a while. */
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_conf.h"

enum { UNUSED_MS = 3000 };

/* Brokers come and go; the calls in need of them say so. */
static void on_error(rd_kafka_t *rk, int code, const char *text, void *ctx)
{
    (void)rk, (void)code, (void)text, (void)ctx;
}

bool bus_kafka_side_conf(const struct conf *c, int role, const char *client_id, struct bus_kafka *b,
                         struct kafka_side *ret, struct err *e)
{
    if (!kafka_conf_new(c, (enum kafka_role)role, client_id, NULL, &ret->conf, e))
        return false;
    rd_kafka_conf_set_opaque(ret->conf, b);
    rd_kafka_conf_set_error_cb(ret->conf, on_error);
    return true;
}

rd_kafka_t *bus_kafka_side_up(struct kafka_side *s, struct err *e)
{
    s->used_ms = kafka_mono_ms();
    if (!s->rk && !kafka_handle_new(RD_KAFKA_CONSUMER, rd_kafka_conf_dup(s->conf), &s->rk, e))
        return NULL;
    return s->rk;
}

static void shut(struct kafka_side *s)
{
    if (s->rk)
        rd_kafka_destroy(s->rk);
    s->rk = NULL;
}

void bus_kafka_side_rest(struct kafka_side *s)
{
    if (s->rk && s->users == 0 && kafka_mono_ms() - s->used_ms > UNUSED_MS)
        shut(s);
}

void bus_kafka_side_free(struct kafka_side *s)
{
    shut(s);
    if (s->conf)
        rd_kafka_conf_destroy(s->conf);
}
