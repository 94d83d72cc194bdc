/* gen_impl.h - what the files of the generator share. Not for others. */
#ifndef CLINIC_CTL_GEN_IMPL_H
#define CLINIC_CTL_GEN_IMPL_H
#include "services/attachctl/gen.h"

/* What a random number is for: two uses never share one. */
enum gen_use {
    USE_SEX, USE_SURNAME, USE_NAME, USE_PATRONYMIC, USE_FORM, USE_STATUS, USE_REGION, USE_UNTIL, USE_DISTRICT,
    USE_MILITARY, USE_DOC, USE_ATTACHED, USE_CLINIC, USE_DOCTOR, USE_FROM, USE_LOAD, USE_ACCEPTS, USE_CASE, USE_PICK,
    USE_TARGET, USE_CONTACT, USE_DUPLICATE, USE_TWIN, USE_WITHDRAW,
};

struct gen_list { /* clinics that offer a profile and take persons */
    uint64_t *at;
    uint64_t n;
};

struct gen {
    struct gen_conf conf;
    int32_t first_day;   /* earliest birth */
    uint64_t days, stride;
    uint64_t special_from; /* clinics from here on are of the unusual kinds */
    uint64_t districts;
    struct gen_list of[PB_PROFILE_N];
    struct gen_list departmental, private_out, research, tinao;
    uint64_t first_adult_doctors, first_child_doctors;
    uint32_t *used;      /* attached persons by clinic * GEN_DOCTORS_MAX + doctor */
    uint8_t *taken;      /* persons that have an application, bits */
};
#define GEN_DOCTORS_MAX 64

/* A number that depends on the seed, the use and two indices only. */
uint64_t gen_random(const struct gen *g, enum gen_use use, uint64_t i, uint64_t k);
uint64_t gen_below(const struct gen *g, enum gen_use use, uint64_t i, uint64_t n); /* n > 0 */
bool gen_chance(const struct gen *g, enum gen_use use, uint64_t i, unsigned per_mille);

/* gen_names.c: names made of word lists of this project. */
void gen_surname(uint64_t random, PB(Sex) sex, char ret[64]);
const char *gen_name(uint64_t random, PB(Sex) sex);
const char *gen_patronymic(uint64_t random, PB(Sex) sex);
const char *gen_street(uint64_t random);

void gen_district(uint64_t district, char ret[16]);
uint32_t gen_norm(const struct gen *g, const struct gen_clinic *c, uint32_t doctor, PB(Profile) profile);
int gen_profile_of_doctor(const struct gen_clinic *c, uint32_t doctor); /* index into profiles; -1 none */
uint32_t gen_doctors(const struct gen_clinic *c);

/* An application being made up: a plain one online, changed by its case. */
struct gen_app {
    const char *source, *kind, *reason, *account;
    char ref[32], clinic[16], surname[64], birth_date[11], policy_number[20], snils[12];
    uint64_t clinic_at;
    bool acknowledged, tinao, desk, move_proof, damaged;
    const struct gen_person *p;
    const struct gen_attachment *now;
};

void gen_print_app(const struct gen *g, FILE *to, const struct gen_app *a); /* gen_json.c */

/* gen_app.c */
bool gen_write_applications(struct gen *g, FILE *apps, FILE *cases, FILE *withdrawals, struct gen_sum *sum);
#endif
