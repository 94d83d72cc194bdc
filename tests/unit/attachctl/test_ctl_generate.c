/* The synthetic region: the same by the same seed, valid by the platform's own checks, loadable as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/contact.h"
#include "domain/document.h"
#include "domain/enp.h"
#include "domain/name.h"
#include "domain/snils.h"
#include "domain/validate.h"
#include "services/attachctl/apply.h"
#include "services/attachctl/gen.h"
#include "services/attachctl/htab.h"
#include "services/attachctl/reg.h"
#include "support/keyring_test.h"
#include "wire/json.h"

static char dir[64];
static struct gen_conf conf(uint64_t persons, uint64_t clinics, uint64_t applications)
{
    return (struct gen_conf){.persons = persons, .clinics = clinics, .applications = applications, .seed = 11,
                             .attached_percent = 70, .region = 77, .today = text_day_of(2026, 5, 12), .rule_set = "RU-MOW"};
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/ctl_generate_XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}
static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static struct gen_sum generate(struct gen_conf c, const char *sub)
{
    char path[128];
    struct err e = {0};
    struct gen_sum s;
    struct gen *g = gen_new(&c);
    snprintf(path, sizeof path, "%s/%s", dir, sub);
    if (!gen_write(g, path, &s, &e))
        fail_msg("%s", e.text);
    gen_free(g);
    return s;
}

static int same(const char *a, const char *b)
{
    char command[256];
    snprintf(command, sizeof command, "diff -r %s/%s %s/%s >/dev/null", dir, a, dir, b);
    return system(command) == 0;
}

static void test_deterministic(void **state)
{
    (void)state;
    struct gen_conf c = conf(2000, 40, 100);
    generate(c, "one");
    generate(c, "two");
    assert_true(same("one", "two"));
    c.seed = 12;
    generate(c, "three");
    assert_false(same("one", "three"));
}

static void check_number(const struct gen_person *p)
{
    struct enp_facts facts;
    if (p->form == PB_FORM(TEMP_CERT)) {
        assert_int_equal(strlen(p->policy_number), 9);
    } else if (p->form != PB_FORM(OLD)) {
        assert_true(enp_decode(p->policy_number, &facts));
        assert_int_equal(facts.region, 99); /* nobody's region */
        assert_int_equal(facts.sex, p->sex);
        char birth[11];
        date_print(facts.birth, birth);
        assert_string_equal(birth, p->birth_date);
    }
}

static void test_persons_are_valid_and_distinct(void **state)
{
    (void)state;
    struct gen_conf c = conf(60000, 100, 0);
    struct gen *g = gen_new(&c);
    struct htab policies, snils;
    htab_init(&policies, 32, 32);
    htab_init(&snils, 12, 12);
    for (uint64_t i = 0; i < c.persons; i++) {
        struct gen_person p;
        bool fresh;
        char key[32] = "";
        const char *rule = "";
        gen_person(g, i, &p);
        check_number(&p);
        assert_true(snils_valid(p.snils));
        assert_true(name_ok(p.surname) && name_ok(p.name) && (!p.patronymic[0] || name_ok(p.patronymic)));
        if (!document_check(p.doc_type, p.doc_series, p.doc_number, &rule))
            fail_msg("document of person %d: %s", (int)i, rule);
        snprintf(key, sizeof key, "%s%s", p.policy_series, p.policy_number);
        htab_put(&policies, key, &fresh);
        assert_true(fresh);
        htab_put(&snils, p.snils, &fresh);
        assert_true(fresh);
    }
    htab_free(&policies);
    htab_free(&snils);
    gen_free(g);
}

static void test_mix(void **state)
{
    (void)state;
    struct gen_conf c = conf(20000, 120, 0);
    struct gen *g = gen_new(&c);
    unsigned temporary = 0, old = 0, elsewhere = 0, military = 0, minors = 0, attached = 0, counted = 0;
    for (uint64_t i = 0; i < c.persons; i++) {
        struct gen_person p;
        struct gen_attachment a;
        gen_person(g, i, &p);
        gen_attachment(g, &p, PB_PROFILE(ADULT_THERAPEUTIC), &a);
        temporary += p.form == PB_FORM(TEMP_CERT);
        old += p.form == PB_FORM(OLD);
        elsewhere += p.region != 77;
        military += p.military;
        minors += p.age < 18;
        attached += a.is;
        counted += a.counted;
    }
    assert_true(temporary && old && elsewhere && military && minors && attached && counted);
    unsigned full = 0, research = 0, out = 0, private_in = 0, tinao = 0;
    for (uint64_t i = 0; i < c.clinics; i++) {
        struct gen_clinic k;
        gen_clinic(g, i, &k);
        full += k.load == GEN_FULL;
        research += k.kind == PB_CLINIC_KIND(RESEARCH);
        out += !k.in_chi;
        private_in += k.in_chi && k.ownership == PB_OWNERSHIP(PRIVATE);
        tinao += k.tinao;
    }
    assert_true(full && research && out && private_in && tinao);
    gen_free(g);
}

static void on_bad(void *ctx, const struct reg_finding *f)
{
    (void)ctx;
    fail_msg("%s:%d %s: %s", f->file, (int)f->line, f->field, f->rule);
}
static bool on_put(void *ctx, enum topic_id topic, enum event_id event, struct bytes key, const void *msg, const char *file,
                   uint64_t line, struct err *e)
{
    (void)event, (void)key, (void)msg, (void)file, (void)line, (void)e;
    ((uint64_t *)ctx)[topic]++;
    return true;
}

static void test_files_load(void **state)
{
    (void)state;
    static const char *const files[] = {"attachments.csv", "persons.csv", "policies.csv", "doctors.csv", "clinics.csv"};
    uint64_t put[TOPIC_N] = {0};
    char path[160];
    struct err e = {0};
    struct keyring *keys;
    struct gen_sum s = generate(conf(3000, 50, 0), "load");
    snprintf(path, sizeof path, "%s/keys.ini", dir);
    assert_true(keyring_test_write(path, &e) && keyring_load(path, &keys, &e));
    struct reg_hooks hooks = {on_bad, on_put, put};
    struct reg *r = reg_new(keys, text_day_of(2026, 5, 12), &hooks);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/load/%s", dir, files[i]);
        assert_true(reg_add(r, path, NULL, &e));
    }
    assert_true(reg_check(r, &e));
    assert_true(reg_publish(r, &e));
    assert_int_equal(put[TOPIC_REGISTRY_PERSON], s.persons);
    assert_int_equal(put[TOPIC_REGISTRY_POLICY], s.policies);
    assert_int_equal(put[TOPIC_REGISTRY_CLINIC], s.clinics);
    assert_int_equal(put[TOPIC_ATTACHMENT_INBOX], s.attachments);
    assert_true(s.attachments > 1500);
    reg_free(r);
    keyring_free(keys);
}

/* Every line is an application that the doors take: what stops it is a rule of the flow, not of the contract. */
static void test_applications_are_valid(void **state)
{
    (void)state;
    char path[160];
    struct err e = {0};
    struct rulesets *sets;
    struct gen_conf c = conf(20000, 120, 500);
    c.hot_clinics = 2;
    c.hot_percent = 50;
    c.twin_percent = 10;
    c.duplicate_percent = 10;
    c.withdraw_percent = 10;
    struct gen_sum s = generate(c, "apps");
    assert_true(s.applications > 500 && s.withdrawals > 0);
    if (!rulesets_load_dir(SOURCE_DIR "/deploy/rules", &sets, &e))
        fail_msg("%s", e.text);
    snprintf(path, sizeof path, "%s/apps/applications.jsonl", dir);
    struct apply_reader reader = {.from = fopen(path, "r"), .name = "applications.jsonl"};
    struct arena *mem = arena_new(1 << 24, 1 << 20);
    json_t *j;
    unsigned n = 0;
    while (apply_next(&reader, &j, &e) && j) {
        ProtobufCMessage *m;
        if (!json_to_msg(j, &clinic__attach__v1__application__descriptor, mem, &m, &e))
            fail_msg("line %u: %s %s", n + 1, e.code, e.text);
        PB(Application) *a = (PB(Application) *)m;
        char phone[PHONE_LEN + 1];
        if (!validate_application(sets, a, a->personal, (struct date){2026, 5, 12}, &e))
            fail_msg("line %u: %s %s", n + 1, e.code, e.text);
        assert_true(!a->personal->phone[0] || phone_normal(a->personal->phone, phone));
        n++;
        json_decref(j);
        arena_reset(mem);
    }
    fclose(reader.from);
    arena_free(mem);
    rulesets_free(sets);
    assert_true(n > s.applications); /* with the repeated ones */
}

static void test_sizes(void **state)
{
    (void)state;
    struct err e = {0};
    struct gen_sum s;
    struct gen_conf c = conf(10, 10000, 0);
    struct gen *g = gen_new(&c);
    assert_false(gen_write(g, dir, &s, &e));
    assert_int_equal(e.cls, ERR_INPUT);
    gen_free(g);
    for (uint64_t clinics = 2; clinics < 30; clinics++)
        generate(conf(200, clinics, 0), "small");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_persons_are_valid_and_distinct),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_files_load),
        cmocka_unit_test(test_applications_are_valid),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
