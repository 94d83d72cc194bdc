/* reg_impl.h - what the files of the register loader share. Not for others. */
#ifndef CLINIC_CTL_REG_IMPL_H
#define CLINIC_CTL_REG_IMPL_H
#include "base/arena.h"
#include "domain/pb.h"
#include "domain/policy.h"
#include "services/attachctl/csv.h"
#include "services/attachctl/htab.h"
#include "services/attachctl/reg.h"

/* Every field that any form has: name = title of the column in the platform's own forms. */
#define REG_FIELDS(X)                                                                                               \
    X(POLICY_FORM, "policy_form") X(POLICY_SERIES, "policy_series") X(POLICY_NUMBER, "policy_number")               \
    X(SURNAME, "surname") X(NAME, "name") X(PATRONYMIC, "patronymic") X(BIRTH_DATE, "birth_date") X(SEX, "sex")     \
    X(SNILS, "snils") X(DOC_TYPE, "doc_type") X(DOC_SERIES, "doc_series") X(DOC_NUMBER, "doc_number")               \
    X(RESIDENCE_DISTRICT, "residence_district") X(MILITARY, "military")                                             \
    X(STATUS, "status") X(REGION, "region") X(INSURER_ID, "insurer_id") X(VALID_UNTIL, "valid_until")               \
    X(CLINIC_ID, "clinic_id") X(TITLE, "title") X(ADDRESS, "address") X(KIND, "kind") X(OWNERSHIP, "ownership")     \
    X(IN_CHI, "in_chi_register") X(PROFILES, "profiles") X(DISTRICTS, "districts") X(INSURERS, "insurers")          \
    X(PHONE, "phone") X(TINAO, "tinao")                                                                             \
    X(DOCTOR_ID, "doctor_id") X(PROFILE, "profile") X(NORM, "norm") X(ACCEPTS_NEW, "accepts_new")                   \
    X(DISTRICT_ID, "district_id") X(DOCTOR_SNILS, "doctor_snils")                                                   \
    X(EFFECTIVE_FROM, "effective_from") X(COUNTED, "counted_change")                                                \
    /* of published formats only */                                                                                 \
    X(ACTION, "action") X(POLICY_KIND, "policy_kind") X(POLICY_SERNUM, "policy_sernum") X(DOC_SERNUM, "doc_sernum") \
    X(WAY, "way") X(DETACHED, "detached") X(AREA, "area") X(DOCTOR_CATEGORY, "doctor_category") X(IGNORED, "")
enum reg_field {
#define X(id, name) RF_##id,
    REG_FIELDS(X)
#undef X
    RF_N
};
extern const char *const reg_field_name[RF_N];

enum reg_kind { REG_PERSON = 1, REG_POLICY = 2, REG_CLINIC = 4, REG_DOCTOR = 8, REG_ATTACHMENT = 16 };

struct reg_column {
    const char *title; /* in the header and in reports */
    enum reg_field field;
    bool required; /* the column must be there and the value not empty */
};

#define REG_ADAPTED 512
/* One row: the texts as given (or adapted), and what they mean once checked. */
struct reg_row {
    const char *v[RF_N]; /* zero-terminated, "" when absent */
    char adapted[REG_ADAPTED]; /* texts made by an adapter */
    size_t adapted_n;
    PB(PolicyForm) form;
    PB(PolicyStatus) status;
    PB(Sex) sex;
    PB(DocumentType) doc_type;
    PB(ClinicKind) kind;
    PB(Ownership) ownership;
    PB(Profile) profile;
    PB(Profile) profiles[8];
    size_t profiles_n;
    char policy[POLICY_NORMAL_MAX], snils[12], doctor_snils[12];
    int32_t birth, valid_until, from, detached; /* day numbers; 0 valid_until and detached = none */
    bool military, in_chi, accepts_new, tinao, counted;
    uint32_t doctor_id, norm;
};

struct reg_form {
    const char *name, *help;
    const struct reg_column *columns;
    size_t columns_n;
    void (*adapt)(struct reg_row *r, int32_t today); /* NULL: own form */
    unsigned kinds; /* reg_kind bits of what a row gives */
    bool header;    /* first row names the columns */
    bool cp1251;
    bool xml;
    char sep;       /* 0 = by the first line */
};
extern const struct reg_form reg_forms[];
extern const size_t reg_forms_n;

/* Which form a file is, by name and first bytes; NULL = none. */
const struct reg_form *reg_form_guess(const char *path, const char *head, size_t head_n);
const struct reg_form *reg_form_find(const char *name);

/* reg_check.c: fill the typed part of r; calls bad for every broken field; true = good. sound: the first pass found
 * every row of the file good, so what is only looked at and not used again (names, documents) is passed over. */
typedef void reg_bad_fn(void *ctx, enum reg_field field, const char *rule);
bool reg_check_row(const struct reg_form *f, struct reg_row *r, int32_t today, bool sound, reg_bad_fn *bad, void *ctx);
int reg_enum(const ProtobufCEnumDescriptor *d, const char *prefix, const char *text); /* -1 = unknown */

/* reg_adapt.c */
const char *reg_iso_date(struct reg_row *r, const char *t); /* t itself when it is no date that is known */
void reg_adapt_volgograd(struct reg_row *r, int32_t today);
void reg_adapt_penza(struct reg_row *r, int32_t today);

/* reg_clinic.c: the clinics of this load, kept whole. */
struct clinic_doctor {
    PB(Doctor) pb;
    char snils[12];
};
struct clinic {
    const char *id;
    PB(ClinicRecord) pb; /* but its doctors */
    struct clinic_doctor *doctors;
    size_t doctors_n, doctors_cap;
    bool profiles_by_doctors; /* the form does not say: those of the doctors */
    const char *file;
    uint64_t line;
};
struct clinics {
    struct arena *mem;
    struct htab index;
    struct clinic *all;
    size_t n, cap;
};
void clinics_init(struct clinics *c);
void clinics_free(struct clinics *c);
struct clinic *clinics_find(const struct clinics *c, const char *id);
/* The rule broken, or NULL. */
const char *clinics_add(struct clinics *c, const struct reg_row *r, const char *file, uint64_t line, enum reg_field *ret_field);
const char *clinics_add_doctor(struct clinics *c, const struct reg_row *r, enum reg_field *ret_field);
const char *clinics_check_attachment(const struct clinics *c, struct reg_row *r, enum reg_field *ret_field);
PB(ClinicRecord) *clinic_record(struct clinic *c, struct arena *mem);

/* reg_xml.c: medical organisations of an F003-like packet; row(ctx, line, r) for each, in order. */
bool reg_xml_read(csv_read_fn *read, void *read_ctx, int32_t today,
                  void (*row)(void *ctx, uint64_t line, struct reg_row *r), void *ctx, uint64_t *ret_line,
                  const char **ret_rule);

/* reg_build.c: messages of a good row; arena, or the digests kept (good until the next row). */
struct reg_digests;
struct reg_digests *reg_digests_new(const struct keyring *k); /* gives; keeps k */
void reg_digests_free(struct reg_digests *d);                 /* NULL is fine */
bool reg_build_person(struct reg_digests *d, const struct reg_row *r, struct arena *mem, PB(PersonRecord) * *ret,
                      struct err *e) MUST_CHECK;
bool reg_build_policy(struct reg_digests *d, const struct reg_row *r, struct arena *mem, PB(PolicyRecord) * *ret,
                      struct err *e) MUST_CHECK;
#endif
