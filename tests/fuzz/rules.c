/* rules.c - files of rule sets: what is loaded answers every question, and its print is read back as the same rules. */
#include <stdlib.h>
#include "domain/limit.h"
#include "domain/ruleset_impl.h"
#include "domain/term.h"
#include "fuzz.h"

#define SETS_MAX 6
static const int32_t days[] = {-30000, 0, 16800, 20585, 40000};

static void ask(const struct rule_ctx *at, enum rule_id id)
{
    enum rule_word words[RULE_WORDS_MAX];
    switch (rule_specs[id].type) {
    case RULE_TYPE_INT:
        rule_int(at, id);
        return;
    case RULE_TYPE_BOOL:
        rule_on(at, id);
        return;
    case RULE_TYPE_WORD:
        EXPECT(rule_word_name(rule_word(at, id))[0]);
        return;
    case RULE_TYPE_LIST:
        for (size_t i = 0, n = rule_list(at, id, words); i < n; i++)
            EXPECT(rule_has(at, id, words[i]));
        return;
    default:
        EXPECT(rule_text(at, id));
    }
}

static char *print(const struct ruleset *r, int32_t day)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    EXPECT(f);
    rules_print(r, day, f);
    fclose(f);
    return text;
}

/* The prints of all rule sets are a file of the same rules. */
static void check_prints(const struct rulesets *sets, int32_t day)
{
    struct rulesets *again = NULL;
    struct err e = {0};
    const char *file = "";
    for (size_t i = 0; i < rulesets_n(sets); i++) {
        char *text = print(ruleset_at(sets, i), day);
        file = arena_printf(fuzz_mem(), "%s%s", file, text);
        free(text);
    }
    FILE *f = fuzz_stream(bytes_str(file));
    EXPECT(rulesets_load_stream(f, "print", &again, &e));
    fclose(f);
    for (size_t i = 0; i < rulesets_n(sets); i++) {
        char *once = print(ruleset_at(sets, i), day), *twice = print(ruleset_at(again, i), day);
        EXPECT(strcmp(once, twice) == 0);
        free(once);
        free(twice);
    }
    rulesets_free(again);
}

static void check_set(const struct ruleset *r)
{
    struct limit_ask wish = {.profile = PB_PROFILE(ADULT_THERAPEUTIC)};
    int64_t due_ms;
    struct err e;
    for (size_t d = 0; d < sizeof days / sizeof *days; d++)
        for (int c = 0; c < CHANNEL_KIND_N; c++) {
            struct rule_ctx at = rules_at(r, (int64_t)days[d] * DATE_MS_OF_DAY, (enum channel_kind)c,
                                          (PB(Profile))(d % PB_PROFILE_N));
            for (int id = 0; id < RULE_N; id++)
                ask(&at, (enum rule_id)id);
            if (c != CHANNEL_NONE && term_due(&at, fuzz_calendar(), FUZZ_NOW_MS, &due_ms, &e))
                EXPECT(due_ms >= FUZZ_NOW_MS - 2 * DATE_MS_OF_DAY);
            limit_check(&at, NULL, 0, &wish);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    struct rulesets *sets = NULL;
    struct err e = {0};
    FILE *f = fuzz_stream(fuzz_rest(&in));
    bool ok = rulesets_load_stream(f, "input.ini", &sets, &e);
    fclose(f);
    if (!ok) {
        EXPECT((e.cls == ERR_INPUT || e.cls == ERR_FATAL) && e.text[0]);
        return 0;
    }
    for (size_t i = 0; i < rulesets_n(sets) && i < SETS_MAX; i++)
        check_set(ruleset_at(sets, i));
    if (rulesets_n(sets) <= SETS_MAX)
        check_prints(sets, days[3]);
    rulesets_free(sets);
    return 0;
}
