/* pb.h - short names for the generated messages and enums, for code that speaks of them in every line.
 *   PB(Application)            Clinic__Attach__V1__Application
 *   PB_PROFILE(CHILD)          CLINIC__ATTACH__V1__PROFILE__PROFILE_CHILD
 * Only names, no code. */
#ifndef CLINIC_DOMAIN_PB_H
#define CLINIC_DOMAIN_PB_H
#include "clinic/attach/v1/application.pb-c.h"
#include "clinic/attach/v1/case.pb-c.h"
#include "clinic/attach/v1/registry.pb-c.h"
#include "clinic/attach/v1/state.pb-c.h"

#define PB(name)          Clinic__Attach__V1__##name
#define PB_SOURCE(x)      CLINIC__ATTACH__V1__SOURCE__SOURCE_##x
#define PB_KIND(x)        CLINIC__ATTACH__V1__APPLICATION_KIND__APPLICATION_KIND_##x
#define PB_PROFILE(x)     CLINIC__ATTACH__V1__PROFILE__PROFILE_##x
#define PB_CHANGE(x)      CLINIC__ATTACH__V1__CHANGE_REASON__CHANGE_REASON_##x
#define PB_ACCOUNT(x)     CLINIC__ATTACH__V1__ACCOUNT_LEVEL__ACCOUNT_LEVEL_##x
#define PB_CATEGORY(x)    CLINIC__ATTACH__V1__CATEGORY__CATEGORY_##x
#define PB_DOC(x)         CLINIC__ATTACH__V1__DOCUMENT_TYPE__DOCUMENT_TYPE_##x
#define PB_EVIDENCE(x)    CLINIC__ATTACH__V1__EVIDENCE_KIND__EVIDENCE_KIND_##x
#define PB_FORM(x)        CLINIC__ATTACH__V1__POLICY_FORM__POLICY_FORM_##x
#define PB_SEX(x)         CLINIC__ATTACH__V1__SEX__SEX_##x
#define PB_OUTCOME(x)     CLINIC__ATTACH__V1__OUTCOME__OUTCOME_##x
#define PB_STATUS(x)      CLINIC__ATTACH__V1__STATUS__STATUS_##x
#define PB_CLINIC_KIND(x) CLINIC__ATTACH__V1__CLINIC_KIND__CLINIC_KIND_##x
#define PB_OWNERSHIP(x)   CLINIC__ATTACH__V1__OWNERSHIP__OWNERSHIP_##x

#define PB_PROFILE_N (PB_PROFILE(SPECIALISED) + 1)     /* profiles, with UNSPECIFIED at 0 */
#define PB_DOC_N     (PB_DOC(APPLICATION) + 1)         /* kinds of papers, with UNSPECIFIED at 0 */
#define PB_CATEGORY_N (PB_CATEGORY(FOREIGN_CHILD) + 1) /* categories, with UNSPECIFIED at 0 */
#endif
