/* reg_xml.c - medical organisations of an F003-like packet, streamed by expat. UTF-8 and windows-1251.
 * The list says what an organisation is called and whether it takes part in CHI; profiles come from its doctors. */
#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "services/attachctl/okato.h"
#include "services/attachctl/reg_impl.h"

#define PATH_MAX_BYTES 96
#define CHUNK 65536

struct xml_read {
    XML_Parser parser;
    int32_t today;
    void (*row)(void *ctx, uint64_t line, struct reg_row *r);
    void *ctx;
    int depth, company_depth; /* of <medCompany>; 0 = outside */
    uint64_t line;            /* where the organisation begins */
    char path[PATH_MAX_BYTES]; /* below medCompany: "jurAddress/addr_j" */
    char value[RF_N][600];
    size_t value_n[RF_N];
    enum reg_field field; /* that character data belong to; RF_N = none */
};

static const char *region_of_okato(const char *okato)
{
    for (size_t i = 0; i < sizeof okato_regions / sizeof *okato_regions; i++)
        if (strcmp(okato_regions[i].okato, okato) == 0)
            return okato_regions[i].region;
    return okato; /* the check of the region names the field */
}

static const struct reg_form *form(void) { return reg_form_find("f003"); }

static void on_start(void *ctx, const char *name, const char **attributes)
{
    (void)attributes;
    struct xml_read *x = ctx;
    x->depth++;
    if (x->company_depth == 0) {
        if (strcmp(name, "medCompany") != 0)
            return;
        x->company_depth = x->depth;
        x->line = XML_GetCurrentLineNumber(x->parser);
        x->path[0] = '\0';
        memset(x->value_n, 0, sizeof x->value_n);
        return;
    }
    size_t n = strlen(x->path);
    snprintf(x->path + n, sizeof x->path - n, "%s%s", n ? "/" : "", name);
    x->field = RF_N;
    for (size_t i = 0; i < form()->columns_n; i++)
        if (strcmp(form()->columns[i].title, x->path) == 0)
            x->field = form()->columns[i].field;
}

static void on_text(void *ctx, const char *text, int n)
{
    struct xml_read *x = ctx;
    if (x->company_depth == 0 || x->field == RF_N)
        return;
    size_t *at = &x->value_n[x->field], room = sizeof x->value[0] - 1 - *at;
    size_t take = (size_t)n < room ? (size_t)n : room; /* what is cut is longer than any rule allows */
    memcpy(x->value[x->field] + *at, text, take);
    *at += take;
}

/* In the CHI register today: included, and not excluded yet. */
static void judge_inclusion(struct xml_read *x, struct reg_row *r)
{
    int32_t from, to;
    const char *begin = r->v[RF_EFFECTIVE_FROM], *end = r->v[RF_DETACHED];
    r->in_chi = text_day_parse(begin, &from) && from <= x->today && (!end[0] || !text_day_parse(end, &to) || to >= x->today);
    if (text_day_parse(begin, &from) && from > x->today)
        r->v[RF_EFFECTIVE_FROM] = ""; /* a future inclusion is no error */
}

static void finish_company(struct xml_read *x)
{
    struct reg_row r = {.kind = PB_CLINIC_KIND(OUTPATIENT)};
    for (size_t i = 0; i < RF_N; i++) {
        x->value[i][x->value_n[i]] = '\0';
        r.v[i] = x->value_n[i] ? x->value[i] + strspn(x->value[i], " \t\r\n") : "";
        for (size_t n = strlen(r.v[i]); n > 0 && strchr(" \t\r\n", r.v[i][n - 1]);)
            ((char *)(uintptr_t)r.v[i])[--n] = '\0';
    }
    r.v[RF_REGION] = region_of_okato(r.v[RF_REGION]);
    r.v[RF_EFFECTIVE_FROM] = reg_iso_date(&r, r.v[RF_EFFECTIVE_FROM]);
    r.v[RF_DETACHED] = reg_iso_date(&r, r.v[RF_DETACHED]);
    judge_inclusion(x, &r);
    x->row(x->ctx, x->line, &r);
}

static void on_end(void *ctx, const char *name)
{
    (void)name;
    struct xml_read *x = ctx;
    if (x->depth == x->company_depth) {
        x->company_depth = 0;
        finish_company(x);
    } else if (x->company_depth) {
        char *slash = strrchr(x->path, '/');
        *(slash ? slash : x->path) = '\0';
        x->field = RF_N;
    }
    x->depth--;
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

bool reg_xml_read(csv_read_fn *read, void *read_ctx, int32_t today,
                  void (*row)(void *ctx, uint64_t line, struct reg_row *r), void *ctx, uint64_t *ret_line,
                  const char **ret_rule)
{
    static struct xml_read x; /* large, and the tool reads one file at a time */
    x = (struct xml_read){.parser = XML_ParserCreate(NULL), .today = today, .row = row, .ctx = ctx, .field = RF_N};
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetUnknownEncodingHandler(x.parser, on_encoding, NULL);
    *ret_rule = NULL;
    ssize_t n;
    do {
        void *buf = XML_GetBuffer(x.parser, CHUNK);
        n = buf ? read(read_ctx, buf, CHUNK) : -1;
        if (n < 0) {
            *ret_rule = strerror(errno);
        } else if (XML_ParseBuffer(x.parser, (int)n, n == 0) != XML_STATUS_OK) {
            *ret_line = XML_GetCurrentLineNumber(x.parser);
            *ret_rule = XML_ErrorString(XML_GetErrorCode(x.parser));
        }
    } while (n > 0 && !*ret_rule);
    XML_ParserFree(x.parser);
    return !*ret_rule;
}
