#include "texts.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "domain/channel.h"

#define FILE_MAX (64 * 1024)

struct word {
    char *name, *text;
};
struct texts {
    struct text *all; /* one per different milestone and channel of the table */
    size_t n;
    struct word *words;
    size_t words_n;
};

static const char *const value_names[] = {
#define X(name, private) #name,
    NOTICE_VALUES(X)
#undef X
    NULL,
};
static const bool value_private[] = {
#define X(name, private) private,
    NOTICE_VALUES(X)
#undef X
};

/* gives; NULL = error. */
static char *read_file(const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        err_set(e, ERR_INPUT, "TEMPLATE", "%s: cannot be opened", path);
        return NULL;
    }
    char *text = malloc(FILE_MAX + 1);
    must(text);
    size_t n = fread(text, 1, FILE_MAX + 1, f);
    fclose(f);
    if (n > FILE_MAX || memchr(text, 0, n)) {
        err_set(e, ERR_INPUT, "TEMPLATE", "%s: too large, or not text", path);
        free(text);
        return NULL;
    }
    text[n] = '\0';
    return text;
}

static uint32_t digest(const char *text) /* FNV-1a: tells editions apart, protects nothing */
{
    uint32_t h = 2166136261U;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619U;
    return h;
}

/* Value of a header line "name: value" before the "---" line; copied to ret, "" when absent. */
static void header(const char *text, const char *name, char *ret, size_t max)
{
    size_t len = strlen(name);
    *ret = '\0';
    for (const char *line = text; *line && strncmp(line, "---\n", 4) != 0; line = strchr(line, '\n') + 1) {
        if (!strchr(line, '\n'))
            return;
        if (strncmp(line, name, len) != 0 || line[len] != ':')
            continue;
        const char *value = line + len + 1 + strspn(line + len + 1, " ");
        snprintf(ret, max, "%.*s", (int)strcspn(value, "\n"), value);
        return;
    }
}

static const char *body_of(const char *text)
{
    if (strncmp(text, "---\n", 4) == 0)
        return text + 4;
    const char *rule = strstr(text, "\n---\n");
    return rule ? rule + 5 : NULL;
}

static bool refuse_private(const struct text *t, const char *path, struct err *e)
{
    if (t->channel == PB_CHANNEL(EMAIL))
        return true;
    for (size_t i = 0; i < NOTICE_VALUE_N; i++)
        if (value_private[i] && template_uses(t->body, i))
            return err_set(e, ERR_INPUT, "TEMPLATE", "%s: {{%s}} is for e-mail only", path, value_names[i]);
    return true;
}

static bool parse_text(struct text *t, const char *language, const char *path, const char *file, struct err *e)
{
    char version[16], subject[256];
    const char *body = body_of(file);
    header(file, "version", version, sizeof version);
    header(file, "subject", subject, sizeof subject);
    bool mail = t->channel == PB_CHANNEL(EMAIL);
    if (!body || atoi(version) <= 0 || (mail && !*subject))
        return err_set(e, ERR_INPUT, "TEMPLATE", "%s: wants \"version: N\"%s, a line ---, the text", path,
                       mail ? ", \"subject: ...\"" : "");
    snprintf(t->name, sizeof t->name, "%s/%s.%s/%d#%08x", language, t->milestone, channel_code(t->channel),
             atoi(version), digest(file));
    return (!mail || template_parse(subject, value_names, path, &t->subject, e)) &&
           template_parse(body, value_names, path, &t->body, e) && refuse_private(t, path, e);
}

static bool load_text(struct texts *t, const char *dir, const char *language, const struct notice_row *row,
                      struct err *e)
{
    if (texts_find(t, row->milestone, row->channel))
        return true;
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s.%s.txt", dir, language, row->milestone, channel_code(row->channel));
    char *file = read_file(path, e);
    if (!file)
        return false;
    struct text *text = &t->all[t->n++];
    snprintf(text->milestone, sizeof text->milestone, "%s", row->milestone);
    text->channel = row->channel;
    bool ok = parse_text(text, language, path, file, e);
    free(file);
    return ok;
}

static char *trimmed(const char *p, size_t n)
{
    for (; n && isspace((unsigned char)*p); p++)
        n--;
    while (n && isspace((unsigned char)p[n - 1]))
        n--;
    char *s = strndup(p, n);
    must(s);
    return s;
}

static bool add_word(struct texts *t, const char *line, size_t n, const char *path, struct err *e)
{
    const char *eq = memchr(line, '=', n);
    if (n == 0 || *line == '#')
        return true;
    if (!eq)
        return err_set(e, ERR_INPUT, "TEMPLATE", "%s: a line is not NAME = text", path);
    t->words = realloc(t->words, (t->words_n + 1) * sizeof *t->words);
    must(t->words);
    t->words[t->words_n++] = (struct word){trimmed(line, (size_t)(eq - line)), trimmed(eq + 1, n - (size_t)(eq + 1 - line))};
    return true;
}

/* Every profile, portal, status and body of complaint has its name: a text with a hole would be found by a citizen. */
static bool check_words(const struct texts *t, const char *path, struct err *e)
{
    static const char *const bodies[] = {"HIO", "TFOMS", "FFOMS", "DOH", "HEAD", "ROSZDRAVNADZOR", "ROSPOTREBNADZOR"};
    char name[48];
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        snprintf(name, sizeof name, "COMPLAINT_%s", bodies[i]);
        if (!*texts_word(t, name))
            return err_set(e, ERR_INPUT, "TEMPLATE", "%s: no name for %s", path, name);
    }
    const ProtobufCEnumDescriptor *lists[] = {&clinic__attach__v1__profile__descriptor,
                                              &clinic__attach__v1__source__descriptor,
                                              &clinic__attach__v1__status__descriptor};
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (unsigned i = 0; i < lists[l]->n_values; i++)
            if (lists[l]->values[i].value != 0 && !*texts_word(t, lists[l]->values[i].name))
                return err_set(e, ERR_INPUT, "TEMPLATE", "%s: no name for %s", path,
                               lists[l]->values[i].name);
    return true;
}

static bool load_words(struct texts *t, const char *dir, const char *language, struct err *e)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/words.txt", dir, language);
    char *file = read_file(path, e);
    if (!file)
        return false;
    bool ok = true;
    for (const char *line = file; ok && *line; line += line[strcspn(line, "\n")] ? strcspn(line, "\n") + 1 : strlen(line))
        ok = add_word(t, line, strcspn(line, "\n"), path, e);
    free(file);
    return ok && check_words(t, path, e);
}

bool texts_load(const char *dir, const char *language, struct texts **ret, struct err *e)
{
    struct texts *t = calloc(1, sizeof *t);
    must(t);
    t->all = calloc(notice_rows_n, sizeof *t->all);
    must(t->all);
    bool ok = load_words(t, dir, language, e);
    for (size_t i = 0; ok && i < notice_rows_n; i++)
        ok = load_text(t, dir, language, &notice_rows[i], e);
    if (!ok) {
        texts_free(t);
        return false;
    }
    *ret = t;
    return true;
}

void texts_free(struct texts *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        template_free(t->all[i].subject);
        template_free(t->all[i].body);
    }
    for (size_t i = 0; i < t->words_n; i++) {
        free(t->words[i].name);
        free(t->words[i].text);
    }
    free(t->words);
    free(t->all);
    free(t);
}

const struct text *texts_find(const struct texts *t, const char *milestone, PB(Channel) channel)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->all[i].channel == channel && strcmp(t->all[i].milestone, milestone) == 0)
            return &t->all[i];
    return NULL;
}

const char *texts_word(const struct texts *t, const char *name)
{
    for (size_t i = 0; i < t->words_n; i++)
        if (strcmp(t->words[i].name, name) == 0)
            return t->words[i].text;
    return "";
}
