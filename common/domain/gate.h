/* gate.h - gates of a channel: reasons known from the application alone why it is not taken here (domain.md 2.4 to
 * 2.7, appendix D class G). Pure. Called by intake after field validation; the answer ends in GATED. */
#ifndef CLINIC_GATE_H
#define CLINIC_GATE_H
#include "domain/reason.h"
#include "domain/ruleset.h"

/* First gate that is closed, else REASON_NONE. `at` from rules_for(). Order:
 *   CHANNEL_NOT_AVAILABLE, PROFILE_NOT_ONLINE   channel.<c>[.<profile>].enabled       , C-05, C-14, C-15
 *   ACCOUNT_LEVEL_TOO_LOW                       channel.<c>.min_account                C-17
 *   ACK_MISSING                                 online                                 R-067
 *   TERRITORY_NOT_ONLINE                        territory.online_excluded, channel.<c>.require_residence  R-063, C-28
 *   POLICY_TEMPORARY_NOT_ONLINE, POLICY_OLD_FORM_NOT_ONLINE   channel.<c>.policy.form 
 *   POLICY_NUMBER_FORMAT                        every channel: no normal form, or wrong check digit        R-046
 *   SNILS_REQUIRED                              channel.<c>.doc.snils                  R-065, C-10
 *   AGE_BELOW_MIN(age)                          channel.<c>[.<profile>].min_age        2.6, A-25
 *   REP_NOT_ONLINE                              rep.guardian.online; attorneys and representatives of the
 *                                               incapacitated never online            , C-12
 *   REP_MFC_REQUIRED                            rep.rights.mode = GATE, birth registered abroad            R-071, C-37 */
struct finding gate_check(const struct rule_ctx *at, const PB(Application) * app, const PB(Personal) * p);
#endif
