/* Rule sets: every key, inheritance, days of force, specificity, and files that must not load (domain.md 2.12). */
#include "domain/ruleset.h"
#include "domain/ruleset_impl.h"
#include "tests/unit/domain/sample.h"

static bool load_text(const char *text, struct rulesets **ret, struct err *e)
{
    FILE *f = fmemopen((void *)text, strlen(text), "r");
    bool ok = rulesets_load_stream(f, "x.ini", ret, e);
    fclose(f);
    return ok;
}

/* A value of each kind other than the default, so that a key that is read wrongly shows. */
static const char *other_value(enum rule_id id, char to[64])
{
    const struct rule_spec *s = &rule_specs[id];
    long long min, max;
    const char *comma = strrchr(s->allowed, ',');
    switch (s->type) {
    case RULE_TYPE_BOOL: return *s->def == '0' ? "1" : "0";
    case RULE_TYPE_INT:
        assert_int_equal(sscanf(s->allowed, "%lld..%lld", &min, &max), 2);
        snprintf(to, 64, "%lld", max);
        return to;
    case RULE_TYPE_TEXT: return id == RULE_INSURER_CHANGE_WINDOW ? "02-01..12-31" : "Sender-1";
    default: return comma ? comma + 1 : s->allowed;
    }
}

static void assert_value(const struct rule_ctx *at, enum rule_id id, const char *text)
{
    enum rule_word words[RULE_WORDS_MAX];
    switch (rule_specs[id].type) {
    case RULE_TYPE_BOOL: assert_int_equal(rule_on(at, id), *text == '1'); break;
    case RULE_TYPE_INT: assert_int_equal(rule_int(at, id), atoll(text)); break;
    case RULE_TYPE_TEXT: assert_string_equal(rule_text(at, id), text); break;
    case RULE_TYPE_WORD: assert_string_equal(rule_word_name(rule_word(at, id)), text); break;
    case RULE_TYPE_LIST:
        if (!*text) {
            assert_int_equal(rule_list(at, id, words), 0);
            break;
        }
        assert_true(rule_list(at, id, words) >= 1);
        assert_memory_equal(rule_word_name(words[0]), text, strlen(rule_word_name(words[0])));
        break;
    }
}

/* Every key: its default holds, a value of a file holds, and nothing else changes. */
static void test_every_key(void **state)
{
    (void)state;
    for (int id = 0; id < RULE_N; id++) {
        char key[96], text[256], buffer[64];
        const struct rule_spec *s = &rule_specs[id];
        enum channel_kind c = s->scope == SCOPE_CHANNEL ? CHANNEL_GOSUSLUGI : CHANNEL_NONE;
        PB(Profile) p = s->scope == SCOPE_PLAIN ? PB_PROFILE(UNSPECIFIED) : PB_PROFILE(CHILD_DENTAL);
        const char *value = other_value((enum rule_id)id, buffer);
        assert_true(*s->help && *s->by);
        rule_print_key(rule_slot((enum rule_id)id, c, p), key, sizeof key);
        snprintf(text, sizeof text, "[federal]\nversion = 1\n[R : federal]\nversion = 7\nregion = 99\n%s = %s\n", key, value);
        struct rulesets *sets = rules_from(text);
        struct rule_ctx at = rules_at(ruleset_find(sets, "R"), 0, CHANNEL_GOSUSLUGI, PB_PROFILE(CHILD_DENTAL));
        struct rule_ctx plain = rules_at(ruleset_federal(sets), 0, CHANNEL_NONE, PB_PROFILE(UNSPECIFIED));
        assert_value(&at, (enum rule_id)id, value);
        for (int other = 0; other < RULE_N; other++) {
            if (other != id && rule_specs[other].base_online != id && rule_specs[other].base_desk != id)
                assert_value(&at, (enum rule_id)other,
                             rule_specs[other].base_online != RULE_N ? rule_specs[rule_specs[other].base_online].def
                                                                     : rule_specs[other].def);
            assert_value(&plain, (enum rule_id)other,
                         rule_specs[other].base_online != RULE_N ? rule_specs[rule_specs[other].base_online].def
                                                                 : rule_specs[other].def);
        }
        rulesets_free(sets);
    }
}

/* Every key that is printed parses back to its slot, and no two rules answer to one key. */
static void test_keys_are_unique(void **state)
{
    char key[96];
    uint16_t slot;
    (void)state;
    for (int id = 0; id < RULE_N; id++)
        for (int c = 0; c < CHANNEL_KIND_N; c++)
            for (int p = 0; p < PB_PROFILE_N; p++) {
                enum rule_scope scope = rule_specs[id].scope;
                if ((scope == SCOPE_CHANNEL) != (c != CHANNEL_NONE) || (scope == SCOPE_PLAIN && p) || (scope == SCOPE_PROFILE && !p))
                    continue;
                uint16_t want = rule_slot((enum rule_id)id, (enum channel_kind)c, (PB(Profile))p);
                rule_print_key(want, key, sizeof key);
                assert_true(rule_parse_key(key, &slot));
                assert_int_equal(slot, want);
            }
}

static void test_inheritance_and_days(void **state)
{
    struct rulesets *sets = rules_from("[B : A]\nversion = 2\nregion = 02\n"
                                       "limit.count@2020-01-01 = 5\nlimit.count@2024-06-01 = 6\n"
                                       "[A : federal]\nversion = 9\nregion = 01\n"
                                       "limit.count@2018-01-01 = 4\nlimit.count@2022-01-01 = 3\nmove.proof = NEVER\n"
                                       "[C : federal]\nversion = 1\nregion = 03\nlimit.count@2005-01-01 = 8\n"
                                       "[federal]\nversion = 3\nlimit.count = 2\nlimit.count@2010-01-01 = 7\nlimit.window = ROLLING_30D\n");
    static const struct {
        const char *set, *day;
        int count;
    } rows[] = {
        {"federal", "2009-12-31", 2}, {"federal", "2010-01-01", 7}, {"federal", "2026-01-01", 7}, {"A", "2009-12-31", 2},
        {"A", "2017-12-31", 7},       {"A", "2018-01-01", 4},       {"A", "2021-12-31", 4},       {"A", "2022-01-01", 3},
        {"B", "2009-12-31", 2},       {"B", "2017-12-31", 7},       {"B", "2019-12-31", 4},       {"B", "2020-01-01", 5},
        {"B", "2022-01-01", 5},       {"B", "2024-05-31", 5},       {"B", "2024-06-01", 6},
        {"C", "2004-12-31", 2},       {"C", "2005-01-01", 8},       {"C", "2026-01-01", 8}, /* own before a later one above */
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rule_ctx at = rules_on(ruleset_find(sets, rows[i].set), rows[i].day, CHANNEL_NONE, 0);
        assert_int_equal(rule_int(&at, RULE_LIMIT_COUNT), rows[i].count);
    }
    struct rule_ctx b = rules_on(ruleset_of_region(sets, "02"), "2026-01-01", CHANNEL_NONE, 0);
    assert_true(rule_is(&b, RULE_MOVE_PROOF, W_NEVER));
    assert_true(rule_is(&b, RULE_LIMIT_WINDOW, W_ROLLING_30D));
    assert_string_equal(ruleset_id(b.set), "B");
    assert_int_equal(ruleset_version(b.set), 2);
    assert_string_equal(ruleset_region(ruleset_federal(sets)), "");
    assert_null(ruleset_of_region(sets, "04"));
    assert_null(ruleset_of_region(sets, ""));
    assert_null(ruleset_find(sets, "D"));
    assert_int_equal(rulesets_n(sets), 4);
    rulesets_free(sets);
}

/* Channel and profile, channel, base key of the door, default: the most specific that is set. */
static void test_specificity(void **state)
{
    struct rulesets *sets = rules_from("[federal]\nversion = 1\nevidence.online = COPIES\nevidence.in_person = ORIGINALS\n"
                                       "channel.email.evidence = COPIES_THEN_ORIGINALS\nchannel.email.child.evidence = DATA\n"
                                       "channel.mosru.enabled = 1\nchannel.mosru.antenatal.enabled = 0\n");
    static const struct {
        enum channel_kind c;
        PB(Profile) p;
        enum rule_word evidence;
        bool enabled;
    } rows[] = {
        {CHANNEL_EMAIL, PB_PROFILE(CHILD), W_DATA, false},
        {CHANNEL_EMAIL, PB_PROFILE(ANTENATAL), W_COPIES_THEN_ORIGINALS, false},
        {CHANNEL_EMAIL, PB_PROFILE(UNSPECIFIED), W_COPIES_THEN_ORIGINALS, false},
        {CHANNEL_MOSRU, PB_PROFILE(CHILD), W_COPIES, true},
        {CHANNEL_MOSRU, PB_PROFILE(ANTENATAL), W_COPIES, false},
        {CHANNEL_IN_PERSON, PB_PROFILE(CHILD), W_ORIGINALS, false},
        {CHANNEL_NONE, PB_PROFILE(CHILD), W_COPIES, false},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rule_ctx at = rules_at(ruleset_federal(sets), 0, rows[i].c, rows[i].p);
        assert_true(rule_is(&at, RULE_CHANNEL_EVIDENCE, rows[i].evidence));
        assert_int_equal(rule_on(&at, RULE_CHANNEL_ENABLED), rows[i].enabled);
    }
    struct rule_ctx odd = rules_at(ruleset_federal(sets), 0, CHANNEL_MOSRU, (PB(Profile))1000);
    assert_true(rule_on(&odd, RULE_CHANNEL_ENABLED)); /* a profile nobody knows has no keys */
    rulesets_free(sets);
}

static void test_lists(void **state)
{
    struct rulesets *sets = rules_from("[federal]\nversion = 1\nnotify.order = SMS , ACCOUNT\nlimit.exempt =\n");
    struct rule_ctx at = rules_at(ruleset_federal(sets), 0, CHANNEL_NONE, 0);
    enum rule_word words[RULE_WORDS_MAX];
    (void)state;
    assert_int_equal(rule_list(&at, RULE_NOTIFY_ORDER, words), 2);
    assert_true(words[0] == W_SMS && words[1] == W_ACCOUNT);
    assert_true(rule_has(&at, RULE_NOTIFY_ORDER, W_SMS));
    assert_false(rule_has(&at, RULE_NOTIFY_ORDER, W_EMAIL));
    assert_int_equal(rule_list(&at, RULE_LIMIT_EXEMPT, words), 0);
    rulesets_free(sets);
}

static void test_local_day(void **state)
{
    struct rulesets *sets = rules_from("[federal]\nversion = 1\nregion.utc_offset_min = 720\n"
                                       "limit.count@2026-06-02 = 9\nregion.utc_offset_min@2030-01-01 = 660\n");
    int64_t noon_utc = date_start_ms(date_days((struct date){2026, 6, 1}), 0) + DATE_MS_OF_DAY / 2;
    struct rule_ctx at = rules_at(ruleset_federal(sets), noon_utc, CHANNEL_NONE, 0); /* already 2 June in Kamchatka */
    (void)state;
    assert_int_equal(at.utc_offset_min, 720);
    assert_int_equal(rule_int(&at, RULE_LIMIT_COUNT), 9);
    at = rules_at(ruleset_federal(sets), noon_utc - 1, CHANNEL_NONE, 0);
    assert_int_equal(rule_int(&at, RULE_LIMIT_COUNT), 1);
    rulesets_free(sets);
}

#define HEAD "[federal]\nversion = 1\n"
static void test_bad_files(void **state)
{
    static const char *const rows[][2] = {
        {HEAD "limit.colour = 1\n", "x.ini:3: unknown key 'limit.colour'"},
        {HEAD "limit.count = many\n", "x.ini:3: limit.count: 'many' is not allowed, expected 0..366"},
        {HEAD "limit.count = 367\n", "x.ini:3: limit.count: '367'"},
        {HEAD "limit.count = 1x\n", "x.ini:3: limit.count: '1x'"},
        {HEAD "limit.count =\n", "x.ini:3: limit.count: ''"},
        {HEAD "limit.count = 99999999999999999999\n", "x.ini:3: limit.count:"},
        {HEAD "limit.window = WEEK\n", "expected one of CALENDAR_YEAR"},
        {HEAD "limit.window = CALENDAR_YEAR,ROLLING_30D\n", "x.ini:3: limit.window:"},
        {HEAD "limit.window = calendar_year\n", "x.ini:3: limit.window:"},
        {HEAD "limit.window = SMS\n", "x.ini:3: limit.window:"},
        {HEAD "limit.per_profile = yes\n", "expected 0 or 1"},
        {HEAD "limit.per_profile = 2\n", "expected 0 or 1"},
        {HEAD "limit.exempt = RESIDENCE,\n", "x.ini:3: limit.exempt:"},
        {HEAD "limit.exempt = ,STAY\n", "x.ini:3: limit.exempt:"},
        {HEAD "limit.exempt = STAY,STAY\n", "x.ini:3: limit.exempt:"},
        {HEAD "limit.exempt = STAY RESIDENCE\n", "x.ini:3: limit.exempt:"},
        {HEAD "capacity.mode = WAITLIST\n", "x.ini:3: capacity.mode:"},
        {HEAD "insurer.change.window = 02-30..11-01\n", "x.ini:3: insurer.change.window:"},
        {HEAD "notify.sms.sender = Слово\n", "x.ini:3: notify.sms.sender:"},
        {HEAD "notify.sms.sender = TooLongSender\n", "x.ini:3: notify.sms.sender:"},
        {HEAD "channel.fax.enabled = 1\n", "unknown key 'channel.fax.enabled'"},
        {HEAD "channel.mosru.adult.adult.enabled = 1\n", "unknown key"},
        {HEAD "channel.mosru.antenatal. = 1\n", "unknown key"},
        {HEAD "channel.mosru = 1\n", "unknown key"},
        {HEAD "channel..enabled = 1\n", "unknown key"},
        {HEAD "limit.profile.exempt = 1\n", "unknown key"},
        {HEAD "limit.profile..exempt = 1\n", "unknown key"},
        {HEAD "limit.count@ = 1\n", "after @ stands a date"},
        {HEAD "limit.count@2026-02-30 = 1\n", "after @ stands a date"},
        {HEAD "limit.count = 1\nlimit.count = 1\n", "x.ini:4: 'limit.count' stands twice"},
        {HEAD "limit.count@2026-01-01 = 1\nlimit.count@2026-01-01 = 2\n", "x.ini:4: 'limit.count@2026-01-01' stands twice"},
        {HEAD "version = 2\n", "x.ini:3: version of [federal] stands twice"},
        {"[federal]\nversion = 0\n", "x.ini:2: version is a number"},
        {"[federal]\nversion = -1\n", "x.ini:2: version is a number"},
        {"[federal]\nversion = 1.2\n", "x.ini:2: version is a number"},
        {"[federal]\nversion = 4294967296\n", "x.ini:2: version is a number"},
        {"[federal]\nlimit.count = 1\n", "x.ini:2: [federal] has no version"},
        {HEAD "region = 7\n", "x.ini:3: region is two digits"},
        {HEAD "region = 7a\n", "x.ini:3: region is two digits"},
        {HEAD "region = 77\n[R : federal]\nversion = 1\nregion = 77\n", "x.ini:6: region 77 is that of [federal] already"},
        {"[R : nobody]\nversion = 1\n", "x.ini:2: [R] inherits from [nobody], which is not there"},
        {"[R : R]\nversion = 1\n", "[R] inherits from itself"},
        {"[A : B]\nversion = 1\n[B : A]\nversion = 1\n", "inherits from itself"},
        {"[A]\nversion = 1\n[A : B]\nlimit.count = 1\n", "x.ini:4: [A] has another parent than at x.ini:2"},
        {"limit.count = 1\n", "x.ini:1: a section is"},
        {"[ : federal]\nversion = 1\n", "x.ini:2: a section is"},
        {"[A :]\nversion = 1\n", "x.ini:2: a section is"},
        {HEAD "limit.count\n", "x.ini:3: neither [section] nor key"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct rulesets *sets = NULL;
        struct err e = {0};
        if (load_text(rows[i][0], &sets, &e))
            fail_msg("taken: %s", rows[i][0]);
        assert_null(sets);
        assert_int_equal(e.cls, ERR_INPUT);
        if (!strstr(e.text, rows[i][1]))
            fail_msg("%s\n  not: %s", e.text, rows[i][1]);
    }
}

static void wrong_type(void)
{
    struct rulesets *sets = rules_from(HEAD);
    struct rule_ctx at = rules_at(ruleset_federal(sets), 0, CHANNEL_NONE, 0);
    rule_on(&at, RULE_LIMIT_COUNT);
}

static void test_wrong_getter_is_a_bug(void **state)
{
    (void)state;
    assert_true(aborts(wrong_type));
}

/* The rule sets that ship say what domain.md says of Moscow and of the federation. */
static void test_shipped(void **state)
{
    struct rulesets *sets = rules_shipped();
    const struct ruleset *mow = ruleset_find(sets, "RU-MOW"), *mos = ruleset_find(sets, "RU-MOS");
    struct rule_ctx at = rules_on(mow, "2026-06-03", CHANNEL_MOSRU, PB_PROFILE(ADULT_THERAPEUTIC));
    (void)state;
    assert_ptr_equal(ruleset_of_region(sets, "77"), mow);
    assert_true(rule_is(&at, RULE_LIMIT_WINDOW, W_CALENDAR_MONTH));
    assert_true(rule_on(&at, RULE_CHANNEL_ENABLED));
    assert_true(rule_is(&at, RULE_CHANNEL_MIN_ACCOUNT, W_STANDARD));
    assert_true(rule_is(&at, RULE_CHANNEL_SNILS, W_REQUIRED));
    assert_true(rule_is(&at, RULE_CLINIC_ONLINE_SUBORDINATION, W_DOH));
    assert_true(rule_has(&at, RULE_TERRITORY_ONLINE_EXCLUDED, W_TINAO));
    assert_string_equal(rule_text(&at, RULE_NOTIFY_SMS_SENDER), "UMIAS");
    assert_int_equal(rule_int(&at, RULE_SLA_ONLINE_WD), 3);
    at = rules_on(mow, "2015-12-31", CHANNEL_MOSRU, PB_PROFILE(ANTENATAL));
    assert_true(rule_is(&at, RULE_LIMIT_WINDOW, W_CALENDAR_YEAR)); /* the month came in 2016 (R-031) */
    assert_false(rule_on(&at, RULE_CHANNEL_ENABLED));
    at = rules_on(mow, "2026-06-03", CHANNEL_GOSUSLUGI, PB_PROFILE(ADULT_THERAPEUTIC));
    assert_false(rule_on(&at, RULE_CHANNEL_ENABLED));
    at = rules_on(mos, "2026-06-03", CHANNEL_GOSUSLUGI, PB_PROFILE(ADULT_THERAPEUTIC));
    assert_true(rule_on(&at, RULE_CHANNEL_ENABLED));
    assert_int_equal(rule_int(&at, RULE_CHANNEL_MIN_AGE), 18);
    assert_true(rule_is(&at, RULE_LIMIT_WINDOW, W_CALENDAR_YEAR));
    for (size_t i = 0; i < rulesets_n(sets); i++) { /* the desk is open everywhere (R-060) */
        at = rules_on(ruleset_at(sets, i), "2026-06-03", CHANNEL_IN_PERSON, PB_PROFILE(CHILD));
        assert_true(rule_on(&at, RULE_CHANNEL_ENABLED));
    }
    rulesets_free(sets);
}

/* What is printed of a resolved rule set loads again to the same values. */
static void test_print_loads_again(void **state)
{
    struct rulesets *sets = rules_shipped();
    const struct ruleset *mow = ruleset_find(sets, "RU-MOW");
    char *text = NULL, *again_text = NULL;
    size_t n;
    int32_t day = date_days((struct date){2026, 6, 3});
    (void)state;
    FILE *f = open_memstream(&text, &n);
    rules_print(mow, day, f);
    fclose(f);
    assert_non_null(strstr(text, "[RU-MOW : federal]\nversion = 1\nregion = 77\n"));
    assert_non_null(strstr(text, "\nlimit.window = CALENDAR_MONTH\n"));
    char *alone = strstr(text, " : federal");
    memmove(alone, alone + strlen(" : federal"), strlen(alone + strlen(" : federal")) + 1);
    struct rulesets *again = rules_from(text);
    f = open_memstream(&again_text, &n);
    rules_print(ruleset_find(again, "RU-MOW"), day, f);
    fclose(f);
    assert_string_equal(again_text, text);
    free(text);
    free(again_text);
    rulesets_free(again);
    rulesets_free(sets);
}

static void test_help_names_every_key(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    (void)state;
    rules_help(f);
    fclose(f);
    for (int id = 0; id < RULE_N; id++)
        assert_non_null(strstr(text, rule_specs[id].key));
    free(text);
}

static void test_folders(void **state)
{
    struct rulesets *sets = NULL;
    struct err e = {0};
    (void)state;
    assert_false(rulesets_load_dir("/nonexistent/rules", &sets, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    assert_false(rulesets_load_file("/nonexistent/rules.ini", &sets, &e));
    assert_int_equal(e.cls, ERR_FATAL);
    assert_true(rulesets_load_file(SOURCE_DIR "/deploy/rules/federal.ini", &sets, &e));
    struct arena *mem = arena_new(1 << 16, 1 << 16);
    PB(RuleSetRef) *ref = ruleset_ref(mem, ruleset_federal(sets));
    assert_string_equal(ref->id, "federal");
    assert_int_equal(ref->version, 1);
    arena_free(mem);
    rulesets_free(sets);
    rulesets_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),       cmocka_unit_test(test_keys_are_unique),
        cmocka_unit_test(test_specificity),     cmocka_unit_test(test_inheritance_and_days),
        cmocka_unit_test(test_lists),           cmocka_unit_test(test_local_day),
        cmocka_unit_test(test_bad_files),       cmocka_unit_test(test_wrong_getter_is_a_bug),
        cmocka_unit_test(test_shipped),         cmocka_unit_test(test_print_loads_again),
        cmocka_unit_test(test_folders),         cmocka_unit_test(test_help_names_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
