/* document.h - series and numbers of papers, by the masks of classifier F011 (ru-facts section 3). Pure.
 * Papers that are not in F011 (contracts, authorities, proofs) take any printable series and number. */
#ifndef CLINIC_DOCUMENT_H
#define CLINIC_DOCUMENT_H
#include <stdbool.h>
#include "domain/pb.h"

#define DOCUMENT_PART_MAX 48 /* bytes of a normal series or number, NUL included */

/* Series and number fit the mask of the type. False: *ret_rule says which rule is broken (static text, no data).
 * Unnormalised input is fine: passport series with or without space, Cyrillic look-alikes in a Roman number. */
bool document_check(PB(DocumentType) type, const char *series, const char *number, const char **ret_rule);
/* Normal form, for digests and comparison: passport series "99 99", birth certificate "IV-АБ" (Roman number in Latin
 * capitals and canonical, two Cyrillic capitals), digits without separators. False: does not fit, rets untouched. */
bool document_normal(PB(DocumentType) type, const char *series, const char *number,
                     char ret_series[DOCUMENT_PART_MAX], char ret_number[DOCUMENT_PART_MAX]);
int document_f011(PB(DocumentType) type);                 /* code of F011; 0 = not in it */
const char *document_code(PB(DocumentType) type);         /* "RF_PASSPORT": detail of DOC_MISSING; static */
const char *document_title(PB(DocumentType) type);        /* Russian name for the citizen; static */
#endif
