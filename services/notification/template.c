#include "template.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, VALUE, SECTION, END };

struct piece {
    enum kind kind;
    const char *p; /* TEXT: into template.text */
    size_t n;
    size_t name;   /* VALUE, SECTION, END */
    size_t end;    /* SECTION: index of its END */
};

struct template {
    char *text;
    struct piece *pieces;
    size_t n;
};

struct parse {
    struct template *t;
    const char *const *names;
    const char *where;
    const char *at;
    size_t open[4]; /* indices of open sections */
    size_t depth;
    struct err *e;
};

static int line_of(const struct parse *p, const char *at)
{
    int line = 1;
    for (const char *s = p->t->text; s < at; s++)
        line += *s == '\n';
    return line;
}

static bool fail(struct parse *p, const char *what)
{
    return err_set(p->e, ERR_INPUT, "TEMPLATE", "%s:%d: %s", p->where, line_of(p, p->at), what);
}

static struct piece *add(struct template *t, enum kind kind)
{
    if ((t->n & (t->n - 1)) == 0) { /* grow at powers of two */
        t->pieces = realloc(t->pieces, (t->n ? t->n * 2 : 1) * sizeof *t->pieces);
        must(t->pieces);
    }
    struct piece *piece = &t->pieces[t->n++];
    *piece = (struct piece){.kind = kind};
    return piece;
}

static void add_text(struct template *t, const char *from, const char *to)
{
    if (to == from)
        return;
    struct piece *piece = add(t, TEXT);
    piece->p = from;
    piece->n = (size_t)(to - from);
}

/* Index of a name of the list, SIZE_MAX when it is not there. */
static size_t find_name(const char *const *names, const char *p, size_t n)
{
    for (size_t i = 0; names[i]; i++)
        if (strlen(names[i]) == n && memcmp(names[i], p, n) == 0)
            return i;
    return SIZE_MAX;
}

static bool open_section(struct parse *p, size_t name)
{
    if (p->depth == sizeof p->open / sizeof p->open[0])
        return fail(p, "sections are nested too deeply");
    p->open[p->depth++] = p->t->n;
    add(p->t, SECTION)->name = name;
    return true;
}

static bool close_section(struct parse *p, size_t name)
{
    if (p->depth == 0 || p->t->pieces[p->open[p->depth - 1]].name != name)
        return fail(p, "a section is closed that is not open");
    p->t->pieces[p->open[--p->depth]].end = p->t->n;
    add(p->t, END)->name = name;
    return true;
}

static bool add_tag(struct parse *p, const char *tag, size_t n)
{
    char mark = n > 0 && (*tag == '#' || *tag == '/') ? *tag : 0;
    size_t name = find_name(p->names, tag + !!mark, n - !!mark);
    if (name == SIZE_MAX)
        return fail(p, "unknown name in {{ }}");
    if (mark == '#')
        return open_section(p, name);
    if (mark == '/')
        return close_section(p, name);
    add(p->t, VALUE)->name = name;
    return true;
}

/* A section tag alone on its line: where the next text begins; NULL when it is not alone. */
static const char *alone(const struct parse *p, const char *tag, const char *after)
{
    bool section = tag[2] == '#' || tag[2] == '/';
    bool starts = tag == p->t->text || tag[-1] == '\n';
    if (section && starts && *after == '\n')
        return after + 1;
    return section && starts && *after == '\0' ? after : NULL;
}

static bool parse_all(struct parse *p)
{
    for (;;) {
        const char *tag = strstr(p->at, "{{");
        if (!tag)
            break;
        add_text(p->t, p->at, tag);
        p->at = tag;
        const char *end = strstr(tag, "}}");
        if (!end)
            return fail(p, "{{ without }}");
        if (!add_tag(p, tag + 2, (size_t)(end - tag - 2)))
            return false;
        const char *next = alone(p, tag, end + 2);
        p->at = next ? next : end + 2;
    }
    add_text(p->t, p->at, p->at + strlen(p->at));
    return p->depth == 0 || fail(p, "a section is not closed");
}

bool template_parse(const char *text, const char *const *names, const char *where, struct template **ret,
                    struct err *e)
{
    struct template *t = calloc(1, sizeof *t);
    must(t);
    t->text = strdup(text);
    must(t->text);
    struct parse p = {.t = t, .names = names, .where = where, .at = t->text, .e = e};
    if (!parse_all(&p)) {
        template_free(t);
        return false;
    }
    *ret = t;
    return true;
}

/* Writes when `out` is given, counts always: rendered twice, so that the result is one exact allocation. */
struct render {
    char *out;
    size_t n;
};

static void put(struct render *r, const char *p, size_t n)
{
    if (r->out)
        memcpy(r->out + r->n, p, n);
    r->n += n;
}

static bool is_control(unsigned char c, bool one_line) { return (c < 0x20 && (one_line || c != '\n')) || c == 0x7f; }

static void put_plain(struct render *r, const char *s, bool one_line)
{
    while (*s) {
        size_t n = 0;
        while (s[n] && !is_control((unsigned char)s[n], one_line))
            n++;
        put(r, s, n);
        s += n;
        if (*s) {
            put(r, " ", 1);
            s++;
        }
    }
}

static void put_json(struct render *r, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\')
        put(r, (const char[]){'\\', (char)c}, 2);
    else if (c == '\n')
        put(r, "\\n", 2);
    else if (c < 0x20)
        put(r, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    else
        put(r, (const char *)&c, 1);
}

static void put_form(struct render *r, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("-._~", c));
    if (plain)
        put(r, (const char *)&c, 1);
    else
        put(r, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
}

static void put_value(struct render *r, const char *value, enum template_escape escape)
{
    const char *s = value ? value : "";
    if (escape == TEMPLATE_TEXT || escape == TEMPLATE_LINE)
        put_plain(r, s, escape == TEMPLATE_LINE);
    else
        for (; *s; s++)
            (escape == TEMPLATE_JSON ? put_json : put_form)(r, (unsigned char)*s);
}

static void render(const struct template *t, const char *const *values, enum template_escape escape, struct render *r)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct piece *piece = &t->pieces[i];
        const char *value = piece->kind == TEXT ? NULL : values[piece->name];
        if (piece->kind == TEXT)
            put(r, piece->p, piece->n);
        else if (piece->kind == VALUE)
            put_value(r, value, escape);
        else if (piece->kind == SECTION && (!value || !*value))
            i = piece->end;
    }
}

char *template_render(const struct template *t, const char *const *values, enum template_escape escape,
                      struct arena *mem)
{
    struct render r = {0};
    render(t, values, escape, &r);
    r.out = arena_alloc(mem, r.n + 1);
    r.n = 0;
    render(t, values, escape, &r);
    r.out[r.n] = '\0';
    return r.out;
}

bool template_uses(const struct template *t, size_t name)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->pieces[i].kind != TEXT && t->pieces[i].name == name)
            return true;
    return false;
}

void template_free(struct template *t)
{
    if (!t)
        return;
    free(t->pieces);
    free(t->text);
    free(t);
}
