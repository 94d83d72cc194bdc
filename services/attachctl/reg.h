/* reg.h - loading of registers: forms of files, the check of every row, the messages made of a row. Pure but for
 * reading the files themselves.
 * Role:    core of `attachctl registry load`; the command gives it a place to put messages.
 * Use:     reg_new, reg_add for each file, reg_check (first pass: every row of every file, every bad row reported,
 *          nothing put), reg_publish (second pass: puts). Clinics are put first, so that what names them finds them.
 * Rules:   forms and their columns: deploy/registries/README.md. ENP check digit, SNILS, dates, document masks:
 *          common/domain. No personal data in any report: file, line, field, rule.
 * Memory:  constant, but for clinics and doctors (about 300 bytes each).
 * Errors:  ERR_INPUT: bad rows or a file that is no known form; ERR_FATAL: a file cannot be read.
 * Threads: confined to one. */
#ifndef CLINIC_CTL_REG_H
#define CLINIC_CTL_REG_H
#include "base/err.h"
#include "base/bytes.h"
#include "wire/seal.h"
#include "wire/wire.h"

struct reg_finding {
    const char *file;
    uint64_t line;   /* where the row begins; of an element that should not be there: where it stands */
    uint64_t record; /* of XML, from 1: many may stand on one line; 0 = a row of CSV, or none */
    const char *field; /* "" = the row or file as a whole */
    const char *rule;
};
struct reg_hooks {
    void (*bad)(void *ctx, const struct reg_finding *f); /* strings are good during the call */
    /* at: line of CSV, number of the record of XML; file and at are unique in the load: ce_id derives from them. Only
     * in the second pass. */
    bool (*put)(void *ctx, enum topic_id topic, enum event_id event, struct bytes key, const void *msg, const char *file,
                uint64_t at, struct err *e);
    void *ctx;
};

struct reg_sum {
    const char *file, *form;
    uint64_t rows, bad, published; /* bad: rows, not findings */
    uint64_t bytes;                /* of the file */
    uint64_t left_out;             /* good rows that say there is nothing to load */
    double seconds[2];             /* by pass; filled by the caller's clock, see reg_set_clock */
};

struct reg;
/* keys: keeps; must be able to name. today: local day, for dates in the future and the age of children. gives. */
struct reg *reg_new(const struct keyring *keys, int32_t today, const struct reg_hooks *h);
void reg_set_clock(struct reg *r, double (*now)(void)); /* seconds; without it times stay 0 */
/* form: NULL = found out: XML by its document element, CSV by its name. One of reg_form_name(). */
bool reg_add(struct reg *r, const char *path, const char *form, struct err *e) MUST_CHECK;
bool reg_check(struct reg *r, struct err *e) MUST_CHECK;            /* ERR_INPUT when any row is bad */
/* Bad rows are left out; ERR_INPUT, nothing put, when a file is not whole. */
bool reg_publish(struct reg *r, struct err *e) MUST_CHECK;
bool reg_whole(const struct reg *r); /* after reg_check: no file was broken off (markup, header, head) */
size_t reg_files(const struct reg *r);
struct reg_sum reg_sum(const struct reg *r, size_t i);
void reg_free(struct reg *r);

const char *reg_form_name(size_t i); /* NULL after the last */
const char *reg_form_help(size_t i);
#endif
