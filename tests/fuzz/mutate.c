/* mutate.c - libFuzzer's mutations for lists of records: a field of a message, a record, a key; now and then raw bytes.
 * Bytes at random would break the lengths inside a protobuf and never come past its decoder. */
#include <ctype.h>
#include "domain/pb.h"
#include "fuzz.h"
#include "records.h"
#include "slots.h"

#define MEM_BYTES (64u << 20)
#define TEXT_MAX  96

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n, uint8_t *to, size_t max,
                                 unsigned seed);

struct mutation {
    struct arena *mem;
    unsigned seed;
    struct record r[RECORDS_MAX];
    size_t n;
    struct slot slot;  /* chosen */
    size_t slots_n;    /* seen while choosing */
    const char *text;  /* chosen among the texts of the input */
    size_t texts_n;
};

static unsigned rnd(struct mutation *m, unsigned below)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    return below ? (m->seed >> 8) % below : 0;
}

/* --- values --- */
static struct bytes mutate_bytes(struct mutation *m, struct bytes b, size_t room)
{
    uint8_t *to = arena_zalloc(m->mem, b.n + room + 1);
    if (b.n)
        memcpy(to, b.p, b.n);
    return bytes_of(to, LLVMFuzzerMutate(to, b.n, b.n + room));
}

static void choose_text(void *ctx, const struct slot *s)
{
    struct mutation *m = ctx;
    if (s->field->type != PROTOBUF_C_TYPE_STRING)
        return;
    for (size_t i = 0; i < slot_n(s); i++)
        if (rnd(m, (unsigned)++m->texts_n) == 0)
            m->text = *(char **)slot_at(s, i);
}

static ProtobufCMessage *decode(struct mutation *m, const struct record *r)
{
    if (r->kind >= EV_N)
        return NULL;
    return protobuf_c_message_unpack(events[r->kind].msg, arena_pb(m->mem), r->value.n, r->value.p);
}

/* A text of some record of the input: references between records come about, and are broken. */
static const char *other_text(struct mutation *m)
{
    m->text = "";
    m->texts_n = 0;
    ProtobufCMessage *msg = decode(m, &m->r[rnd(m, (unsigned)m->n)]);
    if (msg)
        slots_each(msg, choose_text, m);
    return m->text;
}

static char *mutate_text(struct mutation *m, const char *was)
{
    static const char *const known[] = {"",           "RU-MOW",     "RU-MOS", "federal", "N-06",  "2026-02-29",
                                        "1926-05-12", "2026-05-12", "77",     "\xff",    "a\nb", "MOSRU"};
    char *s;
    switch (rnd(m, 5)) {
    case 0:
        return arena_strdup(m->mem, other_text(m));
    case 1:
        return arena_strdup(m->mem, known[rnd(m, sizeof known / sizeof *known)]);
    case 2: /* the other case: two spellings of one id */
        s = arena_strdup(m->mem, was);
        for (char *p = s; *p; p++)
            *p = (char)(isalpha((unsigned char)*p) ? *p ^ 0x20 : *p);
        return s;
    default:;
        struct bytes b = mutate_bytes(m, bytes_str(was), TEXT_MAX);
        s = arena_zalloc(m->mem, b.n + 1);
        memcpy(s, b.p, b.n);
        return s;
    }
}

static int64_t mutate_number(struct mutation *m, int64_t was)
{
    static const int64_t known[] = {0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, UINT32_MAX, FUZZ_NOW_MS};
    unsigned how = rnd(m, 4);
    if (how == 0)
        return known[rnd(m, sizeof known / sizeof *known)];
    if (how == 1)
        return (int64_t)((uint64_t)was + 1 - rnd(m, 3));
    uint8_t raw[8];
    memcpy(raw, &was, sizeof raw);
    LLVMFuzzerMutate(raw, how == 2 ? 2 : 8, sizeof raw);
    memcpy(&was, raw, sizeof raw);
    return was;
}

static int mutate_enum(struct mutation *m, const ProtobufCEnumDescriptor *d)
{
    if (rnd(m, 16) == 0)
        return (int)mutate_number(m, d->n_values);
    return d->values[rnd(m, d->n_values)].value;
}

static ProtobufCMessage *new_message(struct mutation *m, const ProtobufCMessageDescriptor *d)
{
    ProtobufCMessage *msg = arena_zalloc(m->mem, d->sizeof_message);
    protobuf_c_message_init(d, msg);
    return msg;
}

static void mutate_value(struct mutation *m, const ProtobufCFieldDescriptor *f, void *v)
{
    ProtobufCBinaryData *b = v;
    struct bytes made;
    int64_t number = 0;
    switch (f->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)v = mutate_text(m, *(char **)v ? *(char **)v : "");
        return;
    case PROTOBUF_C_TYPE_BYTES:
        made = mutate_bytes(m, bytes_of(b->data, b->len), 8);
        *b = (ProtobufCBinaryData){made.n, (uint8_t *)(uintptr_t)made.p};
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (!*(void **)v)
            *(ProtobufCMessage **)v = new_message(m, f->descriptor);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)v = mutate_enum(m, f->descriptor);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)v = !*(protobuf_c_boolean *)v;
        return;
    default:;
        size_t size = f->type == PROTOBUF_C_TYPE_INT64 || f->type == PROTOBUF_C_TYPE_UINT64 ? 8 : 4;
        memcpy(&number, v, size);
        number = mutate_number(m, number);
        memcpy(v, &number, size);
    }
}

static void mutate_repeated(struct mutation *m, const struct slot *s)
{
    size_t n = slot_n(s), at = rnd(m, (unsigned)n + 1), size = slot_size(s);
    if (n && rnd(m, 3) == 0) { /* drop one */
        memmove(slot_at(s, at % n), slot_at(s, n - 1), size);
        slot_resize(s, n - 1, m->mem);
    } else if (n && rnd(m, 3) == 0) { /* the same twice */
        slot_resize(s, n + 1, m->mem);
        memcpy(slot_at(s, n), slot_at(s, at % n), size);
    } else {
        if (at == n)
            slot_resize(s, n + 1, m->mem);
        mutate_value(m, s->field, slot_at(s, at));
    }
}

static void choose_slot(void *ctx, const struct slot *s)
{
    struct mutation *m = ctx;
    if (rnd(m, (unsigned)++m->slots_n) == 0)
        m->slot = *s;
}

static void mutate_slot(struct mutation *m, const struct slot *s)
{
    if (s->field->label == PROTOBUF_C_LABEL_REPEATED) {
        mutate_repeated(m, s);
        return;
    }
    bool is_set = slot_is_set(s);
    if (is_set && s->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        slot_unset(s);
        return;
    }
    if (!is_set)
        memset(slot_at(s, 0), 0, slot_size(s)); /* of a oneof: the bytes are another member's */
    slot_choose(s);
    mutate_value(m, s->field, slot_at(s, 0));
}

static void mutate_message(struct mutation *m, struct record *r)
{
    ProtobufCMessage *msg = decode(m, r);
    if (!msg) {
        r->value = mutate_bytes(m, r->value, 16);
        return;
    }
    for (unsigned times = 1 + (rnd(m, 4) == 0); times; times--) {
        m->slots_n = 0;
        slots_each(msg, choose_slot, m);
        if (m->slots_n)
            mutate_slot(m, &m->slot);
    }
    uint8_t *to = arena_alloc(m->mem, protobuf_c_message_get_packed_size(msg) + 1);
    r->value = bytes_of(to, protobuf_c_message_pack(msg, to));
}

/* --- records --- */
static void insert(struct mutation *m, size_t at, struct record r)
{
    if (m->n == RECORDS_MAX)
        return;
    memmove(&m->r[at + 1], &m->r[at], (m->n - at) * sizeof *m->r);
    m->r[at] = r;
    m->n++;
}

static void mutate_list(struct mutation *m)
{
    size_t i = rnd(m, (unsigned)m->n), k = rnd(m, (unsigned)m->n);
    struct record r = m->r[i];
    switch (rnd(m, 7)) {
    case 0: /* again, elsewhere */
        insert(m, k, r);
        return;
    case 1: /* lost */
        memmove(&m->r[i], &m->r[i + 1], (m->n - i - 1) * sizeof *m->r);
        m->n -= m->n > 1;
        return;
    case 2: /* out of order */
        m->r[i] = m->r[k];
        m->r[k] = r;
        return;
    case 3: /* time passes */
        insert(m, i, (struct record){.kind = RECORD_ADVANCE, .value = rnd(m, 2) ? bytes_of(arena_zalloc(m->mem, 4), 4)
                                                                                : (struct bytes){0}});
        return;
    case 4:
        insert(m, i, (struct record){.kind = RECORD_RESTART, .value = bytes_of("xx", rnd(m, 3))});
        return;
    case 5: /* another message, or an older kind of one */
        m->r[i].kind = rnd(m, 2) ? m->r[k].kind : (uint8_t)rnd(m, EV_N + 1);
        return;
    default:
        m->r[i].flags ^= (uint8_t)(1u << rnd(m, 6));
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    static struct arena *mem;
    if (!mem)
        mem = arena_new(MEM_BYTES, MEM_BYTES);
    arena_reset(mem);
    struct mutation m = {.mem = mem, .seed = seed};
    m.n = records_read(bytes_of(arena_dup(mem, data, n), n), m.r);
    unsigned how = rnd(&m, 16);
    if (m.n == 0 || how == 0)
        return LLVMFuzzerMutate(data, n, max);
    struct record *r = &m.r[rnd(&m, (unsigned)m.n)];
    if (how == 1)
        r->key = mutate_bytes(&m, r->key, 8);
    else if (how < 6)
        mutate_list(&m);
    else
        mutate_message(&m, r);
    size_t len = records_write(m.r, m.n, data, max);
    return len ? len : LLVMFuzzerMutate(data, n, max);
}

/* The beginning of one list and the end of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n, uint8_t *to, size_t max,
                                 unsigned seed)
{
    static struct record x[RECORDS_MAX], y[RECORDS_MAX];
    size_t x_n = records_read(bytes_of(a, a_n), x), y_n = records_read(bytes_of(b, b_n), y);
    size_t x_take = x_n ? seed % (x_n + 1) : 0, y_from = y_n ? (seed >> 8) % y_n : 0;
    size_t len = records_write(x, x_take, to, max);
    return len + records_write(y + y_from, y_n - y_from, to + len, max - len);
}
