/* http.c - requests to the gateway, from the request line on: routes, queries, headers, bodies, and every endpoint over a
 * store and a log in memory. First byte: what is out of order (bits of enum trouble). Then requests, each behind a
 * byte 0x1E: "METHOD /path?query", lines "Header: value", an empty line, the body. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "platform_fuzz.h"
#include "services/attachment/attachment.h"
#include "services/capacity/capacity.h"
#include "services/gateway/answer.h"
#include "services/gateway/catalogue.h"
#include "services/gateway/idem.h"
#include "services/gateway/tables.h"
#include "services/intake/intake.h"
#include "wire/msg.h"

enum trouble { STORE_AWAY = 1, CACHE_AWAY = 2, BROKER_AWAY = 4, QUEUE_FULL = 8, CLAIMED = 16, NOT_ACKED = 32 };
enum { PARTITIONS = 2, VALUES_MAX = 24, CACHED_MAX = 16, REQUESTS_MAX = 6 };

struct pair {
    enum gw_part part;
    const char *name, *value;
};
struct ask {
    struct gw_req req; /* first */
    struct pair v[VALUES_MAX];
    size_t n;
    int finished, sent;
};
static struct {
    unsigned trouble;
    struct fake_db *db[3];
    struct store_table tables[3][GW_TABLES_MAX];
    struct gw gw;
    struct gw_worker w;
    struct ask *asked;
    struct { const char *name; struct bytes value; } cached[CACHED_MAX];
    size_t cached_n;
} door;

/* --- the log --- */
static bool send_record(void *ctx, const struct bus_out *o, pub_done *done, void *done_ctx, struct err *e)
{
    (void)ctx;
    if (door.trouble & QUEUE_FULL)
        return err_set(e, ERR_RETRY, "FUZZ", "queue is full");
    int type = -1;
    for (size_t i = 0; i < o->headers_n; i++) {
        EXPECT(!secrets_marked(o->headers[i].value));
        if (strcmp(o->headers[i].name, "ce_type") == 0)
            type = event_by_type(o->headers[i].value.p, o->headers[i].value.n);
    }
    EXPECT(type == EV_APPLICATION_SUBMITTED || type == EV_APPLICATION_WITHDRAWAL);
    EXPECT(o->topic == TOPIC_INTAKE_INBOX && o->key.n == 36 && o->partition == wire_partition(o->key, PARTITIONS));
    ProtobufCMessage *m = protobuf_c_message_unpack(events[type].msg, arena_pb(fuzz_mem()), o->value.n, o->value.p);
    EXPECT(m && msg_text_ok(m, e));
    EXPECT(type != EV_APPLICATION_SUBMITTED || ((PB(Application) *)m)->personal_block_case ==
                                                   CLINIC__ATTACH__V1__APPLICATION__PERSONAL_BLOCK_SEALED);
    door.asked->sent++;
    done(done_ctx, !(door.trouble & NOT_ACKED));
    return true;
}

static bool is_up(void *ctx)
{
    (void)ctx;
    return !(door.trouble & BROKER_AWAY);
}

static bool high(void *ctx, int topic, int32_t part, int64_t *ret, struct err *e)
{
    (void)ctx, (void)topic, (void)part;
    *ret = 1;
    return !(door.trouble & BROKER_AWAY) || err_set(e, ERR_RETRY, "FUZZ", "broker is away");
}

/* --- the cache --- */
static bool cache_take(void *ctx, const char *name, int64_t ttl_ms, bool *ret_mine, struct err *e)
{
    (void)ctx;
    EXPECT(name[0] && ttl_ms > 0);
    *ret_mine = !(door.trouble & CLAIMED);
    return !(door.trouble & CACHE_AWAY) || err_set(e, ERR_RETRY, "FUZZ", "cache is away");
}

static bool cache_put(void *ctx, const char *name, struct bytes value, int64_t ttl_ms, struct err *e)
{
    (void)ctx;
    EXPECT(name[0] && ttl_ms > 0 && !secrets_marked(value));
    if (door.trouble & CACHE_AWAY)
        return err_set(e, ERR_RETRY, "FUZZ", "cache is away");
    if (door.cached_n < CACHED_MAX) {
        door.cached[door.cached_n].name = arena_strdup(fuzz_mem(), name);
        door.cached[door.cached_n++].value = bytes_of(fuzz_copy(value), value.n);
    }
    return true;
}

static bool cache_get(void *ctx, const char *name, struct bytes *ret, struct err *e)
{
    (void)ctx;
    *ret = (struct bytes){0};
    for (size_t i = 0; i < door.cached_n; i++)
        if (strcmp(door.cached[i].name, name) == 0 && !ret->p) {
            struct bytes v = door.cached[i].value;
            *ret = bytes_of(memcpy(malloc(v.n + 1), v.p, v.n), v.n);
        }
    return !(door.trouble & CACHE_AWAY) || err_set(e, ERR_RETRY, "FUZZ", "cache is away");
}

/* --- the gateway --- */
static int64_t now_ms(void) { return FUZZ_NOW_MS; }
static int64_t tick_ms(void) { return 1000; }
static void finished(struct gw_req *r) { ((struct ask *)r)->finished++; }
static void again(struct gw *gw, struct gw_req *r)
{
    void (*step)(struct gw_worker *, struct gw_req *) = r->after_ack;
    (void)gw;
    r->after_ack = NULL;
    step(&door.w, r);
}

static void keep(int store, const char *table, const char *key, const ProtobufCMessage *m)
{
    static const struct svc_def *const defs[] = {&intake_svc, &attachment_svc, &capacity_svc};
    const struct svc_table *t = &defs[store]->tables[gw_table(defs[store], table)];
    uint8_t packed[1024];
    struct bytes value = bytes_of(packed, protobuf_c_message_pack(m, packed));
    struct store *s = fake_store_open(door.db[store], NULL);
    struct store_put put = {gw_table(defs[store], table), bytes_str(key), value, 0};
    struct store_batch b = {.part = wire_partition(bytes_str(key), PARTITIONS),
                            .topic = t->source < 0 ? (int)defs[store]->facts : t->source, .puts = &put, .n = 1};
    struct err e;
    EXPECT(s->ops->mark(s, b.part, b.topic, &b.prev, &e));
    b.prev = b.prev > 0 ? b.prev : 0;
    b.next = b.prev + 1;
    EXPECT(s->ops->apply(s, &b, 1, &e) && b.ret == STORE_APPLIED);
    s->ops->close(s);
}

/* One known application, one attached person, one clinic. */
static void fill_stores(void)
{
    PB(ApplicationState) app = CLINIC__ATTACH__V1__APPLICATION_STATE__INIT;
    PB(Reason) reason = CLINIC__ATTACH__V1__REASON__INIT, *reasons[] = {&reason};
    PB(PersonState) person = CLINIC__ATTACH__V1__PERSON_STATE__INIT;
    PB(Attachment) attached = CLINIC__ATTACH__V1__ATTACHMENT__INIT, *list[] = {&attached};
    PB(ClinicRecord) clinic = CLINIC__ATTACH__V1__CLINIC_RECORD__INIT;
    PB(Profile) profiles[] = {PB_PROFILE(ADULT_THERAPEUTIC)};
    PB(Step) step = CLINIC__ATTACH__V1__STEP__INIT, *trail[] = {&step};
    char id[37], ref[PERSON_REF_LEN + 1];
    app.source = PB_SOURCE(MOSRU);
    app.external_ref = "12-345";
    app.person_ref = "AAAAAAAAAAAAAAAA";
    app.clinic_id = clinic.region = "77";
    reason.code = "CHANGE_LIMIT_REACHED";
    step.status = CLINIC__ATTACH__V1__STATUS__STATUS_REGISTERED;
    app.trail = trail;
    app.n_trail = 1;
    app.reasons = reasons;
    app.n_reasons = 1;
    application_id_of(app.source, app.external_ref, id);
    keep(0, "application", id, &app.base);
    attached.profile = PB_PROFILE(ADULT_THERAPEUTIC);
    attached.clinic_id = "770001";
    person.attachments = list;
    person.n_attachments = 1;
    person_ref_of(fuzz_keys(), "9967940868000018", ref);
    keep(1, "person", ref, &person.base);
    clinic.name = "Поликлиника № 1";
    clinic.profiles = profiles;
    clinic.n_profiles = 1;
    clinic.in_chi_register = true;
    keep(2, "clinic", "770001", &clinic.base);
    keep(2, "clinic", "770002", &clinic.base);
}

static void start(void)
{
    static const struct svc_def *const defs[] = {&intake_svc, &attachment_svc, &capacity_svc};
    for (int i = 0; i < 3; i++)
        door.db[i] = fake_db_new(door.tables[i], gw_store_tables(defs[i], door.tables[i]));
    fill_stores();
}

static void open_door(unsigned trouble)
{
    if (!door.db[0])
        start();
    door.trouble = trouble;
    door.cached_n = 0;
    for (int i = 0; i < 3; i++)
        fake_db_set_away(door.db[i], trouble & STORE_AWAY);
    door.gw = (struct gw){.keys = fuzz_keys(), .rules = fuzz_rules(), .partitions = PARTITIONS, .publish_ms = 5000,
                          .retry_after_s = 5, .idempotency_ms = 86400000, .clinics_ms = 5000, .now_ms = now_ms,
                          .tick_ms = tick_ms, .finished = finished, .again = again};
    door.gw.log = (struct gw_log){.send = send_record, .is_up = is_up, .high = high};
    door.gw.cache = (struct gw_cache){.take = cache_take, .put = cache_put, .get = cache_get};
    door.gw.waits = gw_waits_new();
    door.gw.recent = gw_recent_new();
    door.gw.running = gw_running_new();
    door.gw.catalogue = gw_catalogue_new();
    door.gw.ends = gw_ends_new(PARTITIONS);
    door.w = (struct gw_worker){.gw = &door.gw, .intake = fake_store_open(door.db[0], NULL),
                                .attachment = fake_store_open(door.db[1], NULL),
                                .capacity = fake_store_open(door.db[2], NULL), .mem = fuzz_mem()};
}

static void close_door(void)
{
    gw_waits_free(door.gw.waits);
    gw_recent_free(door.gw.recent);
    gw_running_free(door.gw.running);
    gw_catalogue_free(door.gw.catalogue);
    EXPECT(gw_ends_free(door.gw.ends));
    door.w.intake->ops->close(door.w.intake);
    door.w.attachment->ops->close(door.w.attachment);
    door.w.capacity->ops->close(door.w.capacity);
}

/* --- a request --- */
static const char *get(const struct gw_req *r, enum gw_part part, const char *name)
{
    const struct ask *a = (const struct ask *)r;
    for (size_t i = 0; i < a->n; i++)
        if (a->v[i].part == part && (part == GW_QUERY ? strcmp : strcasecmp)(a->v[i].name, name) == 0)
            return a->v[i].value;
    return NULL;
}

static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        unsigned byte;
        if (*s == '%' && isxdigit((unsigned char)s[1]) && sscanf(s + 1, "%2x", &byte) == 1 && byte) {
            *to++ = (char)byte;
            s += isxdigit((unsigned char)s[2]) ? 2 : 1;
        } else {
            *to++ = *s == '+' ? ' ' : *s;
        }
    }
    *to = '\0';
}

static void add(struct ask *a, enum gw_part part, char *name, char *value)
{
    if (part == GW_QUERY) {
        unescape(name);
        unescape(value);
    }
    if (a->n < VALUES_MAX)
        a->v[a->n++] = (struct pair){part, name, value};
}

static char *cut(char *s, char at)
{
    char *p = strchr(s, at);
    if (!p)
        return s + strlen(s);
    *p = '\0';
    return p + 1;
}

static void take_query(struct ask *a, char *query)
{
    while (*query) {
        char *next = cut(query, '&'), *value = cut(query, '=');
        add(a, GW_QUERY, query, value);
        query = next;
    }
}

static void take_request(struct ask *a, struct fuzz_in *in)
{
    char *method = fuzz_line(in), *path = cut(method, ' '), *query = cut(path, '?');
    const char *allow;
    take_query(a, query);
    for (char *line; *(line = fuzz_line(in));) {
        char *value = cut(line, ':');
        add(a, GW_HEADER, line, value + strspn(value, " "));
    }
    struct bytes body = fuzz_rest(in);
    a->req.body = memcpy(calloc(1, body.n + 1), body.n ? body.p : "", body.n);
    a->req.body_n = body.n;
    a->req.get = get;
    a->req.route = gw_route_find(method, path, a->req.id, &allow);
    a->req.path = a->req.route ? path : NULL;
    ce_child_traceparent(gw_parent(&a->req), "fuzz", a->req.trace);
}

static void check_answer(const struct ask *a)
{
    const struct gw_answer *r = &a->req.answer;
    EXPECT(a->finished == 1 && r->status >= 200 && r->status < 600 && r->body && r->content_type);
    EXPECT(a->sent <= 1 && (a->sent == 0 || r->status == 202 || (door.trouble & NOT_ACKED)));
    EXPECT(!secrets_marked(bytes_str(r->body)) && !secrets_marked(bytes_str(r->location)));
    EXPECT((r->status >= 400) == (strcmp(r->content_type, "application/problem+json") == 0));
    json_t *j = json_loads(r->body, 0, NULL);
    EXPECT(json_is_object(j));
    json_decref(j);
}

static void serve(struct fuzz_in *in)
{
    struct ask *a = calloc(1, sizeof *a);
    EXPECT(a);
    door.asked = a;
    take_request(a, in);
    const struct gw_route *route = a->req.route;
    if (route && (!route->has_body || a->req.body_n == 0 ||
                  gw_type_allowed(route, get(&a->req, GW_HEADER, "Content-Type")))) {
        route->handle(&door.w, &a->req);
        check_answer(a);
    }
    gw_req_fini(&a->req);
    free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    open_door(fuzz_u8(&in));
    for (int i = 0; i < REQUESTS_MAX && in.n; i++) {
        const uint8_t *end = memchr(in.p, 0x1E, in.n);
        struct bytes one = fuzz_take(&in, end ? (size_t)(end - in.p) : in.n);
        struct fuzz_in request = {one.p, one.n};
        fuzz_u8(&in);
        serve(&request);
    }
    close_door();
    return 0;
}
