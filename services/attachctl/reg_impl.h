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
    X(WAY, "way") X(DETACHED, "detached") X(AREA, "area") X(DOCTOR_CATEGORY, "doctor_category")                     \
    X(POLICY_CODE, "policy_code") X(OPERATION, "operation") X(DIRECTION, "direction") X(AREA_TYPE, "area_type")     \
    X(RESULT, "result") X(RESULT_DATE, "result_date") X(RECORDS_N, "records") X(IGNORED, "")
enum reg_field {
#define X(id, name) RF_##id,
    REG_FIELDS(X)
#undef X
    RF_N
};
extern const char *const reg_field_name[RF_N];

enum reg_kind { REG_PERSON = 1, REG_POLICY = 2, REG_CLINIC = 4, REG_DOCTOR = 8, REG_ATTACHMENT = 16 };

/* What a code may be, where no more than that is to be known of it. */
struct reg_codes {
    const char *one_of;              /* "0|1"; NULL = digits only */
    uint8_t digits_min, digits_max;
    const char *rule;                /* that a wrong one breaks */
};
bool reg_code_ok(const struct reg_codes *c, const char *text);
bool reg_in_list(const char *list, const char *word); /* "a|b" has it */

struct reg_column {
    const char *title; /* in the header and in reports; of XML: the path below the record, or of a field of the head */
    enum reg_field field;
    bool required;                 /* the column must be there and the value not empty */
    const struct reg_codes *codes; /* of XML; NULL = whatever the check of the field says */
    bool head;                     /* of XML: outside of records, holds for those behind it */
};
#define REG_COLUMNS_MAX 64

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
    bool left_out; /* by the adapter: a good row of which nothing is to be loaded */
    bool end_only; /* by the adapter: it tells that an attachment ended, not that one is in force */
    uint32_t doctor_id, norm;
};

/* Elements of a form in XML, by local name: prefixes and versions of namespaces differ between its issues. */
struct reg_xml_form {
    const char *roots;  /* "a|b": what the document element may be */
    const char *frame;  /* "a|b": elements that only hold others; the document elements are among them */
    const char *record; /* one row */
    const char *holder; /* the frame element that records stand in; NULL = anywhere */
    bool open;          /* elements that are not in the table are passed over, else they are reported */
};

struct reg_form {
    const char *name, *help;
    const struct reg_column *columns;
    size_t columns_n;
    void (*adapt)(struct reg_row *r, int32_t today); /* NULL: own form */
    unsigned kinds; /* reg_kind bits of what a row gives */
    bool header;    /* first row names the columns */
    bool cp1251;
    char sep; /* 0 = by the first line */
    const struct reg_xml_form *xml; /* NULL: CSV */
};
extern const struct reg_form reg_forms[];
extern const size_t reg_forms_n;

/* Which form a file is, by name and first bytes; NULL = none. */
const struct reg_form *reg_form_guess(const char *path, const char *head, size_t head_n);
const struct reg_form *reg_form_find(const char *name);
const char *reg_form_refusal(const char *path); /* why there is none; static text */

/* reg_csv.c, reg_xml.c: rows of a file and what is wrong with it before any rule of a field. */
struct reg_place {
    uint64_t line, record; /* from 1; record 0 = no row: the header, the head, the file */
};
struct reg_to {
    void (*bad)(void *ctx, struct reg_place at, const char *field, const char *rule);
    /* Texts are good during the call. Also for a record that was reported already, so that the rest of it is too. */
    void (*row)(void *ctx, struct reg_place at, struct reg_row *r);
    void *ctx;
};
enum reg_read {
    REG_READ,   /* to its end */
    REG_BROKEN, /* reported; nothing in the file can be told */
    REG_IO      /* the read function failed, errno is set */
};
enum reg_read reg_csv_read(const struct reg_form *f, csv_read_fn *read, void *read_ctx, const struct reg_to *to);
enum reg_read reg_xml_read(const struct reg_form *f, csv_read_fn *read, void *read_ctx, const struct reg_to *to);

/* reg_check.c: fill the typed part of r; calls bad for every broken field; true = good. sound: the first pass found
 * every row of the file good, so what is only looked at and not used again (names, documents) is passed over. */
typedef void reg_bad_fn(void *ctx, enum reg_field field, const char *rule);
bool reg_check_row(const struct reg_form *f, struct reg_row *r, int32_t today, bool sound, reg_bad_fn *bad, void *ctx);
int reg_enum(const ProtobufCEnumDescriptor *d, const char *prefix, const char *text); /* -1 = unknown */

/* reg_adapt.c */
const char *reg_iso_date(struct reg_row *r, const char *t); /* t itself when it is no date that is known */
void reg_adapt_volgograd(struct reg_row *r, int32_t today);
void reg_adapt_penza(struct reg_row *r, int32_t today);
void reg_adapt_szpm(struct reg_row *r, int32_t today);
void reg_adapt_karelia(struct reg_row *r, int32_t today);
void reg_adapt_ferzl(struct reg_row *r, int32_t today);
void reg_adapt_f003(struct reg_row *r, int32_t today);

/* reg_ends.c: attachments that rows of this load say have ended. The first pass fills it, so that a row "attached" is
 * not taken for an attachment in force because the row "detached" stands elsewhere. Memory: 24 bytes an end. */
struct reg_ends {
    struct htab of; /* by policy and clinic: the last day */
};
void reg_ends_init(struct reg_ends *e);
void reg_ends_free(struct reg_ends *e);
void reg_ends_add(struct reg_ends *e, const struct reg_row *r);
bool reg_ends_has(const struct reg_ends *e, const struct reg_row *r);

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
    struct reg_place at;
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
const char *clinics_add(struct clinics *c, const struct reg_row *r, const char *file, struct reg_place at,
                        enum reg_field *ret_field);
const char *clinics_add_doctor(struct clinics *c, const struct reg_row *r, enum reg_field *ret_field);
const char *clinics_check_attachment(const struct clinics *c, struct reg_row *r, enum reg_field *ret_field);
PB(ClinicRecord) *clinic_record(struct clinic *c, struct arena *mem);

/* reg_build.c: messages of a good row; arena, or the digests kept (good until the next row). */
struct reg_digests;
struct reg_digests *reg_digests_new(const struct keyring *k); /* gives; keeps k */
void reg_digests_free(struct reg_digests *d);                 /* NULL is fine */
bool reg_build_person(struct reg_digests *d, const struct reg_row *r, struct arena *mem, PB(PersonRecord) * *ret,
                      struct err *e) MUST_CHECK;
bool reg_build_policy(struct reg_digests *d, const struct reg_row *r, struct arena *mem, PB(PolicyRecord) * *ret,
                      struct err *e) MUST_CHECK;
#endif
