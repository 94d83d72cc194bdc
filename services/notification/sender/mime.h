/* mime.h - a letter as RFC 5322 and MIME want it: UTF-8 subject and names by RFC 2047, body in base64. Pure.
 * Lines end with CR LF; none is longer than 78 characters but for a long address or message id. */
#ifndef CLINIC_NOTIFICATION_MIME_H
#define CLINIC_NOTIFICATION_MIME_H
#include <stdint.h>
#include "base/arena.h"
#include "base/bytes.h"

struct letter {
    const char *from_name;  /* UTF-8; may be "" */
    const char *from;       /* address */
    const char *to;         /* address */
    const char *subject;    /* UTF-8 */
    const char *text;       /* UTF-8, lines ended by \n */
    const char *message_id; /* local part and domain, without <> */
    int64_t date_ms;        /* UTC */
    int utc_offset_min;     /* how the date is written */
};
/* arena. Control characters in header fields become spaces: nobody adds a header by a name. */
struct bytes mime_letter(const struct letter *l, struct arena *mem);
/* RFC 2047 encoded words of a text, folded; ASCII stays as it is. indent = characters before it on the line. */
char *mime_words(const char *text, size_t indent, struct arena *mem);
#endif
