/* idem.h - the Idempotency-Key header (IETF httpapi draft): one answer for one key.
 * The key of a portal is never stored: what is stored is named by its keyed digest. Redis away: the request goes on
 * without, because the application's own id makes a repeat harmless; the key only makes the answer the same.
 * Threads: a request's own. */
#ifndef CLINIC_GATEWAY_IDEM_H
#define CLINIC_GATEWAY_IDEM_H
#include "gateway.h"

#define GW_KEY_MAX 64 /* characters: a key may become the external_ref */

/* Structured-field string ("abc", with \" and \\ inside) or bare; printable ASCII. False: malformed or too long. */
bool gw_idem_parse(const char *header, char ret[GW_KEY_MAX + 1]);

struct gw_running *gw_running_new(void);      /* gives; the keys under way in this process */
void gw_running_free(struct gw_running *t);   /* none may be under way; NULL is fine */

/* Key `key` of portal `source` with a content of this fingerprint. True: first time, go on; r->after_ack will store
 * the answer. False: r is answered: the stored answer, 409 still running, 422 another content. */
bool gw_idem_begin(struct gw_worker *w, struct gw_req *r, int source, const char *key, const uint8_t fingerprint[8]);
void gw_idem_free(struct gw_idem *i); /* NULL is fine */
#endif
