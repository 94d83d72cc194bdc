/* reg_xml.c - records of a register in XML, streamed by expat: UTF-8, UTF-16 and windows-1251, as the file declares.
 * What a file can do to us is bounded: no DTD (so no entities but the five of XML), 500 bytes of a value, 1 MiB of one
 * tag or comment, 32 elements deep. Of unknown elements neither name nor content is told: where they stand is. */
#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "services/attachctl/reg_impl.h"

#define CHUNK 65536
#define DEPTH_MAX 32
#define VALUE_MAX 500
#define MARKUP_MAX (1 << 20)
#define PATH_BYTES 1024

struct xml_read {
    XML_Parser parser;
    const struct reg_form *form;
    const struct reg_to *to;
    const char *stopped; /* rule that ended the reading, "" = it was reported; NULL = not stopped */
    size_t quiet;        /* bytes since the parser last gave us anything */
    int depth;
    int skip_depth;      /* of an element whose inside is not looked at; 0 = none */
    int record_depth;    /* 0 = outside of records */
    int column_depth;    /* of the element whose text is the value of .column */
    int column;          /* -1 = none */
    struct reg_place at; /* the record in hand */
    uint64_t records_n;
    size_t path_n[DEPTH_MAX + 1]; /* length of path at a depth */
    char path[PATH_BYTES];        /* from the document element; only words of the form's own */
    bool stray;                   /* text between elements was reported of this one */
    bool head_read, head_bad;
    uint64_t seen; /* columns, as bits */
    size_t value_n[REG_COLUMNS_MAX];
    char value[REG_COLUMNS_MAX][VALUE_MAX + 2]; /* room for one byte too many: then it is too long */
};

static uint64_t line_now(const struct xml_read *x) { return XML_GetCurrentLineNumber(x->parser); }

static void complain_at(const struct xml_read *x, uint64_t line, const char *field, const char *rule)
{
    x->to->bad(x->to->ctx, (struct reg_place){line, x->record_depth ? x->at.record : 0}, field, rule);
}

static void stop(struct xml_read *x, const char *rule)
{
    if (!x->stopped)
        x->stopped = rule;
    XML_StopParser(x->parser, XML_FALSE);
}

/* --- names --- */

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* The part of the path that begins with the element at this depth. */
static const char *path_from(const struct xml_read *x, int depth) { return x->path + (depth > 1 ? x->path_n[depth - 1] + 1 : 0); }

static bool push(struct xml_read *x, const char *name)
{
    size_t n = x->depth > 1 ? x->path_n[x->depth - 1] : 0, more = strlen(name);
    if (n + more + 2 > sizeof x->path)
        return false;
    if (n)
        x->path[n++] = '/';
    memcpy(x->path + n, name, more + 1);
    x->path_n[x->depth] = n + more;
    return true;
}

/* The column with this path; -1 = none. *ret_holds: it is the beginning of one. */
static int column_of(const struct reg_form *f, const char *path, bool head, bool *ret_holds)
{
    size_t n = strlen(path);
    *ret_holds = false;
    for (size_t i = 0; i < f->columns_n; i++) {
        const char *title = f->columns[i].title;
        if (f->columns[i].head != head || strncmp(title, path, n) != 0)
            continue;
        if (!title[n])
            return (int)i;
        *ret_holds |= title[n] == '/';
    }
    return -1;
}

/* --- values --- */

static char *trim(char *t)
{
    static const char blank[] = " \t\r\n";
    t += strspn(t, blank);
    for (size_t n = strlen(t); n > 0 && strchr(blank, t[n - 1]);)
        t[--n] = '\0';
    return t;
}

/* Of the head and of what is not kept: the rest is for reg_check_row. */
static const char *code_rule(const struct reg_column *c, const char *text)
{
    if (!c->head && c->field != RF_IGNORED)
        return NULL;
    if (!text[0])
        return c->required ? "required" : NULL;
    return c->codes && !reg_code_ok(c->codes, text) ? c->codes->rule : NULL;
}

static bool check_codes(struct xml_read *x, bool head, uint64_t line)
{
    bool good = true;
    for (size_t i = 0; i < x->form->columns_n; i++) {
        const struct reg_column *c = &x->form->columns[i];
        const char *rule = c->head == head ? code_rule(c, trim(x->value[i])) : NULL;
        if (rule)
            complain_at(x, line, c->title, rule);
        good = good && !rule;
    }
    return good;
}

static void forget(struct xml_read *x, bool head, const char *frame)
{
    size_t n = strlen(frame);
    for (size_t i = 0; i < x->form->columns_n; i++) {
        const struct reg_column *c = &x->form->columns[i];
        if (c->head != head || (head && (strncmp(c->title, frame, n) != 0 || c->title[n] != '/')))
            continue;
        x->value_n[i] = 0;
        x->value[i][0] = '\0';
        x->seen &= ~(UINT64_C(1) << i);
    }
}

/* --- elements --- */

/* Rows would take what the head says: when it is wrong, none of them can be told. */
static void begin_record(struct xml_read *x)
{
    if (!x->head_read)
        x->head_bad = !check_codes(x, true, line_now(x)) || x->head_bad;
    x->head_read = true;
    if (x->head_bad) {
        stop(x, "");
        return;
    }
    forget(x, false, "");
    x->record_depth = x->depth;
    x->at = (struct reg_place){line_now(x), ++x->records_n};
}

static void end_record(struct xml_read *x)
{
    struct reg_row r;
    memset((char *)&r + offsetof(struct reg_row, adapted_n), 0, sizeof r - offsetof(struct reg_row, adapted_n));
    check_codes(x, false, x->at.line);
    for (size_t i = 0; i < RF_N; i++)
        r.v[i] = "";
    for (size_t i = 0; i < x->form->columns_n; i++)
        if (x->form->columns[i].field != RF_IGNORED)
            r.v[x->form->columns[i].field] = trim(x->value[i]);
    x->to->row(x->to->ctx, x->at, &r);
    x->record_depth = 0;
}

static void begin_column(struct xml_read *x, int column)
{
    const struct reg_column *c = &x->form->columns[column];
    if (x->seen >> column & 1) {
        complain_at(x, line_now(x), c->title, "element twice");
        x->head_bad |= c->head;
        x->skip_depth = x->depth;
        return;
    }
    x->seen |= UINT64_C(1) << column;
    x->column = column;
    x->column_depth = x->depth;
}

static void end_column(struct xml_read *x)
{
    const struct reg_column *c = &x->form->columns[x->column];
    if (x->value_n[x->column] > VALUE_MAX)
        complain_at(x, line_now(x), c->title, "longer than 500 bytes");
    x->column = -1;
}

static void pass_over(struct xml_read *x, const char *rule)
{
    char holder[PATH_BYTES] = "";
    if (x->depth > 1) {
        const char *from = path_from(x, x->column >= 0 ? x->column_depth : x->record_depth ? x->record_depth : x->depth - 1);
        memcpy(holder, from, (size_t)(x->path + x->path_n[x->depth - 1] - from));
    }
    if (!x->form->xml->open)
        complain_at(x, line_now(x), holder, rule);
    x->skip_depth = x->depth;
}

/* A child of a frame element. */
static void outside(struct xml_read *x, const char *name)
{
    const struct reg_xml_form *f = x->form->xml;
    bool holds;
    const char *parent = path_from(x, x->depth - 1);
    int column = column_of(x->form, parent, true, &holds);
    if (strcmp(name, f->record) == 0 && strncmp(parent, f->holder, strlen(f->holder)) == 0 &&
        parent[strlen(f->holder)] == '/') {
        begin_record(x);
    } else if (reg_in_list(f->frame, name)) {
        forget(x, true, name);
        x->head_read = x->head_bad = false;
    } else if (column >= 0) {
        begin_column(x, column);
    } else {
        pass_over(x, "unknown element");
    }
}

static void inside(struct xml_read *x)
{
    bool holds;
    int column = column_of(x->form, path_from(x, x->record_depth + 1), false, &holds);
    if (column >= 0)
        begin_column(x, column);
    else if (!holds)
        pass_over(x, "unknown element");
}

static void on_start(void *ctx, const char *qname, const char **attributes)
{
    struct xml_read *x = ctx;
    const char *name = local_name(qname);
    (void)attributes;
    x->quiet = 0;
    x->depth++;
    x->stray = false;
    if (x->skip_depth && x->depth <= DEPTH_MAX)
        return;
    if (x->depth > DEPTH_MAX)
        stop(x, "elements nested too deep");
    else if (!push(x, name))
        pass_over(x, "unknown element");
    else if (x->depth == 1 && !reg_in_list(x->form->xml->roots, name))
        stop(x, "the document element is not one of this form");
    else if (x->record_depth || x->column >= 0)
        inside(x);
    else if (x->depth > 1)
        outside(x, name);
}

static void on_end(void *ctx, const char *name)
{
    struct xml_read *x = ctx;
    (void)name;
    x->quiet = 0;
    if (x->skip_depth == x->depth)
        x->skip_depth = 0;
    else if (!x->skip_depth && x->column >= 0 && x->depth == x->column_depth)
        end_column(x);
    else if (x->depth == x->record_depth)
        end_record(x);
    x->depth--;
    if (!x->skip_depth)
        x->path[x->depth > 0 ? x->path_n[x->depth] : 0] = '\0';
}

static void add_text(struct xml_read *x, const char *text, size_t n)
{
    size_t *at = &x->value_n[x->column], room = VALUE_MAX + 1 - *at, take = n < room ? n : room;
    memcpy(x->value[x->column] + *at, text, take);
    *at += take;
    x->value[x->column][*at] = '\0';
}

static bool is_blank(const char *text, int n)
{
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return n == 0;
}

static void on_text(void *ctx, const char *text, int n)
{
    struct xml_read *x = ctx;
    x->quiet = 0;
    if (x->skip_depth)
        return;
    if (x->column >= 0) {
        add_text(x, text, (size_t)n);
    } else if (!x->stray && !x->form->xml->open && !is_blank(text, n)) {
        x->stray = true;
        complain_at(x, line_now(x), x->record_depth ? x->form->xml->record : "", "text between elements");
    }
}

static void on_other(void *ctx, const char *text, int n)
{
    struct xml_read *x = ctx;
    (void)text, (void)n;
    x->quiet = 0;
}

/* External entities could read files, internal ones could grow without end: no register has either. */
static void on_doctype(void *ctx, const char *name, const char *system, const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(ctx, "a document type declaration (DTD) is not taken");
}

/* windows-1251, which expat does not know by itself. */
static int on_encoding(void *ctx, const char *name, XML_Encoding *info)
{
    (void)ctx;
    if (strcasecmp(name, "windows-1251") != 0 && strcasecmp(name, "cp1251") != 0)
        return XML_STATUS_ERROR;
    for (int i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;
        char utf8[4];
        size_t n = cp1251_to_utf8(&byte, 1, utf8);
        const uint8_t *u = (const uint8_t *)utf8;
        info->map[i] = n == 1 ? u[0] : n == 2 ? (u[0] & 0x1F) << 6 | (u[1] & 0x3F)
                                              : (u[0] & 0x0F) << 12 | (u[1] & 0x3F) << 6 | (u[2] & 0x3F);
        if (info->map[i] == 0xFFFD)
            info->map[i] = -1;
    }
    info->data = NULL;
    info->convert = NULL;
    info->release = NULL;
    return XML_STATUS_OK;
}

/* --- the file --- */

static void check_whole(struct xml_read *x)
{
    if (x->form->xml->open && x->records_n == 0)
        complain_at(x, line_now(x), x->form->xml->record, "the file has none");
    for (size_t i = 0; i < x->form->columns_n; i++)
        if (x->form->columns[i].field == RF_RECORDS_N && x->value_n[i] &&
            strtoull(trim(x->value[i]), NULL, 10) != x->records_n)
            complain_at(x, line_now(x), x->form->columns[i].title, "not the number of records in the file");
}

static enum reg_read parse(struct xml_read *x, csv_read_fn *read, void *read_ctx)
{
    ssize_t n;
    do {
        void *buf = XML_GetBuffer(x->parser, CHUNK);
        must(buf);
        n = read(read_ctx, buf, CHUNK);
        if (n < 0)
            return REG_IO;
        x->quiet += (size_t)n;
        bool good = XML_ParseBuffer(x->parser, (int)n, n == 0) == XML_STATUS_OK;
        if (good && x->quiet > MARKUP_MAX) {
            x->stopped = "a tag or comment longer than 1 MiB";
            good = false;
        }
        if (!good) {
            const char *rule = x->stopped ? x->stopped : XML_ErrorString(XML_GetErrorCode(x->parser));
            x->record_depth = 0; /* of the file, not of a record */
            if (rule[0])
                complain_at(x, line_now(x), "", rule);
            return REG_BROKEN;
        }
    } while (n > 0);
    check_whole(x);
    return REG_READ;
}

enum reg_read reg_xml_read(const struct reg_form *f, csv_read_fn *read, void *read_ctx, const struct reg_to *to)
{
    static struct xml_read x; /* large, and the tool reads one file at a time */
    x = (struct xml_read){.parser = XML_ParserCreate(NULL), .form = f, .to = to, .column = -1};
    must(x.parser && f->columns_n <= REG_COLUMNS_MAX);
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetDefaultHandler(x.parser, on_other);
    XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
    XML_SetUnknownEncodingHandler(x.parser, on_encoding, NULL);
    enum reg_read ret = parse(&x, read, read_ctx);
    XML_ParserFree(x.parser);
    explicit_bzero(x.value, sizeof x.value); /* of persons */
    return ret;
}
