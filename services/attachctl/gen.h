/* gen.h - a synthetic region: persons, policies, clinics, doctors, attachments, applications. Deterministic by seed
 * and date; nobody in it is real: numbers are of region 99, which no fund has, surnames are made of syllables.
 * Role:    core of `attachctl generate`. Pure but for writing the files: person i is a function of (seed, i), so files
 *          are streamed and any size takes constant memory (but places: 8 bytes a doctor, 1 bit a person).
 * Threads: confined to one. */
#ifndef CLINIC_CTL_GEN_H
#define CLINIC_CTL_GEN_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"
#include "domain/pb.h"

struct gen_conf {
    uint64_t persons, clinics, applications, seed;
    int attached_percent;
    int region;             /* of the policies and clinics */
    int32_t today;          /* day number: ages, terms, the month of counted changes */
    const char *rule_set;   /* of the applications, "RU-MOW" */
    int hot_clinics, hot_percent;   /* contention: so many percent of the good applications go to so few clinics */
    int hot_places;                 /* free places of every hot clinic */
    int twin_percent;               /* the same person files a second application at the desk of another clinic */
    int duplicate_percent;          /* lines repeated */
    int withdraw_percent;           /* applications withdrawn: withdrawals.jsonl */
};

struct gen_person {
    uint64_t i;
    const char *name, *patronymic;
    char surname[64], birth_date[11], snils[12], policy_series[16], policy_number[20];
    PB(Sex) sex;
    int age;
    PB(PolicyForm) form;
    PB(PolicyStatus) status;
    int region;
    int32_t valid_until;     /* day number, 0 = none */
    uint64_t district;       /* from 1; 0 = no registered address */
    bool military;
    int doc_type;            /* PB(DocumentType) */
    char doc_series[16], doc_number[8];
};

struct gen_attachment { /* of one profile */
    bool is;
    uint64_t clinic;
    uint32_t doctor;
    int32_t from;
    bool counted;
};

enum gen_class { GEN_PLENTY, GEN_ONE_PLACE, GEN_FULL, GEN_HOT };
struct gen_clinic {
    uint64_t i;
    char id[16];
    PB(ClinicKind) kind;
    PB(Ownership) ownership;
    bool in_chi, tinao;
    PB(Profile) profiles[3];
    int profiles_n;
    uint64_t district;       /* the adult clinic of this district; 0 = none */
    uint32_t doctors[3];     /* by profile; numbered on from 1 */
    enum gen_class load;
};

struct gen;
struct gen *gen_new(const struct gen_conf *c); /* gives */
void gen_free(struct gen *g);
void gen_person(const struct gen *g, uint64_t i, struct gen_person *ret);
void gen_attachment(const struct gen *g, const struct gen_person *p, PB(Profile) profile, struct gen_attachment *ret);
void gen_clinic(const struct gen *g, uint64_t i, struct gen_clinic *ret);

struct gen_sum {
    uint64_t persons, policies, clinics, doctors, attachments, applications, withdrawals;
};
/* Writes persons.csv, policies.csv, clinics.csv, doctors.csv, attachments.csv, applications.jsonl, cases.csv and
 * withdrawals.jsonl into dir (made when missing). ERR_FATAL a file cannot be written; ERR_INPUT a size out of range. */
bool gen_write(struct gen *g, const char *dir, struct gen_sum *ret, struct err *e) MUST_CHECK;
#endif
