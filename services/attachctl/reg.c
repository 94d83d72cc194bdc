/* reg.c - the two passes over the files of a load. */
#include "services/attachctl/reg.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clinic/attach/v1/events.pb-c.h"
#include "services/attachctl/reg_impl.h"

#define FILES_MAX 64
#define HEAD_BYTES 4096
#define ROW_RESERVE (1u << 20)

struct reg_file {
    const struct reg_form *form;
    char *path;
    const char *name; /* of the path */
    struct reg_sum sum;
    off_t size;      /* as it was in the first pass */
    struct timespec changed;
    bool broken; /* cannot be told to its end */
};

struct reg {
    const struct keyring *keys;
    int32_t today;
    struct reg_hooks hooks;
    struct reg_digests *digests; /* second pass */
    double (*now)(void);
    struct reg_file files[FILES_MAX];
    size_t files_n;
    struct clinics clinics;
    struct reg_ends ends;
    struct arena *mem; /* one row */
    /* the file and row in hand */
    struct reg_file *file;
    struct reg_place at;
    bool row_bad, publishing;
    struct err *err; /* set when a put failed */
    bool failed;
};

struct reg *reg_new(const struct keyring *keys, int32_t today, const struct reg_hooks *h)
{
    struct reg *r = calloc(1, sizeof *r);
    must(r);
    r->keys = keys;
    r->today = today;
    r->hooks = *h;
    r->mem = arena_new(ROW_RESERVE, ROW_RESERVE);
    clinics_init(&r->clinics);
    reg_ends_init(&r->ends);
    return r;
}

void reg_set_clock(struct reg *r, double (*now)(void)) { r->now = now; }

void reg_free(struct reg *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->files_n; i++)
        free(r->files[i].path);
    clinics_free(&r->clinics);
    reg_ends_free(&r->ends);
    reg_digests_free(r->digests);
    arena_free(r->mem);
    free(r);
}

size_t reg_files(const struct reg *r) { return r->files_n; }
struct reg_sum reg_sum(const struct reg *r, size_t i) { return r->files[i].sum; }

bool reg_add(struct reg *r, const char *path, const char *form, struct err *e)
{
    char head[HEAD_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return err_set(e, ERR_FATAL, "REG-FILE", "%s: %s", path, strerror(errno));
    if (r->files_n == FILES_MAX)
        return err_set(e, ERR_INPUT, "REG-FILES", "more than %d files in one load", FILES_MAX);
    const struct reg_form *f = form ? reg_form_find(form) : reg_form_guess(path, head, (size_t)n);
    if (!f)
        return err_set(e, ERR_INPUT, "REG-FORM", "%s: %s", path,
                       form ? "unknown form" : reg_form_refusal(path));
    struct reg_file *file = &r->files[r->files_n++];
    *file = (struct reg_file){.form = f, .path = strdup(path)};
    const char *slash = strrchr(file->path, '/');
    file->name = slash ? slash + 1 : file->path;
    file->sum.file = file->name;
    file->sum.form = f->name;
    return true;
}

/* --- reports --- */

static void report(struct reg *r, const char *field, const char *rule)
{
    if (!r->row_bad)
        r->file->sum.bad += !r->publishing;
    r->row_bad = true;
    const struct reg_finding f = {r->file->name, r->at.line, r->file->form->xml ? r->at.record : 0, field, rule};
    if (!r->publishing)
        r->hooks.bad(r->hooks.ctx, &f);
}

static const char *title_of(const struct reg_form *f, enum reg_field field)
{
    for (size_t i = 0; i < f->columns_n; i++)
        if (f->columns[i].field == field)
            return f->columns[i].title;
    return reg_field_name[field];
}

static void bad_field(void *ctx, enum reg_field field, const char *rule)
{
    struct reg *r = ctx;
    report(r, title_of(r->file->form, field), rule);
}

/* Findings at one place are of one row; those outside of rows count each. */
static void go_to(struct reg *r, struct reg_place at)
{
    bool same = at.record != 0 && at.record == r->at.record;
    r->file->sum.rows += !r->publishing && at.record != 0 && !same;
    r->row_bad = r->row_bad && same;
    r->at = at;
}

static void on_bad(void *ctx, struct reg_place at, const char *field, const char *rule)
{
    go_to(ctx, at);
    report(ctx, field, rule);
}

/* --- one good row --- */

static bool put(struct reg *r, enum topic_id topic, enum event_id event, const char *key, const void *msg)
{
    if (!r->hooks.put(r->hooks.ctx, topic, event, bytes_str(key), msg, r->file->name,
                     r->file->form->xml ? r->at.record : r->at.line, r->err))
        return false;
    r->file->sum.published++;
    return true;
}

static bool put_attachment(struct reg *r, const struct reg_row *row, const char *ref)
{
    PB(AttachmentImported) m = CLINIC__ATTACH__V1__ATTACHMENT_IMPORTED__INIT;
    m.person_ref = (char *)(uintptr_t)ref;
    m.profile = row->profile;
    m.clinic_id = (char *)(uintptr_t)row->v[RF_CLINIC_ID];
    m.doctor_id = row->doctor_id;
    m.effective_from_ms = (int64_t)row->from * 86400000;
    m.counted_change = row->counted;
    return put(r, TOPIC_ATTACHMENT_INBOX, EV_ATTACHMENT_IMPORTED, ref, &m);
}

static bool has_ended(const struct reg *r, const struct reg_row *row) { return row->detached && row->detached < r->today; }

static bool publish_row(struct reg *r, const struct reg_row *row)
{
    unsigned kinds = r->file->form->kinds;
    char ref[PERSON_REF_LEN + 1];
    person_ref_of(r->keys, row->policy, ref);
    if (kinds & REG_PERSON) {
        PB(PersonRecord) * m;
        if (!reg_build_person(r->digests, row, r->mem, &m, r->err) ||
            !put(r, TOPIC_REGISTRY_PERSON, EV_REGISTRY_PERSON, ref, m))
            return false;
    }
    if (kinds & REG_POLICY) {
        PB(PolicyRecord) * m;
        if (!reg_build_policy(r->digests, row, r->mem, &m, r->err) ||
            !put(r, TOPIC_REGISTRY_POLICY, EV_REGISTRY_POLICY, ref, m))
            return false;
    }
    bool over = row->end_only || has_ended(r, row) || reg_ends_has(&r->ends, row);
    return !(kinds & REG_ATTACHMENT) || over || put_attachment(r, row, ref);
}

/* First pass only: clinics and doctors are kept, attachments are held against them. */
static void check_across(struct reg *r, struct reg_row *row)
{
    enum reg_field field = RF_CLINIC_ID;
    const char *rule = NULL;
    unsigned kinds = r->file->form->kinds;
    if ((kinds & REG_CLINIC) && !r->publishing)
        rule = clinics_add(&r->clinics, row, r->file->name, r->at, &field);
    else if ((kinds & REG_DOCTOR) && !r->publishing)
        rule = clinics_add_doctor(&r->clinics, row, &field);
    else if (kinds & REG_ATTACHMENT)
        rule = clinics_check_attachment(&r->clinics, row, &field);
    if (rule)
        bad_field(r, field, rule);
}

static void take_good(struct reg *r, struct reg_row *row)
{
    unsigned kinds = r->file->form->kinds;
    if (row->left_out) {
        r->file->sum.left_out += !r->publishing;
        return;
    }
    check_across(r, row);
    if (r->row_bad)
        return;
    if (!r->publishing && (kinds & REG_ATTACHMENT) && has_ended(r, row))
        reg_ends_add(&r->ends, row);
    if (r->publishing && !(kinds & (REG_CLINIC | REG_DOCTOR)))
        r->failed = !publish_row(r, row);
}

static void on_row(void *ctx, struct reg_place at, struct reg_row *row)
{
    struct reg *r = ctx;
    if (r->failed)
        return;
    go_to(r, at);
    if (r->file->form->adapt)
        r->file->form->adapt(row, r->today);
    bool sound = r->publishing && r->file->sum.bad == 0;
    if (reg_check_row(r->file->form, row, r->today, sound, bad_field, r) && !r->row_bad)
        take_good(r, row);
    arena_reset(r->mem);
}

/* --- passes --- */

static ssize_t read_fd(void *ctx, void *buf, size_t n)
{
    ssize_t got;
    do
        got = read(*(int *)ctx, buf, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* What was checked is what is loaded. */
static bool same_file(const struct reg *r, struct reg_file *file, int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(e, ERR_FATAL, "REG-FILE", "%s: %s", file->path, strerror(errno));
    bool same = st.st_size == file->size && st.st_mtim.tv_sec == file->changed.tv_sec &&
                st.st_mtim.tv_nsec == file->changed.tv_nsec;
    file->size = st.st_size;
    file->sum.bytes = (uint64_t)st.st_size;
    file->changed = st.st_mtim;
    return same || !r->publishing || err_set(e, ERR_FATAL, "REG-CHANGED", "%s changed while it was being loaded", file->path);
}

static bool pass_file(struct reg *r, struct reg_file *file, struct err *e)
{
    double began = r->now ? r->now() : 0;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, ERR_FATAL, "REG-FILE", "%s: %s", file->path, strerror(errno));
    if (!same_file(r, file, fd, e)) {
        close(fd);
        return false;
    }
    const struct reg_to to = {on_bad, on_row, r};
    r->file = file;
    r->at = (struct reg_place){0};
    enum reg_read got = (file->form->xml ? reg_xml_read : reg_csv_read)(file->form, read_fd, &fd, &to);
    int error = errno;
    close(fd);
    file->broken = got == REG_BROKEN;
    file->sum.seconds[r->publishing] = r->now ? r->now() - began : 0;
    if (got == REG_IO)
        return err_set(e, ERR_FATAL, "REG-FILE", "%s: %s", file->path, strerror(error));
    return !r->failed;
}

/* Doctors need their clinics, attachments need both: files go in this order, however they were named. */
static bool pass(struct reg *r, unsigned skip, struct err *e)
{
    static const unsigned order[] = {REG_CLINIC, REG_DOCTOR, REG_POLICY, REG_PERSON, REG_ATTACHMENT};
    for (size_t o = 0; o < sizeof order / sizeof *order; o++)
        for (size_t i = 0; i < r->files_n; i++) {
            unsigned kinds = r->files[i].form->kinds;
            if ((kinds & order[o]) && (kinds & (0u - kinds)) == order[o] && !(kinds & skip) &&
                !pass_file(r, &r->files[i], e))
                return false;
        }
    return true;
}

bool reg_check(struct reg *r, struct err *e)
{
    uint64_t bad = 0;
    if (!pass(r, 0, e))
        return false;
    for (size_t i = 0; i < r->files_n; i++)
        bad += r->files[i].sum.bad;
    return bad == 0 || err_set(e, ERR_INPUT, "REG-ROWS", "%llu bad rows", (unsigned long long)bad);
}

static bool publish_clinics(struct reg *r)
{
    for (size_t i = 0; i < r->clinics.n; i++) {
        struct clinic *k = &r->clinics.all[i];
        for (size_t f = 0; f < r->files_n; f++)
            if (r->files[f].name == k->file)
                r->file = &r->files[f];
        r->at = k->at;
        bool good = put(r, TOPIC_REGISTRY_CLINIC, EV_REGISTRY_CLINIC, k->id, clinic_record(k, r->mem));
        arena_reset(r->mem);
        if (!good)
            return false;
    }
    return true;
}

bool reg_whole(const struct reg *r)
{
    for (size_t i = 0; i < r->files_n; i++)
        if (r->files[i].broken)
            return false;
    return true;
}

bool reg_publish(struct reg *r, struct err *e)
{
    if (!reg_whole(r))
        return err_set(e, ERR_INPUT, "REG-BROKEN", "a file cannot be read to its end: nothing of the load is published");
    r->publishing = true;
    r->err = e;
    r->digests = reg_digests_new(r->keys);
    return publish_clinics(r) && pass(r, REG_CLINIC | REG_DOCTOR, e);
}
