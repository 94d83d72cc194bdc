/* `attachctl audit` on a Kafka of its own: exit 0 on a sound platform, 1 with the offender's name after each planted
 * violation, 0 again once all are mended. The topics are written by hand; see support/audit_records.h.
 *   test_audit_live ATTACHCTL */
#include <sys/wait.h>
#include "kafka_env.h"
#include "support/audit_records.h"
#include "wire/ce.h"

#define OUTPUT_MAX 65536

static const char *attachctl;
static int32_t partitions;
static size_t published; /* of recs */
static char output[OUTPUT_MAX];

/* --- writing --- */

static void publish_rec(const struct rec *r, struct arena *mem)
{
    struct bus_out o = {.topic = r->topic, .key = bytes_str(r->key)};
    struct ce ce = {.event = (enum event_id)r->event, .id = arena_printf(mem, "test-%lld", (long long)r->offset),
                    .source = "/clinic/test", .time_ms = r->time_ms};
    o.partition = wire_partition(o.key, partitions);
    o.value = r->tombstone ? (struct bytes){0} : bytes_of(r->value, r->n);
    o.headers = ce_headers(&ce, mem, &o.headers_n);
    kafka_env.publish(&o);
}

static void publish_new(void)
{
    struct arena *mem = arena_new(1 << 20, 1 << 16);
    for (; published < recs_n; published++)
        publish_rec(&recs[published], mem);
    arena_free(mem);
}

/* --- asking --- */

/* Exit code of the audit; what it printed is in output. */
static int audit(void)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s' --set kafka.bootstrap.servers=%s --set rules.dir='%s/deploy/rules' audit 2>&1",
             attachctl, getenv("CLINIC_TEST_KAFKA"), SOURCE_DIR);
    publish_new();
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(output, 1, sizeof output - 1, f);
    output[n] = '\0';
    int status = pclose(f);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static size_t lines_of(const char *begins, const char *who)
{
    size_t n = 0, len = strlen(begins);
    for (const char *line = output; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != '\0')) {
        const char *found = who ? strstr(line, who) : line;
        n += strncmp(line, begins, len) == 0 && found && found < line + strcspn(line, "\n");
    }
    return n;
}

static void expect_sound(void)
{
    int code = audit();
    if (code != 0 || lines_of("VIOLATED", NULL) != 0)
        fail_msg("exit %d\n%s", code, output);
}

/* Exactly one finding, of this kind and about this one. */
static void expect_found(const char *kind, const char *who)
{
    int code = audit();
    if (code != 1 || lines_of(kind, who) != 1 || lines_of("VIOLATED", "1:") != 1 || lines_of("VIOLATED", NULL) != 1)
        fail_msg("wanted %s of %s, exit 1; got exit %d\n%s", kind, who, code, output);
}

/* --- violations, each mended again --- */

static int64_t day(void) { return noon(2026, 5, 12); }

static void sound_person(void) { person(PERSON, (struct seat[]){{"a", "770001", 1, day()}}, 1, NULL); }

static void test_sound(void **unused)
{
    (void)unused;
    expect_sound();
    assert_non_null(strstr(output, "4 submitted"));
}

static void test_lost_place(void **unused)
{
    (void)unused;
    place("770001", "nobody", 1, false, 5); /* neither attached nor in flight */
    places("770001", 1, 3);
    expect_found("leaked_places", id_of("nobody"));
    no_place("770001", "nobody");
    places("770001", 1, 2);
    expect_sound();
    no_place("770001", "a"); /* the other way round */
    places("770001", 1, 1);
    expect_found("attachments_without_place", PERSON);
    place("770001", "a", 1, false, 5);
    places("770001", 1, 2);
}

static void test_double_attachment(void **unused)
{
    (void)unused;
    person(PERSON, (struct seat[]){{"a", "770001", 1, day()}, {"z", "770002", 3, 0}}, 2, NULL);
    place("770002", "z", 3, false, 9);
    places("770002", 3, 2);
    expect_found("double_attachments", PERSON);
    sound_person();
    no_place("770002", "z");
    places("770002", 3, 1);
}

static void test_missing_decision(void **unused)
{
    (void)unused;
    submit("e");
    state("e", PB_OUTCOME(REFUSED), day()); /* kept, and nobody was told */
    notice("e", "N-01");
    notice("e", "N-08");
    expect_found("missing_decisions", id_of("e"));
    publish("e", PB_STATUS(REFUSED), PB_OUTCOME(REFUSED), day());
}

static void test_missing_notice(void **unused)
{
    (void)unused;
    submit("f");
    state("f", PB_OUTCOME(REFUSED), day());
    publish("f", PB_STATUS(REFUSED), PB_OUTCOME(REFUSED), day());
    notice("f", "N-01");
    expect_found("missing_notices", id_of("f"));
    notice("f", "N-08");
}

static void test_over_norm(void **unused)
{
    (void)unused;
    place("770001", "a", 1, false, 1);
    place("770001", "c", 1, false, 1);
    expect_found("over_norm", "770001/1");
    place("770001", "a", 1, false, 5);
    place("770001", "c", 1, false, 5);
}

static void test_two_changes(void **unused)
{
    (void)unused;
    person(PERSON, (struct seat[]){{"old", NULL, 0, noon(2026, 5, 1)}, {"a", "770001", 1, noon(2026, 5, 31)}}, 2, NULL);
    expect_found("two_changes", PERSON);
    sound_person();
    expect_sound(); /* all is mended */
}

static int setup(void **unused)
{
    (void)unused;
    partitions = kafka_env.partitions();
    sound_platform();
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),            cmocka_unit_test(test_lost_place),
        cmocka_unit_test(test_double_attachment), cmocka_unit_test(test_missing_decision),
        cmocka_unit_test(test_missing_notice),   cmocka_unit_test(test_over_norm),
        cmocka_unit_test(test_two_changes),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: test_audit_live ATTACHCTL\n");
        return 2;
    }
    attachctl = argv[1];
    if (!kafka_env_start())
        return KAFKA_ENV_SKIP;
    int failed = cmocka_run_group_tests(tests, setup, NULL);
    kafka_env_stop();
    return failed;
}
