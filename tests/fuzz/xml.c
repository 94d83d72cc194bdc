/* xml.c - the XML of medical organisations, read whole and in small pieces: both ways give the same rows, and end at the
 * same place. First byte: size of the pieces. */
#include "fuzz.h"
#include "services/attachctl/reg_impl.h"

struct source {
    struct fuzz_in in;
    size_t piece; /* 0 = whole */
};
struct rows {
    size_t n;
    uint64_t hash, line;
    const char *rule;
    bool good;
};

static ssize_t read_piece(void *ctx, void *buf, size_t n)
{
    struct source *s = ctx;
    struct bytes b = fuzz_take(&s->in, s->piece && s->piece < n ? s->piece : n);
    if (b.n)
        memcpy(buf, b.p, b.n);
    return (ssize_t)b.n;
}

static void on_row(void *ctx, uint64_t line, struct reg_row *r)
{
    struct rows *rows = ctx;
    (void)line; /* of the end tag; the parser may see it in another piece */
    rows->n++;
    for (int i = 0; i < RF_N; i++)
        for (const char *p = r->v[i]; *p; p++)
            rows->hash = (rows->hash ^ (uint8_t)*p ^ (uint64_t)i << 8) * 1099511628211U;
}

static struct rows read_all(struct bytes text, size_t piece)
{
    struct source s = {{text.p, text.n}, piece};
    struct rows r = {.hash = 14695981039346656037U};
    r.good = reg_xml_read(read_piece, &s, 20000, on_row, &r, &r.line, &r.rule);
    EXPECT(r.good == !r.rule);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    size_t piece = fuzz_u8(&in) + 1u;
    struct bytes text = fuzz_rest(&in);
    struct rows whole = read_all(text, 0), pieces = read_all(text, piece);
    EXPECT(whole.good == pieces.good);
    if (whole.good)
        EXPECT(whole.n == pieces.n && whole.hash == pieces.hash);
    return 0;
}
