/* ini.c - files of options and keyrings: good, or an error that names the place and no key. First byte: even = options,
 * odd = keyring. */
#include "base/conf.h"
#include "base/text.h"
#include "fuzz.h"

static const struct conf_opt table[] = {
    {"store.url", CONF_STR, "redis://127.0.0.1", 0, 0, false, "text"},
    {"batch.max_records", CONF_INT, "1000", 1, 100000, false, "bounded number"},
    {"tick.ms", CONF_MS, "200ms", 1, 60000, false, "time"},
    {"smtp.starttls", CONF_BOOL, "true", 0, 0, false, "switch"},
    {"smtp.password", CONF_STR, "", 0, 0, true, "secret"},
    {"count", CONF_INT, "0", 0, 0, false, "number without bounds"},
    {0},
};

static void each_kafka(const char *key, const char *value, void *ctx)
{
    (void)ctx;
    EXPECT(key && value);
}

/* A line that is none is bad input, whatever else is wrong is fatal; both name the file. */
static bool is_of_the_file(const struct err *e, const char *path)
{
    enum err_class want = strcmp(e->code, "INI-LINE") == 0 ? ERR_INPUT : ERR_FATAL;
    return e->cls == want && e->code[0] && strstr(e->text, path);
}

static void read_options(const char *path)
{
    const struct conf_opt *tables[] = {table, NULL};
    struct conf *c = conf_new(tables);
    struct err e = {0};
    FILE *null = fopen("/dev/null", "we");
    if (conf_load_file(c, path, &e)) {
        EXPECT(conf_check(c, &e));
        EXPECT(conf_int(c, "batch.max_records") >= 1 && conf_int(c, "batch.max_records") <= 100000);
        EXPECT(conf_int(c, "tick.ms") >= 1 && conf_int(c, "tick.ms") <= 60000);
        EXPECT(conf_int(c, "smtp.starttls") == !!conf_int(c, "smtp.starttls") && conf_str(c, "store.url"));
        conf_each_kafka(c, each_kafka, NULL);
        conf_print(c, null);
    } else {
        EXPECT(is_of_the_file(&e, path));
    }
    fclose(null);
    conf_free(c);
}

/* A key must not stand in a message, not even a broken one. */
static void check_silence(struct bytes file, const char *text)
{
    struct fuzz_in in = {file.p, file.n};
    while (in.n) {
        const char *line = fuzz_line(&in), *value = strchr(line, '=');
        EXPECT(!value || strlen(value) < 20 || !strstr(text, value + 1));
    }
}

static void read_keyring(const char *path, struct bytes file)
{
    struct keyring *k = NULL;
    struct err e = {0};
    char ref[PERSON_REF_LEN + 1];
    if (!keyring_load(path, &k, &e)) {
        EXPECT(is_of_the_file(&e, path));
        check_silence(file, e.text);
        return;
    }
    Clinic__Attach__V1__Personal p = CLINIC__ATTACH__V1__PERSONAL__INIT, *back;
    if (keyring_can_name(k))
        person_ref_of(k, "9999999999999999", ref);
    if (keyring_can_seal(k))
        EXPECT(seal_open(k, seal_personal(k, &p, "id", fuzz_mem()), "id", fuzz_mem(), &back, &e));
    EXPECT(deadletter_key_id(k)[0] && deadletter_box(k, bytes_str("x"), fuzz_mem()).n > 0);
    keyring_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fuzz_in in = fuzz_begin(data, n);
    char path[32];
    uint8_t how = fuzz_u8(&in);
    struct bytes file = fuzz_rest(&in);
    int fd = fuzz_file(file, path);
    if (how % 2)
        read_keyring(path, file);
    else
        read_options(path);
    fuzz_file_close(fd);
    return 0;
}
