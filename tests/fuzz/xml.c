/* xml.c - registers in XML, read whole and in small pieces: both ways give the same rows and findings, and end alike.
 * First byte: size of the pieces; second: the form. */
#include "fuzz.h"
#include "services/attachctl/reg_impl.h"

struct source {
    struct fuzz_in in;
    size_t piece; /* 0 = whole */
};
struct rows {
    size_t n, bad;
    uint64_t hash;
    enum reg_read end;
};

static ssize_t read_piece(void *ctx, void *buf, size_t n)
{
    struct source *s = ctx;
    struct bytes b = fuzz_take(&s->in, s->piece && s->piece < n ? s->piece : n);
    if (b.n)
        memcpy(buf, b.p, b.n);
    return (ssize_t)b.n;
}

static void add(struct rows *rows, const char *text, int salt)
{
    for (const char *p = text; *p; p++)
        rows->hash = (rows->hash ^ (uint8_t)*p ^ (uint64_t)salt << 8) * 1099511628211U;
}

static void on_row(void *ctx, struct reg_place at, struct reg_row *r)
{
    struct rows *rows = ctx;
    EXPECT(at.line > 0 && at.record == ++rows->n);
    for (int i = 0; i < RF_N; i++)
        add(rows, r->v[i], i);
}

static void on_bad(void *ctx, struct reg_place at, const char *field, const char *rule)
{
    struct rows *rows = ctx;
    EXPECT(at.line > 0 && at.record <= rows->n + 1 && rule[0]);
    rows->bad++;
    add(rows, field, RF_N);
}

static struct rows read_all(const struct reg_form *f, struct bytes text, size_t piece)
{
    struct source s = {{text.p, text.n}, piece};
    struct rows r = {.hash = 14695981039346656037U};
    const struct reg_to to = {on_bad, on_row, &r};
    r.end = reg_xml_read(f, read_piece, &s, &to);
    EXPECT(r.end == REG_READ || (r.end == REG_BROKEN && r.bad > 0));
    return r;
}

static const struct reg_form *form_of(uint8_t n)
{
    const struct reg_form *all[16];
    size_t forms = 0;
    for (size_t i = 0; i < reg_forms_n; i++)
        if (reg_forms[i].xml)
            all[forms++] = &reg_forms[i];
    return all[n % forms];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    size_t piece = fuzz_u8(&in) + 1u;
    const struct reg_form *form = form_of(fuzz_u8(&in));
    struct bytes text = fuzz_rest(&in);
    struct rows whole = read_all(form, text, 0), pieces = read_all(form, text, piece);
    EXPECT(whole.end == pieces.end);
    if (whole.end == REG_READ)
        EXPECT(whole.n == pieces.n && whole.bad == pieces.bad && whole.hash == pieces.hash);
    return 0;
}
