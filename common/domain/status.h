/* status.h - the public record of a move: clinic.attach.application.v1 carries every change of status (domain.md 4.10),
 * made here alike for whoever moves an application on. Pure.
 *
 * Who tells what: the service whose decision moves the application on puts the new steps on the case's trail and emits
 * one record of them with the case itself, in one transaction. A status that is entered and left in one move has no record
 * of its own: it stands in `passed`. On the way to an attachment that makes four records:
 *   intake      VERIFYING_IDENTITY, passed RECEIVED, REGISTERED     (or GATED, passed RECEIVED: the end)
 *   identity    VERIFYING_POLICY
 *   attachment  CHECKING_CAPACITY                                   with the lock and the question to capacity
 *   attachment  ATTACHED, passed APPROVED, RECONCILING_OLD_CLINIC   (or another end: REFUSED, AWAITING_DOCUMENTS, ...)
 *
 * Order. All of one application have one key, person_ref, so one partition, though several producers write it. They cannot
 * overtake one another: an application is in one hand at a time, and the hand-over (the case in the next inbox) is in the
 * same transaction as the record. The next service reads only what is committed; a transaction is committed only after its
 * records have their offsets; so the next record gets a higher offset, whatever the brokers do with the end markers.
 * Under redelivery: a transaction that is aborted hands nothing over, its record is invisible, and the batch that is decided
 * again makes the same record (same ce_id) before any later one. A committed input is never handled again. What comes twice
 * from outside is stopped at the door (intake) or answered to intake alone (attachment), never in public.
 * The alarm of a passed term (N-19) is raised by intake, which does not have the application in hand: it may stand anywhere,
 * even behind the outcome, and so it names no status. */
#ifndef CLINIC_STATUS_H
#define CLINIC_STATUS_H
#include "base/arena.h"
#include "clinic/attach/v1/events.pb-c.h"
#include "domain/pb.h"

/* Record of the move that put the last `entered` steps on the case's trail; 1 or more, and the trail has them. Whose it
 * is, status, passed, time and term; what an end or a beginning says beyond that, the caller adds. Arena; shares the texts
 * of the case. */
PB(ApplicationStatusChanged) *status_changed(struct arena *mem, const PB(Case) *k, size_t entered);
#endif
