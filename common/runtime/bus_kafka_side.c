/* Handles that are needed now and then: made when asked for, given up when they have rested for a while. */
#include "runtime/bus_kafka_impl.h"
#include "runtime/kafka_error.h"

enum { REST_MS = 3000 };

bool kafka_side_open(struct kafka_side *s, const struct conf *c, enum kafka_role role, const char *client_id, struct err *e)
{
    return kafka_conf_new(c, role, client_id, NULL, &s->conf, e) && kafka_side_get(s, e);
}

rd_kafka_t *kafka_side_get(struct kafka_side *s, struct err *e)
{
    s->used_ms = kafka_mono_ms();
    if (!s->rk && !kafka_handle_new(RD_KAFKA_CONSUMER, rd_kafka_conf_dup(s->conf), &s->rk, e))
        return NULL;
    return s->rk;
}

void kafka_side_rest(struct kafka_side *s)
{
    if (!s->rk || s->users > 0 || kafka_mono_ms() - s->used_ms < REST_MS)
        return;
    rd_kafka_destroy(s->rk);
    s->rk = NULL;
}

void kafka_side_close(struct kafka_side *s)
{
    if (s->rk)
        rd_kafka_destroy(s->rk);
    if (s->conf)
        rd_kafka_conf_destroy(s->conf);
    *s = (struct kafka_side){0};
}
