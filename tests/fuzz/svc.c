/* svc.c - any records, in any order, through decoding, plan and handle of one service on the fakes (FUZZ_SVC names its
 * descriptor, FUZZ_HEADER its header). Time passes and the process restarts where the input says so. */
#include FUZZ_HEADER
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "platform_fuzz.h"
#include "records.h"
#include "slots.h"
#ifdef FUZZ_SENDER
#include "services/notification/sender/outgoing.h"
#endif

#define PARTITIONS  2
#define ADVANCE_MAX (400LL * 86400) /* seconds */

static const struct svc_def *const def = &FUZZ_SVC;
static void *svc_conf;

struct play {
    struct platform *p;
    struct secrets secrets;
    int number;
    bool is_flushed; /* and perhaps not noticed: an idle service looks after its store now and then only */
};

/* --- one record --- */
struct wanted {
    const char *name, *found;
};

static void find_text(void *ctx, const struct slot *s)
{
    struct wanted *w = ctx;
    if (!w->found && s->field->type == PROTOBUF_C_TYPE_STRING && strcmp(s->field->name, w->name) == 0 && slot_n(s))
        w->found = *(char **)slot_at(s, 0);
}

static struct bytes text_in(ProtobufCMessage *msg, const char *name)
{
    struct wanted w = {name, NULL};
    slots_each(msg, find_text, &w);
    return bytes_str(w.found ? w.found : "");
}

/* The key that a well-behaved producer gives it. */
static struct bytes key_of(ProtobufCMessage *msg)
{
    const PB(Application) *a = (const PB(Application) *)msg;
    const PB(Withdrawal) *w = (const PB(Withdrawal) *)msg;
    bool is_application = msg->descriptor == &clinic__attach__v1__application__descriptor;
    char id[37];
    if (is_application || msg->descriptor == &clinic__attach__v1__withdrawal__descriptor) {
        application_id_of(is_application ? a->source : w->source, is_application ? a->external_ref : w->external_ref, id);
        return bytes_str(arena_strdup(fuzz_mem(), id));
    }
    return text_in(msg, def->inbox == TOPIC_INTAKE_INBOX     ? "application_id"
                        : def->inbox == TOPIC_CAPACITY_INBOX ? "clinic_id"
                                                             : "person_ref");
}

/* Stages after intake get personal data sealed: what the input gives in clear is sealed for them. */
static void seal_case(void *ctx, const struct slot *s)
{
    PB(Case) *k = (PB(Case) *)s->msg;
    (void)ctx;
    if (s->msg->descriptor != &clinic__attach__v1__case__descriptor || !k->application ||
        k->application->personal_block_case != CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_PERSONAL)
        return;
    k->application->sealed = seal_personal(fuzz_keys(), k->application->personal, k->application_id, fuzz_mem());
    k->application->personal_block_case = CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED;
}

static struct bytes pack(const ProtobufCMessage *m)
{
    uint8_t *to = arena_alloc(fuzz_mem(), protobuf_c_message_get_packed_size(m) + 1);
    return bytes_of(to, protobuf_c_message_pack(m, to));
}

/* Decodes what the record says, to give it its key and seal its case; what does not decode goes as it is. */
static void prepare(struct play *play, struct record *r)
{
    ProtobufCMessage *m = r->kind < EV_N
                              ? protobuf_c_message_unpack(events[r->kind].msg, arena_pb(fuzz_mem()), r->value.n, r->value.p)
                              : NULL;
    if (!m) {
        play->secrets.off |= r->kind == RECORD_TYPE; /* nobody knows what is in it */
        return;
    }
    secrets_add(&play->secrets, m);
    if (!(r->flags & RECORD_KEEP_PLAIN))
        slots_each(m, seal_case, NULL);
    else
        play->secrets.off |= def->inbox != TOPIC_INTAKE_INBOX;
    r->value = pack(m);
    if (!(r->flags & RECORD_STORED_KEY))
        r->key = key_of(m);
}

static bool is_source(int topic)
{
    for (const struct svc_table *t = def->tables; t->name; t++)
        if (t->source == topic)
            return true;
    return false;
}

static int topic_of(uint8_t kind)
{
    int topic = kind == EV_REGISTRY_PERSON   ? TOPIC_REGISTRY_PERSON
                : kind == EV_REGISTRY_POLICY ? TOPIC_REGISTRY_POLICY
                : kind == EV_REGISTRY_CLINIC ? TOPIC_REGISTRY_CLINIC
                                             : (int)def->inbox;
    return is_source(topic) ? topic : (int)def->inbox;
}

static struct bus_header type_of(const struct record *r)
{
    return (struct bus_header){"ce_type", bytes_str(r->kind < EV_N ? events[r->kind].type : fuzz_text(r->value))};
}

/* All of them, with the type that the input says. */
static const struct bus_header *headers(struct play *play, struct bus_header type, size_t *ret_n)
{
    struct ce ce = {.event = EV_APPLICATION_SUBMITTED, .id = arena_printf(fuzz_mem(), "fuzz-%d", ++play->number),
                    .source = "/fuzz", .time_ms = fake_now_ms(platform_cluster(play->p))};
    int known = event_by_type(type.value.p, type.value.n);
    if (known >= 0)
        ce.event = (enum event_id)known;
    const struct bus_header *all = ce_headers(&ce, fuzz_mem(), ret_n);
    struct bus_header *h = arena_dup(fuzz_mem(), all, *ret_n * sizeof *h);
    for (size_t i = 0; i < *ret_n; i++)
        if (strcmp(h[i].name, type.name) == 0)
            h[i] = type;
    return h;
}

static void publish(struct play *play, struct record r)
{
    struct fake_cluster *c = platform_cluster(play->p);
    struct bus_header bare = type_of(&r);
    prepare(play, &r);
    secrets_open(&play->secrets, r.key);
    struct bus_out o = {.topic = topic_of(r.kind), .key = r.key, .value = r.value};
    o.partition = (wire_partition(r.key, PARTITIONS) + !!(r.flags & RECORD_ASTRAY)) % PARTITIONS;
    o.headers = r.flags & RECORD_BARE ? (o.headers_n = 1, &bare) : headers(play, bare, &o.headers_n);
    if (!o.value.p)
        o.value.p = "";
    if (r.flags & RECORD_NO_VALUE)
        o.value = (struct bytes){0};
    fake_publish(c, &o);
}

static void advance(struct play *play, struct bytes value)
{
    struct fuzz_in in = {value.p, value.n};
    int64_t ms = fuzz_u32(&in) % ADVANCE_MAX * 1000, next = platform_next_due(play->p);
    if (value.n == 0)
        ms = next - platform_now(play->p);
    platform_advance(play->p, ms > 0 && ms < ADVANCE_MAX * 1000 ? ms : 1);
}

/* Killed and started again; with a value the projection is lost too, with a longer one that alone: rebuilt from facts. */
static void restart(struct play *play, struct bytes value)
{
    if (value.n > 0)
        fake_db_flush(platform_db(play->p, 0));
    play->is_flushed = value.n > 1;
    if (value.n < 2)
        platform_restart(play->p, 0);
}

static void play_record(struct play *play, const struct record *r)
{
    if (r->kind == RECORD_ADVANCE)
        advance(play, r->value);
    else if (r->kind == RECORD_RESTART)
        restart(play, r->value);
    else
        publish(play, *r);
    if (!(r->flags & RECORD_WITH_NEXT))
        platform_run(play->p);
}

#ifdef FUZZ_SENDER
/* Orders are rendered as the sender does it. */
static void on_outbound(void *ctx, const void *msg, const char *trace)
{
    const struct play *play = ctx;
    struct outgoing out;
    struct err e = {0};
    (void)trace;
    if (outgoing_of(svc_conf, msg, platform_now(play->p), fuzz_mem(), &out, &e))
        EXPECT(out.to[0] && out.text[0]);
    else
        EXPECT(e.cls == ERR_INPUT && e.code[0]);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    struct record r[RECORDS_MAX];
    size_t records_n = records_read(fuzz_rest(&in), r);
    struct play play = {.p = platform_new(PARTITIONS, FUZZ_NOW_MS)};
    if (!svc_conf)
        svc_conf = fuzz_svc_conf(def);
    platform_set_keys(play.p, fuzz_keys());
    platform_add(play.p, def, svc_conf);
#ifdef FUZZ_SENDER
    platform_on_outbound(play.p, 0, on_outbound, &play);
#endif
    platform_run(play.p);
    for (size_t i = 0; i < records_n; i++)
        play_record(&play, &r[i]);
    if (play.is_flushed)
        platform_restart(play.p, 0);
    platform_run(play.p);
    check_written(play.p, def, &play.secrets);
    check_state(play.p, def);
    platform_free(play.p);
    return 0;
}
