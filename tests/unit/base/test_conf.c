#include "tests/unit/help.h"
#include "base/conf.h"

static const struct conf_opt common[] = {
    {"instance", CONF_STR, "0", .help = "ordinal"},
    {"store.url", CONF_STR, "redis://127.0.0.1:6379/0", .help = "state"},
    {"keyring.file", CONF_STR, "", .help = "keys"},
    {"batch.max_records", CONF_INT, "1000", 1, 10000, .help = "records"},
    {"gather.max_ms", CONF_MS, "20", 0, 60000, .help = "gathering"},
    {"kafka.bootstrap.servers", CONF_STR, "127.0.0.1:9092", .help = "brokers"},
    {0},
};
static const struct conf_opt own[] = {
    {"smtp.password", CONF_STR, "", .secret = true, .help = "word"},
    {"smtp.starttls", CONF_BOOL, "true", .help = "TLS"},
    {"forget.after", CONF_MS, "30d", .help = "term"},
    {"clinic.id", CONF_STR, NULL, .help = "required one"},
    {0},
};
static const struct conf_opt *const tables[] = {common, own, NULL};

static int new_conf(void **state)
{
    *state = conf_new(tables);
    return 0;
}

static int free_conf(void **state)
{
    conf_free(*state);
    return 0;
}

static bool load(struct conf *c, const char *text, char path[32], struct err *e)
{
    bool ok = conf_load_file(c, file_with(text, path), e);
    unlink(path);
    return ok;
}

static void defaults_hold(void **state)
{
    assert_string_equal(conf_str(*state, "instance"), "0");
    assert_int_equal(conf_int(*state, "batch.max_records"), 1000);
    assert_int_equal(conf_int(*state, "smtp.starttls"), 1);
    assert_int_equal(conf_int(*state, "forget.after"), 30LL * 86400000);
    assert_string_equal(conf_str(*state, "keyring.file"), "");
}

static void file_sets(void **state)
{
    struct err e = {0};
    char path[32];
    assert_true(load(*state,
                     "# a comment\n; another\n"
                     "instance = 3\n"
                     "[store]\nurl = redis://10.0.0.1:6379/2 ; why\n"
                     "[batch]\n  max_records: 17\n"
                     "[kafka]\nbootstrap.servers = a:1,b:2\nsasl.username=u\n",
                     path, &e));
    assert_string_equal(conf_str(*state, "instance"), "3");
    assert_string_equal(conf_str(*state, "store.url"), "redis://10.0.0.1:6379/2");
    assert_int_equal(conf_int(*state, "batch.max_records"), 17);
    assert_string_equal(conf_str(*state, "kafka.bootstrap.servers"), "a:1,b:2");
}

static void priority_rises_whatever_the_order(void **state)
{
    struct err e = {0};
    char path[32];
    char *env[] = {"PATH=/bin", "CLINIC_INSTANCE=env", "CLINIC_STORE_URL=redis://env", NULL};
    assert_true(conf_set(*state, "instance", "arg", "--set", &e));
    assert_true(conf_load_env(*state, env, &e));
    assert_true(load(*state, "instance=file\nstore.url=redis://file\n[clinic]\nid=file\n", path, &e));
    assert_string_equal(conf_str(*state, "instance"), "arg");
    assert_string_equal(conf_str(*state, "store.url"), "redis://env");
    assert_string_equal(conf_str(*state, "clinic.id"), "file");
    assert_true(conf_set(*state, "instance", "again", "--set", &e));
    assert_string_equal(conf_str(*state, "instance"), "again");
}

static void bad_files_name_line(void **state)
{
    static const struct {
        const char *text, *code;
        int line;
        const char *says;
    } table[] = {
        {"[store]\nurl=x\n\nulr=y\n", "CONF-UNKNOWN", 4, "unknown option store.ulr"},
        {"nothing = 1\n", "CONF-UNKNOWN", 1, "unknown option nothing"},
        {"[batch]\nmax_records = many\n", "CONF-VALUE", 2, "'many' is not a whole number"},
        {"[batch]\nmax_records = 12x\n", "CONF-VALUE", 2, "'12x' is not a whole number"},
        {"[batch]\nmax_records = 0\n", "CONF-RANGE", 2, "0 is outside 1 to 10000"},
        {"[gather]\nmax_ms = 2min\n", "CONF-VALUE", 2, "is not a duration"},
        {"[gather]\nmax_ms = 2h\n", "CONF-RANGE", 2, "outside 0 to 60000 ms"},
        {"[gather]\nmax_ms = 999999999999999d\n", "CONF-VALUE", 2, "is not a duration"},
        {"[smtp]\n\nstarttls = maybe\n", "CONF-VALUE", 3, "'maybe' is not true or false"},
        {"instance=1\njust words\n", "INI-LINE", 2, "neither [section] nor key = value"},
        {"[smtp]\npassword_file = /nonexistent/word\n", "CONF-FILE", 2, "smtp.password"},
        {"[instance]\nfile = x\n", "CONF-FILE", 2, "instance"},
    };
    char path[32], where[64];
    for (size_t i = 0; i < N(table); i++) {
        struct err e = {0};
        assert_false(load(*state, table[i].text, path, &e));
        snprintf(where, sizeof where, "%s:%d: ", path, table[i].line);
        assert_int_equal(strncmp(e.text, where, strlen(where)), 0);
        assert_string_equal(e.code, table[i].code);
        assert_int_equal(e.cls, strcmp(table[i].code, "INI-LINE") == 0 ? ERR_INPUT : ERR_FATAL);
        assert_non_null(strstr(e.text, table[i].says));
    }
}

static void too_long_line_is_refused(void **state)
{
    struct err e = {0};
    char path[32], *text = malloc(9000);
    memset(text, 'x', 9000);
    memcpy(text, "instance=", 9);
    text[8999] = '\0';
    assert_false(load(*state, text, path, &e));
    assert_string_equal(e.code, "INI-LINE");
    text[3000] = '\0';
    assert_true(load(*state, text, path, &e));
    assert_int_equal(strlen(conf_str(*state, "instance")), 3000 - 9);
    free(text);
}

static void missing_file_is_an_error(void **state)
{
    struct err e = {0};
    assert_false(conf_load_file(*state, "/nonexistent/clinic.ini", &e));
    assert_string_equal(e.code, "INI-OPEN");
    assert_non_null(strstr(e.text, "/nonexistent/clinic.ini"));
}

static void environment_names(void **state)
{
    struct err e = {0};
    char *env[] = {"CLINIC_BATCH_MAX_RECORDS=5", "CLINIC_KEYRING_FILE=/etc/keys", "CLINIC_GATHER_MAX_MS=2s",
                   "CLINIC_KAFKA_BOOTSTRAP_SERVERS=k:9", "CLINIC_TEST_BROKERS=other", "CLINICAL=1", NULL};
    assert_true(conf_load_env(*state, env, &e));
    assert_int_equal(conf_int(*state, "batch.max_records"), 5);
    assert_string_equal(conf_str(*state, "keyring.file"), "/etc/keys");
    assert_int_equal(conf_int(*state, "gather.max_ms"), 2000);
    assert_string_equal(conf_str(*state, "kafka.bootstrap.servers"), "k:9");
}

static void unknown_variable_is_an_error(void **state)
{
    struct err e = {0};
    char *env[] = {"CLINIC_STORE_ULR=x", NULL}, *bad[] = {"CLINIC_BATCH_MAX_RECORDS=x", NULL};
    assert_false(conf_load_env(*state, env, &e));
    assert_non_null(strstr(e.text, "CLINIC_STORE_ULR"));
    assert_string_equal(e.code, "CONF-UNKNOWN");
    assert_false(conf_load_env(*state, bad, &e));
    assert_non_null(strstr(e.text, "environment CLINIC_BATCH_MAX_RECORDS: "));
}

static void secret_comes_from_file(void **state)
{
    struct err e = {0};
    char path[32], entry[64], text[96], other[32];
    file_with("pa ss=;word\n", path);
    snprintf(entry, sizeof entry, "CLINIC_SMTP_PASSWORD_FILE=%s", path);
    assert_true(conf_load_env(*state, (char *[]){entry, NULL}, &e));
    assert_string_equal(conf_str(*state, "smtp.password"), "pa ss=;word");
    assert_true(conf_set(*state, "store.url_file", path, "--set", &e));
    assert_string_equal(conf_str(*state, "store.url"), "pa ss=;word");
    snprintf(text, sizeof text, "[clinic]\nid_file = %s\n", path);
    assert_true(load(*state, text, other, &e));
    assert_string_equal(conf_str(*state, "clinic.id"), "pa ss=;word");
    unlink(path);
}

struct seen {
    char text[256];
};

static void note(const char *key, const char *value, void *ctx)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%s=%s|", key, value);
}

static void kafka_passes_through(void **state)
{
    struct err e = {0};
    struct seen s = {""};
    char path[32], entry[80];
    snprintf(entry, sizeof entry, "CLINIC_KAFKA_SASL_PASSWORD_FILE=%s", file_with("secret", path));
    char *env[] = {"CLINIC_KAFKA_LINGER_MS=7", entry, NULL};
    assert_true(conf_load_env(*state, env, &e));
    assert_true(conf_set(*state, "kafka.linger.ms", "9", "--set", &e));
    assert_true(conf_set(*state, "kafka.debug", "eos", "--set", &e));
    conf_each_kafka(*state, note, &s);
    assert_string_equal(s.text, "bootstrap.servers=127.0.0.1:9092|linger.ms=9|sasl.password=secret|debug=eos|");
    assert_false(conf_set(*state, "kafka.", "x", "--set", &e));
    unlink(path);
}

static void set_names_its_place(void **state)
{
    struct err e = {0};
    assert_false(conf_set(*state, "no.such", "x", "--set no.such", &e));
    assert_string_equal(e.text, "--set no.such: unknown option no.such");
    assert_false(conf_set(*state, "smtp.starttls", "2", "--set", &e));
    assert_string_equal(e.code, "CONF-VALUE");
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } table[] = {{"0", 0},        {"200", 200},    {"200ms", 200},      {"5s", 5000},
                 {"10m", 600000}, {"2h", 7200000}, {"14d", 1209600000}, {"-1", -1}};
    struct err e = {0};
    for (size_t i = 0; i < N(table); i++) {
        assert_true(conf_set(*state, "forget.after", table[i].text, "--set", &e));
        assert_int_equal(conf_int(*state, "forget.after"), table[i].ms);
    }
    static const char *const bad[] = {"", " 5", "5 s", "s", "5x", "5sm", "+5", "0x10"};
    for (size_t i = 0; i < N(bad); i++)
        assert_false(conf_set(*state, "forget.after", bad[i], "--set", &e));
}

static void required_is_checked(void **state)
{
    struct err e = {0};
    assert_false(conf_check(*state, &e));
    assert_string_equal(e.text, "option clinic.id is required (environment: CLINIC_CLINIC_ID)");
    assert_true(conf_set(*state, "clinic.id", "774001", "--set", &e));
    assert_true(conf_check(*state, &e));
}

static char *shown(const struct conf *c, void (*show)(const struct conf *, FILE *))
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    show(c, f);
    fclose(f);
    return text;
}

static void print_hides_secrets(void **state)
{
    static const struct {
        const char *name, *value;
    } secrets[] = {
        {"smtp.password", "S3CRET"},
        {"kafka.sasl.password", "S3CRET"},
        {"kafka.ssl.key.password", "S3CRET"},
        {"kafka.ssl.keystore.password", "S3CRET"},
        {"kafka.ssl.key.pem", "S3CRET"},
        {"kafka.sasl.oauthbearer.client.secret", "S3CRET"},
        {"store.url", "redis://user:S3CRET@S3CRET@host:6379/0"},
    };
    struct err e = {0};
    for (size_t i = 0; i < N(secrets); i++)
        assert_true(conf_set(*state, secrets[i].name, secrets[i].value, "--set", &e));
    assert_true(conf_set(*state, "kafka.sasl.username", "shown", "--set", &e));
    char *text = shown(*state, conf_print);
    assert_null(strstr(text, "S3CRET"));
    assert_non_null(strstr(text, "smtp.password = *** ; --set\n"));
    assert_non_null(strstr(text, "store.url = redis://user:***@host:6379/0 ; --set\n"));
    assert_non_null(strstr(text, "kafka.sasl.username = shown ; --set\n"));
    assert_non_null(strstr(text, "batch.max_records = 1000 ; default\n"));
    assert_non_null(strstr(text, "clinic.id =  ; required, missing\n"));
    free(text);
}

static void errors_hide_secrets(void **state)
{
    (void)state;
    static const struct conf_opt pin[] = {{"a.pin", CONF_INT, "1", .secret = true, .help = "pin"}, {0}};
    struct conf *c = conf_new((const struct conf_opt *const[]){pin, NULL});
    struct err e = {0};
    assert_false(conf_set(c, "a.pin", "12S3CRET", "--set", &e));
    assert_null(strstr(e.text, "S3CRET"));
    conf_free(c);
}

static void print_can_be_read_back(void **state)
{
    struct err e = {0};
    char path[32];
    assert_true(conf_set(*state, "clinic.id", "774001", "--set", &e));
    assert_true(conf_set(*state, "kafka.linger.ms", "9", "--set", &e));
    char *text = shown(*state, conf_print);
    struct conf *again = conf_new(tables);
    assert_true(load(again, text, path, &e));
    assert_string_equal(conf_str(again, "clinic.id"), "774001");
    assert_int_equal(conf_int(again, "forget.after"), conf_int(*state, "forget.after"));
    conf_free(again);
    free(text);
}

static void help_tells_every_option(void **state)
{
    char *text = shown(*state, conf_help);
    for (size_t t = 0; tables[t]; t++)
        for (const struct conf_opt *o = tables[t]; o->name; o++) {
            assert_non_null(strstr(text, o->name));
            assert_non_null(strstr(text, o->help));
        }
    assert_non_null(strstr(text, "batch.max_records (number, 1 to 10000, default 1000)"));
    assert_non_null(strstr(text, "clinic.id (text, required)"));
    assert_non_null(strstr(text, "environment: CLINIC_SMTP_PASSWORD or the same with _FILE"));
    free(text);
}

static void ask_unknown(void) { conf_str(conf_new(tables), "no.such"); }
static void same_twice(void) { conf_new((const struct conf_opt *const[]){common, common, NULL}); }

static void bugs_abort(void **state)
{
    (void)state;
    assert_true(aborts(ask_unknown));
    assert_true(aborts(same_twice));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_conf, free_conf)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_hold),         TEST(file_sets),
        TEST(bad_files_name_line),   TEST(priority_rises_whatever_the_order),
        TEST(environment_names),     TEST(unknown_variable_is_an_error),
        TEST(too_long_line_is_refused), TEST(missing_file_is_an_error),
        TEST(secret_comes_from_file), TEST(kafka_passes_through),
        TEST(set_names_its_place),   TEST(durations),
        TEST(required_is_checked),   TEST(print_hides_secrets),
        TEST(errors_hide_secrets),   TEST(print_can_be_read_back),
        TEST(help_tells_every_option), TEST(bugs_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
