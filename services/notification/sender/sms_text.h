/* sms_text.h - an SMS as the network carries it: alphabet and parts. Pure.
 * One SMS is 160 places of the GSM 7-bit alphabet (3GPP TS 23.038) or 70 UTF-16 units; longer texts go in parts of 153
 * or 67, each behind a 6-byte header that says which message and part it is (3GPP TS 23.040 9.2.3.24.1). A character
 * outside the GSM alphabet (any Cyrillic letter, «», №, an em dash) makes the whole text UCS-2; ^{}[]~\|€ take two places.
 * Parts never split a character: neither an escaped pair nor a surrogate pair. */
#ifndef CLINIC_NOTIFICATION_SMS_TEXT_H
#define CLINIC_NOTIFICATION_SMS_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMS_PARTS_MAX 10
#define SMS_PART_BYTES 160 /* header and octets; GSM is unpacked, one octet a place, as SMPP carries it */

struct sms_part {
    uint8_t octets[SMS_PART_BYTES];
    size_t n;
};
struct sms {
    bool ucs2;
    size_t parts_n;
    bool udh; /* parts begin with a header */
    struct sms_part parts[SMS_PARTS_MAX];
};

/* text: UTF-8; what is not UTF-8 becomes '?'. ref: number of the message in the headers, the same for all parts.
 * False: longer than SMS_PARTS_MAX parts; *ret holds the parts that fit. */
bool sms_split(const char *text, uint8_t ref, struct sms *ret);
size_t sms_parts(const char *text); /* how many parts it takes; SMS_PARTS_MAX + 1 when too many */
#endif
