/* desk_fixture.h - one service alone on a fake bus of one partition, driven by lines of text and watched by the trace that
 * it leaves: what the desks of attachment and capacity share. Header only; a desk gives desk_do, desk_say_event and
 * desk_trace, and may keep its words in `rules` and `clinic`. */
#ifndef CLINIC_TESTS_DESK_FIXTURE_H
#define CLINIC_TESTS_DESK_FIXTURE_H
#include "tests/unit/help.h"
#include "base/log.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "support/init_test.h"
#include "support/platform_fake.h"
#include "wire/seal.h"

#define REF "person-ref-00001"

struct desk {
    struct platform *p;
    struct arena *mem;
    struct conf *conf;
    char rules[16];         /* rule set of the cases */
    const char *clinic;     /* spoken of last */
    const char *names[128]; /* applications */
    size_t names_n;
    size_t read[TOPIC_N];
    size_t skip;
    char trace[4000];
};

/* Of each desk. */
static void desk_do(struct desk *d, const char *line);                              /* one command, to its end */
static void desk_say_event(struct desk *d, enum event_id type, const void *msg);    /* a record that came out */
static const char *desk_trace(struct desk *d);                                      /* since the last time */

/* Id of an application by its name in the story. */
static inline char *desk_app(struct desk *d, const char *name)
{
    char *id = ARENA_ARRAY(d->mem, char, 37);
    application_id_of(PB_SOURCE(MOSRU), name, id);
    for (size_t i = 0; i < d->names_n; i++)
        if (strcmp(d->names[i], name) == 0)
            return id;
    assert_true(d->names_n < N(d->names));
    d->names[d->names_n++] = arena_strdup(d->mem, name);
    return id;
}

/* Its name, or `other` for an id that the story did not give. */
static inline const char *desk_name(struct desk *d, const char *id, const char *other)
{
    char known[37];
    for (size_t i = 0; i < d->names_n; i++) {
        application_id_of(PB_SOURCE(MOSRU), d->names[i], known);
        if (strcmp(known, id) == 0)
            return d->names[i];
    }
    return other;
}

static inline void desk_start(struct desk *d, const struct svc_def *def, int64_t now_ms)
{
    static const struct conf_opt opts[] = {{"rules.dir", CONF_STR, SOURCE_DIR "/deploy/rules"}, {0}};
    static const struct conf_opt *const tables[] = {opts, NULL};
    struct err e;
    static void *conf; /* rules are read once a process */
    log_open("test", LOG_ERROR);
    *d = (struct desk){.mem = arena_new((size_t)1 << 28, 1 << 16), .conf = conf_new(tables)};
    if (!conf && !init_test(def, d->conf, &conf, &e))
        fail_msg("%s", e.text);
    d->p = platform_new(1, now_ms);
    platform_add(d->p, def, conf);
}

static inline void desk_close(struct desk *d)
{
    platform_free(d->p);
    conf_free(d->conf);
    arena_free(d->mem);
}

static inline void say(struct desk *d, const char *fmt, ...) PRINTF(2, 3);
static inline void say(struct desk *d, const char *fmt, ...)
{
    size_t n = strlen(d->trace);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(d->trace + n, sizeof d->trace - n, fmt, ap);
    va_end(ap);
}

static inline const char *enum_name(const ProtobufCEnumDescriptor *d, int v, const char *prefix)
{
    return protobuf_c_enum_descriptor_get_value(d, v)->name + strlen(prefix);
}

static inline const char *outcome_name(int v)
{
    return enum_name(&clinic__attach__v1__outcome__descriptor, v, "OUTCOME_");
}

static inline void desk_record(void *ctx, const struct bus_rec *r)
{
    struct desk *d = ctx;
    if (d->skip) {
        d->skip--;
        return;
    }
    d->read[r->topic]++;
    int type = event_by_type(r->ce_type.p, r->ce_type.n);
    assert_true(type >= 0);
    const void *m = protobuf_c_message_unpack(events[type].msg, arena_pb(d->mem), r->value.n, r->value.p);
    assert_non_null(m);
    desk_say_event(d, (enum event_id)type, m);
}

/* The trace of what these topics received since they were read last. */
static inline void desk_read(struct desk *d, const int *watched, size_t n)
{
    d->trace[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        d->skip = d->read[watched[i]];
        fake_each(platform_cluster(d->p), watched[i], 0, desk_record, d);
    }
}

/* Commands and the trace each must leave, ended by {0}. */
struct step {
    const char *what, *trace;
};
static inline void desk_follow(struct desk *d, const struct step *steps)
{
    for (int i = 0; steps[i].what; i++) {
        desk_do(d, steps[i].what);
        const char *got = desk_trace(d);
        if (strcmp(got, steps[i].trace) != 0)
            fail_msg("step %d, \"%s\": wanted\n%s\ngot\n%s", i, steps[i].what, steps[i].trace, got);
    }
    desk_close(d);
}
#endif
