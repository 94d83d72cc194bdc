/* texts.c - templates, letters and messages: any template with any values, in every way of writing them. Input: lines of
 * values, then an empty line, then the template. */
#include <stdlib.h>
#include <jansson.h>
#include "base/text.h"
#include "fuzz.h"
#include "services/notification/sender/mime.h"
#include "services/notification/sender/sms_text.h"
#include "services/notification/template.h"

#define NAMES 4
#define LINE_MAX_CHARS 998 /* RFC 5322 2.1.1 */
static const char *const names[NAMES + 1] = {"application", "clinic", "reasons", "salutation", NULL};

static bool is_utf8(const char *s) { return text_utf8_ok(s, strlen(s)); }

static void check_rendering(const char *text, const char *values[NAMES], const char *out, enum template_escape escape)
{
    bool good = is_utf8(text);
    for (int i = 0; i < NAMES; i++)
        good = good && is_utf8(values[i]);
    EXPECT(!good || is_utf8(out));
    if (escape == TEMPLATE_JSON && good && !strchr(text, '"') && !strchr(text, '\\') && !strpbrk(text, "\n\r\t")) {
        bool plain = true;
        for (const char *p = text; *p; p++)
            plain = plain && (unsigned char)*p >= ' ';
        json_t *j = json_loads(arena_printf(fuzz_mem(), "[\"%s\"]", out), 0, NULL);
        EXPECT(!plain || j);
        json_decref(j);
    }
}

static void render_all(const struct template *t, const char *text, const char *values[NAMES])
{
    static const enum template_escape ways[] = {TEMPLATE_TEXT, TEMPLATE_LINE, TEMPLATE_JSON, TEMPLATE_FORM};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        check_rendering(text, values, template_render(t, values, ways[i], fuzz_mem()), ways[i]);
    for (size_t i = 0; i < NAMES; i++)
        template_uses(t, i);
}

/* Lines end with CR LF and are no longer than the protocol allows; nothing of a name becomes a header. */
static void check_letter(const char *values[NAMES], const char *text)
{
    struct letter l = {.from_name = values[0], .from = "noreply@portal.example", .to = "a@portal.example",
                       .subject = values[1], .text = text, .message_id = "1@portal.example", .date_ms = FUZZ_NOW_MS,
                       .utc_offset_min = 180};
    struct bytes b = mime_letter(&l, fuzz_mem());
    const char *s = b.p;
    size_t from = 0, headers = 0;
    bool body = false;
    for (size_t i = 0; i < b.n; i++) {
        EXPECT(s[i] != '\n' || (i > 0 && s[i - 1] == '\r'));
        EXPECT((unsigned char)s[i] < 0x80 && s[i] != '\0');
        if (s[i] != '\n')
            continue;
        EXPECT(i - from < LINE_MAX_CHARS);
        body = body || i - from == 1;
        headers += !body && s[from] != ' ' && s[from] != '\t';
        from = i + 1;
    }
    EXPECT(body && headers >= 6 && headers <= 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    const char *values[NAMES];
    struct template *t = NULL;
    struct err e = {0};
    for (int i = 0; i < NAMES; i++)
        values[i] = fuzz_line(&in);
    const char *text = fuzz_text(fuzz_rest(&in));
    EXPECT(mime_words(values[2], 20, fuzz_mem()));
    check_letter(values, text);
    if (template_parse(text, names, "input", &t, &e))
        render_all(t, text, values);
    else
        EXPECT(e.cls == ERR_INPUT && strstr(e.text, "input"));
    template_free(t);
    return 0;
}
