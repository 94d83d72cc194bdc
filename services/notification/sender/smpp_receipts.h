/* smpp_receipts.h - delivery receipts find their notice by the id that the SMSC gave the message. The ids are kept in
 * Redis with a term, so that a receipt may arrive at another process, hours later. A receipt may also come before the
 * answer that tells the id: such ones are kept a while. Confined to one thread. */
#ifndef CLINIC_NOTIFICATION_SMPP_RECEIPTS_H
#define CLINIC_NOTIFICATION_SMPP_RECEIPTS_H
#include "lane.h"
#include "smpp_pdu.h"

struct receipts;
struct receipts *receipts_new(struct lane *l, int64_t term_ms); /* gives */
void receipts_free(struct receipts *r);                         /* NULL is fine */
/* Part `part` of parts_n of a notice was taken under this id. */
void receipts_expect(struct receipts *r, const char *message_id, const struct job_ids *ids, size_t part, size_t parts_n);
/* False: it cannot be looked up now, the SMSC should send it again. */
bool receipts_arrived(struct receipts *r, const struct smpp_receipt *receipt);
/* Look again for those that came early. True: some are still waiting. */
bool receipts_retry(struct receipts *r);
#endif
