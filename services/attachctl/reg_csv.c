/* reg_csv.c - rows of a register in CSV: which column is where, and whether a row has them all. */
#include <string.h>
#include <strings.h>
#include "services/attachctl/reg_impl.h"

struct csv_read {
    const struct reg_form *form;
    const struct reg_to *to;
    struct csv *csv;
    struct reg_place at;
    uint64_t rows;
    int column[CSV_FIELDS_MAX]; /* column of the form at this place of a row; -1 = none */
    size_t columns_n;
};

static void bad(struct csv_read *c, const char *field, const char *rule) { c->to->bad(c->to->ctx, c->at, field, rule); }

/* Where the columns of the form are that stand in the header. */
static bool place_columns(struct csv_read *c, const struct csv_row *row)
{
    const struct reg_form *f = c->form;
    bool good = true;
    c->columns_n = row->n;
    for (size_t i = 0; i < row->n; i++) {
        c->column[i] = -1;
        for (size_t k = 0; k < f->columns_n; k++)
            if (strcasecmp(f->columns[k].title, row->f[i].p) == 0)
                c->column[i] = (int)k;
        if (c->column[i] < 0) {
            bad(c, "header", "unknown column");
            good = false;
        }
    }
    return good;
}

/* False: the file is not this form; reported. */
static bool read_header(struct csv_read *c, const struct csv_row *row)
{
    const struct reg_form *f = c->form;
    bool good = place_columns(c, row);
    for (size_t k = 0; k < f->columns_n; k++) {
        int there = 0;
        for (size_t i = 0; i < row->n; i++)
            there += c->column[i] == (int)k && f->columns[k].field != RF_IGNORED;
        bool missing = there == 0 && f->columns[k].required;
        if (missing || there > 1) {
            bad(c, f->columns[k].title, missing ? "column is missing from the header" : "column twice in the header");
            good = false;
        }
    }
    return good;
}

static void take_row(struct csv_read *c, const struct csv_row *row)
{
    struct reg_row x;
    memset((char *)&x + offsetof(struct reg_row, adapted_n), 0, sizeof x - offsetof(struct reg_row, adapted_n));
    for (size_t i = 0; i < RF_N; i++)
        x.v[i] = "";
    if (row->n != c->columns_n) {
        bad(c, "", row->n < c->columns_n ? "too few fields" : "too many fields");
        return;
    }
    for (size_t i = 0; i < row->n; i++)
        x.v[c->form->columns[c->column[i]].field] = row->f[i].p;
    c->to->row(c->to->ctx, c->at, &x);
}

static enum reg_read read_rows(struct csv_read *c)
{
    struct csv_row row;
    const char *rule;
    enum csv_ret got;
    bool header = c->form->header;
    while ((got = csv_next(c->csv, &row, &rule)) != CSV_END) {
        if (got == CSV_IO)
            return REG_IO;
        bool is_row = !header || got == CSV_BAD;
        c->rows += is_row;
        c->at = (struct reg_place){row.line, is_row ? c->rows : 0};
        if (got == CSV_BAD)
            bad(c, "", rule);
        else if (!header)
            take_row(c, &row);
        else if (!read_header(c, &row))
            return REG_BROKEN;
        else
            header = false;
    }
    if (!header)
        return REG_READ;
    c->at = (struct reg_place){.line = 1};
    bad(c, "header", "the file is empty");
    return REG_BROKEN;
}

enum reg_read reg_csv_read(const struct reg_form *f, csv_read_fn *read, void *read_ctx, const struct reg_to *to)
{
    struct csv_read c = {.form = f, .to = to, .columns_n = f->columns_n};
    for (size_t i = 0; i < c.columns_n; i++)
        c.column[i] = (int)i;
    c.csv = csv_new(read, read_ctx, f->sep ? f->sep : ';', f->cp1251);
    if (!f->sep)
        csv_set_separator(c.csv, csv_guess_separator(c.csv));
    enum reg_read ret = read_rows(&c);
    csv_free(c.csv);
    return ret;
}
