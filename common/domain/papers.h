/* papers.h - category of the applicant and the papers it needs (R-001, R-002, R-014, R-049, R-064 to;
 * CAT-01 to CAT-13 and overlays OV-1, OV-2, OV-4 of domain.md 3.2; 2.6 ages). Pure; one table of rows. */
#ifndef CLINIC_PAPERS_H
#define CLINIC_PAPERS_H
#include <stdbool.h>
#include "domain/reason.h"
#include "domain/ruleset.h"

/* Category: as declared where it fits the age, else derived from the age and the papers. `at` gives the day and
 * newborn.provisional_months. */
PB(Category) papers_category(const struct rule_ctx *at, const PB(Application) * app, const PB(Personal) * p,
                             struct date birth);
/* First problem: CATEGORY_EXCLUDED, DOC_DAMAGED(paper), DOC_MISSING(paper), ORIGINALS_NOT_SHOWN(paper),
 * REFERRAL_REQUIRED; REASON_NONE when complete. Under channel.<c>.evidence = DATA the data of a paper stand for it;
 * else it has to be among the evidence. detail = document_code(). */
struct finding papers_check(const struct rule_ctx *at, const PB(Application) * app, const PB(Personal) * p,
                            PB(Category) category, struct date birth);
/* A paper is among the evidence and not damaged, in whatever form. */
bool papers_has(const PB(Application) * app, PB(DocumentType) type);
/* Profiles by age (2.6): adult profiles from 18, children's below 18, antenatal for women where the sex is stated.
 * AGE_PROFILE_MISMATCH or REASON_NONE. Called by identity, in every channel. */
struct finding papers_profile(PB(Profile) profile, int age_years, PB(Sex) sex);
#endif
