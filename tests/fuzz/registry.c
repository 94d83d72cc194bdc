/* registry.c - files of registers, all that `attachctl registry load` does with them: forms, rows, what holds between
 * files, the messages made of good rows. Input: files, each behind a byte 0x1E and the number of its form. */
#include "services/attachctl/reg.h"
#include "base/text.h"
#include "fuzz.h"
#include "wire/msg.h"

#define FILES_MAX 6
#define FILE_MARK 0x1E

struct load {
    struct fuzz_in in;
    int fds[FILES_MAX];
    size_t n, bad, put;
    bool publishing;
};

static void on_bad(void *ctx, const struct reg_finding *f)
{
    struct load *l = ctx;
    EXPECT(!l->publishing && f->file[0] && text_utf8_ok(f->field, strlen(f->field)));
    EXPECT(f->line > 0 && f->rule[0]);
    for (const char *p = f->rule; *p; p++) /* our own words, nothing of the row */
        EXPECT((unsigned char)*p >= ' ' && (unsigned char)*p < 0x7f);
    l->bad++;
}

static bool on_put(void *ctx, enum topic_id topic, enum event_id event, struct bytes key, const void *msg, const char *file,
                   uint64_t line, struct err *e)
{
    struct load *l = ctx;
    bool is_person = topic != TOPIC_REGISTRY_CLINIC;
    EXPECT(l->publishing && file[0] && line > 0 && key.n > 0 && (!is_person || key.n == PERSON_REF_LEN));
    EXPECT(((const ProtobufCMessage *)msg)->descriptor == events[event].msg && msg_text_ok(msg, e));
    size_t n = protobuf_c_message_get_packed_size(msg);
    EXPECT(protobuf_c_message_pack(msg, arena_alloc(fuzz_mem(), n + 1)) == n);
    l->put++;
    return true;
}

static size_t forms_n(void)
{
    size_t n = 0;
    while (reg_form_name(n))
        n++;
    return n;
}

static bool add_file(struct load *l, struct reg *r)
{
    char path[32];
    struct err e = {0};
    uint8_t form = fuzz_u8(&l->in);
    const uint8_t *end = l->in.n ? memchr(l->in.p, FILE_MARK, l->in.n) : NULL;
    struct bytes text = fuzz_take(&l->in, end ? (size_t)(end - l->in.p) : l->in.n);
    fuzz_u8(&l->in);
    l->fds[l->n++] = fuzz_file(text, path);
    return reg_add(r, path, form == 0xFF ? NULL : reg_form_name(form % forms_n()), &e);
}

static void check_sums(const struct load *l, const struct reg *r)
{
    uint64_t put = 0;
    for (size_t i = 0; i < reg_files(r); i++) {
        struct reg_sum s = reg_sum(r, i);
        put += s.published;
        EXPECT(s.form && s.file);
    }
    EXPECT(put == l->put);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct load l = {.in = fuzz_begin(data, n)};
    struct reg_hooks hooks = {on_bad, on_put, &l};
    struct err e = {0};
    struct reg *r = reg_new(fuzz_keys(), text_day_at(FUZZ_NOW_MS, 180), &hooks);
    while (l.in.n > 1 && l.n < FILES_MAX)
        if (!add_file(&l, r))
            break;
    bool good = reg_check(r, &e);
    EXPECT(good ? l.bad == 0 : l.bad > 0 && e.cls == ERR_INPUT);
    l.publishing = true;
    EXPECT(reg_publish(r, &e) == reg_whole(r));
    EXPECT(reg_whole(r) || l.put == 0);
    check_sums(&l, r);
    reg_free(r);
    for (size_t i = 0; i < l.n; i++)
        fuzz_file_close(l.fds[i]);
    return 0;
}
