/* registry_fixture.h - for tests of register loading: files of a test in a folder of their own, a load of some of them, and
 * what it reported and put, as text. */
#ifndef CLINIC_TESTS_REGISTRY_FIXTURE_H
#define CLINIC_TESTS_REGISTRY_FIXTURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/text.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"
#include "services/attachctl/reg.h"
#include "support/keyring_test.h"

#define GOOD_ENP "9967940868000018" /* woman of 1950-12-31, region 99 */

static char dir[64];
static struct keyring *keys;

static inline void write_text(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/ctl_registry_XXXXXX");
    assert_non_null(mkdtemp(dir));
    char path[128];
    struct err e = {0};
    snprintf(path, sizeof path, "%s/keys.ini", dir);
    if (!keyring_test_write(path, &e) || !keyring_load(path, &keys, &e))
        fail_msg("%s", e.text);
    return 0;
}
static inline int teardown(void **state)
{
    (void)state;
    char command[128];
    keyring_free(keys);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* What a load reported and put, as text. */
struct seen {
    char bad[4096], put[8192];
    size_t bad_n, put_n, patronymics;
    char district[64]; /* of the last person */
};
static inline void on_bad(void *ctx, const struct reg_finding *f)
{
    struct seen *s = ctx;
    char record[24] = "";
    if (f->record)
        snprintf(record, sizeof record, "#%d", (int)f->record);
    s->bad_n += (size_t)snprintf(s->bad + s->bad_n, sizeof s->bad - s->bad_n, "%s:%d%s %s: %s\n", f->file, (int)f->line, record,
                                 f->field, f->rule);
}
static inline bool on_put(void *ctx, enum topic_id topic, enum event_id event, struct bytes key, const void *msg,
                          const char *file, uint64_t line, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    s->put_n += (size_t)snprintf(s->put + s->put_n, sizeof s->put - s->put_n, "%s %s/%d", topics[topic].name, file, (int)line);
    if (event == EV_REGISTRY_CLINIC) {
        const PB(ClinicRecord) *c = msg;
        s->put_n += (size_t)snprintf(s->put + s->put_n, sizeof s->put - s->put_n, " %.*s %s chi=%d profiles=%zu doctors=%zu",
                                     (int)key.n, (const char *)key.p, c->name, c->in_chi_register, c->n_profiles, c->n_doctors);
    } else {
        assert_int_equal(key.n, PERSON_REF_LEN);
    }
    if (event == EV_REGISTRY_PERSON) {
        const PB(PersonRecord) *p = msg;
        s->patronymics += p->patronymic.len > 0;
        snprintf(s->district, sizeof s->district, "%s", p->residence_district);
    }
    if (event == EV_ATTACHMENT_IMPORTED) {
        const PB(AttachmentImported) *a = msg;
        char day[TEXT_DAY_BYTES];
        text_day((int32_t)(a->effective_from_ms / 86400000), day);
        s->put_n += (size_t)snprintf(s->put + s->put_n, sizeof s->put - s->put_n, " %s/%u profile %d from %s counted=%d",
                                     a->clinic_id, a->doctor_id, (int)a->profile, day, a->counted_change);
    }
    s->put_n += (size_t)snprintf(s->put + s->put_n, sizeof s->put - s->put_n, "\n");
    return true;
}

/* Load the files (ended by NULL); *ret = what was seen. True = everything was good. */
static inline bool load(struct seen *ret, bool skip_bad, const char *file, ...)
{
    *ret = (struct seen){.bad_n = 0};
    struct reg_hooks hooks = {on_bad, on_put, ret};
    struct reg *r = reg_new(keys, text_day_of(2026, 5, 12), &hooks);
    struct err e = {0};
    va_list ap;
    va_start(ap, file);
    for (; file; file = va_arg(ap, const char *)) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, file);
        if (!reg_add(r, path, NULL, &e))
            fail_msg("%s", e.text);
    }
    va_end(ap);
    bool good = reg_check(r, &e);
    assert_int_equal(ret->put_n, 0); /* the first pass puts nothing */
    if ((good || skip_bad) && reg_publish(r, &e) != reg_whole(r))
        fail_msg("%s", e.text);
    reg_free(r);
    return good;
}

/* The published attachment files are windows-1251. */
static inline void write_cp1251(const char *name, const char *utf8)
{
    char command[512], path[256];
    write_text("utf8.tmp", utf8);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    snprintf(command, sizeof command, "iconv -f UTF-8 -t CP1251 '%s/utf8.tmp' > '%s'", dir, path);
    assert_int_equal(system(command), 0);
}
#endif
